// One character at a time: this is not the fast path.
#include "proto/xml/passing.h"

#include <algorithm>

#include "proto/xml/chars.h"

namespace sallyport::xml {

namespace {

constexpr std::string_view section_start = "[CDATA[";

Scan fail(Fault& fault, Problem problem, const char* what) {
    fault = {problem, what};
    return Scan::failed;
}

}  // namespace

Scan ElementPassing::run(std::string_view bytes, std::size_t& used, Fault& fault) {
    used = bytes.size();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const Scan scan = step(bytes[i], fault);
        if (scan == Scan::more) continue;
        used = i + 1;
        size_ += used;
        return scan;
    }
    size_ += used;
    return Scan::more;
}

/// `complete`: the element ends with `c`.
Scan ElementPassing::step(char c, Fault& fault) {
    switch (in_) {
        case In::text:
            if (c == '<') in_ = In::less_than;
            return Scan::more;
        case In::less_than:
            if (c == '?') return fail(fault, Problem::restricted_xml, "a processing instruction");
            last_ = '\0';
            matched_ = 0;
            in_ = c == '!' ? In::bang : c == '/' ? In::end_tag : In::tag_name;
            if (in_ == In::tag_name && first()) name_.push_back(c);
            return Scan::more;
        case In::bang:
            if (c != section_start[matched_]) {
                if (matched_ != 0) return fail(fault, Problem::not_well_formed, "unknown markup");
                return fail(fault, Problem::restricted_xml, "a document type or comment");
            }
            if (++matched_ < section_start.size()) return Scan::more;
            matched_ = 0;
            in_ = In::section;
            return Scan::more;
        case In::section:
            if (c == ']') {
                matched_ = std::min<std::uint8_t>(2, matched_ + 1);
            } else if (c == '>' && matched_ == 2) {
                in_ = In::text;
            } else {
                matched_ = 0;
            }
            return Scan::more;
        case In::end_tag:
            if (c == '<') return fail(fault, Problem::not_well_formed, "'<' within a tag");
            if (c != '>') return Scan::more;
            --depth_;
            in_ = In::text;
            return leave();
        case In::tag_name:
        case In::tag:
        case In::attribute:
        case In::value_begin:
        case In::value: return step_tag(c, fault);
    }
    return Scan::failed;
}

/// Within a start tag. Attributes are told apart in the first one only.
Scan ElementPassing::step_tag(char c, Fault& fault) {
    if (c == '<') return fail(fault, Problem::not_well_formed, "'<' within a tag");
    if (in_ == In::value) {
        if (c == quote_) {
            in_ = In::tag;
            last_ = '\0';
            if (overlong_ && keeping_ != none) values_[keeping_].clear();
            keeping_ = none;
        } else if (keeping_ != none && !overlong_) {
            values_[keeping_].push_back(c);
            overlong_ = values_[keeping_].size() > longest_value;
        }
        return Scan::more;
    }
    if (c == '>') return close_tag(fault);
    if (c == '\'' || c == '"') {
        quote_ = c;
        in_ = In::value;
        overlong_ = false;
        keeping_ = none;
        if (first()) attribute_named();
        if (keeping_ != none) {
            if (present_[keeping_]) return fail(fault, Problem::not_well_formed, "an attribute twice");
            present_[keeping_] = true;
        }
        return Scan::more;
    }
    last_ = c;
    if (in_ == In::tag_name && !is_white(c) && c != '/') {
        if (first() && name_.size() <= longest_name) name_.push_back(c);
        return Scan::more;
    }
    in_ = In::tag;
    if (first() && !is_white(c) && c != '=' && attribute_.size() <= longest_name) attribute_.push_back(c);
    return Scan::more;
}

/// Of what the name that stands before a quote is the name.
void ElementPassing::attribute_named() {
    const std::size_t colon = name_.find(':');
    const std::string own = colon == std::string::npos ? "xmlns" : "xmlns:" + name_.substr(0, colon);
    const std::array<std::string_view, none> names{"to", "from", "id", "type", own};
    const auto at = std::find(names.begin(), names.end(), attribute_);
    keeping_ = static_cast<std::uint8_t>(at - names.begin());
    attribute_.clear();
}

Scan ElementPassing::close_tag(Fault& fault) {
    in_ = In::text;
    if (first()) {
        if (const Scan scan = judge(fault); scan != Scan::complete) return scan;
    }
    if (last_ != '/') ++depth_;
    return leave();
}

Scan ElementPassing::leave() { return depth_ == 0 ? Scan::complete : Scan::more; }

/// What is kept of the first tag goes out again, so it has to be XML.
Scan ElementPassing::judge(Fault& fault) {
    constexpr XmlLimits none_at_all{unlimited, unlimited, unlimited, unlimited, unlimited, unlimited};
    std::string tag = "<" + name_;
    for (const std::string& value : values_) {
        const char quote = value.find('\'') == std::string::npos ? '\'' : '"';
        tag.append(" a=").append(1, quote).append(value).append(1, quote);
    }
    tag += '>';
    Tag read;
    switch (read_tag(tag, 0, none_at_all, read, fault)) {
        case Scan::complete: break;
        case Scan::more: return fail(fault, Problem::not_well_formed, "a malformed tag");
        case Scan::failed: return Scan::failed;
    }
    if (present_[space]) append_attribute_value(space_, values_[space]);
    const std::string_view prefix{name_.data(), read.prefix};
    if (!present_[space]) {
        if (prefix.empty()) space_ = header_->content_space;
        for (const auto& [known, name] : header_->prefixes) {
            if (!prefix.empty() && known == prefix) space_ = name;
        }
    }
    name_.erase(0, read.prefix == 0 ? 0 : read.prefix + 1);
    return Scan::complete;
}

Shell ElementPassing::shell() const {
    Shell shell;
    const auto value = [this](Kept kept) {
        return present_[kept] ? std::string_view{values_[kept]} : std::string_view{};
    };
    shell.name = name_;
    shell.space = space_;
    shell.to = value(to);
    shell.from = value(from);
    shell.id = value(id);
    shell.type = value(type);
    shell.has_to = present_[to];
    shell.has_from = present_[from];
    shell.has_id = present_[id];
    shell.has_type = present_[type];
    return shell;
}

}  // namespace sallyport::xml
