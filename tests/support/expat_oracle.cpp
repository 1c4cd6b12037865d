// Reading streams with both parsers.
#include "support/expat_oracle.h"

#include <expat.h>

#include <algorithm>
#include <array>
#include <memory>

namespace sallyport::test {

namespace {

// expat joins namespace and name with it, and refuses it in namespace names.
constexpr char separator = '\n';

struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free>;

/// Collects what expat reports; `root_is_stream` decides whether the root's children or the root are the elements.
struct Collector {
    XML_Parser parser = nullptr;
    Reading reading;
    std::vector<xml::Element> open;
    bool root_is_stream = true;

    static void split(std::string_view joined, xml::Space& space, std::string& name) {
        const std::size_t at = joined.rfind(separator);
        if (at != std::string_view::npos) space = joined.substr(0, at);
        name = joined.substr(at == std::string_view::npos ? 0 : at + 1);
    }

    void start(std::string_view name, const XML_Char** attributes) {
        xml::Element element;
        split(name, element.space, element.name);
        for (; attributes[0] != nullptr; attributes += 2) {
            xml::Attribute attribute;
            split(attributes[0], attribute.space, attribute.name);
            attribute.value = attributes[1];
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
        std::get<std::string>(children.back()) += part;
    }
};

void run(Collector& collector, std::string_view bytes, bool final) {
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
    constexpr std::array<std::string_view, 5> reasons = {
        "a name outside the accepted set",  // ASCII names with at most one colon
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
