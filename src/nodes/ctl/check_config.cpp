// The check is that of the node itself, config::parse_node_file; and what only a host can tell, check_host.
#include "nodes/ctl/check_config.h"

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "admin/print/words.h"
#include "io/net/host_addresses.h"
#include "io/store/file_facts.h"
#include "io/tls/files.h"
#include "nodes/ctl/check_host.h"

namespace sallyport::ctl {

config::Role infer_role(std::string_view toml, const std::string& path) {
    config::NodeFile file;
    const auto errors = config::parse_node_file(toml, path, config::Role::core, file, io::file_facts);
    if (!file.link.dial.empty()) return config::Role::core;
    // A dial with mistakes is a dial too; "link.dial is missing" is a complaint about the file as a whole.
    const bool dials = std::any_of(errors.begin(), errors.end(), [](const config::FileError& error) {
        return error.line != 0 && error.key.starts_with("link.dial");
    });
    if (dials) return config::Role::core;
    // Both others listen for the core; only the edge listens for other servers.
    const bool meets_servers = !file.s2s.listen.empty() || !file.s2s.direct_tls_listen.empty();
    return meets_servers || file.link.listen.empty() ? config::Role::edge : config::Role::presence;
}

namespace {

config::Role role_of(const std::string& word, std::string_view toml, const std::string& path) {
    for (const config::Role role : {config::Role::edge, config::Role::core, config::Role::presence}) {
        if (word == config::text(role)) return role;
    }
    return infer_role(toml, path);
}

std::string_view with_article(config::Role role) {
    switch (role) {
        case config::Role::edge: return "an edge";
        case config::Role::core: return "a core";
        case config::Role::presence: return "a presence node";
    }
    return "?";
}

}  // namespace

int check_config(const std::string& path, const std::string& role, const Console& console, WallTime now) {
    const auto text = io::read_file(path);
    if (!text) {
        console.err << admin::safe(text.error().text) << '\n';
        return Exit::usage;
    }
    const config::Role as = role_of(role, *text, path);
    config::NodeFile file;
    auto errors = config::parse_node_file(*text, std::filesystem::absolute(path).string(), as, file, io::file_facts);
    const HostFindings here = check_host(file, errors, io::host_addresses(), now);
    errors.insert(errors.end(), here.errors.begin(), here.errors.end());
    config::sort_by_line(errors);
    for (config::FileError error : errors) {
        error.file = path;
        console.err << admin::safe(error.sentence()) << '\n';
    }
    std::vector<std::string> warnings = file.all_warnings();
    warnings.insert(warnings.end(), here.warnings.begin(), here.warnings.end());
    for (const std::string& warning : warnings) {
        console.err << path << ": warning: " << admin::safe(warning) << '\n';
    }
    if (!errors.empty()) return Exit::usage;
    console.out << path << ": valid file for " << with_article(as) << '\n';
    return Exit::done;
}

}  // namespace sallyport::ctl
