// What both ends of the provisioning channel speak, and nothing else. Terrapin (CVE-2023-48795): libssh 0.10.6 and
// later do strict key exchange.
#pragma once

namespace sallyport::io::ssh_algorithms {

inline constexpr const char* exchange = "curve25519-sha256,curve25519-sha256@libssh.org";
inline constexpr const char* host_key = "ssh-ed25519";
inline constexpr const char* cipher = "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com";
/// Both ciphers authenticate by themselves; the name is negotiated all the same.
inline constexpr const char* mac = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com";

}  // namespace sallyport::io::ssh_algorithms
