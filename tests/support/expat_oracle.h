// The differential oracle of the XML reader (threat T42): what the reader and expat each make of a stream, and whether
// they may differ. What the reader accepts, expat must accept with the same elements; what the reader refuses although
// expat accepts must be one of the reasons for which it is stricter.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/xml/reader.h"

namespace sallyport::test {

/// A stream as one parser read it.
struct Reading {
    std::optional<xml::Element> root;    ///< the stream's tag, without children
    std::vector<xml::Element> elements;  ///< complete first-level elements
    bool closed = false;
    bool refused = false;
    bool inside = false;             ///< something began and is not complete
    bool refused_with_more = false;  ///< expat alone: it waits for the rest of a token, and no rest can be right
    xml::Problem problem = xml::Problem::none;
    std::string why;
    bool operator==(const Reading&) const = default;
};

/// Reads `bytes` with the reader, fed in the pieces whose sizes `next_size` gives (0: all that is left).
[[nodiscard]] Reading read_with_reader(std::string_view bytes, const XmlLimits& limits,
                                       const std::function<std::size_t()>& next_size = {});
[[nodiscard]] Reading read_with_expat(std::string_view bytes);
/// The bytes as they are, with the names that expat has.
[[nodiscard]] bool expat_takes(std::string_view document);
/// One element that stands alone.
[[nodiscard]] std::optional<xml::Element> parse_with_expat(std::string_view bytes);

/// Why the two readings of one stream contradict each other; empty when they do not.
[[nodiscard]] std::string disagreement(const Reading& reader, const Reading& expat);

}  // namespace sallyport::test
