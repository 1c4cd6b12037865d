// The stream around the elements (RFC 6120 4.2 to 4.4): prolog, opening tag, first-level elements, closing tag.
#include <algorithm>

#include "proto/xml/chars.h"
#include "proto/xml/declaration.h"
#include "proto/xml/reader_state.h"

namespace sallyport::xml {

/// Something other than white space or markup outside the elements.
Kind Reader::State::judge_between(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (phase != Phase::prolog) {
        if (byte < 0x20) return fail({Problem::not_well_formed, "a character XML forbids"});
        return fail({Problem::bad_format, "text between stanzas"});
    }
    if (byte == 0 || byte >= 0xFE) return fail({Problem::unsupported_encoding, "not UTF-8"});
    return fail({Problem::not_well_formed, "text before the stream header"});
}

Scan Reader::State::scan_prolog(std::string_view window) {
    if (window.size() < 2) return Scan::more;
    switch (window[1]) {
        case '?': {
            if (!at_start) {
                fault = {Problem::restricted_xml, "a processing instruction"};
                return Scan::failed;
            }
            std::size_t size = 0;
            const Scan scan = read_declaration(window, size, fault);
            token_end = static_cast<std::uint32_t>(size);
            return scan;
        }
        case '!': fault = {Problem::restricted_xml, "a document type or comment"}; return Scan::failed;
        case '\0': fault = {Problem::unsupported_encoding, "not UTF-8"}; return Scan::failed;
        default: return scan_root(window);
    }
}

/// The opening tag of the stream, read as ElementScanner::scan_start_tag reads others.
Scan Reader::State::scan_root(std::string_view window) {
    Tag tag;
    Scan scan = Scan::more;
    const bool resumed = progress != 0;
    if (!resumed) scan = read_tag(window, 0, limits, tag, fault);
    if (scan != Scan::complete) {
        if (!resumed) finder.start(1);
        progress = 1;
        Fault early;
        const Scan end = finder.find(window, early);
        if (end == Scan::failed) fault = early;
        if (end != Scan::complete) return end;
        if (resumed) scan = read_tag(window, 0, limits, tag, fault);
        if (scan == Scan::more) fault = {Problem::not_well_formed, "a malformed tag"};
        if (scan != Scan::complete) return Scan::failed;
    }
    const Header outer;
    Scopes scopes{outer};
    if (!scopes.enter(window.data(), tag, 0, fault)) return Scan::failed;
    take_header(window, tag);
    token_end = tag.end;
    found = Kind::header;
    phase = tag.empty ? Phase::closing : Phase::open;
    return Scan::complete;
}

void Reader::State::take_header(std::string_view bytes, const Tag& tag) {
    const char* const base = bytes.data();
    for (std::size_t i = 0; i < tag.attributes.size(); ++i) {
        const AttributeRange& attribute = tag.attributes[i];
        std::string value;
        append_attribute_value(value, attribute.value.in(base));
        if (attribute.declares_default(base)) {
            header.content_space = value;
        } else if (attribute.declares_prefix(base)) {
            header.prefixes.emplace_back(attribute.local(base), value);
        } else {
            header.attributes.push_back({{}, std::string{attribute.name.in(base)}, value});
        }
    }
    const auto space_of = [&](std::string_view prefix) -> std::string {
        if (prefix == "xml") return std::string{xml_space};
        for (const auto& [known, space] : header.prefixes) {
            if (known == prefix) return space;
        }
        return {};
    };
    for (Attribute& attribute : header.attributes) {
        const std::size_t colon = attribute.name.find(':');
        if (colon == std::string::npos) continue;
        attribute.space = space_of(std::string_view{attribute.name}.substr(0, colon));
        attribute.name.erase(0, colon + 1);
    }
    root_name = tag.name.in(base);
    header.prefix = root_name.substr(0, tag.prefix);
    header.name = root_name.substr(tag.prefix == 0 ? 0 : tag.prefix + 1);
    header.space = tag.prefix == 0 ? header.content_space : space_of(header.prefix);
}

Scan Reader::State::scan_first_level(std::string_view window) {
    if (window.size() < 2) return Scan::more;
    const char kind = window[1];
    if (kind == '/') return scan_footer(window);
    if (kind == '!') {
        if (window.size() < 3) return Scan::more;
        const bool section = window[2] == '[';
        fault = section ? Fault{Problem::bad_format, "text between stanzas"}
                        : Fault{Problem::restricted_xml, "a document type or comment"};
        return Scan::failed;
    }
    const Scan scan = scanner.run(window, limits, fault);
    if (scan == Scan::complete) {
        token_end = scanner.end();
        found = Kind::element;
    }
    return scan;
}

Scan Reader::State::scan_footer(std::string_view window) {
    // `progress` counts what was compared already.
    for (progress = std::max(progress, 2U); progress < window.size(); ++progress) {
        const char c = window[progress];
        const std::size_t in_name = progress - 2;
        if (in_name < root_name.size() ? c == root_name[in_name] : is_white(c)) continue;
        if (in_name >= root_name.size() && c == '>') {
            token_end = progress + 1;
            found = Kind::footer;
            phase = Phase::closed;
            return Scan::complete;
        }
        fault = {Problem::not_well_formed, "an end tag of another element"};
        return Scan::failed;
    }
    return Scan::more;
}

}  // namespace sallyport::xml
