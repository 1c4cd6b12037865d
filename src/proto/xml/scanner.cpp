// Scanning one element token by token: text, start tags, end tags and CDATA sections (XML 1.0 3). The position is kept
// as an offset, so that a token may arrive one byte at a time and each byte still is looked at a bounded number of
// times.
#include "proto/xml/scanner.h"

#include <algorithm>
#include <cstring>

#include "proto/xml/chars.h"

namespace sallyport::xml {

namespace {

constexpr std::string_view section_start = "<![CDATA[";

Scan fail(Fault& fault, const Fault& why) {
    fault = why;
    return Scan::failed;
}

/// Compares what is there of `expected` at `at`.
Scan expect(std::string_view bytes, std::size_t at, std::string_view expected) {
    const std::size_t size = std::min(bytes.size() - at, expected.size());
    if (std::memcmp(bytes.data() + at, expected.data(), size) != 0) return Scan::failed;
    return size == expected.size() ? Scan::complete : Scan::more;
}

}  // namespace

void ElementScanner::restart(const Header& header) {
    at_ = token_ = elements_ = 0;
    children_ = 0;
    in_ = In::markup;
    section_ = carriage_return_ = new_names_ = own_space_ = false;
    to_ = from_ = id_ = type_ = lang_ = {};
    open_.clear();
    scopes_.restart(header);
}

Scan ElementScanner::run(std::string_view bytes, const XmlLimits& limits, Fault& fault) {
    for (;;) {
        const Scan scan = step(bytes, limits, fault);
        if (scan != Scan::complete) return scan;
        if (!open_.empty()) continue;
        open_.clear();
        scopes_.clear();
        return Scan::complete;
    }
}

/// One token. `complete`: at_ is behind it.
Scan ElementScanner::step(std::string_view bytes, const XmlLimits& limits, Fault& fault) {
    switch (in_) {
        case In::text:
            if (const Scan scan = scan_text(bytes, fault); scan != Scan::complete) return scan;
            in_ = In::markup;
            token_ = at_;
            [[fallthrough]];
        case In::markup: return scan_markup(bytes, limits, fault);
        case In::start_tag: return scan_start_tag(bytes, limits, true, fault);
        case In::end_tag: return scan_end_tag(bytes, fault);
        case In::character_data: return scan_section(bytes, fault);
    }
    return Scan::failed;
}

/// At '<': which markup it is.
Scan ElementScanner::scan_markup(std::string_view bytes, const XmlLimits& limits, Fault& fault) {
    if (bytes.size() - token_ < 2) return Scan::more;
    switch (bytes[token_ + 1]) {
        case '/':
            at_ = token_ + 2;
            in_ = In::end_tag;
            return scan_end_tag(bytes, fault);
        case '?': return fail(fault, {Problem::restricted_xml, "a processing instruction"});
        case '!': {
            if (bytes.size() - token_ < 3) return Scan::more;
            const char kind = bytes[token_ + 2];
            if (kind == '-') return fail(fault, {Problem::restricted_xml, "a comment"});
            if (kind == 'D') return fail(fault, {Problem::restricted_xml, "a document type"});
            const Scan scan = expect(bytes, token_, section_start);
            if (scan == Scan::failed) return fail(fault, {Problem::not_well_formed, "unknown markup"});
            if (scan == Scan::more) return scan;
            at_ = token_ = token_ + static_cast<std::uint32_t>(section_start.size());
            in_ = In::character_data;
            section_ = true;
            return scan_section(bytes, fault);
        }
        default: return scan_start_tag(bytes, limits, false, fault);
    }
}

/// A tag that is there whole is read at once. Otherwise its end is looked for first, and the tag read when it is known,
/// so that a tag gives the same result however its bytes arrive.
Scan ElementScanner::scan_start_tag(std::string_view bytes, const XmlLimits& limits, bool resumed, Fault& fault) {
    Tag tag;
    Scan scan = Scan::more;
    if (!resumed) {
        scan = read_tag(bytes, token_, limits, tag, fault);
        if (scan == Scan::complete) return open(bytes, tag, limits, fault);
        finder_.start(token_ + 1);
        in_ = In::start_tag;
    }
    Fault early;
    const Scan found = finder_.find(bytes, early);
    if (found == Scan::failed) fault = early;
    if (found != Scan::complete) return found;
    if (resumed) scan = read_tag(bytes, token_, limits, tag, fault);
    if (scan == Scan::complete) return open(bytes, tag, limits, fault);
    return scan == Scan::failed ? scan : fail(fault, {Problem::not_well_formed, "a malformed tag"});
}

Scan ElementScanner::open(std::string_view bytes, const Tag& tag, const XmlLimits& limits, Fault& fault) {
    const auto depth = static_cast<std::uint32_t>(open_.size());
    if (++elements_ > limits.elements) return fail(fault, beyond(Bound::elements));
    if (depth > limits.depth) return fail(fault, beyond(Bound::depth));
    if (!scopes_.enter(bytes.data(), tag, depth, fault)) return Scan::failed;
    carriage_return_ |= tag.carriage_return;
    new_names_ |= tag.new_name;
    if (depth == 0) {
        note_shell(bytes.data(), tag);
        // Its end would end the stream: refused before anything inside it is waited for (threat T45).
        const std::string_view name = shell_name_.in(bytes.data());
        const std::string_view local = name.substr(shell_prefix_ == 0 ? 0 : shell_prefix_ + 1);
        if (local == "stream" && own_space_ && own_space_name_ == streams_space) {
            return fail(fault, {Problem::bad_format, "a stream within the stream"});
        }
    }
    if (depth == 1 && children_ < 2) ++children_;
    at_ = tag.end;
    if (tag.empty) {
        scopes_.leave(depth);
    } else {
        open_.push(tag.name);
    }
    in_ = In::text;
    token_ = at_;
    return Scan::complete;
}

Scan ElementScanner::scan_end_tag(std::string_view bytes, Fault& fault) {
    const std::string_view name = open_.top().in(bytes.data());
    const std::uint32_t begin = token_ + 2;
    if (at_ - begin < name.size()) {
        const Scan scan = expect(bytes, at_, name.substr(at_ - begin));
        if (scan == Scan::failed) return fail(fault, {Problem::not_well_formed, "an end tag of another element"});
        if (scan == Scan::more) {
            at_ = static_cast<std::uint32_t>(bytes.size());
            return scan;
        }
        at_ = begin + static_cast<std::uint32_t>(name.size());
    }
    while (at_ < bytes.size() && is_white(bytes[at_])) ++at_;
    if (at_ == bytes.size()) return Scan::more;
    if (bytes[at_] != '>') return fail(fault, {Problem::not_well_formed, "an end tag of another element"});
    ++at_;
    open_.pop();
    scopes_.leave(static_cast<std::uint32_t>(open_.size()));
    in_ = In::text;
    token_ = at_;
    return Scan::complete;
}

/// Up to `]]>`, where at_ then stands behind it. token_ is the section's first character.
Scan ElementScanner::scan_section(std::string_view bytes, Fault& fault) {
    const char* const base = bytes.data();
    for (;;) {
        at_ = static_cast<std::uint32_t>(find_in_text(base + at_, base + bytes.size()) - base);
        if (at_ == bytes.size()) return Scan::more;
        const char c = bytes[at_];
        if (c == '>' && at_ >= token_ + 2 && bytes[at_ - 1] == ']' && bytes[at_ - 2] == ']') {
            ++at_;
            in_ = In::text;
            token_ = at_;
            return Scan::complete;
        }
        if (c == '>' || c == '<' || c == '&') {
            ++at_;
        } else if (const Scan scan = pass_special(bytes, fault); scan != Scan::complete) {
            return scan;
        }
    }
}

/// Up to the next '<'. token_ is the text's first character.
Scan ElementScanner::scan_text(std::string_view bytes, Fault& fault) {
    const char* const base = bytes.data();
    for (;;) {
        at_ = static_cast<std::uint32_t>(find_in_text(base + at_, base + bytes.size()) - base);
        if (at_ == bytes.size()) return Scan::more;
        const char c = bytes[at_];
        if (c == '<') return Scan::complete;
        if (c == '>') {
            if (at_ >= token_ + 2 && bytes[at_ - 1] == ']' && bytes[at_ - 2] == ']') {
                return fail(fault, {Problem::not_well_formed, "']]>' in text"});
            }
            ++at_;
        } else if (c == '&') {
            const Reference reference = read_reference(base + at_, base + bytes.size());
            switch (reference.state) {
                case Reference::State::complete: break;
                case Reference::State::more: return Scan::more;
                case Reference::State::undefined: return fail(fault, {Problem::restricted_xml, "an undefined entity"});
                case Reference::State::malformed:
                    return fail(fault, {Problem::not_well_formed, "a malformed reference"});
            }
            at_ += static_cast<std::uint32_t>(reference.size);
        } else if (const Scan scan = pass_special(bytes, fault); scan != Scan::complete) {
            return scan;
        }
    }
}

/// White space, controls and multi-byte characters at at_.
Scan ElementScanner::pass_special(std::string_view bytes, Fault& fault) {
    const char* at = bytes.data() + at_;
    const char* const end = bytes.data() + bytes.size();
    while (at != end && static_cast<unsigned char>(*at) >= 0x80) {
        const int size = sequence_length(at, end);
        if (size < 0) return fail(fault, {Problem::not_well_formed, "not UTF-8"});
        if (size == 0) {
            at_ = static_cast<std::uint32_t>(at - bytes.data());
            return Scan::more;
        }
        at += size;
    }
    if (at != end && static_cast<unsigned char>(*at) < 0x20) {
        if (!is_white(*at)) return fail(fault, {Problem::not_well_formed, "a character XML forbids"});
        carriage_return_ |= *at == '\r';
        ++at;
    }
    at_ = static_cast<std::uint32_t>(at - bytes.data());
    return Scan::complete;
}

void ElementScanner::note_shell(const char* base, const Tag& tag) {
    shell_name_ = tag.name;
    shell_prefix_ = tag.prefix;
    own_space_ = tag.prefix != 0;
    for (std::size_t i = 0; i < tag.attributes.size(); ++i) {
        const AttributeRange& attribute = tag.attributes[i];
        const std::string_view name = attribute.name.in(base);
        const Noted noted{attribute.value, true, attribute.reference};
        if (name == "to") {
            to_ = noted;
        } else if (name == "from") {
            from_ = noted;
        } else if (name == "id") {
            id_ = noted;
        } else if (name == "type") {
            type_ = noted;
        } else if (name == "xml:lang") {
            lang_ = noted;
        } else if (name == "xmlns") {
            own_space_ = true;
        }
    }
    if (own_space_) own_space_name_ = scopes_.element_space(base, tag);
}

void ElementScanner::fill(Shell& shell, const char* base, const Header& header) const {
    shell.name = shell_name_.in(base).substr(shell_prefix_ == 0 ? 0 : shell_prefix_ + 1);
    shell.space = own_space_ ? std::string_view{own_space_name_} : std::string_view{header.content_space};
    const auto view = [&](const Noted& noted) { return noted.present ? noted.value.in(base) : std::string_view{}; };
    shell.to = view(to_);
    shell.from = view(from_);
    shell.id = view(id_);
    shell.type = view(type_);
    shell.lang = view(lang_);
    shell.has_to = to_.present;
    shell.has_from = from_.present;
    shell.has_id = id_.present;
    shell.has_type = type_.present;
    shell.has_lang = lang_.present;
    shell.to_at = to_.value.at;
    shell.from_at = from_.value.at;
    shell.tag_end = shell_name_.at + shell_name_.size;
}

bool ElementScanner::plain() const {
    return !own_space_ && !section_ && !carriage_return_ && !scopes_.header_used() && !scopes_.declares_content() &&
           !scopes_.declares_streams() && !to_.reference && !from_.reference;
}

}  // namespace sallyport::xml
