// XMPP addresses (RFC 7622 3; threats T41, T66), and the judgement that needs no preparation.
#include "proto/xmpp/jid.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "proto/xmpp/precis.h"

namespace sallyport::xmpp {

namespace {

constexpr std::size_t longest_part = 1023;
constexpr std::size_t longest_host = 253;
constexpr std::size_t longest_host_label = 63;

Error malformed_jid() { return {"jid-malformed", "the address is not an XMPP address"}; }

// RFC 7622 3.3.1: characters that IdentifierClass has and localparts have not.
constexpr std::string_view not_in_local = "\"&'/:<>@";

enum : std::uint8_t { local_char = 1, upper_local_char = 2, host_char = 4, resource_char = 8 };

constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t c = 0x20; c < 0x7F; ++c) {
        const char as_char = static_cast<char>(c);
        const bool upper = c >= 'A' && c <= 'Z';
        // An ampersand in a raw value starts a reference, so it never stands for itself.
        if (as_char != '&' && as_char != '<') table[c] |= resource_char;
        if (c > 0x20 && not_in_local.find(as_char) == std::string_view::npos) {
            table[c] |= upper ? upper_local_char : local_char;
        }
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') table[c] |= host_char;
    }
    return table;
}
constexpr std::array<std::uint8_t, 256> classes = make_classes();

/// True when every character has one of the classes in `mask`. Without early exit: addresses are short and mostly good.
bool all_in(std::string_view text, unsigned mask) {
    bool good = true;
    for (const char c : text) good &= (classes[static_cast<unsigned char>(c)] & mask) != 0;
    return good;
}

/// One label of a canonical host: not encoded, since the canonical form of A-labels is another.
bool is_canonical_label(std::string_view label) {
    return !label.empty() && label.size() <= longest_host_label && label.front() != '-' && label.back() != '-' &&
           all_in(label, host_char) && !(label[0] == 'x' && label.starts_with("xn--"));
}

/// Lower-case letters, digits and hyphens in labels, the last not a number.
bool is_canonical_host(std::string_view host) {
    if (host.size() > longest_host) return false;
    for (;;) {
        const std::size_t dot = host.find('.');
        const std::string_view label = host.substr(0, dot);
        if (!is_canonical_label(label)) return false;
        if (dot == std::string_view::npos) {
            return !std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
        }
        host.remove_prefix(dot + 1);
    }
}

struct Parts {
    std::string_view local, domain, resource;
    bool has_local = false, has_resource = false;
};

/// RFC 7622 3.1: the first '/' ends the bare address, the first '@' of that ends the localpart.
Parts split(std::string_view address) {
    Parts parts;
    const std::size_t slash = address.find('/');
    parts.has_resource = slash != std::string_view::npos;
    if (parts.has_resource) parts.resource = address.substr(slash + 1);
    const std::string_view bare = address.substr(0, slash);
    const std::size_t at = bare.find('@');
    parts.has_local = at != std::string_view::npos;
    if (parts.has_local) parts.local = bare.substr(0, at);
    parts.domain = parts.has_local ? bare.substr(at + 1) : bare;
    return parts;
}

bool fits(std::string_view part) { return !part.empty() && part.size() <= longest_part; }

std::optional<std::string> prepare_local(std::string_view text) {
    if (all_in(text, local_char | upper_local_char)) {
        std::string lowered{text};
        for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        return lowered;
    }
    auto prepared = precis::username_case_mapped(text);
    if (prepared && prepared->find_first_of(not_in_local) != std::string::npos) return std::nullopt;
    return prepared;
}

std::optional<std::string> prepare_resource(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    auto prepared = plain ? std::optional{std::string{text}} : precis::opaque_string(text);
    // RFC 7622 table 2, example 20: a leading space is not an address.
    if (prepared && prepared->starts_with(' ')) return std::nullopt;
    return prepared;
}

}  // namespace

Result<Jid> Jid::parse(std::string_view text) {
    const Parts parts = split(text);
    Jid jid;
    auto domain = Domain::parse(parts.domain);
    if (!domain) return malformed_jid();
    jid.domain_ = std::move(*domain);
    if (parts.has_local) {
        if (!fits(parts.local)) return malformed_jid();
        auto local = prepare_local(parts.local);
        if (!local || !fits(*local)) return malformed_jid();
        jid.local_ = std::move(*local);
    }
    if (parts.has_resource) {
        if (!fits(parts.resource)) return malformed_jid();
        auto resource = prepare_resource(parts.resource);
        if (!resource || !fits(*resource)) return malformed_jid();
        jid.resource_ = std::move(*resource);
    }
    return jid;
}

std::string Jid::text() const {
    std::string out;
    out.reserve(local_.size() + domain_.text().size() + resource_.size() + 2);
    if (!local_.empty()) out.append(local_).push_back('@');
    out += domain_.text();
    if (!resource_.empty()) out.append("/").append(resource_);
    return out;
}

Result<Domain> domain_of(std::string_view address) { return Domain::parse(split(address).domain); }

bool split_canonical(std::string_view address, std::string_view& domain) {
    const Parts parts = split(address);
    if (parts.has_local && (!fits(parts.local) || !all_in(parts.local, local_char))) return false;
    if (parts.has_resource &&
        (!fits(parts.resource) || parts.resource.front() == ' ' || !all_in(parts.resource, resource_char))) {
        return false;
    }
    if (!is_canonical_host(parts.domain)) return false;
    domain = parts.domain;
    return true;
}

}  // namespace sallyport::xmpp
