// A strict grammar: what two readers could understand differently is not understood at all.
#include "admin/access/handover_claim.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/hash.h"

namespace sallyport::admin {

namespace {

constexpr std::string_view handover_version = "sallyport-hand-over 1";
constexpr std::array<std::string_view, 10> member_names{"issuer", "audience", "user",  "role",  "codes",
                                                        "issued", "expires",  "until", "nonce", "session"};
constexpr std::size_t longest_member = 255;
constexpr std::int64_t latest_millisecond = 253'402'300'799'000;  // RFC 3339 ends with the year 9999

Error malformed_handover() { return {"handover-malformed", "this is no hand-over"}; }

std::string milliseconds_of(WallTime time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

bool read_time(std::string_view text, WallTime& out) {
    std::int64_t milliseconds = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
    if (problem != std::errc{} || end != text.data() + text.size()) return false;
    if (milliseconds < 0 || milliseconds > latest_millisecond || std::to_string(milliseconds) != text) return false;
    out = WallTime{std::chrono::milliseconds{milliseconds}};
    return true;
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/// base64url without padding (RFC 4648 5).
std::string url_text(std::string_view bytes) {
    std::string text = base64_encode(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

bool from_url_text(std::string_view text, std::string& out) {
    if (text.empty() || text.find_first_of("+/=") != std::string_view::npos) return false;
    std::string usual{text};
    std::replace(usual.begin(), usual.end(), '-', '+');
    std::replace(usual.begin(), usual.end(), '_', '/');
    usual.append((4 - usual.size() % 4) % 4, '=');
    // One form of everything: what decodes but would not be written so is refused.
    return base64_decode(usual, out) && url_text(out) == text;
}

}  // namespace

std::string write(const HandoverClaim& claim) {
    const std::array<std::string, member_names.size()> values{claim.issuer,
                                                              claim.audience,
                                                              claim.user,
                                                              std::string{role_text(claim.role)},
                                                              claim.codes ? "yes" : "no",
                                                              milliseconds_of(claim.issued),
                                                              milliseconds_of(claim.expires),
                                                              milliseconds_of(claim.until),
                                                              claim.nonce,
                                                              claim.session};
    std::string text{handover_version};
    text += '\n';
    for (std::size_t i = 0; i < values.size(); ++i) text.append(member_names[i]).append("=").append(values[i] + "\n");
    return text;
}

Result<HandoverClaim> read_claim(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos || lines.size() > member_names.size()) return malformed_handover();
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    if (lines.size() != member_names.size() + 1 || lines.front() != handover_version) return malformed_handover();
    std::array<std::string_view, member_names.size()> values;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::string_view line = lines[i + 1];
        const std::string_view name = member_names[i];
        if (!line.starts_with(name) || line.size() <= name.size() + 1 || line[name.size()] != '=') {
            return malformed_handover();
        }
        values[i] = line.substr(name.size() + 1);
        if (values[i].size() > longest_member || !is_printable(values[i])) return malformed_handover();
    }
    HandoverClaim claim;
    claim.issuer = values[0];
    claim.audience = values[1];
    claim.user = values[2];
    const auto role = role_of(values[3]);
    if (!role || (values[4] != "yes" && values[4] != "no")) return malformed_handover();
    claim.role = *role;
    claim.codes = values[4] == "yes";
    if (!read_time(values[5], claim.issued) || !read_time(values[6], claim.expires) ||
        !read_time(values[7], claim.until)) {
        return malformed_handover();
    }
    claim.nonce = values[8];
    claim.session = values[9];
    return claim;
}

std::string write(const HandoverToken& token) {
    return url_text(token.claim) + "." + url_text(token.signature) + "." + url_text(token.chain);
}

Result<HandoverToken> read_token(std::string_view text) {
    const std::size_t first = text.find('.');
    const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos) return malformed_handover();
    HandoverToken token;
    const bool good = from_url_text(text.substr(0, first), token.claim) &&
                      from_url_text(text.substr(first + 1, second - first - 1), token.signature) &&
                      from_url_text(text.substr(second + 1), token.chain);
    if (!good) return malformed_handover();
    return token;
}

}  // namespace sallyport::admin
