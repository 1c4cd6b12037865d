// The widest flexible column is narrowed, step by step, until the line fits.
#include "admin/print/table.h"

#include <algorithm>
#include <numeric>
#include <ostream>

namespace sallyport::admin {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t note_indent = 6;
constexpr std::size_t narrowest_cell = 5;

}  // namespace

Table::Table(std::vector<Column> columns, std::size_t indent) : columns_{std::move(columns)}, indent_{indent} {}

void Table::row(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    for (std::string& cell : cells) cell = safe(cell);
    rows_.push_back({std::move(cells), {}});
}

void Table::note(const std::string& text) { rows_.back().notes.push_back(safe(text)); }

std::vector<std::size_t> Table::widths(std::size_t most) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = display_width(columns_[i].title);
        for (const Row& row : rows_) width = std::max(width, display_width(row.cells[i]));
        widths.push_back(width);
    }
    const std::size_t fixed = indent_ + gap * (columns_.size() - 1);
    // First to what the columns like to keep, then further: a narrow terminal is worse to read with broken lines.
    for (const std::size_t floor : {endless_width, narrowest_cell}) {
        while (std::accumulate(widths.begin(), widths.end(), fixed) > most) {
            std::size_t widest = columns_.size();
            for (std::size_t i = 0; i < columns_.size(); ++i) {
                if (columns_[i].least == 0 || widths[i] <= std::min(columns_[i].least, floor)) continue;
                if (widest == columns_.size() || widths[i] > widths[widest]) widest = i;
            }
            if (widest == columns_.size()) break;
            --widths[widest];
        }
    }
    return widths;
}

void Table::write_line(std::ostream& out, const std::vector<std::string>& cells,
                       const std::vector<std::size_t>& widths) const {
    std::string line(indent_, ' ');
    const Page page = page_of(out);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string cell = fitted(cells[i], widths[i]);
        const std::string padding(widths[i] - std::min(widths[i], display_width(cell)), ' ');
        if (i > 0) line.append(gap, ' ');
        const std::string shown = toned(cell, columns_[i].states ? tone_of(cells[i]) : Tone::plain, page);
        line += columns_[i].right ? padding + shown : shown + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
}

void write_hanging(std::ostream& out, const std::string& head, const std::string& text, Tone tone) {
    std::string before = toned(head, tone, page_of(out));
    for (const std::string& line : wrapped(text, room_behind(display_width(head), page_of(out)))) {
        out << before << line << '\n';
        before.assign(display_width(head), ' ');
    }
}

void Table::write(std::ostream& out) const {
    const Page page = page_of(out);
    const std::vector<std::size_t> all = widths(page.width);
    std::vector<std::string> titles;
    for (const Column& column : columns_) titles.push_back(column.title);
    write_line(out, titles, all);
    for (const Row& row : rows_) {
        write_line(out, row.cells, all);
        for (const std::string& note : row.notes) {
            const std::size_t indent = indent_ + note_indent;
            for (const std::string& line : wrapped(note, room_behind(indent, page)))
                out << std::string(indent, ' ') << line << '\n';
        }
    }
}

}  // namespace sallyport::admin
