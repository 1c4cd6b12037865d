// Reading streams with both parsers.
#include "support/expat_oracle.h"

#include <expat.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>

#include "proto/xml/chars.h"

namespace sallyport::test {

namespace {

// expat joins namespace and name with it, and refuses it in namespace names.
constexpr char separator = '\n';

struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free>;

}  // namespace

bool expat_takes(std::string_view document) {
    const Parser parser{XML_ParserCreateNS(nullptr, separator)};
    return XML_Parse(parser.get(), document.data(), static_cast<int>(document.size()), 1) == XML_STATUS_OK;
}

namespace {

/// XML 1.0 has more names in its 5th edition than in the 4th, which expat knows. The characters by which they differ
/// are exchanged for others that expat takes in the same places of a name, and put back into what it reports; nothing
/// else is.
class FifthEdition {
public:
    explicit FifthEdition(std::string_view bytes) {
        const bool ascii =
            std::none_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
        if (ascii) {
            exchanged_ = bytes;
            return;
        }
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t size = sequence(bytes.substr(at));
            const std::string_view whole = bytes.substr(at, std::max<std::size_t>(size, 1));
            at += whole.size();
            exchanged_ += size < 2 ? std::string{whole} : stand_in(whole, bytes);
        }
    }

    [[nodiscard]] const std::string& exchanged() const { return exchanged_; }

    [[nodiscard]] std::string put_back(std::string_view text) const {
        if (back_.empty()) return std::string{text};
        std::string out;
        for (std::size_t at = 0; at < text.size();) {
            const std::string_view whole = text.substr(at, std::max<std::size_t>(sequence(text.substr(at)), 1));
            const auto known = back_.find(std::string{whole});
            out += known == back_.end() ? std::string{whole} : known->second;
            at += whole.size();
        }
        return out;
    }

private:
    enum class Place { nowhere, behind, start };

    /// Bytes of the character at the front; 0: none that is well formed.
    static std::size_t sequence(std::string_view text) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
        const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xC2 ? 0 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
        if (size > text.size() || byte(0) > 0xF4) return 0;
        for (std::size_t i = 1; i < size; ++i) {
            if ((byte(i) & 0xC0) != 0x80) return 0;
        }
        // Longer than need be, surrogates, and what lies behind U+10FFFF.
        const bool bad = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xED && byte(1) > 0x9F) ||
                         (byte(0) == 0xF0 && byte(1) < 0x90) || (byte(0) == 0xF4 && byte(1) > 0x8F);
        return bad ? 0 : size;
    }

    static std::uint32_t code(std::string_view whole) {
        std::uint32_t c = static_cast<unsigned char>(whole[0]) & (0xFFU >> (whole.size() + 1));
        for (const char next : whole.substr(1)) c = c << 6 | (static_cast<unsigned char>(next) & 0x3FU);
        return c;
    }

    /// XML 1.0, 5th edition, productions 4 and 4a, above U+007F.
    static Place fifth(std::uint32_t c) {
        const auto in = [c](std::uint32_t first, std::uint32_t last) { return c >= first && c <= last; };
        if (in(0xC0, 0xD6) || in(0xD8, 0xF6) || in(0xF8, 0x2FF) || in(0x370, 0x37D) || in(0x37F, 0x1FFF) ||
            in(0x200C, 0x200D) || in(0x2070, 0x218F) || in(0x2C00, 0x2FEF) || in(0x3001, 0xD7FF) ||
            in(0xF900, 0xFDCF) || in(0xFDF0, 0xFFFD) || in(0x10000, 0xEFFFF)) {
            return Place::start;
        }
        return c == 0xB7 || in(0x300, 0x36F) || in(0x203F, 0x2040) ? Place::behind : Place::nowhere;
    }

    /// Where expat has the character in names.
    static Place of_expat(std::string_view whole) {
        static std::map<std::string, Place> asked;
        const auto [at, fresh] = asked.try_emplace(std::string{whole}, Place::nowhere);
        if (fresh && expat_takes("<" + at->first + "/>")) {
            at->second = Place::start;
        } else if (fresh && expat_takes("<a" + at->first + "/>")) {
            at->second = Place::behind;
        }
        return at->second;
    }

    std::string stand_in(std::string_view whole, std::string_view bytes) {
        const Place wanted = fifth(code(whole));
        if (wanted == Place::nowhere || wanted == of_expat(whole)) return std::string{whole};
        std::string& known = there_[std::string{whole}];
        // Hangul syllables begin names, marks do not; those that the bytes have are left out.
        for (std::uint32_t& next = wanted == Place::start ? syllable_ : mark_; known.empty(); ++next) {
            std::string candidate;
            xml::append_utf8(candidate, next);
            if (of_expat(candidate) == wanted && bytes.find(candidate) == std::string_view::npos) known = candidate;
        }
        back_[known] = whole;
        return known;
    }

    std::string exchanged_;
    std::map<std::string, std::string> there_, back_;
    std::uint32_t syllable_ = 0xAC00, mark_ = 0x300;
};

