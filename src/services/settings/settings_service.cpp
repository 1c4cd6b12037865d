// Load, check, store, log, publish: in that order, so that nothing is in force that is not on the disk.
#include "services/settings/settings_service.h"

#include <algorithm>

#include "base/hash.h"
#include "io/store/folder.h"
#include "services/settings/settings_copy.h"

namespace sallyport::services {

namespace {

constexpr std::string_view secret_name = "federation.dialback_secret";
/// Kept beside the settings, but no row of their table.
constexpr std::string_view previous_secret_name = "federation.dialback_secret.previous";
constexpr std::size_t secret_bytes = 32;
/// Lists may be long; the history has them in full.
constexpr std::size_t longest_logged = 512;

std::string json_string(std::string_view text) {
    return config::find_setting(secret_name)->load([&] {
        config::Settings holder;
        holder.dialback_secret = text;
        return holder;
    }());
}

std::string cut(std::string text) {
    if (text.size() > longest_logged) text = text.substr(0, longest_logged) + "…";
    return text;
}

/// Booleans are logged as 0 and 1, words without their quotation marks.
std::string logged(const std::string& json) {
    if (json == "true") return "1";
    if (json == "false") return "0";
    if (json.size() >= 2 && json.front() == '"') return cut(json.substr(1, json.size() - 2));
    return cut(json);
}

/// Only names that were given a value: a default that is written down would count as somebody's choice later.
template <typename Names>
io::StoredSettings stored_form(const config::Settings& settings, const Names& given) {
    io::StoredSettings stored;
    stored.revision = settings.revision;
    for (const config::SettingRow& row : config::setting_rows()) {
        const std::string name{row.name};
        if (given.contains(name)) stored.values[name] = row.load(settings);
    }
    if (settings.dialback_secret.empty()) stored.values.erase(std::string{secret_name});
    if (!settings.previous_dialback_secret.empty()) {
        stored.values[std::string{previous_secret_name}] = json_string(settings.previous_dialback_secret);
    }
    return stored;
}

}  // namespace

SettingsService::SettingsService(Options options, const Clock& clock, Logger log)
    : options_{std::move(options)}, clock_{&clock}, log_{log} {}

Result<void> SettingsService::open() {
    const auto opened = load();
    if (opened) return {};
    // First values that do not fit are the operator's mistake, and no copy fixes it.
    if (opened.error().code.starts_with("setting-")) return opened;
    return start_without_writing(opened.error());
}

Result<void> SettingsService::load() {
    if (auto folder = io::private_folder(options_.folder); !folder) return folder;
    auto store = io::SettingsStore::open(options_.folder + "/settings.db", options_.lock_wait);
    if (!store) return store.error();
    const auto stored = store->load();
    if (!stored) return stored.error();
    store_ = std::move(*store);
    snapshot_ = std::make_shared<const config::Settings>(restored(*stored));
    for (const auto& entry : stored->values) given_.insert(entry.first);
    revisions_ = {stored->revisions.begin(), stored->revisions.end()};
    if (store_->obstacle()) return *store_->obstacle();
    if (stored->revision == 0) {
        if (const auto imported = import_copy(); !imported) return imported;
    }
    if (const auto filled = fill_first_values(); !filled) return filled;
    if (const auto made = make_secret(); !made) return made;
    save_copy();
    return {};
}

/// With what could be read: of the database, else of its last-good copy; a first start has the initial values alone.
Result<void> SettingsService::start_without_writing(const Error& problem) {
    if (problem.code == "store-corrupt") store_.reset();
    config::Settings settings;
    std::string source = options_.folder + "/settings.db";
    if (store_ && snapshot_->revision != 0) {
        settings = *snapshot_;
    } else if (auto copy = stored_copy()) {
        source = copy_path();
        settings = restored(*copy);
        for (const auto& entry : copy->values) given_.insert(entry.first);
    } else if (store_) {
        source = options_.file;
    } else {
        return problem;  // something is there, and nobody can read it
    }
    auto complete = with_first_values(settings);
    if (!complete) return complete.error();
    problem_ = problem;
    trouble_ = problem.text;
    log_.warn("settings.degraded", {{"code", problem.code},
                                    {"Detail", problem.text},
                                    {"revision", std::to_string(complete->revision)},
                                    {"file", source}});
    publish(std::move(*complete));
    return {};
}

Result<io::StoredSettings> SettingsService::stored_copy() const {
    const auto text = io::read_whole(copy_path());
    return text ? read_copy(*text) : Result<io::StoredSettings>{text.error()};
}

/// Those that `settings` lacks, of the file and of our own making; they are stored when the database takes them.
Result<config::Settings> SettingsService::with_first_values(const config::Settings& settings) {
    std::vector<config::Change> missing;
    for (const auto& [name, json] : options_.first_values) {
        if (!given_.contains(name)) missing.push_back({name, json});
    }
    std::vector<config::Changed> ignored;
    auto complete = config::apply(settings, missing, ignored);
    if (!complete) return complete;
    for (const config::Change& one : missing) given_.insert(one.name);
    if (complete->dialback_secret.empty()) {
        complete->dialback_secret = to_hex(options_.random_bytes(secret_bytes));
        given_.emplace(secret_name);
    }
    return complete;
}

void SettingsService::retry() {
    // What is damaged, or of a newer version, waits for an administrator and the next start.
    const bool is_lost = !store_ && (problem_.code == "store-corrupt" || problem_.code == "store-newer");
    if (trouble_.empty() || is_lost) return;
    const auto done = write_again();
    if (!done && !problem_.code.empty()) problem_ = done.error();
    set_trouble(done ? std::string{} : done.error().text);
}

Result<void> SettingsService::write_again() {
    if (!store_) {
        auto store = io::SettingsStore::open(options_.folder + "/settings.db", options_.lock_wait);
        if (!store) return store.error();
        store_ = std::move(*store);
    }
    if (auto proven = store_->prove_writable(); !proven) return proven;
    if (problem_.code.empty()) return {};
    return store_what_is_in_force();
}

/// The end of a start without writing: nothing was changed since, so that what is in force is what has to be stored.
Result<void> SettingsService::store_what_is_in_force() {
    const auto stored = store_->load();
    if (!stored) return stored.error();
    // The copy may be older: it could not be written when the disk was full already.
    if (stored->revision > snapshot_->revision) publish(restored(*stored));
    config::Settings settings = *snapshot_;
    std::vector<io::StoredChange> missing;
    for (const auto& [name, json] : stored_form(settings, given_).values) {
        if (stored->values.contains(name)) continue;
        const config::SettingRow* row = config::find_setting(name);
        missing.push_back({name, "null", json, row == nullptr || row->secret, row == nullptr});
    }
    const auto revision = store_->commit(missing, "sallyport", "start", clock_->wall());
    if (!revision) return revision.error();
    problem_ = {};
    for (const auto& entry : stored->values) given_.insert(entry.first);
    revisions_ = {stored->revisions.begin(), stored->revisions.end()};
    for (const io::StoredChange& one : missing) revisions_[one.name] = *revision;
    settings.revision = *revision;
    publish(std::move(settings));
    save_copy();
    return {};
}

/// A value that this version does not understand is left out with a warning: one bad row must not stop federation.
config::Settings SettingsService::restored(const io::StoredSettings& stored) {
    config::Settings settings;
    for (const auto& [name, json] : stored.values) {
        const bool is_previous = name == previous_secret_name;
        if (is_previous && json == "\"\"") continue;
        const config::SettingRow* row = config::find_setting(is_previous ? secret_name : std::string_view{name});
        config::Settings holder;
        const auto kept = row == nullptr ? Result<void>{Error{"setting-unknown", name + ": no such setting"}}
                                         : row->store(is_previous ? holder : settings, json);
        if (is_previous) settings.previous_dialback_secret = holder.dialback_secret;
        if (!kept)
            log_.warn("settings.ignored", {{"name", name}, {"code", kept.error().code}, {"Detail", kept.error().text}});
    }
    settings.revision = stored.revision;
    return settings;
}

/// The database is new but its last-good copy is there: somebody moved a damaged database away.
Result<void> SettingsService::import_copy() {
    const auto copy = stored_copy();
    if (!copy) return {};
    const io::StoredSettings sound = stored_form(restored(*copy), copy->values);
    std::vector<io::StoredChange> changes;
    for (const auto& [name, json] : sound.values) {
        const config::SettingRow* row = config::find_setting(name);
        changes.push_back({name, "null", json, row == nullptr || row->secret, row == nullptr});
    }
    const auto revision = store_->commit(changes, "sallyport", "last-good copy", clock_->wall());
    if (!revision) return revision.error();
    config::Settings settings = restored(sound);
    settings.revision = *revision;
    for (const auto& entry : copy->values) given_.insert(entry.first);
    log_.warn("settings.restored", {{"file", copy_path()}, {"revision", std::to_string(*revision)}});
    publish(std::move(settings));
    return {};
}

Result<void> SettingsService::fill_first_values() {
    const auto stored = store_->load();
    if (!stored) return stored.error();
    std::vector<config::Change> missing;
    for (const auto& [name, json] : options_.first_values) {
        if (!stored->values.contains(name)) missing.push_back({name, json});
    }
    if (missing.empty()) return {};
    const auto filled = change(missing, options_.file.empty() ? "file" : options_.file, "file");
    return filled ? Result<void>{} : Result<void>{filled.error()};
}

Result<void> SettingsService::make_secret() {
    if (!snapshot_->dialback_secret.empty()) return {};
    const std::string secret = to_hex(options_.random_bytes(secret_bytes));
    const auto made = change({{std::string{secret_name}, json_string(secret)}}, "sallyport", "generated");
    return made ? Result<void>{} : Result<void>{made.error()};
}

std::uint64_t SettingsService::revision_of(std::string_view name) const {
    const auto at = revisions_.find(name);
    return at == revisions_.end() ? 0 : at->second;
}

void SettingsService::subscribe(Subscriber subscriber) {
    subscriber(snapshot_);
    subscribers_.push_back(std::move(subscriber));
}

Result<std::uint64_t> SettingsService::set(const std::vector<config::Change>& changes, const std::string& author,
                                           const std::string& origin) {
    const auto allowed = origin == "replication" ? Result<void>{} : check_owner(changes);
    const auto done = allowed ? change(changes, author, origin) : Result<std::uint64_t>{allowed.error()};
    if (!done) {
        log_.warn("settings.refused", {{"code", done.error().code}, {"Detail", done.error().text}, {"author", author}});
        return done;
    }
    save_copy();
    return done;
}

bool SettingsService::has_effect(const config::SettingRow& row) const {
    return !options_.role || config::has_effect(row, *options_.role);
}

Error SettingsService::belongs_elsewhere(const config::SettingRow& row) {
    const std::string name{row.name}, side{config::name_of(row.owner)};
    return {"setting-elsewhere",
            name + " belongs to " + side + "; change it there: sallyport config set " + name + " … on " + side};
}

/// Without replication each node goes by its own values, and whatever has an effect may be changed.
Result<void> SettingsService::check_owner(const std::vector<config::Change>& changes) const {
    for (const config::Change& change : changes) {
        const config::SettingRow* row = config::find_setting(change.name);
        if (row == nullptr || row->owner == config::Owner::node) continue;
        const bool is_others = options_.owner && row->owner != *options_.owner;
        if (is_others || !has_effect(*row)) return belongs_elsewhere(*row);
    }
    return {};
}

std::string SettingsService::at_fault(const std::vector<config::Change>& changes) const {
    for (const config::Change& change : changes) {
        std::vector<config::Changed> changed;
        const auto next = config::apply(*snapshot_, {change}, changed);
        const auto refuses = [&](const Guard& guard) { return !guard(*snapshot_, *next); };
        if (!next || !check_owner({change}) || std::any_of(guards_.begin(), guards_.end(), refuses)) return change.name;
    }
    return changes.size() == 1 ? changes.front().name : std::string{};
}

Result<std::uint64_t> SettingsService::change(const std::vector<config::Change>& changes, const std::string& author,
                                              const std::string& origin) {
    if (!problem_.code.empty()) retry();
    if (!problem_.code.empty()) return Error{problem_.code, "settings cannot be changed: " + trouble_};
    std::vector<config::Changed> changed;
    auto next = config::apply(*snapshot_, changes, changed);
    if (!next) return next.error();
    for (const Guard& guard : guards_) {
        if (const auto allowed = guard(*snapshot_, *next); !allowed) return allowed.error();
    }

    const bool is_first = origin == "file";
    std::vector<io::StoredChange> stored;
    for (const config::Changed& one : changed) {
        const config::SettingRow* row = config::find_setting(one.name);
        stored.push_back({one.name, one.from, row->load(*next), row->secret, false});
    }
    // A first value that equals the default is the operator's choice all the same: later defaults must not change it.
    for (const config::Change& one : is_first ? changes : std::vector<config::Change>{}) {
        const config::SettingRow* row = config::find_setting(one.name);
        const std::string value = row->load(*next);
        if (value == row->load(*snapshot_)) stored.push_back({one.name, value, value, row->secret, true});
    }
    if (stored.empty()) return snapshot_->revision;
    if (next->previous_dialback_secret != snapshot_->previous_dialback_secret) {
        stored.push_back(
            {std::string{previous_secret_name}, {}, json_string(next->previous_dialback_secret), true, true});
    }
    const auto revision = commit(stored, author, origin);
    if (!revision) return revision.error();
    next->revision = *revision;
    for (const io::StoredChange& one : stored) {
        given_.insert(one.name);
        if (one.from != one.value) revisions_[one.name] = *revision;
    }
    publish(std::move(*next));
    for (const config::Changed& one : changed) log_change(one, author);
    return *revision;
}

Result<void> SettingsService::forget_previous_secret() {
    if (snapshot_->previous_dialback_secret.empty()) return {};
    if (!problem_.code.empty()) return Error{problem_.code, "settings cannot be changed: " + trouble_};
    config::Settings next = *snapshot_;
    next.previous_dialback_secret.clear();
    const auto revision = commit({{std::string{previous_secret_name}, {}, "\"\"", true, true}}, "sallyport", "overlap");
    if (!revision) return revision.error();
    next.revision = *revision;
    publish(std::move(next));
    save_copy();
    return {};
}

Result<std::vector<io::HistoryRow>> SettingsService::history(std::size_t limit, const std::string& name) {
    if (!store_) return Error{problem_.code, "there is no history: " + trouble_};
    return store_->history(limit, name);
}

Result<std::uint64_t> SettingsService::commit(const std::vector<io::StoredChange>& changes, const std::string& author,
                                              const std::string& origin) {
    auto revision = store_->commit(changes, author, origin, clock_->wall());
    set_trouble(revision ? std::string{} : revision.error().text);
    return revision;
}

void SettingsService::set_trouble(std::string trouble) {
    if (trouble == trouble_) return;
    trouble_ = std::move(trouble);
    if (on_trouble_) on_trouble_();
}

void SettingsService::publish(config::Settings settings) {
    snapshot_ = std::make_shared<const config::Settings>(std::move(settings));
    for (const Subscriber& subscriber : subscribers_) subscriber(snapshot_);
}

/// The change itself is safe in the database; a copy that cannot be written is worth a warning only.
void SettingsService::save_copy() {
    const auto saved = io::write_whole(copy_path(), write_copy(stored_form(*snapshot_, given_)));
    if (!saved) log_.warn("settings.copy_failed", {{"code", saved.error().code}, {"Detail", saved.error().text}});
}

void SettingsService::log_change(const config::Changed& changed, const std::string& author) {
    // The switch has the wording that administrators of such gateways search for in their logs.
    const std::string subject =
        changed.name == "federation.enabled" ? "xcpConfiguration is_federation_enabled" : changed.name;
    const std::string from = logged(changed.from);
    const std::string to = logged(changed.to);
    log_.info("settings.changed", {{"Detail", "xconfiguration " + subject + " - changed from: " + from + " to: " + to},
                                   {"name", changed.name},
                                   {"from", from},
                                   {"to", to},
                                   {"author", author},
                                   {"revision", std::to_string(snapshot_->revision)}});
}

}  // namespace sallyport::services
