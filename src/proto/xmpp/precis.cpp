// PRECIS over ICU's character properties (RFC 8264 section 9 for the categories, 8 for their order).
#include "proto/xmpp/precis.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

namespace sallyport::xmpp::precis {

namespace {

using Code = UChar32;
using Codes = std::vector<Code>;

// Mapping can undo what an earlier step did; a string that is not stable after this many rounds is refused (RFC 8264
// 7).
constexpr int most_rounds = 4;

// No writing puts so many marks on one letter. ICU takes a run into order by insertion, which costs its square.
constexpr std::size_t longest_run = 32;

Codes to_codes(const icu::UnicodeString& text) {
    Codes out;
    for (std::int32_t at = 0; at < text.length(); at = text.moveIndex32(at, 1)) out.push_back(text.char32At(at));
    return out;
}

/// Nothing when `text` is not UTF-8.
std::optional<Codes> decode(std::string_view text) {
    std::u16string wide(text.size(), u'\0');
    const auto capacity = static_cast<std::int32_t>(wide.size());
    std::int32_t size = 0;
    UErrorCode status = U_ZERO_ERROR;
    u_strFromUTF8(wide.data(), capacity, &size, text.data(), static_cast<std::int32_t>(text.size()), &status);
    if (U_FAILURE(status)) return std::nullopt;
    return to_codes(icu::UnicodeString{wide.data(), size});
}

icu::UnicodeString to_icu(const Codes& codes) {
    return icu::UnicodeString::fromUTF32(codes.data(), static_cast<std::int32_t>(codes.size()));
}

std::string encode(const Codes& codes) {
    std::string out;
    to_icu(codes).toUTF8String(out);
    return out;
}

bool begins_with_a_mark(Code code) {
    return code >= 0x300 && u_getIntPropertyValue(code, UCHAR_LEAD_CANONICAL_COMBINING_CLASS) != 0;
}

bool has_long_run_of_marks(const Codes& codes) {
    std::size_t run = 0;
    return codes.size() > longest_run && std::any_of(codes.begin(), codes.end(), [&](Code code) {
               run = begins_with_a_mark(code) ? run + 1 : 0;
               return run > longest_run;
           });
}

/// A character that is no starter, and its canonical combining class: asked for once, which is dear.
struct Marked {
    std::uint8_t combining;
    Code code;
};

/// Writes `run` to `out` by combining class, equal ones as they stood.
void put_in_order(std::vector<Marked>& run, Codes::iterator out) {
    std::stable_sort(run.begin(), run.end(), [](Marked a, Marked b) { return a.combining < b.combining; });
    std::transform(run.begin(), run.end(), out, [](Marked mark) { return mark.code; });
}

/// Decomposed and in canonical order (the Unicode Standard 3.11): the same string for every normalisation.
Codes in_order(const Codes& codes, const icu::Normalizer2& nfc) {
    Codes out;
    icu::UnicodeString parts;
    for (const Code code : codes) {
        if (code >= 0x80 && nfc.getDecomposition(code, parts)) {
            for (const Code part : to_codes(parts)) out.push_back(part);
        } else {
            out.push_back(code);
        }
    }
    std::vector<Marked> run;
    for (auto at = out.begin(); at != out.end();) {
        const std::uint8_t combining = u_getCombiningClass(*at);
        if (combining != 0) run.push_back({combining, *at});
        ++at;
        if (!run.empty() && (combining == 0 || at == out.end())) {
            const auto end = combining == 0 ? std::prev(at) : at;
            put_in_order(run, end - std::ssize(run));
            run.clear();
        }
    }
    return out;
}

std::optional<Codes> normalise(const Codes& codes) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* const nfc = icu::Normalizer2::getNFCInstance(status);
    if (U_FAILURE(status)) return std::nullopt;
    const bool odd = has_long_run_of_marks(codes);
    const icu::UnicodeString normal = nfc->normalize(to_icu(odd ? in_order(codes, *nfc) : codes), status);
    if (U_FAILURE(status)) return std::nullopt;
    return to_codes(normal);
}

/// True when a character has a compatibility equivalent: alone it is not what NFKC makes of it (RFC 8264 9.17).
bool has_compatible(const Codes& codes) {
    return std::any_of(codes.begin(), codes.end(), [](Code code) {
        return code >= 0x80 && u_getIntPropertyValue(code, UCHAR_NFKC_QUICK_CHECK) == UNORM_NO;
    });
}

/// Fullwidth and halfwidth characters become what they are variants of (RFC 8264 5.2.1).
void map_width(Codes& codes) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* const nfkc = icu::Normalizer2::getNFKCInstance(status);
    if (U_FAILURE(status)) return;
    for (Code& code : codes) {
        const auto type = u_getIntPropertyValue(code, UCHAR_DECOMPOSITION_TYPE);
        if (type != U_DT_WIDE && type != U_DT_NARROW) continue;
        icu::UnicodeString variant;
        if (nfkc->getRawDecomposition(code, variant) && variant.countChar32() == 1) code = variant.char32At(0);
    }
}