/// Collects what expat reports; `root_is_stream` decides whether the root's children or the root are the elements.
struct Collector {
    XML_Parser parser = nullptr;
    const FifthEdition* names = nullptr;
    Reading reading;
    std::vector<xml::Element> open;
    bool root_is_stream = true;

    void split(std::string_view reported, xml::Space& space, std::string& name) const {
        const std::string joined = names->put_back(reported);
        const std::size_t at = joined.rfind(separator);
        if (at != std::string::npos) space = joined.substr(0, at);
        name = joined.substr(at == std::string::npos ? 0 : at + 1);
    }

    void start(std::string_view name, const XML_Char** attributes) {
        xml::Element element;
        split(name, element.space, element.name);
        for (; attributes[0] != nullptr; attributes += 2) {
            xml::Attribute attribute;
            split(attributes[0], attribute.space, attribute.name);
            attribute.value = names->put_back(attributes[1]);
            element.attributes.push_back(std::move(attribute));
        }
        if (root_is_stream && open.empty()) reading.root = element;
        open.push_back(std::move(element));
    }

    void end() {
        xml::Element element = std::move(open.back());
        open.pop_back();
        const std::size_t first_level = root_is_stream ? 1 : 0;
        if (open.size() > first_level) {
            open.back().children.emplace_back(std::move(element));
        } else if (open.size() == first_level) {
            reading.elements.push_back(std::move(element));
        } else {
            reading.closed = true;
            XML_StopParser(parser, XML_FALSE);
        }
    }

    void text(std::string_view part) {
        if (open.size() < (root_is_stream ? 2U : 1U)) return;
        auto& children = open.back().children;
        if (children.empty() || !std::holds_alternative<std::string>(children.back())) {
            children.emplace_back(std::string{});
        }
        std::get<std::string>(children.back()) += names->put_back(part);
    }
};

void run(Collector& collector, std::string_view received, bool final) {
    const FifthEdition names{received};
    const std::string& bytes = names.exchanged();
    collector.names = &names;
    const Parser parser{XML_ParserCreateNS(nullptr, separator)};
    collector.parser = parser.get();
    XML_SetUserData(parser.get(), &collector);
    XML_SetElementHandler(
        parser.get(),
        [](void* user, const XML_Char* name, const XML_Char** attributes) {
            static_cast<Collector*>(user)->start(name, attributes);
        },
        [](void* user, const XML_Char*) { static_cast<Collector*>(user)->end(); });
    XML_SetCharacterDataHandler(parser.get(), [](void* user, const XML_Char* text, int size) {
        static_cast<Collector*>(user)->text({text, static_cast<std::size_t>(size)});
    });
    const auto status = XML_Parse(parser.get(), bytes.data(), static_cast<int>(bytes.size()), final ? 1 : 0);
    Reading& reading = collector.reading;
    reading.refused = status == XML_STATUS_ERROR && !reading.closed;
    if (reading.refused) reading.why = XML_ErrorString(XML_GetErrorCode(parser.get()));
    reading.inside = !collector.open.empty();
}

