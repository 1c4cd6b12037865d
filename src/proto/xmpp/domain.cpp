// Domainparts (RFC 7622 3.2; RFC 5890 to 5895; threat T65): host names in letters, digits and hyphens are prepared
// here, other names over libidn2.
#include <idn2.h>

#include <algorithm>
#include <memory>

#include "base/endpoint.h"
#include "proto/xmpp/jid.h"
#include "proto/xmpp/precis.h"

namespace sallyport::xmpp {

namespace {

constexpr std::size_t longest_domain = 253;
constexpr std::size_t longest_domain_label = 63;
constexpr std::size_t prefix_size = 4;  // of "xn--"
constexpr std::size_t longest_input = 1023;

Error malformed_domain() { return {"domain-malformed", "the domain is not a host name or an IP address"}; }
Error too_long() { return {"domain-long", "the domain or one of its labels is too long"}; }

struct Free {
    void operator()(char* text) const { idn2_free(text); }
};
using Idn2Text = std::unique_ptr<char, Free>;

bool is_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::string> to_ascii(const std::string& text) {
    std::uint8_t* out = nullptr;
    const auto* const in = reinterpret_cast<const std::uint8_t*>(text.c_str());
    // Without TR46: the strict IDNA2008 rules, and no transitional mapping of ß and ς.
    if (idn2_lookup_u8(in, &out, IDN2_NFC_INPUT | IDN2_NO_TR46) != IDN2_OK) return std::nullopt;
    const Idn2Text owned{reinterpret_cast<char*>(out)};
    return std::string{owned.get()};
}

std::optional<std::string> to_unicode(const std::string& text) {
    char* out = nullptr;
    if (idn2_to_unicode_8z8z(text.c_str(), &out, 0) != IDN2_OK) return std::nullopt;
    const Idn2Text owned{out};
    return std::string{owned.get()};
}

/// Calls `judge` with each label; false as soon as it is false.
template <typename Judge>
bool each_label(std::string_view name, Judge judge) {
    for (std::size_t at = 0;;) {
        const std::size_t dot = name.find('.', at);
        if (!judge(name.substr(at, dot == std::string_view::npos ? dot : dot - at))) return false;
        if (dot == std::string_view::npos) return true;
        at = dot + 1;
    }
}

/// Letters, digits and hyphens; lengths are judged apart.
bool is_host_label(std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; });
}

bool is_encoded(std::string_view label) { return label.starts_with("xn--"); }

bool ends_in_number(std::string_view name) {
    const std::string_view last = name.substr(name.rfind('.') + 1);
    return std::all_of(last.begin(), last.end(), is_digit);
}

/// Judges an all-ASCII name in lower case.
std::optional<Error> judge_ascii(std::string_view name) {
    if (!each_label(name, is_host_label)) return malformed_domain();
    const bool fits = each_label(name, [](std::string_view label) { return label.size() <= longest_domain_label; });
    if (!fits || name.size() > longest_domain) return too_long();
    return std::nullopt;
}

/// Characters, not bytes, of UTF-8.
std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// False for a name that is too long however it is encoded, where each character takes a byte at least. The rules of
/// IDNA look at all of a label for some of its characters: what they see has to be short.
bool may_fit(std::string_view name) {
    return characters(name) <= longest_domain && each_label(name, [](std::string_view label) {
               const std::size_t most = is_ascii(label) ? longest_domain_label : longest_domain_label - prefix_size;
               return characters(label) <= most;
           });
}

/// Turns A-labels into U-labels; each must be what its U-label is encoded to.
std::optional<std::string> decode_labels(std::string_view name) {
    std::string out;
    bool first = true;
    const bool good = each_label(name, [&](std::string_view label) {
        if (!first) out.push_back('.');
        first = false;
        if (!is_encoded(label)) {
            out += label;
            return true;
        }
        const auto decoded = to_unicode(std::string{label});
        if (!decoded || is_ascii(*decoded) || to_ascii(*decoded) != std::string{label}) return false;
        out += *decoded;
        return true;
    });
    return good ? std::optional{out} : std::nullopt;
}

Result<std::string> prepare_unicode(std::string_view text) {
    auto mapped = precis::map_domain(text);
    if (!mapped) return malformed_domain();
    if (mapped->ends_with('.')) mapped->pop_back();
    if (mapped->empty() || mapped->find('\0') != std::string::npos) return malformed_domain();
    if (!may_fit(*mapped)) return too_long();
    const auto unicode = decode_labels(*mapped);
    if (!unicode) return malformed_domain();
    // A name that was decoded must be as stable as one that came decoded.
    if (precis::map_domain(*unicode) != unicode) return malformed_domain();
    const auto ascii = to_ascii(*unicode);
    if (!ascii) return malformed_domain();
    if (auto error = judge_ascii(*ascii)) return *error;
    if (ends_in_number(*ascii)) return malformed_domain();
    return *unicode;
}

/// `text` is in brackets, or ends in a number: an IP literal, or nothing.
Result<std::string> prepare_address(std::string_view text) {
    const bool bracketed = text.starts_with('[');
    if (bracketed && !text.ends_with(']')) return malformed_domain();
    const auto address = IpAddress::parse(text);
    if (!address || address->v6 != bracketed) return malformed_domain();
    return bracketed ? "[" + address->text() + "]" : address->text();
}

}  // namespace

Result<Domain> Domain::parse(std::string_view text) {
    if (text.empty() || text == ".") return Error{"domain-empty", "the domain is empty"};
    if (text.size() > longest_input) return too_long();
    Domain domain;
    const auto take = [&](Result<std::string> prepared) -> Result<Domain> {
        if (!prepared) return prepared.error();
        domain.text_ = std::move(*prepared);
        return domain;
    };
    if (text.starts_with('[')) return take(prepare_address(text));
    if (!is_ascii(text)) return take(prepare_unicode(text));
    if (text.ends_with('.')) text.remove_suffix(1);
    std::string lowered{text};
    std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
    if (auto error = judge_ascii(lowered)) return *error;
    if (!each_label(lowered, [](std::string_view label) { return !is_encoded(label); })) {
        return take(prepare_unicode(lowered));
    }
    if (ends_in_number(lowered)) return take(prepare_address(lowered));
    domain.text_ = std::move(lowered);
    return domain;
}

std::string Domain::ascii() const {
    if (is_ascii(text_)) return text_;
    return to_ascii(text_).value_or(std::string{});
}

bool Domain::is_address() const { return text_.starts_with('[') || (!text_.empty() && ends_in_number(text_)); }

bool Domain::is_below(const Domain& parent) const {
    if (parent.empty()) return false;
    if (text_ == parent.text_) return true;
    if (is_address() || text_.size() <= parent.text_.size()) return false;
    return text_.ends_with(parent.text_) && text_[text_.size() - parent.text_.size() - 1] == '.';
}

}  // namespace sallyport::xmpp
