// Text tables that never exceed the page (page.h): columns are as wide as they need, and the flexible ones give way.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "admin/print/page.h"
#include "admin/print/tones.h"
#include "admin/print/words.h"

namespace sallyport::admin {

struct Column {
    std::string title;
    bool right = false;     ///< numbers
    std::size_t least = 0;  ///< columns that a flexible column keeps; 0: it is never cut
    bool states = false;    ///< its words have tones
};

class Table {
public:
    explicit Table(std::vector<Column> columns, std::size_t indent = 0);
    void row(std::vector<std::string> cells);
    /// A line below the latest row, wrapped and indented.
    void note(const std::string& text);
    void write(std::ostream& out) const;
    [[nodiscard]] bool empty() const { return rows_.empty(); }

private:
    struct Row {
        std::vector<std::string> cells;
        std::vector<std::string> notes;
    };
    [[nodiscard]] std::vector<std::size_t> widths(std::size_t most) const;
    void write_line(std::ostream& out, const std::vector<std::string>& cells,
                    const std::vector<std::size_t>& widths) const;

    std::vector<Column> columns_;
    std::size_t indent_;
    std::vector<Row> rows_;
};

/// `text` after `head`, wrapped; further lines are indented as far as `head` reaches.
/// `tone` is that of the head.
void write_hanging(std::ostream& out, const std::string& head, const std::string& text, Tone tone = Tone::plain);

}  // namespace sallyport::admin
