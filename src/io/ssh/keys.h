// Keys of the provisioning channel: Ed25519 only, in OpenSSH's formats.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ssh_key_struct;

namespace sallyport::io {

struct SshKeyFree {
    void operator()(ssh_key_struct* key) const;
};
using SshKey = std::shared_ptr<ssh_key_struct>;

/// Texts of a fresh pair: "-----BEGIN OPENSSH PRIVATE KEY-----…" and "ssh-ed25519 AAAA… comment".
struct SshKeyTexts {
    std::string private_key, public_key;
};
/// Errors: "ssh-key".
[[nodiscard]] Result<SshKeyTexts> make_ssh_key(const std::string& comment);

/// A private key without passphrase. Errors: "ssh-key".
[[nodiscard]] Result<SshKey> load_ssh_private_key(const std::string& path);
/// The first public key of a file such as ssh_host_ed25519.pub, or of a line of known_hosts. Errors: "ssh-key".
[[nodiscard]] Result<SshKey> load_ssh_public_key(const std::string& path);

/// One line of an authorized_keys file.
struct AuthorizedKey {
    SshKey key;
    std::string comment;
};
/// Lines "ssh-ed25519 AAAA… comment"; empty ones and those that begin with # are left out, anything else is an error,
/// so that a restriction that we do not know is never overlooked. Errors: "ssh-key".
[[nodiscard]] Result<std::vector<AuthorizedKey>> load_authorized_keys(const std::string& path);

/// "SHA256:…", as ssh-keygen -l prints it.
[[nodiscard]] std::string fingerprint(ssh_key_struct* key);
[[nodiscard]] bool same_key(ssh_key_struct* a, ssh_key_struct* b);

}  // namespace sallyport::io
