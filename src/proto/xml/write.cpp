// The one canonical writer (RFC 6120 4.8.3, 4.8.5 and 11; threats T42, T46). Iterative.
#include <algorithm>

#include "proto/xml/element.h"
#include "proto/xml/space_plan.h"
#include "proto/xml/tag.h"

namespace sallyport::xml {

namespace {

void append_text(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '\r': out += "&#13;"; break;
            default: out.push_back(c);
        }
    }
}

// So many quotes of a value are written as references.
constexpr std::ptrdiff_t few_quotes = 8;

/// In quotes. A value with many of one kind only stands between those of the other kind, and does not grow.
void append_quoted(std::string& out, std::string_view value) {
    const auto single = std::count(value.begin(), value.end(), '\'');
    const auto twofold = std::count(value.begin(), value.end(), '"');
    const char quote = single > few_quotes && twofold == 0 ? '"' : '\'';
    out.push_back(quote);
    if (single + twofold <= few_quotes || (single != 0 && twofold != 0)) {
        append_escaped(out, value);
    } else {
        const char other = quote == '"' ? '\'' : '"';
        for (std::size_t at = 0;;) {
            const std::size_t next = value.find(other, at);
            append_escaped(out, value.substr(at, next - at));
            if (next == std::string_view::npos) break;
            out.push_back(other);
            at = next + 1;
        }
    }
    out.push_back(quote);
}

class Writer {
public:
    explicit Writer(const SpacePlan::Outer& outer) : plan_{outer} {}

    SpacePlan& plan() { return plan_; }

    std::string write(const Element& root, std::string_view inherited, bool rescoping) {
        plan_.make(root, inherited);
        open(root, plan_.of(inherited), rescoping);
        while (!open_.empty()) {
            Open& top = open_.back();
            if (top.next == top.element->children.size()) {
                close();
                continue;
            }
            const Element::Child& child = top.element->children[top.next++];
            if (const auto* const text = std::get_if<std::string>(&child)) {
                append_text(out_, *text);
            } else {
                open(std::get<Element>(child), top.space, top.rescoped);
            }
        }
        return std::move(out_);
    }

private:
    struct Open {
        const Element* element;
        std::uint32_t own;  ///< namespace in which it is written
        bool prefixed;
        std::uint32_t space;  ///< default namespace within
        std::size_t next;
        bool rescoped;
    };

    void open(const Element& element, std::uint32_t inherited, bool rescoped) {
        const std::uint32_t space = plan_.written_in(element, rescoped);
        const std::vector<std::uint32_t> declared = plan_.declared_at(elements_++);
        // Numbered first, since the element's own prefix may be among them.
        for (const std::uint32_t index : declared) plan_[index].prefix = ++prefixes_;
        const SpacePlan::Entry& entry = plan_[space];
        const bool prefixed = space != inherited && (!entry.outer.empty() || entry.of_elements);
        out_.push_back('<');
        append_name(space, prefixed, element.name);
        if (!prefixed && space != inherited) append_attribute("xmlns", entry.name);
        append_attributes(element, declared);
        if (element.children.empty()) {
            out_ += "/>";
            return;
        }
        out_.push_back('>');
        open_.push_back({&element, space, prefixed, prefixed ? inherited : space, 0, rescoped});
    }

    void close() {
        const Open& top = open_.back();
        out_ += "</";
        append_name(top.own, top.prefixed, top.element->name);
        out_.push_back('>');
        open_.pop_back();
    }

    void append_name(std::uint32_t space, bool prefixed, std::string_view name) {
        if (prefixed) append_prefix(plan_[space]);
        out_ += name;
    }

    void append_prefix(const SpacePlan::Entry& entry) {
        if (entry.outer.empty()) {
            out_.append("ns").append(std::to_string(entry.prefix));
        } else {
            out_ += entry.outer;
        }
        out_.push_back(':');
    }

    void append_attribute(std::string_view name, std::string_view value) {
        out_.push_back(' ');
        out_ += name;
        out_.push_back('=');
        append_quoted(out_, value);
    }

    /// The attributes, and before the first of a namespace, or behind all, what the element declares.
    void append_attributes(const Element& element, const std::vector<std::uint32_t>& declared) {
        for (const Attribute& attribute : element.attributes) {
            out_.push_back(' ');
            if (attribute.space == xml_space) {
                out_ += "xml:";
            } else if (!attribute.space.empty()) {
                const std::uint32_t index = plan_.of(attribute.space);
                if (plan_[index].outer.empty() && !plan_[index].declared) {
                    out_.pop_back();
                    declare(index);
                    out_.push_back(' ');
                }
                append_prefix(plan_[index]);
            }
            out_ += attribute.name;
            out_.push_back('=');
            append_quoted(out_, attribute.value);
        }
        for (const std::uint32_t index : declared) {
            if (!plan_[index].declared) declare(index);
        }
    }

    void declare(std::uint32_t index) {
        plan_[index].declared = true;
        append_attribute("xmlns:ns" + std::to_string(plan_[index].prefix), plan_[index].name);
    }

    SpacePlan plan_;
    std::string out_;
    std::vector<Open> open_;
    std::uint32_t elements_ = 0;  ///< begun so far
    std::uint32_t prefixes_ = 0;
};

}  // namespace

std::string write(const Element& element, std::string_view inherited, const SpacePlan::Outer& prefixes) {
    return Writer{prefixes}.write(element, inherited, false);
}

std::string write_rescoped(const Element& element, std::string_view rename_from, std::string_view rename_to) {
    const SpacePlan::Outer none;
    Writer writer{none};
    writer.plan().rescope(rename_from, rename_to);
    return writer.write(element, rename_to, true);
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '\'': out += "&apos;"; break;
            case '"': out += "&quot;"; break;
            case '\t': out += "&#9;"; break;
            case '\n': out += "&#10;"; break;
            case '\r': out += "&#13;"; break;
            default: out.push_back(c);
        }
    }
}

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_escaped(out, text);
    return out;
}

}  // namespace sallyport::xml
