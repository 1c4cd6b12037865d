// Finding and reading start tags (XML 1.0 3.1, Namespaces in XML 3 to 5), and the values of what stands in them.
#include "proto/xml/tag.h"

#include "proto/xml/chars.h"

namespace sallyport::xml {

namespace {

constexpr Fault bad_name{Problem::not_well_formed, "a malformed name"};

/// One pass over a tag's bytes.
class TagReader {
public:
    TagReader(std::string_view bytes, const XmlLimits& limits, Tag& tag, Fault& fault)
        : base_{bytes.data()}, end_{bytes.data() + bytes.size()}, limits_{limits}, tag_{tag}, fault_{fault} {}

    Scan read(std::uint32_t at) {
        at_ = base_ + at + 1;
        if (const Scan scan = read_name(tag_.name, tag_.prefix); scan != Scan::complete) return scan;
        for (;;) {
            const char* const before = at_;
            at_ = skip_white(at_, end_);
            if (at_ == end_) return Scan::more;
            if (*at_ == '>') return finish(1);
            if (*at_ == '/') {
                if (at_ + 1 == end_) return Scan::more;
                tag_.empty = true;
                return at_[1] == '>' ? finish(2) : fail({Problem::not_well_formed, "a slash within a tag"});
            }
            if (at_ == before) return fail({Problem::not_well_formed, "no space before an attribute"});
            if (const Scan scan = read_attribute(); scan != Scan::complete) return scan;
        }
    }

private:
    Scan fail(const Fault& fault) {
        fault_ = fault;
        return Scan::failed;
    }

    [[nodiscard]] std::uint32_t offset(const char* at) const { return static_cast<std::uint32_t>(at - base_); }

    Scan finish(std::ptrdiff_t size) {
        tag_.end = offset(at_ + size);
        return Scan::complete;
    }

    /// Nearly all names are ASCII and there whole: others are read from their beginning by read_any_name.
    Scan read_name(Range& name, std::uint32_t& prefix) {
        const char* const begin = at_;
        prefix = 0;
        const char* at = skip_name(begin, end_);
        if (at != end_ && *at == ':') {
            prefix = offset(at) - offset(begin);
            const char* const local = at + 1;
            at = skip_name(local, end_);
            if (at != end_ && !is_name_start(*local)) return read_any_name(name, prefix);
        }
        if (at == end_ || !is_name_start(*begin) || *at == ':' || static_cast<unsigned char>(*at) >= 0x80) {
            return read_any_name(name, prefix);
        }
        name = {offset(begin), offset(at) - offset(begin)};
        at_ = at;
        return Scan::complete;
    }

    Scan read_any_name(Range& name, std::uint32_t& prefix) {
        const char* const begin = at_;
        prefix = 0;
        if (const Scan scan = read_part(); scan != Scan::complete) return scan;
        if (*at_ == ':') {
            prefix = offset(at_) - offset(begin);
            ++at_;
            if (const Scan scan = read_part(); scan != Scan::complete) return scan;
        }
        if (*at_ == ':') return fail(bad_name);
        name = {offset(begin), offset(at_) - offset(begin)};
        return Scan::complete;
    }

    /// An NCName; at_ is then before a byte that is not of it.
    Scan read_part() {
        if (at_ == end_) return Scan::more;
        if (is_name_start(*at_)) {
            at_ = skip_name(at_ + 1, end_);
        } else if (static_cast<unsigned char>(*at_) < 0x80) {
            return fail(bad_name);
        } else if (const Scan scan = read_wide(true); scan != Scan::complete) {
            return scan;
        }
        while (at_ != end_ && static_cast<unsigned char>(*at_) >= 0x80) {
            if (const Scan scan = read_wide(false); scan != Scan::complete) return scan;
            at_ = skip_name(at_, end_);
        }
        return at_ == end_ ? Scan::more : Scan::complete;
    }

    /// One character of a name above U+007F.
    Scan read_wide(bool start) {
        const int size = sequence_length(at_, end_);
        if (size == 0) return Scan::more;
        if (size < 0) return fail({Problem::not_well_formed, "not UTF-8"});
        const std::uint32_t c = character_at(at_, size);
        if (!is_name_code(c, start)) return fail(bad_name);
        tag_.new_name |= !is_old_name_code(c, start);
        at_ += size;
        if (start) at_ = skip_name(at_, end_);
        return Scan::complete;
    }

