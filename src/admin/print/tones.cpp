// The words are those of docs/words.md and of the JSON of answers.
#include "admin/print/tones.h"

#include <algorithm>

namespace sallyport::admin {

namespace {

struct ToneRow {
    std::string_view word;
    Tone tone;
};
constexpr ToneRow tones[] = {
    {"good", Tone::good},       {"open", Tone::good},       {"ready", Tone::good},         {"active", Tone::good},
    {"in force", Tone::good},   {"attached", Tone::good},   {"warning", Tone::warning},    {"warn", Tone::warning},
    {"pending", Tone::warning}, {"waiting", Tone::warning}, {"connecting", Tone::warning}, {"trying", Tone::warning},
    {"bad", Tone::bad},         {"error", Tone::bad},       {"failed", Tone::bad},         {"broken", Tone::bad},
    {"expired", Tone::bad},
};

/// SGR of ECMA-48: the colours of the terminal's own palette, so that they can
/// be read on any background.
std::string_view code_of(Tone tone) {
    switch (tone) {
        case Tone::plain: return {};
        case Tone::good: return "\x1b[32m";
        case Tone::warning: return "\x1b[33m";
        case Tone::bad: return "\x1b[31m";
    }
    return {};
}

}  // namespace

Tone tone_of(std::string_view word) {
    const auto* const row = std::ranges::find(tones, word, &ToneRow::word);
    return row == std::end(tones) ? Tone::plain : row->tone;
}

std::string toned(std::string text, Tone tone, const Page& page) {
    if (!page.colours || tone == Tone::plain) return text;
    return std::string{code_of(tone)} + text + "\x1b[0m";
}

}  // namespace sallyport::admin
