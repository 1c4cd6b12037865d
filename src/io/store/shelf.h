// A folder of finished files with names that operators choose: captures, archives. Names lead nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::io {

class Shelf {
public:
    static constexpr std::size_t longest_name = 64;
    static constexpr std::size_t most_files = 50;
    static constexpr std::size_t piece_bytes = 192 << 10;

    struct File {
        std::string name;  ///< without its ending, unless it is of the other kind
        std::uint64_t bytes = 0;
        WallTime time{};  ///< last written
    };
    struct Piece {
        std::string bytes;
        std::uint64_t size = 0;  ///< of the whole file
    };

    /// `ending` is that of every file: ".pcapng". A name that ends in `other` is a file of another kind, which keeps
    /// it.
    Shelf(std::string folder, std::string ending, std::string other = {})
        : folder_{std::move(folder)}, ending_{std::move(ending)}, other_{std::move(other)} {}

    /// Letters, digits, '.', '_', '-', beginning with a letter or digit; an ending of a capture or archive is taken
    /// off, but for the other kind's. Errors: "name-malformed".
    [[nodiscard]] Result<std::string> name_of(std::string_view text) const;
    /// Makes the folder if need be; there is room for one more. Errors: "shelf-full", those of private_folder.
    [[nodiscard]] Result<void> make_room() const;
    [[nodiscard]] bool is_other(std::string_view name) const { return !other_.empty() && name.ends_with(other_); }
    [[nodiscard]] std::string path_of(const std::string& name) const {
        return folder_ + "/" + name + (is_other(name) ? "" : ending_);
    }
    /// The name of a file that is there: without the ending of the other kind it is found as well. Errors:
    /// "name-malformed", "name-unknown".
    [[nodiscard]] Result<std::string> find(std::string_view text) const;
    [[nodiscard]] const std::string& folder() const { return folder_; }
    /// The oldest first; other files in the folder are passed over.
    [[nodiscard]] std::vector<File> list() const;
    /// Errors: "name-unknown", "shelf-failed".
    [[nodiscard]] Result<void> remove(const std::string& name) const;
    /// At most piece_bytes from `offset` on. Errors as above.
    [[nodiscard]] Result<Piece> read(const std::string& name, std::uint64_t offset) const;

private:
    std::string folder_, ending_, other_;
};

}  // namespace sallyport::io
