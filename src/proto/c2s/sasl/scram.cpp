// RFC 5802 5 to 7. Attributes come in their fixed order; extensions that must be understood are refused, others
// ignored.
#include "proto/c2s/sasl/scram.h"

#include <algorithm>

#include "proto/xmpp/precis.h"

namespace sallyport::c2s::sasl {

namespace {

constexpr std::size_t longest_part = 1023;

std::string exclusive_or(std::string a, std::string_view b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
        a[i] = static_cast<char>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    }
    return a;
}

/// Takes what stands before the next comma, and the comma; false when there is none.
bool take_part(std::string_view& rest, std::string_view& part) {
    const std::size_t comma = rest.find(',');
    if (comma == std::string_view::npos) return false;
    part = rest.substr(0, comma);
    rest.remove_prefix(comma + 1);
    return true;
}

/// RFC 5802 5.1: "=2C" is a comma, "=3D" an equals sign, and no other equals sign is allowed.
bool decode_name(std::string_view text, std::string& out) {
    out.clear();
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '=') {
            out.push_back(text[at]);
            continue;
        }
        const std::string_view code = text.substr(at, 3);
        if (code != "=2C" && code != "=3D") return false;
        out.push_back(code == "=2C" ? ',' : '=');
        at += 2;
    }
    return !out.empty() && out.size() <= longest_part && out.find('\0') == std::string::npos;
}

/// RFC 5802 7: printable = %x21-2B / %x2D-7E.
bool is_nonce(std::string_view text) {
    return !text.empty() && text.size() <= Scram::longest_nonce &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != ','; });
}

}  // namespace

Verifier derive(Digest digest, std::string_view password, std::string_view salt, std::uint32_t iterations) {
    const std::string salted = pbkdf2(digest, password, salt, iterations);
    return {std::string{salt}, iterations, hash(digest, hmac(digest, salted, "Client Key")),
            hmac(digest, salted, "Server Key"), false};
}

std::optional<std::string> prepare_password(std::string_view password) {
    if (password.empty() || password.size() > longest_part) return std::nullopt;
    const bool plain = std::all_of(password.begin(), password.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    if (plain) return std::string{password};
    return xmpp::precis::opaque_string(password);
}

Verifier decoy(Digest digest, std::string_view secret, std::string_view user, std::uint32_t iterations) {
    const std::string of_user = (digest == Digest::sha1 ? "1:" : "256:") + std::string{user};
    const auto made = [&](std::string_view what) { return hmac_sha256(secret, std::string{what} + of_user); };
    const std::size_t size = digest == Digest::sha1 ? 20 : 32;
    return {made("salt:").substr(0, 16), iterations, made("stored:").substr(0, size), made("server:").substr(0, size),
            true};
}

/// RFC 5802 6: what the client says about channel binding against what it chose and what we offered.
std::optional<Failure> Scram::judge_flag(std::string_view flag) {
    if (flag == "n" || flag == "y") {
        if (mechanism_->binds)
            return refuse(Failure::malformed_request,
                          "channel binding: missing, although the mechanism is a -PLUS one");
        // The client could bind and saw no offer to, but there was one: somebody took it away.
        if (flag == "y" && plus_offered_) {
            return refuse(
                Failure::not_authorized,
                "channel binding: the client supports it, but was offered none; it knows none of the types that are "
                "offered, or somebody removed the offer ([clients] channel_binding)");
        }
        return std::nullopt;
    }
    if (!flag.starts_with("p=") || !mechanism_->binds) {
        return refuse(Failure::malformed_request, "channel binding: requested with a mechanism that has none");
    }
    const auto take = [&](std::string_view type, const std::string& data) {
        if (flag.substr(2) != type) return;
        binding_ = data;
        binding_type_ = type;
    };
    take("tls-exporter", channel_->exporter);
    take("tls-server-end-point", channel_->end_point);
    if (binding_.empty()) {
        constexpr std::size_t longest_type = 40;
        return refuse(Failure::not_authorized, "channel binding: the client wants " +
                                                   std::string{flag.substr(2, longest_type)} +
                                                   ", which is not offered ([clients] channel_binding)");
    }
    return std::nullopt;
}

std::optional<Failure> Scram::first(std::string_view message) {
    const auto malformed = [this] { return refuse(Failure::malformed_request, "malformed first message"); };
    std::string_view rest = message;
    std::string_view flag, authzid, name;
    if (!take_part(rest, flag) || !take_part(rest, authzid)) return malformed();
    if (const auto failure = judge_flag(flag)) return failure;
    if (!authzid.empty() && (!authzid.starts_with("a=") || !decode_name(authzid.substr(2), authzid_))) {
        return malformed();
    }
    header_ = message.substr(0, message.size() - rest.size());
    bare_ = rest;
    // "m=" before the name is an extension that must be understood; there is none.
    if (!take_part(rest, name) || !name.starts_with("n=") || !decode_name(name.substr(2), user_)) return malformed();
    const std::string_view nonce = rest.substr(0, rest.find(','));
    if (!nonce.starts_with("r=") || !is_nonce(nonce.substr(2))) return malformed();
    nonce_.insert(0, nonce.substr(2));
    return std::nullopt;
}

std::string Scram::challenge(Verifier verifier) {
    verifier_ = std::move(verifier);
    challenge_ = "r=" + nonce_ + ",s=" + base64_encode(verifier_.salt) + ",i=" + std::to_string(verifier_.iterations);
    return challenge_;
}

std::optional<Failure> Scram::last(std::string_view message, std::string& server_final) {
    const auto malformed = [this] { return refuse(Failure::malformed_request, "malformed last message"); };
    const std::size_t at = message.rfind(",p=");
    if (at == std::string_view::npos) return malformed();
    const std::string_view without_proof = message.substr(0, at);
    std::string proof;
    if (!base64_decode(message.substr(at + 3), proof)) return malformed();
    std::string_view rest = without_proof;
    std::string_view bound;
    if (!take_part(rest, bound) || !bound.starts_with("c=")) return malformed();
    const std::string_view nonce = rest.substr(0, rest.find(','));
    if (!nonce.starts_with("r=")) return malformed();
    if (!equal_constant_time(nonce.substr(2), nonce_)) {
        return refuse(Failure::not_authorized, "the nonce belongs to another exchange");
    }
    if (!equal_constant_time(bound.substr(2), base64_encode(header_ + binding_))) {
        return refuse(Failure::not_authorized, "channel binding: client and node are not in the same TLS session");
    }
    // Both in the same words but for the log, and after the same work.
    const auto wrong = [this] {
        return refuse(Failure::not_authorized, verifier_.of_nobody ? "there is no such user" : "wrong password");
    };
    const Digest digest = mechanism_->digest;
    const std::string signed_text = bare_ + "," + challenge_ + "," + std::string{without_proof};
    const std::string signature = hmac(digest, verifier_.stored_key, signed_text);
    if (proof.size() != signature.size()) return wrong();
    const std::string client_key = exclusive_or(std::move(proof), signature);
    if (!equal_constant_time(hash(digest, client_key), verifier_.stored_key)) return wrong();
    server_final = "v=" + base64_encode(hmac(digest, verifier_.server_key, signed_text));
    return std::nullopt;
}

}  // namespace sallyport::c2s::sasl
