// The namespace declarations in force at a point of an element (Namespaces in XML 1.0 6). A prefix is found in a few
// comparisons however many are declared, and two namespace names are compared once: the cost of a tag is bounded by its
// bytes, whatever a peer declared around it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "proto/xml/tag.h"

namespace sallyport::xml {

inline constexpr std::string_view streams_space = "http://etherx.jabber.org/streams";  ///< RFC 6120 4.8.1

class Prefixes {
public:
    struct Declared {
        Range prefix;  ///< empty: the default namespace
        Range value;
        std::uint32_t depth;
        bool reference;  ///< the value holds an ampersand
    };

    Prefixes();
    ~Prefixes();
    Prefixes(const Prefixes&) = delete;
    Prefixes& operator=(const Prefixes&) = delete;

    void push(const Declared& declared) { all_.push(declared); }
    /// Forgets what was declared at `depth` and below.
    void leave(std::uint32_t depth);
    /// Forgets all, the heap too.
    void clear() {
        all_.clear();
        if (more_) drop();
    }

    /// The innermost declaration of `prefix`.
    [[nodiscard]] std::optional<std::uint32_t> find(const char* base, std::string_view prefix);
    [[nodiscard]] const Declared& operator[](std::size_t at) const { return all_[at]; }
    [[nodiscard]] std::size_t size() const { return all_.size(); }

    /// A number that declarations have in common whose namespace is the same.
    [[nodiscard]] std::uint32_t space_number(const char* base, std::uint32_t declaration);
    /// The number of a namespace that is declared elsewhere.
    [[nodiscard]] std::uint32_t space_number(std::string_view name);

    [[nodiscard]] std::size_t held() const;

private:
    struct More;
    void index(const char* base, std::uint32_t declaration);
    void drop();
    [[nodiscard]] More& more();

    ShortStack<Declared, 4> all_;
    std::unique_ptr<More> more_;  ///< where there are many, or their names were compared
};

}  // namespace sallyport::xml
