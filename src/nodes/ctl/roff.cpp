// Escapes are those that groff and mandoc both know (groff_char(7), mandoc_char(7)).
#include "nodes/ctl/roff.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/whole_text.h"

namespace sallyport::ctl {

namespace {

struct RoffEscape {
    char plain;
    std::string_view roff;
};
/// Characters that mean something to roff, or that it prints as another one.
constexpr RoffEscape roff_escapes[] = {
    {'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}, {'"', "\\(dq"},
};

std::string roff_of(std::string_view text) {
    std::string roff;
    while (!text.empty()) {
        char32_t code = 0;
        const std::size_t length = utf8_length(text, code);
        const auto* const known = std::ranges::find(roff_escapes, text.front(), &RoffEscape::plain);
        if (known != std::end(roff_escapes)) {
            roff += known->roff;
        } else if (length <= 1) {
            roff += text.front();
        } else {
            std::array<char, 16> name{};
            std::snprintf(name.data(), name.size(), "\\[u%04X]", static_cast<unsigned>(code));
            roff += name.data();
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return roff;
}

std::string in_font(const Roff::Piece& piece) {
    switch (piece.font) {
        case Roff::Font::plain: return roff_of(piece.text);
        case Roff::Font::bold: return "\\fB" + roff_of(piece.text) + "\\fR";
        case Roff::Font::italic: return "\\fI" + roff_of(piece.text) + "\\fR";
    }
    return {};
}

/// Bold between back-quotes.
std::string marked(std::string_view words) {
    std::string roff;
    bool bold = false;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find('`'), words.size());
        if (end > 0) roff += in_font({std::string{words.substr(0, end)}, bold ? Roff::Font::bold : Roff::Font::plain});
        bold = !bold;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return roff;
}

std::string in_quotes(std::string_view words) { return " \"" + roff_of(words) + "\""; }

}  // namespace

void Roff::title(std::string_view name, int section, std::string_view date, std::string_view source) {
    std::string upper{name};
    std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
    // ISO dates are written as they are: mandoc reads no escapes there.
    text_ += ".TH" + in_quotes(upper) + " " + std::to_string(section) + " \"" + std::string{date} + "\"" +
             in_quotes(source) + "\n";
}

/// makewhatis takes names with plain dashes, and the first "\\-" for the end of the names.
void Roff::name(std::string_view name, std::string_view summary) {
    text_ += ".SH NAME\n" + std::string{name} + " \\- " + roff_of(summary) + "\n";
}

void Roff::heading(std::string_view words) {
    text_ += ".SH" + in_quotes(words) + "\n";
    is_below_heading_ = true;
}
void Roff::subheading(std::string_view words) {
    text_ += ".SS" + in_quotes(words) + "\n";
    is_below_heading_ = true;
}

void Roff::paragraph(std::string_view words) {
    if (!is_below_heading_) text_ += ".PP\n";
    line(marked(words));
}

void Roff::item(const Pieces& term, std::string_view words) {
    text_ += ".TP\n";
    std::string head;
    for (const Piece& piece : term) head += in_font(piece);
    line(head);
    line(marked(words));
}

/// A dot at the beginning of a line would be a request.
void Roff::line(const std::string& roff) {
    text_ += (roff.starts_with('.') ? "\\&" : "") + roff + "\n";
    is_below_heading_ = false;
}

}  // namespace sallyport::ctl
