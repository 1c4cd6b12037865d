// The key is new with each file (its salt is), so the place of a chunk serves as its nonce (NIST SP 800-38D 8.2.1).
#include "io/archive/sealed_file.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/hash.h"

namespace sallyport::io {

namespace {

constexpr std::size_t chunk_nonce = 12;
constexpr const char* beside = ".partial";

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype([](EVP_CIPHER_CTX* one) { EVP_CIPHER_CTX_free(one); })>;

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Error disk_failure(const char* code, const std::string& path) { return {code, path + ": " + std::strerror(errno)}; }

bool put_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// `count` bytes, or fewer at the end of the file; nothing: the system refused.
std::optional<std::string> get_all(int descriptor, std::size_t count) {
    std::string bytes(count, '\0');
    std::size_t got = 0;
    while (got < count) {
        const ssize_t more = ::read(descriptor, bytes.data() + got, count - got);
        if (more < 0 && errno == EINTR) continue;
        if (more < 0) return std::nullopt;
        if (more == 0) break;
        got += static_cast<std::size_t>(more);
    }
    bytes.resize(got);
    return bytes;
}

}  // namespace

SealedDescriptor::SealedDescriptor(SealedDescriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}

SealedDescriptor::~SealedDescriptor() {
    if (number_ >= 0) ::close(number_);
}

bool SealedDescriptor::close() { return ::close(std::exchange(number_, -1)) == 0; }

std::string ChunkCipher::next_nonce() {
    std::string nonce(chunk_nonce, '\0');
    std::uint64_t rest = place_++;
    for (std::size_t i = chunk_nonce; i-- > 0; rest >>= 8U) nonce[i] = static_cast<char>(rest & 0xFFU);
    return nonce;
}

std::optional<std::string> ChunkCipher::seal(std::string_view chunk) {
    const std::string nonce = next_nonce();
    std::string sealed(chunk.size() + sealed_tag, '\0');
    const CipherContext context{EVP_CIPHER_CTX_new()};
    int size = 0;
    unsigned char last[EVP_MAX_BLOCK_LENGTH];
    const bool done =
        context &&
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets(keys_.of_chunks()), octets(nonce)) == 1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &size, octets(header_), static_cast<int>(header_.size())) == 1 &&
        EVP_EncryptUpdate(context.get(), octets(sealed), &size, octets(chunk), static_cast<int>(chunk.size())) == 1 &&
        EVP_EncryptFinal_ex(context.get(), last, &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(sealed_tag),
                            sealed.data() + chunk.size()) == 1;
    return done ? std::optional{std::move(sealed)} : std::nullopt;
}

std::optional<std::string> ChunkCipher::open(std::string_view sealed) {
    const std::string nonce = next_nonce();
    if (sealed.size() < sealed_tag) return std::nullopt;
    const std::string_view body = sealed.substr(0, sealed.size() - sealed_tag);
    std::string tag{sealed.substr(body.size())}, chunk(body.size(), '\0');
    const CipherContext context{EVP_CIPHER_CTX_new()};
    int size = 0;
    unsigned char last[EVP_MAX_BLOCK_LENGTH];
    const bool done =
        context &&
        EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets(keys_.of_chunks()), octets(nonce)) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &size, octets(header_), static_cast<int>(header_.size())) == 1 &&
        EVP_DecryptUpdate(context.get(), octets(chunk), &size, octets(body), static_cast<int>(body.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(sealed_tag), tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), last, &size) == 1;
    return done ? std::optional{std::move(chunk)} : std::nullopt;
}

Result<SealedWriter> SealedWriter::create(const std::string& path, std::string_view passphrase, std::uint64_t payload,
                                          unsigned cost) {
    const auto header = SealedHeader::make(payload, cost);
    if (!header) return header.error();
    auto keys = SealedKeys::derive(passphrase, header->salt, cost);
    if (!keys) return keys.error();
    const std::string text = header->encode(*keys);
    const std::string draft = path + beside;
    SealedDescriptor file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (file.get() < 0) return disk_failure("sealed-write", draft);
    // One that a crash has left behind is free; it may have had another mode.
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return Error{"sealed-write", draft + ": another backup is being written there"};
    SealedWriter writer{path, std::move(file), ChunkCipher{std::move(*keys), text}, payload};
    if (::fchmod(writer.file_->get(), 0600) != 0 || ::ftruncate(writer.file_->get(), 0) != 0 ||
        !put_all(writer.file_->get(), text)) {
        return disk_failure("sealed-write", draft);
    }
    return writer;
}

