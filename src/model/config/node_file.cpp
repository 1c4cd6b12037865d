// From TOML text to a NodeFile, or to everything that is wrong with it.
#include "model/config/node_file.h"

#include <algorithm>
#include <sstream>

#include "base/hash.h"
#include "model/config/named_files.h"
#include "model/config/node_file_parts.h"
#include "model/config/settings.h"

namespace sallyport::config {

namespace {

constexpr std::size_t longest_file = 8 << 20;

/// Used when the file names none; a host without it trusts nobody's certificate.
constexpr std::string_view default_trust = "/etc/ssl/certs/ca-certificates.crt";

/// As the complaints name them: "s2s.listen", "link.accept[1].secret".
void note_keys(const toml::table& table, const std::string& prefix, NodeFile& file) {
    for (const auto& [name, node] : table) {
        const std::string key = prefix + std::string{name.str()};
        if (const auto* const below = node.as_table()) {
            note_keys(*below, key + ".", file);
        } else if (const auto* const list = node.as_array(); list != nullptr && list->is_array_of_tables()) {
            for (std::size_t i = 0; i < list->size(); ++i) {
                note_keys(*list->get_as<toml::table>(i), key + "[" + std::to_string(i) + "].", file);
            }
        } else {
            std::ostringstream written;
            node.visit([&](const auto& value) { written << value; });
            file.keys[key] = sha256(written.str());
        }
    }
}

void read(const toml::table& parsed, NodeFile& file, Complaints& complaints, const FileProbe& probe) {
    TomlTable root{&parsed, {}, complaints};
    read_sections(root, file);
    read_limits(root.section("limits"), file);
    read_first_settings(root.section("settings"), file);
    root.finish();
    note_keys(parsed, {}, file);
    check_whole(file, complaints);
    check_named_files(file, probe, complaints);
    const bool defaulted = file.tls.trust.empty() && !complaints.was_read("tls.trust");
    if (defaulted && probe(std::string{default_trust}).readable) file.tls.trust = default_trust;
}

}  // namespace

bool has_effect(const SettingRow& row, Role role) {
    switch (row.owner) {
        case Owner::edge:
        case Owner::core: return role != Role::presence;
        case Owner::presence: return role == Role::presence;
        case Owner::node: return true;
    }
    return true;
}

std::string NodeFile::realm() const { return realm_of(node.name); }

std::string FileError::sentence() const {
    std::string sentence = file;
    if (line != 0) sentence += ":" + std::to_string(line);
    sentence += ": ";
    if (!key.empty()) sentence += key + ": ";
    return sentence + text;
}

void sort_by_line(std::vector<FileError>& errors) {
    std::stable_sort(errors.begin(), errors.end(),
                     [](const FileError& a, const FileError& b) { return a.line < b.line; });
}

std::vector<FileError> parse_node_file(std::string_view toml, const std::string& path, Role role, NodeFile& out,
                                       const FileProbe& probe) {
    out = NodeFile{};
    out.path = path;
    out.role = role;
    Complaints complaints{path};
    if (toml.size() > longest_file) {
        complaints.add(0, {}, "the file is larger than 8 MiB");
        return std::move(complaints).sorted();
    }
    // The library reports broken syntax as an exception; it ends here.
    try {
        read(toml::parse(toml, path), out, complaints, probe);
    } catch (const toml::parse_error& problem) {
        complaints.add(static_cast<unsigned>(problem.source().begin.line), {}, std::string{problem.description()});
    }
    out.lines = complaints.lines();
    return std::move(complaints).sorted();
}

std::map<std::string, std::string> named_files(std::string_view toml, const std::string& path, Role role) {
    NodeFile file;
    file.path = path;
    file.role = role;
    Complaints complaints{path};
    if (toml.size() > longest_file) return {};
    try {  // as above
        read(toml::parse(toml, path), file, complaints, [](const std::string&) { return FileFacts{}; });
    } catch (const toml::parse_error&) {
        return {};
    }
    return complaints.paths();
}

}  // namespace sallyport::config
