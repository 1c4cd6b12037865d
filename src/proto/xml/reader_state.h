// The inside of Reader, shared by the files that implement it and by nobody else: reader.cpp (public face),
// reader_window.cpp (the bytes of the token under way), reader_tokens.cpp (prolog, opening tag, elements, closing tag).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proto/xml/passing.h"
#include "proto/xml/reader.h"
#include "proto/xml/scanner.h"
#include "proto/xml/tag.h"

namespace sallyport::xml {

/// Offsets are 32 bits wide, and trees are destroyed recursively: whatever the configuration says, these hold.
[[nodiscard]] XmlLimits bounded(XmlLimits limits);

struct Reader::State {
    enum class Phase : std::uint8_t { prolog, open, closing, closed, failed };

    explicit State(const XmlLimits& first) : limits{bounded(first)}, scanner{header} {}

    Kind next();
    Kind next_token();
    [[nodiscard]] bool may_pass() const;
    Kind begin_passing();
    Kind pass();
    void release();
    Kind fail(const Fault& why);
    template <typename Step>
    Scan drive(Step step);
    Scan scan_prolog(std::string_view window);
    Scan scan_root(std::string_view window);
    Scan scan_first_level(std::string_view window);
    Scan scan_footer(std::string_view window);
    Kind judge_between(char c);
    void take_header(std::string_view bytes, const Tag& tag);

    XmlLimits limits;
    std::optional<XmlLimits> next_limits;  ///< for what begins after the token that is under way
    Header header;
    ElementScanner scanner;
    Shell shell;
    std::string_view input;                   ///< received, not looked at
    std::string undrained;                    ///< holds `input` when a feed came before the last was read to its end
    std::string tail;                         ///< the unfinished element
    std::unique_ptr<ElementPassing> passing;  ///< the element that is read past
    std::string_view slice;                   ///< the current element
    std::string root_name;                    ///< as written
    std::uint64_t consumed = 0;               ///< bytes of the stream before the element under way
    std::uint32_t progress = 0;               ///< within the token under way, outside the scanner
    std::uint32_t token_end = 0;              ///< of a complete token
    TagFinder finder;
    Fault fault;
    Kind found = Kind::need_more;
    Phase phase = Phase::prolog;
    bool at_start = true;    ///< nothing came yet: the only place of an XML declaration
    bool under_way = false;  ///< the token began
    bool slice_is_tail = false;
    bool passes_over = false;  ///< what is beyond the limits
    bool passed = false;       ///< `passing` has its end
};

}  // namespace sallyport::xml
