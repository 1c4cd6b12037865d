#include "s2s/stanza.h"

#include <stdexcept>

namespace sallyport::bench {
namespace {

constexpr std::size_t digits = 16;

// "s" 16 digits "n" 16 digits "t" 16 digits, then filler up to body_bytes.
constexpr std::size_t filler_at = 3 * (digits + 1);

const std::string& filler() {
    static const std::string text = [] {
        std::string made;
        while (made.size() < body_bytes - filler_at) made += " the quick brown fox jumps over the lazy dog";
        return made.substr(0, body_bytes - filler_at);
    }();
    return text;
}

void put(char* to, char mark, std::uint64_t value) {
    *to = mark;
    for (std::size_t i = digits; i > 0; --i) {
        to[i] = "0123456789abcdef"[value & 15U];
        value >>= 4U;
    }
}

std::optional<std::uint64_t> get(const char* from, char mark) {
    if (*from != mark) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 1; i <= digits; ++i) {
        const char c = from[i];
        const bool letter = c >= 'a' && c <= 'f';
        if (!letter && (c < '0' || c > '9')) return std::nullopt;
        value = value << 4U | static_cast<std::uint64_t>(letter ? c - 'a' + 10 : c - '0');
    }
    return value;
}

}  // namespace

StanzaWriter::StanzaWriter(const std::string& from, const std::string& to) {
    const std::string before_id = "<message type='chat' from='" + from + "' to='" + to + "' id='";
    const std::string after_id = "'><body>";
    const std::string after_body = "</body></message>";
    const std::size_t fixed = before_id.size() + after_id.size() + body_bytes + after_body.size();
    if (fixed >= stanza_bytes) throw std::runtime_error{"addresses too long for the stanza's size: " + from + " " + to};
    text_ = before_id + std::string(stanza_bytes - fixed, 'i') + after_id;
    body_at_ = text_.size();
    text_ += std::string(filler_at, '0') + filler() + after_body;
}

void StanzaWriter::append(const Stamp& stamp, std::string& out) const {
    const std::size_t start = out.size() + body_at_;
    out += text_;
    put(out.data() + start, 's', stamp.stream);
    put(out.data() + start + digits + 1, 'n', stamp.number);
    put(out.data() + start + 2 * (digits + 1), 't', stamp.sent_at);
}

std::optional<Stamp> read_body(std::string_view body) {
    if (body.size() != body_bytes || body.substr(filler_at) != filler()) return std::nullopt;
    const auto stream = get(body.data(), 's');
    const auto number = get(body.data() + digits + 1, 'n');
    const auto sent_at = get(body.data() + 2 * (digits + 1), 't');
    if (!stream || !number || !sent_at) return std::nullopt;
    return Stamp{*stream, *number, *sent_at};
}

}  // namespace sallyport::bench
