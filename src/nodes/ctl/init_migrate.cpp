// `sallyport init --migrate`: files of a release in which one secret opened every router link and certificates said no
// role get a secret for each link, the names of cores at the listeners, and certificates with roles. The files are
// changed line by line, so that comments stay; what does not read as wanted afterwards is not written.
#include <algorithm>
#include <filesystem>
#include <map>
#include <ostream>
#include <sstream>

#include "admin/print/words.h"
#include "base/hash.h"
#include "io/loop/random.h"
#include "io/tls/files.h"
#include "nodes/ctl/check_config.h"
#include "nodes/ctl/init.h"

namespace sallyport::ctl {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t link_secret_bytes = 32;
constexpr const char* by_hand = "; the manual, router-link, describes how to do it by hand";

Error wrong(std::string text) { return {"init", std::move(text)}; }

/// A node whose file lies in the folder.
struct Known {
    std::string path, text;
    config::NodeFile file;
};

/// The nodes' other files may lie elsewhere: only what stands in the file itself is judged.
FileFacts anything(const std::string&) {
    FileFacts facts;
    facts.exists = facts.is_regular = facts.readable = true;
    facts.beginning = "-----BEGIN CERTIFICATE----- PRIVATE KEY-----";
    return facts;
}

std::string trimmed(const std::string& line) {
    const std::size_t from = line.find_first_not_of(" \t");
    return from == std::string::npos ? std::string{} : line.substr(from);
}

bool sets(const std::string& line, std::string_view key) {
    if (!line.starts_with(key)) return false;
    const std::size_t after = line.find_first_not_of(" \t", key.size());
    return after != std::string::npos && line[after] == '=';
}

/// `dial_secrets`: of each [[link.dial]], in the order of the file.
std::string with_new_keys(const std::string& text, const std::vector<std::string>& dial_secrets,
                          const std::string& accept) {
    std::istringstream in{text};
    std::string out, table;
    std::size_t dials = 0;
    for (std::string line; std::getline(in, line);) {
        const std::string bare = trimmed(line);
        if (bare.starts_with('[')) table = bare.substr(0, bare.find_last_of(']') + 1);
        const bool in_link = table == "[link]", in_dial = table == "[[link.dial]]";
        if ((in_link || in_dial) && sets(bare, "secret")) continue;
        if (in_link && sets(bare, "require_roles")) continue;
        out += line + "\n";
        if (bare.starts_with("[link]"))
            out += "require_roles = true  # accept a certificate only for the role that it names\n";
        if (bare.starts_with("[[link.dial]]") && dials < dial_secrets.size()) {
            out += "secret = \"" + dial_secrets[dials++] + "\"  # of this link alone\n";
        }
    }
    return out + accept;
}

class Migration {
public:
    Migration(std::string directory, const Console& console, const InitHost& host)
        : directory_{std::move(directory)}, console_{console}, host_{host} {}

    Result<void> run() {
        if (auto read = read_files(); !read) return read;
        if (auto read = read_authority(); !read) return read;
        if (auto changed = change_files(); !changed) return changed;
        if (auto signed_all = sign(); !signed_all) return signed_all;
        return write();
    }

private:
    Result<void> read_files() {
        std::error_code ignored;
        std::vector<std::string> paths;
        for (const auto& entry : fs::directory_iterator{directory_, ignored}) {
            if (entry.path().extension() == ".toml") paths.push_back(entry.path().string());
        }
        std::sort(paths.begin(), paths.end());
        for (const std::string& path : paths) {
            auto text = io::read_file(path);
            if (!text) return text.error();
            Known node{fs::absolute(path).lexically_normal().string(), *text, {}};
            const config::Role role = infer_role(*text, node.path);
            const auto errors = config::parse_node_file(*text, node.path, role, node.file, anything);
            if (!errors.empty()) return wrong(errors.front().sentence());
            if (!node.file.link.accept.empty()) {
                return wrong(path + " already names its cores: nothing to migrate" + by_hand);
            }
            nodes_.push_back(std::move(node));
        }
        const auto is_core = [](const Known& node) { return node.file.role == config::Role::core; };
        if (std::none_of(nodes_.begin(), nodes_.end(), is_core)) {
            return wrong(directory_ + " has no file of a core; put the files of all nodes there");
        }
        return {};
    }

