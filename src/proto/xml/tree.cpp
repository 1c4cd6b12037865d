// Building a tree from bytes that are known to be well formed. Iterative.
#include "proto/xml/tree.h"

#include <utility>
#include <vector>

#include "proto/xml/chars.h"
#include "proto/xml/tag.h"

namespace sallyport::xml {

namespace {

class TreeBuilder {
public:
    TreeBuilder(std::string_view slice, const Header& header) : slice_{slice}, header_{header} {}

    Element build() {
        Element root;
        std::size_t at = open(0, root);
        while (!open_.empty()) {
            if (slice_[at] != '<') {
                const std::size_t end = slice_.find('<', at);
                append_character_data(text(), slice_.substr(at, end - at));
                at = end;
            } else if (slice_[at + 1] == '/') {
                at = slice_.find('>', at) + 1;
                close();
            } else if (slice_[at + 1] == '!') {
                at = section(at + std::string_view{"<![CDATA["}.size());
            } else {
                auto& children = open_.back()->children;
                children.emplace_back(std::in_place_type<Element>);
                at = open(at, std::get<Element>(children.back()));
            }
        }
        return root;
    }

private:
    using Scope = std::vector<std::pair<std::string, std::string>>;  // prefix, namespace

    std::size_t open(std::size_t at, Element& element) {
        constexpr XmlLimits none{unlimited, unlimited, unlimited, unlimited, unlimited, unlimited};
        const char* const base = slice_.data();
        Tag tag;
        Fault fault;
        if (read_tag(slice_, static_cast<std::uint32_t>(at), none, tag, fault) != Scan::complete) return slice_.size();
        scope_sizes_.push_back(scope_.size());
        for (std::size_t i = 0; i < tag.attributes.size(); ++i) declare(tag.attributes[i]);
        const std::string_view name = tag.name.in(base);
        element.space = space_of(name.substr(0, tag.prefix));
        element.name = name.substr(tag.prefix == 0 ? 0 : tag.prefix + 1);
        for (std::size_t i = 0; i < tag.attributes.size(); ++i) {
            const AttributeRange& attribute = tag.attributes[i];
            if (attribute.declares(base)) continue;
            Attribute& added = element.attributes.emplace_back();
            if (attribute.prefix != 0) added.space = space_of(attribute.name.in(base).substr(0, attribute.prefix));
            added.name = attribute.local(base);
            append_attribute_value(added.value, attribute.value.in(base));
        }
        open_.push_back(&element);
        if (tag.empty) close();
        return tag.end;
    }

    void close() {
        open_.pop_back();
        scope_.resize(scope_sizes_.back());
        scope_sizes_.pop_back();
    }

    void declare(const AttributeRange& attribute) {
        const char* const base = slice_.data();
        if (!attribute.declares(base)) return;
        auto& [prefix, space] = scope_.emplace_back();
        if (attribute.prefix != 0) prefix = attribute.local(base);
        append_attribute_value(space, attribute.value.in(base));
    }

    [[nodiscard]] std::string space_of(std::string_view prefix) const {
        if (prefix == "xml") return std::string{xml_space};
        for (auto entry = scope_.rbegin(); entry != scope_.rend(); ++entry) {
            if (entry->first == prefix) return entry->second;
        }
        if (prefix.empty()) return header_.content_space;
        for (const auto& [outer, space] : header_.prefixes) {
            if (outer == prefix) return space;
        }
        return {};
    }

    /// Text that CDATA sections cut is one string.
    std::string& text() {
        auto& children = open_.back()->children;
        if (children.empty() || !std::holds_alternative<std::string>(children.back())) {
            children.emplace_back(std::in_place_type<std::string>);
        }
        return std::get<std::string>(children.back());
    }

    std::size_t section(std::size_t at) {
        const std::size_t end = slice_.find("]]>", at);
        const std::string_view raw = slice_.substr(at, end - at);
        if (!raw.empty()) {
            std::string& out = text();
            for (std::size_t i = 0; i < raw.size(); ++i) {
                if (raw[i] == '\r') {
                    out.push_back('\n');
                    if (i + 1 < raw.size() && raw[i + 1] == '\n') ++i;
                } else {
                    out.push_back(raw[i]);
                }
            }
        }
        return end + 3;
    }

    std::string_view slice_;
    const Header& header_;
    std::vector<Element*> open_;  // stable: only the innermost open element gets children
    Scope scope_;
    std::vector<std::size_t> scope_sizes_;
};

}  // namespace

Element build_tree(std::string_view slice, const Header& header) { return TreeBuilder{slice, header}.build(); }

}  // namespace sallyport::xml
