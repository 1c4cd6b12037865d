// `sallyport man PAGE`: pages for man(1), made from the rows of which the program itself is made: commands, settings,
// limits. That of the node's file is made from the manual (packaging/man/node_file_page).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "nodes/ctl/roff.h"

namespace CLI {
class App;
}

namespace sallyport::ctl {

struct ManPage {
    std::string_view name;  ///< "sallyport-limits"
    int section;            ///< of the manual of Unix: 1 commands, 5 files
    std::string_view summary;
    void (*write)(Roff& out);  ///< all below the NAME
};
/// That of the program comes first.
[[nodiscard]] std::span<const ManPage> man_pages();

/// For CLI11: the argument that names a page; `page` must outlive the parsing.
void add_man_options(CLI::App& app, std::string& page);

/// The page as man(7) has it, dated `day`.
[[nodiscard]] std::string man_text(const ManPage& page, WallTime day);

/// Seconds since 1970 as in SOURCE_DATE_EPOCH (reproducible-builds.org), for a page that is the same at each build;
/// otherwise `now`.
[[nodiscard]] WallTime man_day(const char* source_date_epoch, WallTime now);

}  // namespace sallyport::ctl
