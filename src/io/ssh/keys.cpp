// Over libssh's own key functions; other kinds of keys are refused.
#include "io/ssh/keys.h"

#include <libssh/libssh.h>

#include <fstream>
#include <sstream>

namespace sallyport::io {

namespace {

constexpr std::size_t longest_file = 1 << 20;
constexpr std::string_view kind = "ssh-ed25519";

struct StringFree {
    void operator()(char* text) const { ssh_string_free_char(text); }
};
using OwnedText = std::unique_ptr<char, StringFree>;

Error wrong(const std::string& text) { return {"ssh-key", text}; }

SshKey own(ssh_key key) { return {key, SshKeyFree{}}; }

Result<std::string> whole_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return wrong(path + " cannot be read");
    std::string text(longest_file + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > longest_file) return wrong(path + " is too long for a key file");
    return text;
}

/// "ssh-ed25519 AAAA… comment"; `place` names the line in errors.
Result<AuthorizedKey> parse_line(const std::string& line, const std::string& place) {
    std::istringstream words{line};
    std::string type, blob, comment;
    words >> type >> blob;
    std::getline(words >> std::ws, comment);
    if (type != kind) return wrong(place + ": there must be a line that begins with " + std::string{kind});
    ssh_key key = nullptr;
    if (ssh_pki_import_pubkey_base64(blob.c_str(), SSH_KEYTYPE_ED25519, &key) != SSH_OK)
        return wrong(place + ": this is no Ed25519 public key");
    return AuthorizedKey{own(key), comment};
}

}  // namespace

void SshKeyFree::operator()(ssh_key_struct* key) const { ssh_key_free(key); }

Result<SshKeyTexts> make_ssh_key(const std::string& comment) {
    ssh_key made = nullptr;
    if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &made) != SSH_OK) return wrong("an SSH key could not be made");
    const SshKey key = own(made);
    char* text = nullptr;
    if (ssh_pki_export_privkey_base64(key.get(), nullptr, nullptr, nullptr, &text) != SSH_OK)
        return wrong("an SSH key could not be written");
    const OwnedText private_text{text};
    text = nullptr;
    if (ssh_pki_export_pubkey_base64(key.get(), &text) != SSH_OK) return wrong("an SSH key could not be written");
    const OwnedText public_text{text};
    return SshKeyTexts{private_text.get(), std::string{kind} + " " + public_text.get() + " " + comment + "\n"};
}

Result<SshKey> load_ssh_private_key(const std::string& path) {
    const auto text = whole_file(path);
    if (!text) return text.error();
    ssh_key key = nullptr;
    if (ssh_pki_import_privkey_base64(text->c_str(), nullptr, nullptr, nullptr, &key) != SSH_OK)
        return wrong(path + " contains no private SSH key without a passphrase");
    SshKey owned = own(key);
    if (ssh_key_type(key) != SSH_KEYTYPE_ED25519)
        return wrong(path + " is not an Ed25519 key; `ssh-keygen -t ed25519 -N '' -f " + path + "` makes one");
    return owned;
}

Result<SshKey> load_ssh_public_key(const std::string& path) {
    const auto text = whole_file(path);
    if (!text) return text.error();
    // Of a known_hosts line everything before the key's type is left out.
    const auto at = text->find(kind);
    if (at == std::string::npos) return wrong(path + " contains no Ed25519 public key");
    auto parsed = parse_line(text->substr(at, text->find('\n', at) - at), path);
    if (!parsed) return parsed.error();
    return parsed->key;
}

Result<std::vector<AuthorizedKey>> load_authorized_keys(const std::string& path) {
    const auto text = whole_file(path);
    if (!text) return text.error();
    std::vector<AuthorizedKey> keys;
    std::istringstream lines{*text};
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.find_first_not_of(" \t") == std::string::npos || line.front() == '#') continue;
        auto key = parse_line(line, path + ":" + std::to_string(number));
        if (!key) return key.error();
        keys.push_back(std::move(*key));
    }
    if (keys.empty()) return wrong(path + " has no key; the core could not log in");
    return keys;
}

std::string fingerprint(ssh_key_struct* key) {
    unsigned char* hash = nullptr;
    std::size_t size = 0;
    if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != 0) return "?";
    const OwnedText text{ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size)};
    ssh_clean_pubkey_hash(&hash);
    return text ? text.get() : "?";
}

bool same_key(ssh_key_struct* a, ssh_key_struct* b) {
    return a != nullptr && b != nullptr && ssh_key_cmp(a, b, SSH_KEY_CMP_PUBLIC) == 0;
}

}  // namespace sallyport::io
