// Building a tree from bytes that are known to be well formed. Iterative.
#include "proto/xml/tree.h"

#include <utility>
#include <vector>

#include "proto/xml/chars.h"
#include "proto/xml/prefixes.h"
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
    std::size_t open(std::size_t at, Element& element) {
        constexpr XmlLimits none{unlimited, unlimited, unlimited, unlimited, unlimited, unlimited};
        const char* const base = slice_.data();
        Tag tag;
        Fault fault;
        if (read_tag(slice_, static_cast<std::uint32_t>(at), none, tag, fault) != Scan::complete) return slice_.size();
        for (std::size_t i = 0; tag.declarations > 0 && i < tag.attributes.size(); ++i) declare(tag.attributes[i]);
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
        declared_.leave(static_cast<std::uint32_t>(open_.size()));
        spaces_.resize(declared_.size());
    }

    void declare(const AttributeRange& attribute) {
        const char* const base = slice_.data();
        if (!attribute.declares(base)) return;
        const std::string_view prefix = attribute.prefix == 0 ? std::string_view{} : attribute.local(base);
        const auto at = attribute.prefix == 0 ? attribute.name.at : static_cast<std::uint32_t>(prefix.data() - base);
        const Range range{at, static_cast<std::uint32_t>(prefix.size())};
        declared_.push({range, attribute.value, static_cast<std::uint32_t>(open_.size()), attribute.reference});
        std::string name;
        append_attribute_value(name, attribute.value.in(base));
        spaces_.emplace_back(name);
    }

    [[nodiscard]] const Space& space_of(std::string_view prefix) {
        if (prefix == "xml") return made(xml_, xml_space);
        if (const auto at = declared_.find(slice_.data(), prefix)) return spaces_[*at];
        if (prefix.empty()) return made(content_, header_.content_space);
        outer_.resize(header_.prefixes.size());
        for (std::size_t i = 0; i < outer_.size(); ++i) {
            if (header_.prefixes[i].first == prefix) return made(outer_[i], header_.prefixes[i].second);
        }
        return none_;
    }

    static const Space& made(Space& space, std::string_view name) {
        if (space.empty()) space = name;
        return space;
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
    Prefixes declared_;
    std::vector<Space> spaces_;  // by declaration
    std::vector<Space> outer_;   // of the header's prefixes
    Space xml_, content_, none_;
};

}  // namespace

Element build_tree(std::string_view slice, const Header& header) { return TreeBuilder{slice, header}.build(); }

}  // namespace sallyport::xml
