// The namespaces in force at a point of an element (Namespaces in XML 1.0): declarations by depth, and the judgement of
// a start tag's prefixes and attributes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/xml/prefixes.h"
#include "proto/xml/tag.h"

namespace sallyport::xml {

class Scopes {
public:
    explicit Scopes(const Header& header) : header_{&header} {}
    void restart(const Header& header) {
        header_ = &header;
        header_used_ = declares_content_ = declares_streams_ = false;
        declared_.clear();
        outer_numbers_.clear();
    }

    /// Declares what `tag` declares at `depth` and judges its names. False with `fault` filled.
    bool enter(const char* base, const Tag& tag, std::uint32_t depth, Fault& fault);
    /// Forgets what elements at `depth` and below declared.
    void leave(std::uint32_t depth) {
        if (declared_.size() != 0) declared_.leave(depth);
    }

    /// Forgets all, the heap too.
    void clear() { declared_.clear(); }

    /// The namespace of an element whose prefix enter() found declared.
    [[nodiscard]] std::string element_space(const char* base, const Tag& tag);

    /// A prefix was used that only the header declares.
    [[nodiscard]] bool header_used() const { return header_used_; }
    /// The content namespace, or the streams namespace, was declared within the element.
    [[nodiscard]] bool declares_content() const { return declares_content_; }
    [[nodiscard]] bool declares_streams() const { return declares_streams_; }
    [[nodiscard]] std::size_t held() const { return declared_.held(); }

private:
    bool declare(const char* base, const AttributeRange& attribute, std::uint32_t depth, Fault& fault);
    [[nodiscard]] bool known(const char* base, std::string_view prefix);
    [[nodiscard]] std::string space_of(const char* base, std::string_view prefix);
    bool judge_prefixes(const char* base, const Tag& tag, Fault& fault);
    [[nodiscard]] bool expanded_are_unique(const char* base, const Tag& tag);
    [[nodiscard]] std::uint32_t space_number(const char* base, std::string_view prefix);

    const Header* header_;
    bool header_used_ = false;
    bool declares_content_ = false;
    bool declares_streams_ = false;
    Prefixes declared_;
    std::vector<std::uint32_t> outer_numbers_;  ///< of the header's namespaces, 0: not asked yet
};

}  // namespace sallyport::xml
