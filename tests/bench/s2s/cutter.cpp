#include "s2s/cutter.h"

#include <algorithm>

namespace sallyport::bench {
namespace {

constexpr std::size_t none = std::string_view::npos;

/// The position of the `>` that ends the tag at `from`.
std::size_t tag_end(std::string_view input, std::size_t from) {
    for (std::size_t at = from; at < input.size(); ++at) {
        const char c = input[at];
        if (c == '>') return at;
        if (c == '\'' || c == '"') {
            at = input.find(c, at + 1);
            if (at == none) return none;
        }
    }
    return none;
}

std::string_view tag_name(std::string_view input, std::size_t from) {
    const std::size_t end = input.find_first_of(" \t\r\n/>", from + 1);
    return input.substr(from + 1, end - from - 1);
}

/// The position after the element that starts at `from`, or none.
std::size_t element_end(std::string_view input, std::size_t from) {
    int depth = 0;
    for (std::size_t at = from; at != none; at = input.find('<', at)) {
        const std::size_t end = tag_end(input, at);
        if (end == none) return none;
        if (input[at + 1] == '/') {
            --depth;
        } else if (input[end - 1] != '/') {
            ++depth;
        }
        if (depth == 0) return end + 1;
        at = end;
    }
    return none;
}

}  // namespace

Piece cut(std::string_view input) {
    std::size_t from = std::min(input.find_first_not_of(" \t\r\n"), input.size());
    if (input.substr(from, 2) == "<?") {
        const std::size_t end = input.find("?>", from);
        if (end == none) return {};
        from = std::min(input.find_first_not_of(" \t\r\n", end + 2), input.size());
    }
    if (from >= input.size()) return {};
    const std::size_t end = tag_end(input, from);
    if (end == none) return {};
    Piece piece;
    piece.name = tag_name(input, from);
    if (piece.name.empty() && input[from + 1] == '/') {
        piece.kind = Piece::Kind::footer;
        piece.used = end + 1;
    } else if (piece.name == "stream:stream") {
        piece.kind = Piece::Kind::header;
        piece.used = end + 1;
    } else {
        const std::size_t after = element_end(input, from);
        if (after == none) return {};
        piece.kind = Piece::Kind::element;
        piece.used = after;
    }
    piece.text = input.substr(from, piece.used - from);
    return piece;
}

std::string_view attribute(std::string_view tag, std::string_view name) {
    for (std::size_t at = tag.find(name); at != none; at = tag.find(name, at + 1)) {
        const std::size_t quote = at + name.size() + 1;
        if (at == 0 || tag[at - 1] != ' ' || quote >= tag.size() || tag[quote - 1] != '=') continue;
        const std::size_t end = tag.find(tag[quote], quote + 1);
        if (end == none) return {};
        return tag.substr(quote + 1, end - quote - 1);
    }
    return {};
}

}  // namespace sallyport::bench
