// A parsed element as a tree, and its safe serialisation (RFC 6120 section 11; threats T42, T46). Used for control
// elements (features, dialback, SASL, errors) and for stanzas outside the plain subset; never on the fast path.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sallyport::xml {

/// The name of a namespace. Copies share it: a tree holds the name of each declaration once, however many elements and
/// attributes are in it.
class Space {
public:
    Space() = default;
    template <std::convertible_to<std::string_view> Text>
    Space(const Text& name) : Space{std::string_view{name}} {}
    Space(std::string_view name) : name_{name.empty() ? nullptr : std::make_shared<const std::string>(name)} {}

    [[nodiscard]] std::string_view text() const { return name_ == nullptr ? std::string_view{} : *name_; }
    operator std::string_view() const { return text(); }
    [[nodiscard]] bool empty() const { return name_ == nullptr; }
    /// The same for copies of one another.
    [[nodiscard]] const void* identity() const { return name_.get(); }

    friend bool operator==(const Space& a, const Space& b) { return a.name_ == b.name_ || a.text() == b.text(); }
    template <std::convertible_to<std::string_view> Text>
    friend bool operator==(const Space& space, const Text& name) {
        return space.text() == std::string_view{name};
    }

private:
    std::shared_ptr<const std::string> name_;
};

struct Attribute {
    Space space;        ///< namespace name; empty: none
    std::string name;   ///< local name
    std::string value;  ///< normalised
    bool operator==(const Attribute&) const = default;
};

struct Element {
    using Child = std::variant<Element, std::string>;

    Space space;       ///< namespace name
    std::string name;  ///< local name
    std::vector<Attribute> attributes;
    std::vector<Child> children;

    Element() = default;
    Element(Space element_space, std::string element_name)
        : space{std::move(element_space)}, name{std::move(element_name)} {}

    [[nodiscard]] bool is(std::string_view s, std::string_view n) const { return space == s && name == n; }
    /// Value of the attribute without namespace; empty when absent.
    [[nodiscard]] std::string_view attribute(std::string_view attribute_name) const;
    /// Value of the attribute of that namespace; empty when absent.
    [[nodiscard]] std::string_view attribute(std::string_view attribute_space, std::string_view attribute_name) const;
    [[nodiscard]] bool has_attribute(std::string_view attribute_name) const;
    /// First child element with that name; null when absent.
    [[nodiscard]] const Element* child(std::string_view child_space, std::string_view child_name) const;
    /// First child element of any name; null when there is none.
    [[nodiscard]] const Element* first_child() const;
    /// Character data of this element (not of its children) joined.
    [[nodiscard]] std::string text() const;

    Element& set(std::string attribute_name, std::string value);
    Element& add(Element child);
    Element& add_text(std::string text);
    bool operator==(const Element&) const = default;
};

/// Writes `element` as one canonical form: no CDATA, specials escaped, namespaces declared where they change, or once
/// for a prefix where that would repeat them: what was read gets at most 6 times as long, and 256 bytes. `inherited` is
/// the default namespace in force around it: not declared again. `prefixes` maps namespaces whose prefix the stream
/// header already declares ("http://etherx.jabber.org/streams" -> "stream", "jabber:server:dialback" -> "db").
/// Iterative: depth cannot exhaust the stack.
[[nodiscard]] std::string write(const Element& element, std::string_view inherited,
                                const std::vector<std::pair<std::string_view, std::string_view>>& prefixes = {});

/// Like write(), but elements in `rename_from` come out in `rename_to` (re-scoping of the content namespace between
/// jabber:server, jabber:client and jabber:component:accept, RFC 6120 4.8.3), except below elements of another
/// namespace.
[[nodiscard]] std::string write_rescoped(const Element& element, std::string_view rename_from,
                                         std::string_view rename_to);

/// Appends `text` with the five specials escaped; usable for text and for attribute values.
void append_escaped(std::string& out, std::string_view text);
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace sallyport::xml
