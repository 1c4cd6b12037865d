// The scanner of one complete element: resumable at every byte, one pass, no heap for a usual stanza (threats T42 to
// T57).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "proto/xml/reader.h"
#include "proto/xml/scopes.h"
#include "proto/xml/tag.h"

namespace sallyport::xml {

class ElementScanner {
public:
    explicit ElementScanner(const Header& header) : scopes_{header} {}

    /// Ready for the next element, which starts at offset 0 with '<'.
    void restart(const Header& header);

    /// Continues. `bytes` are those of the element so far; they may have moved since the last call. `complete`: the
    /// element ends at end().
    Scan run(std::string_view bytes, const XmlLimits& limits, Fault& fault);
    [[nodiscard]] std::uint32_t end() const { return at_; }

    /// Of the complete element.
    void fill(Shell& shell, const char* base, const Header& header) const;
    [[nodiscard]] bool plain() const;
    [[nodiscard]] bool has_new_names() const { return new_names_; }
    [[nodiscard]] unsigned children() const { return children_; }
    [[nodiscard]] std::size_t held() const { return open_.held() + scopes_.held(); }

private:
    enum class In : std::uint8_t { markup, start_tag, end_tag, character_data, text };

    Scan step(std::string_view bytes, const XmlLimits& limits, Fault& fault);
    Scan scan_markup(std::string_view bytes, const XmlLimits& limits, Fault& fault);
    Scan scan_start_tag(std::string_view bytes, const XmlLimits& limits, bool resumed, Fault& fault);
    Scan open(std::string_view bytes, const Tag& tag, const XmlLimits& limits, Fault& fault);
    Scan scan_end_tag(std::string_view bytes, Fault& fault);
    Scan scan_section(std::string_view bytes, Fault& fault);
    Scan scan_text(std::string_view bytes, Fault& fault);
    Scan pass_special(std::string_view bytes, Fault& fault);
    void note_shell(const char* base, const Tag& tag);

    struct Noted {
        Range value{};
        bool present = false;
        bool reference = false;
    };

    std::uint32_t at_ = 0;     ///< scanned so far
    std::uint32_t token_ = 0;  ///< where the token under way starts
    std::uint32_t elements_ = 0;
    std::uint8_t children_ = 0;
    In in_ = In::markup;
    bool section_ = false;          ///< CDATA was seen
    bool carriage_return_ = false;  ///< CR was seen
    bool new_names_ = false;        ///< a name that only the 5th edition of XML 1.0 has
    bool own_space_ = false;        ///< the first tag has a prefix or declares its default namespace
    std::uint32_t shell_prefix_ = 0;
    Range shell_name_{};
    Noted to_, from_, id_, type_, lang_;
    TagFinder finder_;
    ShortStack<Range, 16> open_;
    Scopes scopes_;
    std::string own_space_name_;
};

}  // namespace sallyport::xml
