// One start tag: found in bytes that may still be arriving, then read in one pass (XML 1.0 3.1). Everything is an
// offset into the element's bytes, which may move between two feeds.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "proto/xml/reader.h"

namespace sallyport::xml {

/// A stack whose first entries need no heap.
template <typename T, std::size_t Inline>
class ShortStack {
public:
    void push(const T& entry) {
        if (size_ < Inline) {
            inline_[size_] = entry;
        } else {
            more_.push_back(entry);
        }
        ++size_;
    }
    void pop() {
        if (size_ > Inline) more_.pop_back();
        --size_;
    }
    void clear() {
        size_ = 0;
        if (more_.capacity() != 0) std::vector<T>{}.swap(more_);
    }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return i < Inline ? inline_[i] : more_[i - Inline]; }
    [[nodiscard]] T& operator[](std::size_t i) { return i < Inline ? inline_[i] : more_[i - Inline]; }
    [[nodiscard]] const T& top() const { return (*this)[size_ - 1]; }
    [[nodiscard]] std::size_t held() const { return more_.capacity() * sizeof(T); }

private:
    std::array<T, Inline> inline_;
    std::vector<T> more_;
    std::uint32_t size_ = 0;
};

/// Without initialisers, as AttributeRange: a ShortStack of them must cost nothing to create.
struct Range {
    std::uint32_t at;
    std::uint32_t size;
    [[nodiscard]] std::string_view in(const char* base) const { return {base + at, size}; }
};

struct AttributeRange {
    Range name;            ///< as written, with prefix
    std::uint32_t prefix;  ///< bytes before the colon, 0: none
    Range value;           ///< between the quotes
    bool reference;        ///< the value holds an ampersand

    [[nodiscard]] std::string_view local(const char* base) const {
        return name.in(base).substr(prefix == 0 ? 0 : prefix + 1);
    }
    [[nodiscard]] bool declares_default(const char* base) const { return prefix == 0 && name.in(base) == "xmlns"; }
    [[nodiscard]] bool declares_prefix(const char* base) const {
        return prefix == 5 && name.in(base).starts_with("xmlns");
    }
    [[nodiscard]] bool declares(const char* base) const { return declares_default(base) || declares_prefix(base); }
};

struct Tag {
    Range name{};              ///< as written, with prefix
    std::uint32_t prefix = 0;  ///< bytes before the colon, 0: none
    bool empty = false;        ///< `<name/>`
    bool carriage_return = false;
    bool new_name = false;  ///< a name that only the 5th edition of XML 1.0 has
    std::uint32_t end = 0;  ///< offset behind `>`
    std::uint32_t declarations = 0;
    ShortStack<AttributeRange, 16> attributes;
};

enum class Scan { complete, more, failed };

/// Why a scan failed: the problem and a sentence about it that holds nothing of the peer.
struct Fault {
    constexpr Fault() = default;
    constexpr Fault(Problem its_problem, const char* its_words, Bound passed = Bound::none)
        : problem{its_problem}, bound{passed}, what{its_words} {}

    Problem problem = Problem::none;
    Bound bound = Bound::none;
    const char* what = "";
};
[[nodiscard]] constexpr Fault beyond(Bound bound) { return {Problem::limit, row_of(bound).words, bound}; }

/// Looks for the end of a tag, from where it stopped last: every byte once (threat T56).
class TagFinder {
public:
    void start(std::uint32_t at) {
        at_ = at;
        quote_ = '\0';
    }
    Scan find(std::string_view bytes, Fault& fault);

private:
    std::uint32_t at_ = 0;
    char quote_ = '\0';
};

/// Reads the start tag at `at`. `more`: the bytes end within it.
Scan read_tag(std::string_view bytes, std::uint32_t at, const XmlLimits& limits, Tag& tag, Fault& fault);

/// Appends the value an attribute has for an application (XML 1.0 3.3.3).
void append_attribute_value(std::string& out, std::string_view raw);
/// Appends the character data for an application: line ends and references resolved (XML 1.0 2.11).
void append_character_data(std::string& out, std::string_view raw);

inline constexpr std::string_view xml_space = "http://www.w3.org/XML/1998/namespace";
inline constexpr std::string_view xmlns_space = "http://www.w3.org/2000/xmlns/";

}  // namespace sallyport::xml
