// Domains and XMPP addresses (RFC 7622) as prepared values: once one exists, it is valid and comparable octet by octet.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"

namespace sallyport::xmpp {

/// A domainpart in canonical form: lower-case U-labels in NFC, no trailing dot; or an IP literal.
class Domain {
public:
    Domain() = default;
    /// Maps case, width and ideographic dots, turns A-labels into U-labels (IDNA2008, no transitional mapping), strips
    /// one trailing dot. Errors: "domain-empty", "domain-long", "domain-malformed".
    static Result<Domain> parse(std::string_view text);
    /// The canonical U-label form.
    [[nodiscard]] const std::string& text() const { return text_; }
    /// The A-label form for DNS and TLS; equal to text() for ASCII names.
    [[nodiscard]] std::string ascii() const;
    [[nodiscard]] bool is_address() const;
    [[nodiscard]] bool empty() const { return text_.empty(); }
    /// True when this is `parent` or a name below it (dot boundary).
    [[nodiscard]] bool is_below(const Domain& parent) const;
    auto operator<=>(const Domain&) const = default;

private:
    friend class Jid;
    std::string text_;
};

/// What stands for the owner of a domain's name: the part that a registry gave out, as bank.co.uk (owner.cpp).
[[nodiscard]] std::string_view owner_of(std::string_view domain);

/// The key of everything in S2S.
struct DomainPair {
    Domain local;
    Domain remote;
    auto operator<=>(const DomainPair&) const = default;
    /// "local:remote", as logs print it.
    [[nodiscard]] std::string text() const { return local.text() + ":" + remote.text(); }
};

/// localpart@domainpart/resourcepart.
class Jid {
public:
    Jid() = default;
    /// RFC 7622 3.1: cut at the first '/', then at the first '@' of what is left; each part prepared (PRECIS
    /// UsernameCaseMapped, OpaqueString) and 1 to 1023 octets. Errors: "jid-malformed".
    static Result<Jid> parse(std::string_view text);
    [[nodiscard]] const std::string& local() const { return local_; }
    [[nodiscard]] const Domain& domain() const { return domain_; }
    [[nodiscard]] const std::string& resource() const { return resource_; }
    [[nodiscard]] std::string text() const;
    auto operator<=>(const Jid&) const = default;

private:
    std::string local_;
    Domain domain_;
    std::string resource_;
};

/// The domain of an address whose other parts may be malformed (RFC 7622 3.1). Errors: those of Domain::parse.
[[nodiscard]] Result<Domain> domain_of(std::string_view address);

/// The fast judgement of an address as it stands in a stanza: when it is pure ASCII and already canonical, the domain
/// is a view into it and nothing is allocated. False: use Jid::parse.
[[nodiscard]] bool split_canonical(std::string_view address, std::string_view& domain);

}  // namespace sallyport::xmpp

template <>
struct std::hash<sallyport::xmpp::Domain> {
    std::size_t operator()(const sallyport::xmpp::Domain& domain) const noexcept {
        return std::hash<std::string>{}(domain.text());
    }
};
template <>
struct std::hash<sallyport::xmpp::DomainPair> {
    std::size_t operator()(const sallyport::xmpp::DomainPair& pair) const noexcept {
        return std::hash<std::string>{}(pair.local.text()) * 31 + std::hash<std::string>{}(pair.remote.text());
    }
};