    Scan read_attribute() {
        AttributeRange attribute{};
        if (const Scan scan = read_name(attribute.name, attribute.prefix); scan != Scan::complete) return scan;
        at_ = skip_white(at_, end_);
        if (at_ == end_) return Scan::more;
        if (*at_ != '=') return fail({Problem::not_well_formed, "an attribute without a value"});
        at_ = skip_white(at_ + 1, end_);
        if (at_ == end_) return Scan::more;
        const char quote = *at_;
        if (quote != '\'' && quote != '"') return fail({Problem::not_well_formed, "an attribute without quotes"});
        ++at_;
        if (const Scan scan = read_value(quote, attribute); scan != Scan::complete) return scan;
        return count(attribute);
    }

    Scan read_value(char quote, AttributeRange& attribute) {
        const char* const begin = at_;
        for (;;) {
            at_ = find_in_value(at_, end_, quote);
            if (at_ == end_) return Scan::more;
            if (*at_ == quote) break;
            if (const Scan scan = read_special(attribute); scan != Scan::complete) return scan;
        }
        attribute.value = {offset(begin), offset(at_) - offset(begin)};
        ++at_;
        if (attribute.value.size > limits_.attribute_bytes) return fail(beyond(Bound::attribute_bytes));
        return Scan::complete;
    }

    Scan read_special(AttributeRange& attribute) {
        const char c = *at_;
        if (static_cast<unsigned char>(c) >= 0x80) {
            const int size = sequence_length(at_, end_);
            if (size == 0) return Scan::more;
            if (size < 0) return fail({Problem::not_well_formed, "not UTF-8"});
            at_ += size;
            return Scan::complete;
        }
        if (c == '&') {
            const Reference reference = read_reference(at_, end_);
            switch (reference.state) {
                case Reference::State::complete: break;
                case Reference::State::more: return Scan::more;
                case Reference::State::undefined: return fail({Problem::restricted_xml, "an undefined entity"});
                case Reference::State::malformed: return fail({Problem::not_well_formed, "a malformed reference"});
            }
            attribute.reference = true;
            at_ += reference.size;
            return Scan::complete;
        }
        if (!is_white(c)) return fail({Problem::not_well_formed, "a character XML forbids in an attribute"});
        tag_.carriage_return |= c == '\r';
        ++at_;
        return Scan::complete;
    }

    Scan count(const AttributeRange& attribute) {
        tag_.declarations += attribute.declares(base_) ? 1 : 0;
        tag_.attributes.push(attribute);
        if (tag_.declarations > limits_.namespaces) return fail(beyond(Bound::namespaces));
        if (tag_.attributes.size() - tag_.declarations > limits_.attributes) return fail(beyond(Bound::attributes));
        return Scan::complete;
    }

    const char* base_;
    const char* end_;
    const XmlLimits& limits_;
    Tag& tag_;
    Fault& fault_;
    const char* at_ = nullptr;
};

/// Appends `raw` with references resolved; CR and CR LF become `line_end`, LF and TAB become `line_end` or stay.
void append_resolved(std::string& out, std::string_view raw, bool attribute) {
    const char* const end = raw.data() + raw.size();
    for (const char* at = raw.data(); at != end;) {
        if (*at == '&') {
            const Reference reference = read_reference(at, end);
            append_utf8(out, reference.character);
            at += reference.size == 0 ? 1 : reference.size;
            continue;
        }
        const bool pair = *at == '\r' && at + 1 != end && at[1] == '\n';
        if (attribute) {
            out.push_back(is_white(*at) ? ' ' : *at);
        } else {
            out.push_back(*at == '\r' ? '\n' : *at);
        }
        at += pair ? 2 : 1;
    }
}

}  // namespace

Scan TagFinder::find(std::string_view bytes, Fault& fault) {
    for (; at_ < bytes.size(); ++at_) {
        const char c = bytes[at_];
        if (c == '<') {
            fault = {Problem::not_well_formed, "'<' within a tag"};
            return Scan::failed;
        }
        if (quote_ != '\0') {
            if (c == quote_) quote_ = '\0';
        } else if (c == '\'' || c == '"') {
            quote_ = c;
        } else if (c == '>') {
            return Scan::complete;
        }
    }
    return Scan::more;
}

Scan read_tag(std::string_view bytes, std::uint32_t at, const XmlLimits& limits, Tag& tag, Fault& fault) {
    return TagReader{bytes, limits, tag, fault}.read(at);
}

void append_attribute_value(std::string& out, std::string_view raw) { append_resolved(out, raw, true); }

void append_character_data(std::string& out, std::string_view raw) { append_resolved(out, raw, false); }

}  // namespace sallyport::xml
