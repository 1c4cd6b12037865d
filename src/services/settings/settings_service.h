// Settings in operation: opens the database, validates and stores changes, logs each with its old and new value, and
// publishes one immutable snapshot to whoever subscribed. Control thread only.
//
// Trouble with the database stops changes, never traffic: the last snapshot stays in force, and a copy of it beside the
// database (last-good) starts the node when the database itself cannot be read.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "io/store/settings_store.h"
#include "model/config/node_file.h"
#include "model/config/settings.h"

namespace sallyport::services {

class SettingsService {
public:
    struct Options {
        std::string folder;                               ///< node.data
        std::map<std::string, std::string> first_values;  ///< [settings] of the node's file, as JSON
        std::string file;                                 ///< the node's file, named as author of its first values
        std::function<std::string(std::size_t)> random_bytes;
        /// Where settings replicate: whose settings are changed here; the others come from the other side.
        std::optional<config::Owner> owner = {};
        std::chrono::milliseconds lock_wait = std::chrono::seconds{2};
        /// Of the node: settings without effect on it are refused. None: all have one.
        std::optional<config::Role> role = {};
    };
    using Subscriber = std::function<void(config::Snapshot)>;
    /// May the settings become `next`? What stands outside them decides.
    using Guard = std::function<Result<void>(const config::Settings& now, const config::Settings& next)>;

    SettingsService(Options options, const Clock& clock, Logger log);

    /// Once, before anything else. First values of the file fill what the database lacks; a missing dialback secret is
    /// made. A database that cannot be written (full or read-only disk) or is damaged is trouble() and no error, as
    /// long as it, or its last-good copy, can be read, or nothing was ever stored. Errors: those of io::Database;
    /// "setting-…" for first values that do not fit.
    [[nodiscard]] Result<void> open();

    /// Never null after open().
    [[nodiscard]] const config::Snapshot& snapshot() const { return snapshot_; }
    /// A value was given to it here, by file, operator or replication; otherwise the default is in force.
    [[nodiscard]] bool has_value(std::string_view name) const { return given_.contains(name); }
    /// The revision that a setting's value came with; 0: it never changed.
    [[nodiscard]] std::uint64_t revision_of(std::string_view name) const;
    /// Why changes are impossible, or why the latest could not be stored; empty when all is well.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    /// Called whenever trouble() has become another.
    void on_trouble(std::function<void()> told) { on_trouble_ = std::move(told); }
    /// In trouble: whether the database takes changes again.
    void retry();

    /// Called at once with the current snapshot, and with every later one.
    void subscribe(Subscriber subscriber);
    /// Asked before every later change.
    void guard(Guard guard) { guards_.push_back(std::move(guard)); }

    /// All changes or none; the revision in force afterwards. A change that changes nothing keeps the revision.
    /// Errors: those of config::apply, of a guard, and of io::Database; "setting-elsewhere" for what belongs to the
    /// other side or has no effect here, unless `origin` is "replication". After an error everything is as before.
    [[nodiscard]] Result<std::uint64_t> set(const std::vector<config::Change>& changes, const std::string& author,
                                            const std::string& origin = "cli");
    /// The setting because of which `set` refuses these changes: the first that is refused by itself, or the only one;
    /// empty: none is.
    [[nodiscard]] std::string at_fault(const std::vector<config::Change>& changes) const;
    /// The overlap after a change of the dialback secret is over: the previous one counts no longer.
    [[nodiscard]] Result<void> forget_previous_secret();

    /// Whether the setting has any effect on this node; the others are neither shown nor changed here.
    [[nodiscard]] bool has_effect(const config::SettingRow& row) const;
    /// "setting-elsewhere", with the node to go to.
    [[nodiscard]] static Error belongs_elsewhere(const config::SettingRow& row);

    /// Newest first; secrets are masked. Errors: those of io::Database.
    [[nodiscard]] Result<std::vector<io::HistoryRow>> history(std::size_t limit, const std::string& name = {});

private:
    [[nodiscard]] Result<void> check_owner(const std::vector<config::Change>& changes) const;
    [[nodiscard]] Result<void> load();
    [[nodiscard]] Result<void> start_without_writing(const Error& problem);
    [[nodiscard]] Result<io::StoredSettings> stored_copy() const;
    [[nodiscard]] Result<config::Settings> with_first_values(const config::Settings& settings);
    [[nodiscard]] Result<void> write_again();
    [[nodiscard]] Result<void> store_what_is_in_force();
    [[nodiscard]] config::Settings restored(const io::StoredSettings& stored);
    [[nodiscard]] Result<void> import_copy();
    [[nodiscard]] Result<void> fill_first_values();
    [[nodiscard]] Result<void> make_secret();
    [[nodiscard]] Result<std::uint64_t> change(const std::vector<config::Change>& changes, const std::string& author,
                                               const std::string& origin);
    [[nodiscard]] Result<std::uint64_t> commit(const std::vector<io::StoredChange>& changes, const std::string& author,
                                               const std::string& origin);
    void set_trouble(std::string trouble);
    void publish(config::Settings settings);
    void save_copy();
    void log_change(const config::Changed& changed, const std::string& author);
    [[nodiscard]] std::string copy_path() const { return options_.folder + "/settings.json"; }

    Options options_;
    const Clock* clock_;
    Logger log_;
    std::optional<io::SettingsStore> store_;  ///< none: it could not even be read
    Error problem_;                           ///< of a start without writing, until all is stored
    config::Snapshot snapshot_;
    std::set<std::string, std::less<>> given_;
    std::map<std::string, std::uint64_t, std::less<>> revisions_;  ///< of the last change of each value
    std::string trouble_;
    std::function<void()> on_trouble_;
    std::vector<Subscriber> subscribers_;
    std::vector<Guard> guards_;
};

}  // namespace sallyport::services