/// Why the reader may refuse what expat accepts: the words of its faults, beside the problems that are restrictions of
/// XMPP as a whole.
bool is_stricter(const Reading& reader, const Reading& expat) {
    if (reader.problem != xml::Problem::not_well_formed) return reader.problem != xml::Problem::none;
    const auto says = [&](std::string_view reason) { return reader.why.find(reason) != std::string::npos; };
    // Seen before the tag's end, for which expat waits.
    // Seen at its first wrong byte; expat waits for the whole character or the whole word (CDATA).
    if (expat.refused_with_more) return true;
    if (says("'<' within a tag") || says("an end tag of another element")) {
        return !expat.closed && expat.elements.size() == reader.elements.size();
    }
    constexpr std::array<std::string_view, 4> reasons = {
        "white space in a namespace name",  // threat T44
        "a malformed reference",            // more digits than any character needs
        "text before the stream header",    // a byte order mark
        "a malformed XML declaration",
    };
    return std::any_of(reasons.begin(), reasons.end(), says);
}

}  // namespace

Reading read_with_reader(std::string_view bytes, const XmlLimits& limits,
                         const std::function<std::size_t()>& next_size) {
    Reading reading;
    xml::Reader reader{limits};
    while (!bytes.empty() && !reading.refused && !reading.closed) {
        const std::size_t wanted = next_size ? next_size() : 0;
        // A copy of its own size, so that the sanitizer sees a look behind its end, and a stale view of it later.
        const std::string piece{bytes.substr(0, wanted == 0 ? bytes.size() : wanted)};
        bytes.remove_prefix(piece.size());
        reader.feed(piece);
        for (bool more = true; more;) {
            switch (reader.next()) {
                case xml::Kind::need_more: more = false; break;
                case xml::Kind::header: {
                    const xml::Header& header = reader.header();
                    reading.root.emplace(header.space, header.name);
                    reading.root->attributes = header.attributes;
                    break;
                }
                case xml::Kind::element: reading.elements.push_back(reader.tree()); break;
                case xml::Kind::footer: reading.closed = true; break;
                case xml::Kind::excess:
                case xml::Kind::problem:
                    reading.refused = true;
                    reading.problem = reader.problem();
                    reading.why = reader.explanation();
                    more = false;
                    break;
            }
            if (reading.closed) more = false;
        }
    }
    reading.inside = reader.inside_element();
    return reading;
}

Reading read_with_expat(std::string_view bytes) {
    Collector collector;
    run(collector, bytes, false);
    if (!collector.reading.refused && !collector.reading.closed) {
        Collector longer;  // so many bytes complete every character, and the longest word of the markup
        run(longer, std::string{bytes} + "        ", false);
        collector.reading.refused_with_more = longer.reading.refused;
    }
    return std::move(collector.reading);
}

std::optional<xml::Element> parse_with_expat(std::string_view bytes) {
    Collector collector;
    collector.root_is_stream = false;
    run(collector, bytes, true);
    if (collector.reading.refused || collector.reading.elements.size() != 1) return std::nullopt;
    return std::move(collector.reading.elements.front());
}

std::string disagreement(const Reading& reader, const Reading& expat) {
    if (reader.root && (!expat.root || *reader.root != *expat.root)) return "another root";
    if (reader.elements.size() > expat.elements.size()) return "the reader found more elements";
    if (!std::equal(reader.elements.begin(), reader.elements.end(), expat.elements.begin())) return "another element";
    if (reader.refused) {
        return expat.refused || is_stricter(reader, expat) ? std::string{} : "refused without reason: " + reader.why;
    }
    if (reader.elements.size() != expat.elements.size()) return "the reader found fewer elements";
    if (reader.closed != expat.closed) return "another end";
    // An error within an unfinished tag is reported when the tag ends, expat may see it earlier.
    if (expat.refused && !reader.inside) return "accepted what expat refuses: " + expat.why;
    return {};
}

}  // namespace sallyport::test