void map_case(Codes& codes) {
    Codes out;
    for (const Code code : codes) {
        out.push_back(u_tolower(code));
        if (code == 0x130) out.push_back(0x307);  // the one lower case of two characters: must not become a plain i
    }
    codes = std::move(out);
}

bool is_virama(const Codes& codes, std::size_t at) { return at > 0 && u_getCombiningClass(codes[at - 1]) == 9; }

UScriptCode script_of(Code code) {
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(code, &status);
    return U_SUCCESS(status) ? script : USCRIPT_INVALID_CODE;
}

bool in(Code code, Code first, Code last) { return code >= first && code <= last; }

/// What the rules of RFC 5892 appendix A ask about a string as a whole: looked for once, however many of its characters
/// ask.
struct Whole {
    bool kana_or_han = false;
    bool arabic_digits = false;
    bool extended_arabic_digits = false;

    explicit Whole(const Codes& codes) {
        for (const Code code : codes) {
            if (code < 0x600) continue;  // what is looked for lies above
            arabic_digits |= in(code, 0x0660, 0x0669);
            extended_arabic_digits |= in(code, 0x06F0, 0x06F9);
            if (kana_or_han || code < 0x2E80) continue;
            const UScriptCode script = script_of(code);
            kana_or_han = script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA || script == USCRIPT_HAN;
        }
    }
};

/// CONTEXTJ and CONTEXTO (RFC 5892 appendix A); no opinion on other characters.
std::optional<bool> contextual(const Codes& codes, std::size_t at, const Whole& whole) {
    const Code code = codes[at];
    const auto neighbour = [&](std::ptrdiff_t step) -> Code {
        const auto index = static_cast<std::ptrdiff_t>(at) + step;
        return index < 0 || index >= std::ssize(codes) ? 0 : codes[static_cast<std::size_t>(index)];
    };
    if (code == 0x200C || code == 0x200D) return is_virama(codes, at);
    if (code == 0x00B7) return neighbour(-1) == 'l' && neighbour(1) == 'l';
    if (code == 0x0375) return script_of(neighbour(1)) == USCRIPT_GREEK;
    if (code == 0x05F3 || code == 0x05F4) return script_of(neighbour(-1)) == USCRIPT_HEBREW;
    if (code == 0x30FB) return whole.kana_or_han;
    if (in(code, 0x0660, 0x0669)) return !whole.extended_arabic_digits;
    if (in(code, 0x06F0, 0x06F9)) return !whole.arabic_digits;
    return std::nullopt;
}

/// The exceptions of RFC 5892 2.6, except those with a context.
std::optional<bool> exceptional(Code code) {
    for (const Code valid : {0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007}) {
        if (code == valid) return true;
    }
    for (const Code refused : {0x640, 0x7FA, 0x302E, 0x302F, 0x303B}) {
        if (code == refused) return false;
    }
    if (in(code, 0x3031, 0x3035)) return false;
    return std::nullopt;
}

/// Refused in both classes: unassigned, old Hangul Jamo, ignorable characters, controls.
bool never(Code code) {
    const auto category = u_charType(code);
    if (category == U_UNASSIGNED || category == U_CONTROL_CHAR || category == U_SURROGATE ||
        category == U_PRIVATE_USE_CHAR || category == U_FORMAT_CHAR || category == U_LINE_SEPARATOR ||
        category == U_PARAGRAPH_SEPARATOR) {
        return true;
    }
    const auto hangul = u_getIntPropertyValue(code, UCHAR_HANGUL_SYLLABLE_TYPE);
    const bool jamo = hangul == U_HST_LEADING_JAMO || hangul == U_HST_VOWEL_JAMO || hangul == U_HST_TRAILING_JAMO;
    return jamo || u_hasBinaryProperty(code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
           u_hasBinaryProperty(code, UCHAR_NONCHARACTER_CODE_POINT);
}

constexpr std::uint32_t letters_and_digits =
    U_GC_LL_MASK | U_GC_LU_MASK | U_GC_LO_MASK | U_GC_ND_MASK | U_GC_LM_MASK | U_GC_MN_MASK | U_GC_MC_MASK;

bool in_identifier_class(const Codes& codes) {
    const Whole whole{codes};
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const Code code = codes[i];
        if (code < 0x80) {
            if (code < 0x21 || code > 0x7E) return false;
            continue;
        }
        if (const auto exception = exceptional(code)) {
            if (!*exception) return false;
            continue;
        }
        if (const auto context = contextual(codes, i, whole)) {
            if (!*context) return false;
            continue;
        }
        if (never(code) || (U_GET_GC_MASK(code) & letters_and_digits) == 0) return false;
    }
    return !has_compatible(codes);
}