SealedWriter::~SealedWriter() {
    if (file_ && file_->get() >= 0) ::unlink((path_ + beside).c_str());
}

Result<void> SealedWriter::write(std::string_view bytes) {
    if (bytes.size() > missing_) return Error{"sealed-failed", path_ + ": a file grew meanwhile"};
    missing_ -= bytes.size();
    while (!bytes.empty()) {
        const std::string_view part = bytes.substr(0, sealed_chunk - waiting_.size());
        waiting_ += part;
        bytes.remove_prefix(part.size());
        if (waiting_.size() < sealed_chunk) break;
        if (auto wrote = write_chunk(waiting_); !wrote) return wrote;
        waiting_.clear();
    }
    return {};
}

Result<void> SealedWriter::write_chunk(std::string_view chunk) {
    const auto sealed = cipher_.seal(chunk);
    if (!sealed) return Error{"sealed-failed", path_ + ": cannot be encrypted"};
    if (!put_all(file_->get(), *sealed)) return disk_failure("sealed-write", path_ + beside);
    return {};
}

Result<void> SealedWriter::finish() {
    if (missing_ != 0) return Error{"sealed-failed", path_ + ": a file shrank meanwhile"};
    if (!waiting_.empty()) {
        if (auto wrote = write_chunk(waiting_); !wrote) return wrote;
    }
    const std::string draft = path_ + beside;
    if (::fsync(file_->get()) != 0 || ::rename(draft.c_str(), path_.c_str()) != 0)
        return disk_failure("sealed-write", path_);
    if (!file_->close()) return disk_failure("sealed-write", path_);
    const std::string folder = std::filesystem::path{path_}.parent_path().string();
    const SealedDescriptor above{::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (above.get() >= 0) ::fsync(above.get());
    return {};
}

Result<SealedReader> SealedReader::open(const std::string& path) {
    SealedDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat facts {};
    if (file.get() < 0 || ::fstat(file.get(), &facts) != 0) return disk_failure("sealed-read", path);
    if (!S_ISREG(facts.st_mode)) return Error{"sealed-read", path + ": is not a regular file"};
    auto beginning = get_all(file.get(), SealedHeader::bytes);
    if (!beginning) return disk_failure("sealed-read", path);
    auto header = SealedHeader::parse(*beginning);
    if (!header) return Error{header.error().code, path + ": " + header.error().text};
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    const std::uint64_t wanted = header->file_bytes();
    if (size < wanted) {
        return Error{"sealed-truncated", path + ": has " + std::to_string(size) + " of " + std::to_string(wanted) +
                                             " bytes: it was not copied whole"};
    }
    if (size > wanted) {
        return Error{"sealed-damaged",
                     path + ": has " + std::to_string(size - wanted) + " bytes after its end: it was changed"};
    }
    return SealedReader{path, std::move(file), std::move(*header), std::move(*beginning)};
}

Result<void> SealedReader::unlock(std::string_view passphrase) {
    auto keys = SealedKeys::derive(passphrase, header_.salt, header_.cost);
    if (!keys) return keys.error();
    if (!equal_constant_time(header_.encode(*keys), beginning_)) {
        return Error{"sealed-passphrase",
                     path_ + ": the passphrase is wrong, or the beginning of the file was changed"};
    }
    cipher_.emplace(std::move(*keys), beginning_);
    return {};
}

Result<std::string> SealedReader::read(std::size_t most) {
    if (taken_ == chunk_.size() && missing_ > 0) {
        if (auto got = read_chunk(); !got) return got.error();
    }
    const std::string part = chunk_.substr(taken_, most);
    taken_ += part.size();
    return part;
}

Result<void> SealedReader::read_chunk() {
    const std::uint64_t at = header_.payload - missing_;
    const std::size_t size = std::min<std::uint64_t>(sealed_chunk, missing_);
    const auto sealed = get_all(file_.get(), size + sealed_tag);
    if (!sealed) return disk_failure("sealed-read", path_);
    auto chunk = cipher_->open(*sealed);
    if (!chunk || chunk->size() != size) {
        return Error{"sealed-damaged",
                     path_ + ": was changed or damaged within the 64 KiB from byte " +
                         std::to_string(SealedHeader::bytes + at / sealed_chunk * (sealed_chunk + sealed_tag)) + " on"};
    }
    chunk_ = std::move(*chunk);
    taken_ = 0;
    missing_ -= size;
    return {};
}

}  // namespace sallyport::io
