// Databases are copied by SQLite itself into a private folder of the data folder (decision 26), everything else is
// small and read at once.
#include "nodes/ctl/backup.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/words.h"
#include "base/join.h"
#include "io/store/database_copy.h"
#include "io/store/file_facts.h"
#include "io/store/work_folder.h"
#include "io/tls/files.h"
#include "model/config/named_files.h"
#include "nodes/ctl/check_config.h"
#include "nodes/ctl/node_data.h"
#include "nodes/ctl/progress.h"
#include "nodes/ctl/secret.h"

namespace sallyport::ctl {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// Of all files together that are no databases.
constexpr std::size_t most_plain = 256 << 20;
/// What the system keeps, unless it lies beside the node's file: it belongs to the host and not to the node.
constexpr std::string_view often_the_systems[] = {"tls.trust", "axl.trust", "dns.trust_anchor", "dns.hosts_file"};

Error refusal(std::string text) { return {"backup-refused", std::move(text)}; }

/// One file of the backup and where its bytes come from.
struct Source {
    io::BackupFile file;
    std::string text;  ///< of a small one
    std::string copy;  ///< path of the copy of a database
};

class Backup {
public:
    Backup(const BackupRequest& request, const Console& console, WallTime now)
        : request_{request}, console_{console}, now_{now} {}

    Result<void> run(const std::vector<std::string>& usual) {
        if (auto read = read_node(usual); !read) return read;
        std::error_code ignored;
        if (!request_.force && fs::exists(fs::symlink_status(request_.file, ignored)))
            return refusal(request_.file + " already exists; --force replaces it");
        const auto passphrase = read_secret("passphrase", request_.passphrase_file, console_, Typed::twice);
        if (!passphrase) return passphrase.error();
        if (passphrase->size() < io::least_passphrase || passphrase->size() > io::most_passphrase) {
            return Error{"passphrase-length", "a passphrase has from " + std::to_string(io::least_passphrase) + " to " +
                                                  std::to_string(io::most_passphrase) + " bytes"};
        }
        if (auto gathered = gather_named(); !gathered) return gathered;
        if (!fs::is_directory(file_.node.data, ignored)) return write(*passphrase);
        const auto work = io::WorkFolder::open(file_.node.data + "/backup-in-progress");
        if (!work) return work.error();
        if (auto gathered = gather_data(work->path()); !gathered) return gathered;
        return write(*passphrase);
    }

    void report() const {
        json::array names, left;
        for (const Source& source : sources_) names.push_back(json::value_from(source.file.name));
        for (const std::string& path : left_) left.push_back(json::value_from(path));
        if (request_.json) {
            admin::print_json(json::object{{"path", request_.file},
                                           {"role", index_.role},
                                           {"node", index_.node},
                                           {"bytes", index_.content_bytes()},
                                           {"files", std::move(names)},
                                           {"left", std::move(left)}},
                              console_.out);
            return;
        }
        console_.out << "Backup of " << admin::safe(node_words(index_)) << ": " << admin::safe(request_.file) << ", "
                     << size_words(index_) << ".\nNot in it: logs, captures and diagnostic logs";
        if (!left_.empty()) console_.out << "; of the system: " << admin::safe(joined(left_));
        console_.out << ".\nKeep the passphrase elsewhere: without it nobody can open the file.\n";
    }

private:
    Result<void> read_node(const std::vector<std::string>& usual) {
        std::string path = request_.node_file;
        if (path.empty()) {
            std::vector<std::string> found;
            std::error_code ignored;
            std::ranges::copy_if(usual, std::back_inserter(found),
                                 [&](const auto& one) { return fs::exists(one, ignored); });
            if (found.size() != 1) {
                return Error{"backup-usage", (found.empty() ? "no node's file found on this host"
                                                            : "more than one node on this host: " + joined(found)) +
                                                 std::string{"; select one with --config FILE"}};
            }
            path = found.front();
        }
        auto text = io::read_file(path);
        if (!text) return text.error();
        path_ = fs::absolute(path).lexically_normal().string();
        const config::Role role = infer_role(*text, path_);
        const auto errors = config::parse_node_file(*text, path_, role, file_, io::file_facts);
        if (!errors.empty()) {
            return Error{"backup-usage",
                         errors.front().sentence() + "; `sallyport check-config " + path + "` names all errors"};
        }
        named_ = config::named_files(*text, path_, role);
        file_.node.data = fs::path{file_.node.data}.lexically_normal().string();
        while (file_.node.data.size() > 1 && file_.node.data.ends_with('/')) file_.node.data.pop_back();
        index_.program = SALLYPORT_VERSION;
        index_.role = config::text(role);
        index_.node = file_.node.name;
        index_.node_file = path_;
        index_.data = file_.node.data;
        index_.made = std::chrono::floor<std::chrono::seconds>(now_);
        return {};
    }