    Result<void> read_authority() {
        const std::string stem = directory_ + "/traversal-ca";
        auto certificate = io::read_file(stem + ".pem"), key = io::read_file(stem + ".key");
        if (!certificate || !key) {
            return wrong(stem + ".key and .pem are missing: the CA that signs the certificates of router links" +
                         by_hand);
        }
        authority_ = {std::move(*certificate), std::move(*key)};
        return {};
    }

    Known* find(const std::string& name) {
        const auto at =
            std::find_if(nodes_.begin(), nodes_.end(), [&](const Known& node) { return node.file.node.name == name; });
        return at == nodes_.end() ? nullptr : &*at;
    }

    Result<void> change_files() {
        std::map<const Known*, std::vector<std::string>> dials;
        std::map<const Known*, std::string> accepts;
        for (const Known& core : nodes_) {
            for (const config::LinkDial& dial : core.file.link.dial) {
                const Known* far = find(dial.name);
                if (far == nullptr) {
                    return wrong(core.path + " dials " + dial.name + ", whose file is not in " + directory_ + by_hand);
                }
                const std::string secret = to_hex(io::random_bytes(link_secret_bytes));
                dials[&core].push_back(secret);
                accepts[far] += "\n[[link.accept]]\nname = \"" + core.file.node.name +
                                "\"  # must be in its certificate\nrole = \"core\"\nsecret = \"" + secret +
                                "\"  # of this link alone\n";
            }
        }
        for (const Known& node : nodes_) {
            const std::string text = with_new_keys(node.text, dials[&node], accepts[&node]);
            config::NodeFile after;
            const auto errors = config::parse_node_file(text, node.path, node.file.role, after, anything);
            const bool is_good =
                errors.empty() && after.weak_links.empty() && after.link.dial.size() == dials[&node].size();
            if (!is_good) {
                return wrong(node.path + " is written in a form that --migrate cannot change" + by_hand);
            }
            files_.push_back({node.path, text, Readers::nodes});
        }
        return {};
    }

    Result<void> sign() {
        const std::string inside = fs::absolute(directory_).lexically_normal().string();
        for (const Known& node : nodes_) {
            const auto& link = node.file.link;
            for (const std::string& path : {link.certificate, link.key}) {
                if (fs::path{path}.parent_path().lexically_normal() == fs::path{inside}.lexically_normal()) continue;
                return wrong(node.path + " has its link certificate or key outside " + directory_ + by_hand);
            }
            const auto made =
                link_certificate(node.file.node.name, config::text(node.file.role), authority_, host_.wall);
            if (!made) return made.error();
            files_.push_back({link.certificate, made->certificate});
            files_.push_back({link.key, made->key, Readers::nodes});
        }
        return {};
    }

    Result<void> write() {
        for (const InitFile& file : files_) {
            const auto before = io::read_file(file.name);
            if (!before) continue;
            if (auto kept = io::write_file(file.name + ".before", *before, true); !kept) return kept;
        }
        console_.out << "Changed in " << directory_ << " (the old files are kept as *.before):\n";
        for (const InitFile& file : files_) {
            if (auto wrote = write_init_file(file.name, file, host_.group); !wrote) return wrote;
            console_.out << "  " << admin::safe(fs::path{file.name}.filename().string())
                         << rights_text(file, host_.group) << '\n';
        }
        console_.out << "\nNext: copy the three files of each node to it and restart it; a link is down until both "
                        "ends have theirs.\n"
                        "Meanwhile stanzas are held, for up to hold_seconds. Then remove the *.before files: they "
                        "contain the old secret,\n"
                        "and the old certificates stay valid until they expire.\n";
        return {};
    }

    std::string directory_;
    const Console& console_;
    const InitHost& host_;
    std::vector<Known> nodes_;
    io::PemPair authority_;
    std::vector<InitFile> files_;
};

}  // namespace

int run_migrate(const std::string& directory, const Console& console, const InitHost& host) {
    Migration migration{directory.empty() ? "/etc/sallyport" : directory, console, host};
    const auto done = migration.run();
    if (done) return Exit::done;
    console.err << "sallyport: " << admin::safe(done.error().text) << '\n';
    return Exit::refused;
}

}  // namespace sallyport::ctl
