// Where the namespaces of a tree are declared when it is written: as the default namespace where elements change to it,
// or, when that would say a name again and again, once for a prefix, at the innermost element around all that is in it.
// So what is written is at most a few times as long as what was read, whatever prefixes that had.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proto/xml/element.h"

namespace sallyport::xml {

class SpacePlan {
public:
    /// Prefixes that the stream's header declares: namespace name -> prefix.
    using Outer = std::vector<std::pair<std::string_view, std::string_view>>;

    struct Entry {
        std::string_view name;
        std::string_view outer;      ///< the header's prefix, empty: none
        std::size_t size = 0;        ///< as written
        std::uint32_t changes = 0;   ///< elements that would declare it as the default namespace
        std::uint32_t at = 0;        ///< number of the innermost element around all that needs a declaration
        std::uint32_t prefix = 0;    ///< n of "nsn"
        bool needed = false;         ///< something is in it
        bool of_attributes = false;  ///< needs a prefix
        bool of_elements = false;    ///< has one for elements too
        bool declared = false;       ///< that one is written
    };

    explicit SpacePlan(const Outer& outer) : outer_{outer} {}

    /// Elements in `from` will be written as if they were in `to`, as long as no element of another namespace is around
    /// them.
    void rescope(std::string_view from, std::string_view to);
    /// Numbers the elements of `root` from 0, in the order of their start tags.
    void make(const Element& root, std::string_view inherited);

    /// The index of a namespace's entry.
    [[nodiscard]] std::uint32_t of(const Space& space);
    [[nodiscard]] std::uint32_t of(std::string_view name);
    [[nodiscard]] Entry& operator[](std::uint32_t index) { return entries_[index]; }

    /// The namespace in which `element` is written; `rescoped`: those around it are, then whether it is.
    [[nodiscard]] std::uint32_t written_in(const Element& element, bool& rescoped);
    /// What the element with that number has to declare for prefixes. To be asked for one element after the other.
    [[nodiscard]] std::vector<std::uint32_t> declared_at(std::uint32_t element);

private:
    void visit(const Element& element, std::uint32_t space, std::uint32_t around);
    void need(Entry& entry);
    void choose();

    const Outer& outer_;
    std::vector<Entry> entries_;
    std::vector<std::pair<const void*, std::uint32_t>> known_;   ///< the first names by identity
    std::unordered_map<const void*, std::uint32_t> more_known_;  ///< the others
    std::map<std::string_view, std::uint32_t> by_name_;          ///< of entries_, where there are many
    std::uint32_t from_ = 0, to_ = 0;
    bool rescoping_ = false;
    std::vector<std::uint32_t> path_;  ///< numbers of the open elements
    std::vector<std::uint32_t> declarations_;
    std::size_t next_ = 0;
};

}  // namespace sallyport::xml
