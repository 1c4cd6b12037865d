// Looking into an Element and building one.
#include "proto/xml/element.h"

#include <algorithm>

namespace sallyport::xml {

namespace {

const Attribute* find_attribute(const std::vector<Attribute>& attributes, std::string_view space,
                                std::string_view name) {
    const auto found = std::find_if(attributes.begin(), attributes.end(),
                                    [&](const Attribute& a) { return a.space == space && a.name == name; });
    return found == attributes.end() ? nullptr : &*found;
}

}  // namespace

std::string_view Element::attribute(std::string_view attribute_name) const { return attribute({}, attribute_name); }

std::string_view Element::attribute(std::string_view attribute_space, std::string_view attribute_name) const {
    const Attribute* const found = find_attribute(attributes, attribute_space, attribute_name);
    return found == nullptr ? std::string_view{} : std::string_view{found->value};
}

bool Element::has_attribute(std::string_view attribute_name) const {
    return find_attribute(attributes, {}, attribute_name) != nullptr;
}

const Element* Element::child(std::string_view child_space, std::string_view child_name) const {
    for (const Child& candidate : children) {
        const auto* const element = std::get_if<Element>(&candidate);
        if (element != nullptr && element->is(child_space, child_name)) return element;
    }
    return nullptr;
}

const Element* Element::first_child() const {
    for (const Child& candidate : children) {
        if (const auto* const element = std::get_if<Element>(&candidate)) return element;
    }
    return nullptr;
}

std::string Element::text() const {
    std::string joined;
    for (const Child& candidate : children) {
        if (const auto* const part = std::get_if<std::string>(&candidate)) joined += *part;
    }
    return joined;
}

Element& Element::set(std::string attribute_name, std::string value) {
    for (Attribute& known : attributes) {
        if (known.space.empty() && known.name == attribute_name) {
            known.value = std::move(value);
            return *this;
        }
    }
    attributes.push_back({{}, std::move(attribute_name), std::move(value)});
    return *this;
}

Element& Element::add(Element child) {
    children.emplace_back(std::move(child));
    return *this;
}

Element& Element::add_text(std::string text) {
    children.emplace_back(std::move(text));
    return *this;
}

}  // namespace sallyport::xml
