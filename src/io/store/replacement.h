// Files that take the place of others, all or none: each is written whole beside its place; then what is there moves to
// a folder of its own beside it, and the new ones get their names. What fails half-way is undone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport::io {

/// To whom a file is given; nothing: it stays with this process's user or group.
struct FileRights {
    unsigned mode = 0600;
    std::optional<unsigned> user, group;
};

/// Errors of everything here: "file-write", with the system's words.
class Replacement {
public:
    /// What is replaced goes to `kept_name` beside it, or to `kept_name`-2, -3 … if that is there.
    explicit Replacement(std::string kept_name) : kept_name_{std::move(kept_name)} {}
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    /// Drafts and folders are removed unless commit() succeeded.
    ~Replacement();

    /// Makes a folder, and those above it that are missing, with these rights; one that is there keeps its own.
    [[nodiscard]] Result<void> make_folder(const std::string& path, const FileRights& rights);
    /// Begins the file that is to be at `path`; its folder is there.
    [[nodiscard]] Result<void> begin(const std::string& path, const FileRights& rights);
    [[nodiscard]] Result<void> write(std::string_view bytes);
    /// The file is complete. One that is at its place already, byte for byte, is left alone.
    [[nodiscard]] Result<void> end();
    /// What is at `path`, if anything is, moves away and nothing takes its place.
    void remove(const std::string& path);

    /// What commit() moves away.
    [[nodiscard]] std::vector<std::string> replaced() const;
    /// The folders to which it was moved; none: nothing was there.
    [[nodiscard]] Result<std::vector<std::string>> commit();

private:
    struct Item {
        std::string path;
        bool is_new = true;  ///< has a draft
    };
    struct Move {
        std::string from, to;
    };
    [[nodiscard]] Result<void> move(const std::string& from, const std::string& to);
    [[nodiscard]] Result<std::string> kept_folder(const std::string& parent, const std::string& name);
    [[nodiscard]] std::string free_name() const;
    void undo();

    std::string kept_name_;
    std::vector<Item> items_;
    std::vector<std::string> made_folders_;
    std::vector<Move> moves_;
    int draft_ = -1;
    bool committed_ = false;
};

}  // namespace sallyport::io
