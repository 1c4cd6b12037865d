// The check is that of the node itself: config::parse_node_file.
#include "nodes/ctl/check_config.h"

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "io/store/file_facts.h"
#include "io/tls/files.h"
#include "nodes/ctl/words.h"

namespace sallyport::ctl {

config::Role infer_role(std::string_view toml, const std::string& path) {
    config::NodeFile file;
    const auto errors = config::parse_node_file(toml, path, config::Role::core, file, io::file_facts);
    if (!file.link.dial.empty()) return config::Role::core;
    // A dial with mistakes is a dial too; "link.dial is missing" is a complaint about the file as a whole.
    const bool dials = std::any_of(errors.begin(), errors.end(), [](const config::FileError& error) {
        return error.line != 0 && error.key.starts_with("link.dial");
    });
    return dials ? config::Role::core : config::Role::edge;
}

int check_config(const std::string& path, const std::string& role, const Console& console) {
    const auto text = io::read_file(path);
    if (!text) {
        console.err << safe(text.error().text) << '\n';
        return Exit::usage;
    }
    const config::Role as = role.empty()     ? infer_role(*text, path)
                            : role == "core" ? config::Role::core
                                             : config::Role::edge;
    config::NodeFile file;
    const auto errors =
        config::parse_node_file(*text, std::filesystem::absolute(path).string(), as, file, io::file_facts);
    for (config::FileError error : errors) {
        error.file = path;
        console.err << safe(error.sentence()) << '\n';
    }
    for (const std::string& warning : file.warnings) console.err << path << ": warning: " << safe(warning) << '\n';
    if (!errors.empty()) return Exit::usage;
    console.out << path << ": a good file for " << (as == config::Role::core ? "a core" : "an edge") << '\n';
    return Exit::done;
}

}  // namespace sallyport::ctl
