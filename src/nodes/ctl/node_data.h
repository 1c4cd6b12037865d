// What lies in the data folder of a node, and what a backup does with it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sallyport::ctl {

struct DataFile {
    enum class Kind {
        database,  ///< copied while it may be in use
        plain,
        derived,  ///< made again from what is restored; must not outlive it
        left,     ///< logs, captures, sockets: neither copied nor touched
    };
    std::string_view name;
    Kind kind;
    std::size_t (*newest_schema)() = nullptr;  ///< of a database
};

/// Every file and folder that a node makes in its data folder.
[[nodiscard]] std::span<const DataFile> data_files();
/// Null: no file of ours.
[[nodiscard]] const DataFile* find_data_file(std::string_view name);

}  // namespace sallyport::ctl