    Result<void> add_plain(io::BackupFile::Place place, const std::string& name, const std::string& path) {
        auto text = io::read_file(path);
        if (!text) return text.error();
        plain_ += text->size();
        if (plain_ > most_plain)
            return refusal("the files of the node have more than " + std::to_string(most_plain >> 20U) + " MiB");
        const bool secret = place == io::BackupFile::Place::data || !io::file_facts(path).world_readable;
        sources_.push_back({{place, secret, false, 0, text->size(), name}, std::move(*text), {}});
        return {};
    }

    /// The node's file and what it names.
    Result<void> gather_named() {
        std::vector<std::string> paths{path_};
        const fs::path folder = fs::path{path_}.parent_path();
        for (const auto& [key, named] : named_) {
            if (key == "node.data") continue;
            const std::string path = fs::path{named}.lexically_normal().string();
            const bool may_be_the_systems = std::ranges::find(often_the_systems, key) != std::end(often_the_systems);
            if (may_be_the_systems && fs::path{path}.parent_path() != folder) {
                left_.push_back(path);
            } else if (std::ranges::find(paths, path) == paths.end()) {
                paths.push_back(path);
            }
        }
        for (const std::string& path : paths) {
            if (auto added = add_plain(io::BackupFile::Place::named, path, path); !added) return added;
        }
        return {};
    }

    Result<void> gather_data(const std::string& work) {
        for (const DataFile& row : data_files()) {
            const std::string name{row.name}, path = file_.node.data + "/" + name;
            std::error_code problem;
            const auto kind = fs::symlink_status(path, problem).type();
            if (kind == fs::file_type::not_found) continue;
            if (problem) return refusal(path + ": " + problem.message());
            if (row.kind == DataFile::Kind::plain) {
                if (auto added = add_plain(io::BackupFile::Place::data, name, path); !added) return added;
            } else if (row.kind == DataFile::Kind::database) {
                if (auto added = copy_database(name, path, work + "/" + name); !added) return added;
            }
        }
        return {};
    }

    Result<void> copy_database(const std::string& name, const std::string& path, const std::string& copy) {
        ByteProgress progress{console_, "Copying " + name, 1};
        progress.advance(0);
        const auto schema = io::copy_database(path, copy);
        if (!schema) return schema.error();
        std::error_code problem;
        const std::uint64_t bytes = fs::file_size(copy, problem);
        if (problem) return refusal(copy + ": " + problem.message());
        sources_.push_back({{io::BackupFile::Place::data, true, true, *schema, bytes, name}, {}, copy});
        return {};
    }

    Result<void> write(const std::string& passphrase) {
        for (const Source& source : sources_) index_.files.push_back(source.file);
        const auto table = index_.encode();
        if (!table) return table.error();
        std::string head(4, '\0');
        for (unsigned i = 0; i < 4; ++i) head[i] = static_cast<char>(table->size() >> (24 - 8 * i) & 0xFFU);
        head += *table;
        const std::uint64_t total = head.size() + index_.content_bytes();
        auto out = io::SealedWriter::create(request_.file, passphrase, total);
        if (!out) return out.error();
        ByteProgress progress{console_, "Encrypting", total};
        if (auto wrote = out->write(head); !wrote) return wrote;
        progress.advance(head.size());
        for (const Source& source : sources_) {
            if (auto wrote = source.copy.empty() ? out->write(source.text) : write_copy(source.copy, *out, progress);
                !wrote)
                return wrote;
            progress.advance(source.text.size());
        }
        return out->finish();
    }

    static Result<void> write_copy(const std::string& path, io::SealedWriter& out, ByteProgress& progress) {
        std::ifstream in{path, std::ios::binary};
        std::string piece(io::sealed_chunk, '\0');
        while (in) {
            in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
            const auto count = static_cast<std::size_t>(in.gcount());
            if (auto wrote = out.write(std::string_view{piece}.substr(0, count)); !wrote) return wrote;
            progress.advance(count);
        }
        return in.eof() ? Result<void>{} : Result<void>{refusal(path + " cannot be read")};
    }

    const BackupRequest& request_;
    const Console& console_;
    WallTime now_;
    std::string path_;
    config::NodeFile file_;
    std::map<std::string, std::string> named_;  ///< key -> path
    io::BackupIndex index_;
    std::vector<Source> sources_;
    std::vector<std::string> left_;
    std::size_t plain_ = 0;
};

}  // namespace

std::vector<std::string> usual_node_files() {
    return {"/etc/sallyport/edge.toml", "/etc/sallyport/core.toml", "/etc/sallyport/presence.toml"};
}

int run_backup(const BackupRequest& request, const std::vector<std::string>& usual, const Console& console,
               WallTime now) {
    Backup backup{request, console, now};
    if (const auto done = backup.run(usual); !done) return complain_of_backup(done.error(), console);
    backup.report();
    return Exit::done;
}

}  // namespace sallyport::ctl
