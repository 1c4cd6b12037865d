// Writes nothing unless everything can be made, and replaces nothing unless told to.
#include "nodes/ctl/init.h"

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "io/log/log_text.h"
#include "io/store/file_facts.h"
#include "io/store/folder.h"
#include "io/store/sharing.h"
#include "io/tls/files.h"
#include "model/config/node_file.h"

namespace sallyport::ctl {

namespace fs = std::filesystem;

namespace {

int fail(const Error& error, const Console& console, int status = Exit::usage) {
    console.err << "sallyport: " << error.text << '\n';
    return status;
}

Result<void> write_all(const InitPlan& plan, const std::vector<InitFile>& files, const InitHost& host) {
    std::error_code ignored;
    for (const InitFile& file : files) {
        if (auto free = may_write(plan, file.name); !free) return free;
    }
    // An existing folder, such as /etc/sallyport, keeps its mode: every secret file is private by itself.
    if (!fs::is_directory(plan.directory, ignored)) {
        if (auto made = io::private_folder(plan.directory); !made) return made;
        if (host.group) {
            if (auto shared = io::share(plan.directory, *host.group); !shared) return shared;
        }
    }
    for (const InitFile& file : files) {
        if (auto wrote = write_init_file(plan.directory + "/" + file.name, file, host.group); !wrote) return wrote;
    }
    return {};
}

/// What the node that gets the file would say of it: files that are made here are not on the disk yet.
std::vector<config::FileError> errors_of(const InitFile& file, config::Role role, const InitPlan& plan,
                                         const std::vector<InitFile>& files) {
    const FileProbe probe = [&](const std::string& path) {
        const auto made = std::find_if(files.begin(), files.end(),
                                       [&](const InitFile& one) { return plan.directory + "/" + one.name == path; });
        return made == files.end() ? io::file_facts(path) : FileFacts{true, true, true, false, made->text};
    };
    config::NodeFile parsed;
    return config::parse_node_file(file.text, plan.directory + "/" + file.name, role, parsed, probe);
}

/// Errors of all node files, a line each; empty: the nodes accept them.
std::string refusals(const InitPlan& plan, const std::vector<InitFile>& files) {
    std::string all;
    for (const config::Role role : {config::Role::edge, config::Role::core, config::Role::presence}) {
        for (const InitFile& file : files) {
            if (file.name != std::string{config::text(role)} + ".toml") continue;
            for (config::FileError error : errors_of(file, role, plan, files)) {
                error.file = file.name;
                error.line = 0;  // nobody has the file
                all += "\n  " + error.sentence();
            }
        }
    }
    return all;
}

}  // namespace

Result<void> may_write(const InitPlan& plan, const std::string& name) {
    std::error_code ignored;
    const std::string path = plan.directory + "/" + name;
    if (plan.force || !fs::exists(fs::symlink_status(path, ignored))) return {};
    return Error{"init-exists", path + " already exists; --force replaces it and makes new keys and secrets"};
}

Result<void> write_init_file(const std::string& path, const InitFile& file, const std::optional<unsigned>& group) {
    auto wrote = io::write_file(path, file.text, file.readers != Readers::everybody);
    if (!wrote || !group || file.readers != Readers::nodes) return wrote;
    return io::share(path, *group);
}

std::string rights_text(const InitFile& file, const std::optional<unsigned>& group) {
    if (file.readers == Readers::everybody) return "";
    if (!group || file.readers == Readers::owner) return "  (0600)";
    return std::string{"  (0640 root:"} + nodes_group + ")";
}

int run_init(InitAnswers answers, const Console& console, const InitHost& host) {
    const std::string today = io::log_time(host.wall).substr(0, 10);
    // What a clock that is years off makes, nobody accepts once it is right.
    if (!is_sensible(host.wall)) {
        return fail({"init", "the clock of this host says " + today +
                                 ": nobody would accept certificates that are made now; set the clock first"},
                    console, Exit::refused);
    }
    if (!host.synchronised.value_or(true)) {
        console.err << "sallyport: no time service keeps the clock of this host right; certificates that are made now "
                       "are good from "
                    << today << " on\n";
    }
    if (answers.migrate) return run_migrate(answers.directory, console, host);
    const auto plan = plan_init(std::move(answers), console, host.wall);
    if (!plan) return fail(plan.error(), console, plan.error().code == "init-exists" ? Exit::refused : Exit::usage);
    const auto files = make_files(*plan, host.wall);
    if (!files) return fail(files.error(), console, Exit::refused);
    if (const std::string refused = refusals(*plan, *files); !refused.empty()) {
        return fail({"init", "the nodes would refuse these files, so nothing is written:" + refused}, console);
    }
    if (const auto wrote = write_all(*plan, *files, host); !wrote) return fail(wrote.error(), console, Exit::refused);
    console.out << "Written to " << plan->directory << ":\n";
    for (const InitFile& file : *files) console.out << "  " << file.name << rights_text(file, host.group) << '\n';
    console.out << advice(*plan);
    return Exit::done;
}

}  // namespace sallyport::ctl