bool in_freeform_class(const Codes& codes) {
    const Whole whole{codes};
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const Code code = codes[i];
        if (code < 0x80) {
            if (code < 0x20 || code == 0x7F) return false;
            continue;
        }
        if (const auto exception = exceptional(code)) {
            if (!*exception) return false;
            continue;
        }
        if (const auto context = contextual(codes, i, whole)) {
            if (!*context) return false;
            continue;
        }
        if (never(code)) return false;
    }
    return true;
}

bool allowed_direction(UCharDirection direction, bool right_to_left) {
    switch (direction) {
        case U_EUROPEAN_NUMBER:
        case U_EUROPEAN_NUMBER_SEPARATOR:
        case U_COMMON_NUMBER_SEPARATOR:
        case U_EUROPEAN_NUMBER_TERMINATOR:
        case U_OTHER_NEUTRAL:
        case U_BOUNDARY_NEUTRAL:
        case U_DIR_NON_SPACING_MARK: return true;
        case U_RIGHT_TO_LEFT:
        case U_RIGHT_TO_LEFT_ARABIC:
        case U_ARABIC_NUMBER: return right_to_left;
        case U_LEFT_TO_RIGHT: return !right_to_left;
        default: return false;
    }
}

/// The Bidi Rule (RFC 5893 2), which applies to strings that hold a right-to-left character.
bool keeps_bidi_rule(const Codes& codes) {
    std::vector<UCharDirection> directions;
    for (const Code code : codes) directions.push_back(u_charDirection(code));
    const auto holds = [&](UCharDirection wanted) {
        return std::find(directions.begin(), directions.end(), wanted) != directions.end();
    };
    if (!holds(U_RIGHT_TO_LEFT) && !holds(U_RIGHT_TO_LEFT_ARABIC) && !holds(U_ARABIC_NUMBER)) return true;
    const UCharDirection first = directions.front();
    const bool right_to_left = first == U_RIGHT_TO_LEFT || first == U_RIGHT_TO_LEFT_ARABIC;
    if (!right_to_left) return false;
    if (holds(U_EUROPEAN_NUMBER) && holds(U_ARABIC_NUMBER)) return false;
    while (!directions.empty() && directions.back() == U_DIR_NON_SPACING_MARK) directions.pop_back();
    const UCharDirection last = directions.back();
    if (last != U_RIGHT_TO_LEFT && last != U_RIGHT_TO_LEFT_ARABIC && last != U_EUROPEAN_NUMBER &&
        last != U_ARABIC_NUMBER) {
        return false;
    }
    return std::all_of(directions.begin(), directions.end(),
                       [&](UCharDirection direction) { return allowed_direction(direction, right_to_left); });
}

/// Applies `map` and normalisation until nothing changes.
template <typename Map>
std::optional<Codes> until_stable(std::string_view text, Map map) {
    auto codes = decode(text);
    for (int round = 0; codes && round < most_rounds; ++round) {
        Codes mapped = *codes;
        map(mapped);
        if (round > 0 && mapped == *codes) return codes;  // normal from the round before
        auto normal = normalise(mapped);
        if (!normal || *normal == *codes) return normal;
        codes = std::move(normal);
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> username_case_mapped(std::string_view text) {
    const auto codes = until_stable(text, [](Codes& mapped) {
        map_width(mapped);
        map_case(mapped);
    });
    if (!codes || codes->empty() || !in_identifier_class(*codes) || !keeps_bidi_rule(*codes)) return std::nullopt;
    return encode(*codes);
}

std::optional<std::string> opaque_string(std::string_view text) {
    const auto codes = until_stable(text, [](Codes& mapped) {
        for (Code& code : mapped) code = u_charType(code) == U_SPACE_SEPARATOR ? 0x20 : code;
    });
    if (!codes || codes->empty() || !in_freeform_class(*codes)) return std::nullopt;
    return encode(*codes);
}

std::optional<std::string> map_domain(std::string_view text) {
    const auto codes = until_stable(text, [](Codes& mapped) {
        map_width(mapped);
        map_case(mapped);
        for (Code& code : mapped) code = code == 0x3002 || code == 0xFF61 ? '.' : code;
    });
    if (!codes) return std::nullopt;
    return encode(*codes);
}

}  // namespace sallyport::xmpp::precis
