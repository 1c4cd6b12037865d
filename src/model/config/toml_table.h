// One table of the node's file with a name for every complaint: keys are read by type, and what nobody asked for is an
// unknown key. Only node_file*.cpp include it.
#pragma once

#include <toml++/toml.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/config/node_file.h"

namespace sallyport::config {

/// Everything that is wrong with one file, and where its keys stand.
class Complaints {
public:
    explicit Complaints(std::string file) : file_{std::move(file)} {}
    void add(unsigned line, const std::string& key, std::string text);
    /// At the line where `key` was read, or the file as a whole.
    void add_at(const std::string& key, std::string text);
    void note_line(const std::string& key, unsigned line) { lines_[key] = line; }
    [[nodiscard]] bool was_read(const std::string& key) const { return lines_.contains(key); }
    [[nodiscard]] bool concern(const std::string& key) const;
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] const std::map<std::string, unsigned>& lines() const { return lines_; }
    void note_path(const std::string& key, const std::string& path) { paths_[key] = path; }
    [[nodiscard]] const std::map<std::string, std::string>& paths() const { return paths_; }
    /// In the order of the lines.
    [[nodiscard]] std::vector<FileError> sorted() &&;

private:
    std::string file_;
    std::vector<FileError> errors_;
    std::map<std::string, unsigned> lines_;
    std::map<std::string, std::string> paths_;
};

class TomlTable {
public:
    /// `table` null: the section is absent, and every key has its default.
    TomlTable(const toml::table* table, std::string path, Complaints& complaints);

    [[nodiscard]] bool present() const { return table_ != nullptr; }
    [[nodiscard]] std::string path_of(std::string_view key) const;

    void text(std::string_view key, std::string& out);
    /// A relative path is taken from the folder of the node's file; empty stays empty.
    void file_path(std::string_view key, std::string& out);
    void flag(std::string_view key, bool& out);
    void count(std::string_view key, unsigned& out, unsigned most);
    /// A positive number of seconds, at most a day; 0 only when `zero` is allowed.
    void seconds(std::string_view key, double& out, bool zero = false);
    /// One of `words`, as its place in the list; nothing when absent or wrong.
    [[nodiscard]] std::optional<std::size_t> word(std::string_view key, const std::vector<std::string_view>& words);
    [[nodiscard]] std::vector<std::string> texts(std::string_view key, bool single_too = false);

    /// A list of strings, each parsed by `parse`; complaints name the entry.
    template <typename Value>
    void list(std::string_view key, std::vector<Value>& out,
              const std::function<Result<Value>(std::string_view)>& parse, bool single_too = false) {
        for (const std::string& entry : texts(key, single_too)) {
            auto value = parse(entry);
            if (value) out.push_back(std::move(*value));
            if (!value) complain(key, value.error().text);
        }
    }

    [[nodiscard]] TomlTable section(std::string_view key);
    [[nodiscard]] std::vector<TomlTable> tables(std::string_view key);
    /// The key's node for readers of their own; marks it as known.
    [[nodiscard]] const toml::node* take(std::string_view key);
    [[nodiscard]] const toml::table* table() const { return table_; }

    void complain(std::string_view key, std::string text);
    [[nodiscard]] Complaints& complaints() { return *complaints_; }
    /// To be called last: keys that nobody asked for are complaints, with the nearest known name.
    void finish();

private:
    const toml::table* table_;
    std::string path_;
    Complaints* complaints_;
    std::set<std::string, std::less<>> known_;
};

[[nodiscard]] unsigned line_of(const toml::node& node);
[[nodiscard]] unsigned line_of(const toml::key& key);

}  // namespace sallyport::config
