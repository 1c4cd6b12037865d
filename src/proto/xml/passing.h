// Reading past an element that is not taken: nothing of it is kept but what its sender has to be told by. It follows
// the markup closely enough to find the element's end, however its bytes arrive: tags are counted, not compared, and
// what may not be in a stream at all (comments, document types, processing instructions) ends it here as elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/xml/reader.h"
#include "proto/xml/tag.h"

namespace sallyport::xml {

class ElementPassing {
public:
    /// Of one attribute's value that is kept; of a longer one nothing is.
    static constexpr std::size_t longest_value = 16384;
    static constexpr std::size_t longest_name = 64;

    explicit ElementPassing(const Header& header) : header_{&header} {}

    /// Goes on with `bytes`, from the element's '<' on. `complete`: the element ends behind `used` of them; otherwise
    /// all of them are used.
    Scan run(std::string_view bytes, std::size_t& used, Fault& fault);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// Of the complete element; valid as long as this is.
    [[nodiscard]] Shell shell() const;

private:
    enum class In : std::uint8_t {
        text,
        less_than,
        bang,  ///< `<!`: only a CDATA section may follow
        section,
        tag_name,
        tag,  ///< between attributes, or behind a name in a tag other than the first
        attribute,
        value_begin,
        value,
        end_tag,
    };
    enum Kept : std::uint8_t { to, from, id, type, space, none };

    Scan step(char c, Fault& fault);
    Scan step_tag(char c, Fault& fault);
    Scan close_tag(Fault& fault);
    Scan leave();
    void attribute_named();
    Scan judge(Fault& fault);
    [[nodiscard]] bool first() const { return depth_ == 0; }

    const Header* header_;
    std::uint64_t size_ = 0;
    std::uint32_t depth_ = 0;
    In in_ = In::text;
    char quote_ = '\0';
    char last_ = '\0';             ///< of the tag under way
    std::uint8_t matched_ = 0;     ///< of `[CDATA[`, or of `]]>`
    std::uint8_t keeping_ = none;  ///< where the value under way goes
    bool overlong_ = false;
    std::string name_;       ///< of the element, as written
    std::string attribute_;  ///< the name of the one under way
    std::array<std::string, none> values_;
    std::array<bool, none> present_{};
    std::string space_;
};

}  // namespace sallyport::xml
