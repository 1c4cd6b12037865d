// The backup is verified to its end before anything moves: drafts first, then one exchange (io/store/replacement.h).
#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <ostream>
#include <set>

#include "admin/print/print.h"
#include "admin/print/words.h"
#include "base/join.h"
#include "io/log/log_text.h"
#include "io/loop/asio_loop.h"
#include "io/net/local_socket.h"
#include "io/store/replacement.h"
#include "io/tls/files.h"
#include "nodes/ctl/backup.h"
#include "nodes/ctl/check_config.h"
#include "nodes/ctl/node_data.h"
#include "nodes/ctl/progress.h"
#include "nodes/ctl/secret.h"

namespace sallyport::ctl {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

Error refused_restore(std::string text) { return {"restore-refused", std::move(text)}; }
Error newer_backup(std::string text) { return {"backup-newer", std::move(text)}; }

/// Only the name and the role count; the files that it names may be elsewhere.
FileFacts nothing_looked_at(const std::string&) { return {}; }

class Restore {
public:
    Restore(const RestoreRequest& request, const RestoreHost& host, const Console& console)
        : request_{request}, host_{host}, console_{console} {}

    Result<void> run() {
        auto opened = io::SealedReader::open(request_.file);
        if (!opened) return opened.error();
        reader_.emplace(std::move(*opened));
        const auto passphrase = read_secret("passphrase", request_.passphrase_file, console_, Typed::once);
        if (!passphrase) return passphrase.error();
        if (auto unlocked = reader_->unlock(*passphrase); !unlocked) return unlocked;
        if (auto read = read_index(); !read) return read;
        if (auto known = check_known(); !known) return known;
        if (request_.check) return verify();
        if (auto free = check_place(); !free) return free;
        if (auto drafted = draft(); !drafted) return drafted;
        const auto replaced = files_.replaced();
        if (!replaced.empty() && !request_.force) {
            return refused_restore(admin::count_words(replaced.size(), "file") + " would be replaced, such as " +
                                   replaced.front() + "; --force keeps the old ones in folders " + before_restore);
        }
        auto kept = files_.commit();
        if (!kept) return kept.error();
        kept_ = std::move(*kept);
        return {};
    }

    void report() const {
        if (request_.json) {
            json::array names, kept;
            for (const io::BackupFile& file : index_.files) names.push_back(json::value_from(file.name));
            for (const std::string& folder : kept_) kept.push_back(json::value_from(folder));
            admin::print_json(json::object{{"path", request_.file},
                                           {"restored", !request_.check},
                                           {"role", index_.role},
                                           {"node", index_.node},
                                           {"version", index_.program},
                                           {"made", io::log_time(index_.made)},
                                           {"bytes", index_.content_bytes()},
                                           {"files", std::move(names)},
                                           {"kept", std::move(kept)}},
                              console_.out);
            return;
        }
        console_.out << (request_.check ? "Good backup of " : "Restored ") << admin::safe(node_words(index_))
                     << ", made " << admin::time_words(io::log_time(index_.made)) << " UTC by Sallyport "
                     << admin::safe(index_.program) << ": " << size_words(index_) << ".\n";
        if (request_.check) return;
        if (!kept_.empty()) console_.out << "The old files are in " << admin::safe(joined(kept_)) << ".\n";
        console_.out << "Next: sallyport check-config " << admin::safe(index_.node_file) << "; then start the node.\n";
    }

private:
    Result<std::string> read_exactly(std::uint64_t count) {
        std::string bytes;
        while (bytes.size() < count) {
            auto more = reader_->read(count - bytes.size());
            if (!more) return more;
            if (more->empty()) return Error{"backup-index", request_.file + ": ends before its files do"};
            bytes += *more;
        }
        return bytes;
    }

    Result<void> read_index() {
        const auto size = read_exactly(4);
        if (!size) return size.error();
        std::uint64_t count = 0;
        for (const char byte : *size) count = count << 8U | static_cast<unsigned char>(byte);
        if (count > io::BackupIndex::most_bytes) return Error{"backup-index", "the table of contents is too long"};
        const auto table = read_exactly(count);
        if (!table) return table.error();
        auto index = io::BackupIndex::decode(*table);
        if (!index) return index.error();
        index_ = std::move(*index);
        if (4 + count + index_.content_bytes() == reader_->payload()) return {};
        return Error{"backup-index", request_.file + ": its files are not as long as its table of contents says"};
    }

    /// Nothing in it is of a newer version.
    Result<void> check_known() const {
        const std::string by = request_.file + ": was made by Sallyport " + index_.program + "; ";
        const std::string remedy = "; restore it with that version, or a newer one";
        const auto roles = {config::Role::edge, config::Role::core, config::Role::presence};
        if (std::ranges::none_of(roles, [&](config::Role role) { return config::text(role) == index_.role; }))
            return newer_backup(by + "this version, " SALLYPORT_VERSION ", knows no role " + index_.role + remedy);
        for (const io::BackupFile& file : index_.files) {
            if (file.place != io::BackupFile::Place::data) continue;
            const DataFile* row = find_data_file(file.name);
            const bool is_known = row != nullptr && (row->kind == DataFile::Kind::database) == file.database &&
                                  (row->kind == DataFile::Kind::database || row->kind == DataFile::Kind::plain);
            if (!is_known)
                return newer_backup(by + "this version, " SALLYPORT_VERSION ", knows no " + file.name + remedy);
            if (file.database && file.schema > row->newest_schema()) {
                return newer_backup(by + "its " + file.name + " has schema " + std::to_string(file.schema) +
                                    ", and this version, " SALLYPORT_VERSION ", knows schemas up to " +
                                    std::to_string(row->newest_schema()) + remedy);
            }
        }
        return {};
    }

