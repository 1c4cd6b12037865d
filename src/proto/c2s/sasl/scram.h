// SCRAM, the server's side (RFC 5802; with SHA-256 RFC 7677; bound to TLS by RFC 5929 and RFC 9266): what is kept of a
// password, and one exchange. Pure: the server's nonce is given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/c2s/sasl/mechanisms.h"

namespace sallyport::c2s::sasl {

/// What proves a password without being one (RFC 5802 3).
struct Verifier {
    std::string salt;
    std::uint32_t iterations = 0;
    std::string stored_key, server_key;
    bool of_nobody = false;  ///< there is no such user: for the log alone
};
[[nodiscard]] Verifier derive(Digest digest, std::string_view password, std::string_view salt,
                              std::uint32_t iterations);
/// The form that is hashed (RFC 8265 4.2); nothing when it is empty, longer than 1023 bytes, or not allowed.
[[nodiscard]] std::optional<std::string> prepare_password(std::string_view password);
/// For a user that does not exist: like that of one who does, the same at each attempt, and matched by no password.
[[nodiscard]] Verifier decoy(Digest digest, std::string_view secret, std::string_view user, std::uint32_t iterations);

class Scram {
public:
    static constexpr std::size_t longest_nonce = 256;

    /// `plus_offered`: a mechanism that binds was among those offered.
    Scram(const Mechanism& mechanism, bool plus_offered, const Channel& channel, std::string nonce)
        : mechanism_{&mechanism}, plus_offered_{plus_offered}, channel_{&channel}, nonce_{std::move(nonce)} {}

    /// client-first-message. Nothing: user() is to be looked up.
    [[nodiscard]] std::optional<Failure> first(std::string_view message);
    [[nodiscard]] const std::string& user() const { return user_; }  ///< as the client wrote it, decoded
    /// What the exchange is bound to, as XEP-0440 calls it; empty: nothing. Outlives this.
    [[nodiscard]] std::string_view binding() const { return binding_type_; }
    [[nodiscard]] const std::string& authzid() const { return authzid_; }  ///< empty: none given
    /// server-first-message.
    [[nodiscard]] std::string challenge(Verifier verifier);
    /// client-final-message. Nothing: authenticated, and `server_final` is to be sent.
    [[nodiscard]] std::optional<Failure> last(std::string_view message, std::string& server_final);
    /// What was wrong, for the administrator: more than the client is told.
    [[nodiscard]] const std::string& why() const { return why_; }

private:
    [[nodiscard]] std::optional<Failure> judge_flag(std::string_view flag);
    Failure refuse(Failure failure, std::string why) {
        why_ = std::move(why);
        return failure;
    }

    const Mechanism* mechanism_;
    bool plus_offered_;
    const Channel* channel_;
    std::string nonce_;
    std::string header_, bare_, challenge_;  ///< gs2-header, client-first-message-bare, server-first-message
    std::string binding_;
    std::string_view binding_type_;
    std::string user_, authzid_, why_;
    Verifier verifier_;
};

}  // namespace sallyport::c2s::sasl
