// The one canonical writer (RFC 6120 4.8.3, 4.8.5 and 11; threats T42, T46). Iterative.
#include <algorithm>

#include "proto/xml/element.h"
#include "proto/xml/tag.h"

namespace sallyport::xml {

namespace {

using Prefixes = std::vector<std::pair<std::string_view, std::string_view>>;

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

std::string_view prefix_of(const Prefixes& prefixes, std::string_view space) {
    for (const auto& [known, prefix] : prefixes) {
        if (known == space) return prefix;
    }
    return {};
}

class Writer {
public:
    explicit Writer(const Prefixes& prefixes) : prefixes_{prefixes} {}

    /// Writes elements in `from` as if they were in `to`, as long as no element of another namespace is around them.
    void rescope(std::string_view from, std::string_view to) {
        from_ = from;
        to_ = to;
        rescoping_ = true;
    }

    std::string write(const Element& root, std::string_view inherited) {
        open(root, inherited, rescoping_);
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
        std::string_view prefix;  ///< of the header, empty: none
        std::string_view space;   ///< default namespace within
        std::size_t next;
        bool rescoped;
    };

    void open(const Element& element, std::string_view inherited, bool rescoped) {
        rescoped = rescoped && element.space == from_;
        const std::string_view space = rescoped ? to_ : std::string_view{element.space};
        const std::string_view prefix = space == inherited ? std::string_view{} : prefix_of(prefixes_, space);
        out_.push_back('<');
        append_name(prefix, element.name);
        if (prefix.empty() && space != inherited) append_attribute("xmlns", space);
        append_attributes(element);
        if (element.children.empty()) {
            out_ += "/>";
            return;
        }
        out_.push_back('>');
        open_.push_back({&element, prefix, prefix.empty() ? space : inherited, 0, rescoped});
    }

    void close() {
        out_ += "</";
        append_name(open_.back().prefix, open_.back().element->name);
        out_.push_back('>');
        open_.pop_back();
    }

    void append_name(std::string_view prefix, std::string_view name) {
        out_ += prefix;
        if (!prefix.empty()) out_.push_back(':');
        out_ += name;
    }

    void append_attribute(std::string_view name, std::string_view value) {
        out_.push_back(' ');
        out_ += name;
        out_ += "='";
        append_escaped(out_, value);
        out_.push_back('\'');
    }

    void append_attributes(const Element& element) {
        std::vector<std::string_view> declared;
        for (const Attribute& attribute : element.attributes) {
            append_attribute(attribute_name(attribute, declared), attribute.value);
        }
    }

    /// The attribute's name with a prefix; what no prefix stands for yet is declared as ns1, ns2, and so on.
    std::string attribute_name(const Attribute& attribute, std::vector<std::string_view>& declared) {
        if (attribute.space.empty()) return attribute.name;
        if (attribute.space == xml_space) return "xml:" + attribute.name;
        if (const std::string_view prefix = prefix_of(prefixes_, attribute.space); !prefix.empty()) {
            return std::string{prefix} + ":" + attribute.name;
        }
        auto at = std::find(declared.begin(), declared.end(), attribute.space);
        const std::string prefix = "ns" + std::to_string(at - declared.begin() + 1);
        if (at == declared.end()) {
            append_attribute("xmlns:" + prefix, attribute.space);
            declared.push_back(attribute.space);
        }
        return prefix + ":" + attribute.name;
    }

    const Prefixes& prefixes_;
    std::string_view from_, to_;
    bool rescoping_ = false;
    std::string out_;
    std::vector<Open> open_;
};

}  // namespace

std::string write(const Element& element, std::string_view inherited, const Prefixes& prefixes) {
    return Writer{prefixes}.write(element, inherited);
}

std::string write_rescoped(const Element& element, std::string_view rename_from, std::string_view rename_to) {
    const Prefixes none;
    Writer writer{none};
    writer.rescope(rename_from, rename_to);
    return writer.write(element, rename_to);
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