    Result<void> verify() {
        ByteProgress progress{console_, "Verifying", index_.content_bytes()};
        for (std::uint64_t left = index_.content_bytes(); left > 0;) {
            const auto bytes = reader_->read(io::sealed_chunk);
            if (!bytes) return bytes.error();
            left -= bytes->size();
            progress.advance(bytes->size());
        }
        return {};
    }

    [[nodiscard]] std::string place_of(const std::string& path) const { return request_.root + path; }
    [[nodiscard]] std::string place_of(const io::BackupFile& file) const {
        return place_of(file.place == io::BackupFile::Place::data ? index_.data + "/" + file.name : file.name);
    }

    /// No node runs there, and no other node's files are there.
    Result<void> check_place() const {
        const std::string socket = place_of(index_.data) + "/admin.sock";
        std::error_code ignored;
        if (fs::exists(fs::symlink_status(socket, ignored))) {
            io::AsioLoop loop;
            io::TcpNetwork network{loop};
            const auto answer = io::dial_local(network, socket);
            if (answer) return refused_restore("the node is running: " + socket + " answers; stop it first");
            if (answer.error().code != "connect-refused")
                return refused_restore("cannot tell whether the node is running: " + answer.error().text);
        }
        const auto there = io::read_file(place_of(index_.node_file));
        if (!there) return {};
        io::BackupIndex other = index_;
        const config::Role role = infer_role(*there, index_.node_file);
        config::NodeFile file;
        static_cast<void>(config::parse_node_file(*there, index_.node_file, role, file, nothing_looked_at));
        other.role = config::text(role);
        other.node = file.node.name;
        if (other.node.empty() || (other.role == index_.role && other.node == index_.node)) return {};
        return refused_restore(place_of(index_.node_file) + " is the file of " + node_words(other) +
                               ", and the backup is of " + node_words(index_) + "; move it away first");
    }

    [[nodiscard]] io::FileRights rights_of(const io::BackupFile& file) const {
        if (file.place == io::BackupFile::Place::data) return data_rights(0600);
        if (!file.secret) return {0644, {}, {}};
        return host_.group ? io::FileRights{0640, {}, host_.group} : io::FileRights{0600, {}, {}};
    }
    /// Whoever owned the folder goes on to own it.
    [[nodiscard]] io::FileRights data_rights(unsigned mode) const {
        const auto owner = host_.user ? io::owner_of(place_of(index_.data)) : std::nullopt;
        const auto user = owner && owner->user != 0 ? owner : host_.user;
        return user ? io::FileRights{mode, user->user, user->group} : io::FileRights{mode, {}, {}};
    }

    Result<void> draft() {
        const std::string data = place_of(index_.data);
        const io::FileRights above = host_.group ? io::FileRights{0750, {}, host_.group} : io::FileRights{0700, {}, {}};
        const io::FileRights folder = data_rights(0700);
        if (auto made = files_.make_folder(data, folder); !made) return made;
        ByteProgress progress{console_, "Restoring", index_.content_bytes()};
        std::set<std::string> written;
        for (const io::BackupFile& file : index_.files) {
            const std::string place = place_of(file);
            if (auto made = files_.make_folder(fs::path{place}.parent_path().string(), above); !made) return made;
            if (auto begun = files_.begin(place, rights_of(file)); !begun) return begun;
            for (std::uint64_t left = file.bytes; left > 0;) {
                const auto bytes = reader_->read(std::min<std::uint64_t>(left, io::sealed_chunk));
                if (!bytes) return bytes.error();
                if (auto wrote = files_.write(*bytes); !wrote) return wrote;
                left -= bytes->size();
                progress.advance(bytes->size());
            }
            if (auto ended = files_.end(); !ended) return ended;
            if (file.place == io::BackupFile::Place::data) written.insert(file.name);
        }
        clear_data(written);
        return {};
    }

    /// What the backup does not have must not be mixed with what it has; journals belong to the databases of before.
    void clear_data(const std::set<std::string>& written) {
        const std::string data = place_of(index_.data) + "/";
        for (const DataFile& row : data_files()) {
            if (row.kind == DataFile::Kind::left) continue;
            const std::string name{row.name};
            if (!written.contains(name)) files_.remove(data + name);
            if (row.kind != DataFile::Kind::database) continue;
            for (const char* ending : {"-wal", "-shm", "-journal"}) files_.remove(data + name + ending);
        }
    }

    const RestoreRequest& request_;
    const RestoreHost& host_;
    const Console& console_;
    std::optional<io::SealedReader> reader_;
    io::BackupIndex index_;
    io::Replacement files_{before_restore};
    std::vector<std::string> kept_;
};

}  // namespace

int run_restore(const RestoreRequest& request, const RestoreHost& host, const Console& console) {
    RestoreRequest there = request;
    std::error_code ignored;
    if (!there.root.empty() && !fs::is_directory(there.root, ignored))
        return complain_of_backup({"backup-usage", there.root + " is not a folder"}, console);
    if (!there.root.empty()) there.root = fs::absolute(there.root).lexically_normal().string();
    while (there.root.ends_with('/')) there.root.pop_back();
    Restore restore{there, host, console};
    if (const auto done = restore.run(); !done) return complain_of_backup(done.error(), console);
    restore.report();
    return Exit::done;
}

}  // namespace sallyport::ctl
