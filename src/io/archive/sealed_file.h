// A file that only a passphrase opens: a header, then chunks under AES-256-GCM, each bound to its place and to the
// header. Nothing of it is believed before it was verified. The form: docs/protocol/backup.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/archive/sealed_header.h"

namespace sallyport::io {

/// An open file, closed with this.
class SealedDescriptor {
public:
    explicit SealedDescriptor(int number) : number_{number} {}
    SealedDescriptor(SealedDescriptor&& other) noexcept;
    SealedDescriptor& operator=(SealedDescriptor&&) = delete;
    ~SealedDescriptor();
    [[nodiscard]] int get() const { return number_; }
    /// False: the system could not keep what was written.
    [[nodiscard]] bool close();

private:
    int number_;
};

/// Seals and opens chunk after chunk.
class ChunkCipher {
public:
    ChunkCipher(SealedKeys keys, std::string header) : keys_{std::move(keys)}, header_{std::move(header)} {}
    /// Nothing: the library failed.
    [[nodiscard]] std::optional<std::string> seal(std::string_view chunk);
    /// Nothing: it is not what was sealed at this place.
    [[nodiscard]] std::optional<std::string> open(std::string_view sealed);

private:
    [[nodiscard]] std::string next_nonce();

    SealedKeys keys_;
    std::string header_;
    std::uint64_t place_ = 0;
};

class SealedWriter {
public:
    /// Writes beside `path`, mode 0600; the file has its name when it is complete. `payload` is how many bytes will
    /// come. Errors: "sealed-write", "sealed-failed", "sealed-too-long".
    static Result<SealedWriter> create(const std::string& path, std::string_view passphrase, std::uint64_t payload,
                                       unsigned cost = SealedHeader::usual_cost);
    SealedWriter(SealedWriter&& other) noexcept = default;
    SealedWriter& operator=(SealedWriter&&) = delete;
    /// What was not finished is removed.
    ~SealedWriter();

    /// Errors as above, with the system's words ("No space left on device").
    [[nodiscard]] Result<void> write(std::string_view bytes);
    /// The file is on the disk and replaces what had its name. Errors as above; "sealed-failed" when more or fewer
    /// bytes came than were promised.
    [[nodiscard]] Result<void> finish();

private:
    SealedWriter(std::string path, SealedDescriptor file, ChunkCipher cipher, std::uint64_t payload)
        : path_{std::move(path)}, file_{std::move(file)}, cipher_{std::move(cipher)}, missing_{payload} {}
    [[nodiscard]] Result<void> write_chunk(std::string_view chunk);

    std::string path_;
    std::optional<SealedDescriptor> file_;
    ChunkCipher cipher_;
    std::uint64_t missing_;
    std::string waiting_;  ///< less than a chunk
};

class SealedReader {
public:
    /// Reads the header and compares the length. Errors: "sealed-read", "sealed-foreign", "sealed-version",
    /// "sealed-truncated", "sealed-damaged". All sentences begin with the path.
    static Result<SealedReader> open(const std::string& path);

    /// Errors: "sealed-passphrase", "sealed-failed".
    [[nodiscard]] Result<void> unlock(std::string_view passphrase);
    /// The next bytes, `most` of them or fewer; none at the end. Only after unlock(). Errors: "sealed-damaged",
    /// "sealed-read".
    [[nodiscard]] Result<std::string> read(std::size_t most);
    /// Bytes of the payload.
    [[nodiscard]] std::uint64_t payload() const { return header_.payload; }

private:
    SealedReader(std::string path, SealedDescriptor file, SealedHeader header, std::string beginning)
        : path_{std::move(path)},
          file_{std::move(file)},
          header_{std::move(header)},
          beginning_{std::move(beginning)},
          missing_{header_.payload} {}
    [[nodiscard]] Result<void> read_chunk();

    std::string path_;
    SealedDescriptor file_;
    SealedHeader header_;
    std::string beginning_;  ///< the header as it stands in the file
    std::optional<ChunkCipher> cipher_;
    std::uint64_t missing_;
    std::string chunk_;
    std::size_t taken_ = 0;  ///< of the chunk
};

}  // namespace sallyport::io
