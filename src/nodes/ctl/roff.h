// Writing a page for man(1) in the macros of man(7). It knows the few that our pages need, and escapes what is text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::ctl {

class Roff {
public:
    enum class Font { plain, bold, italic };
    struct Piece {
        std::string text;
        Font font = Font::plain;
    };
    using Pieces = std::vector<Piece>;

    /// First of all. `date` as in 2026-12-01, `source` is the program with its release.
    void title(std::string_view name, int section, std::string_view date, std::string_view source);
    /// The section that whatis(1) reads.
    void name(std::string_view name, std::string_view summary);
    void heading(std::string_view words);
    void subheading(std::string_view words);
    /// What stands between back-quotes is bold, here and in an item.
    void paragraph(std::string_view words);
    /// `term` with `words` indented below it.
    void item(const Pieces& term, std::string_view words);
    /// What follows belongs to the item before, until end_inner().
    void begin_inner() { text_ += ".RS\n"; }
    void end_inner() { text_ += ".RE\n"; }
    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    void line(const std::string& roff);

    std::string text_;
    bool is_below_heading_ = false;  ///< which begins a paragraph by itself
};

}  // namespace sallyport::ctl
