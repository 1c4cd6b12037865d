// Who owns what, what is put in force, and what is told to the operator.
#include "services/replicate/replicator.h"

#include <algorithm>

#include "base/join.h"
#include "services/replicate/channel.h"

namespace sallyport::services {

namespace {

/// Far nodes of one node, connected or remembered.
constexpr std::size_t most_fars = 64;
constexpr std::string_view enabled_name = "federation.enabled";

/// What an edge with this name calls its component.
std::string component_of_name(std::string name) {
    std::replace(name.begin(), name.end(), '.', '-');
    return std::string{replication::component_prefix} + name;
}

}  // namespace

Replicator::Replicator(Options options, SettingsService& settings, AlarmBoard& alarms, io::Loop& loop, Logger log)
    : options_{std::move(options)},
      settings_{&settings},
      alarms_{&alarms},
      loop_{&loop},
      log_{log},
      refresh_{loop.timer([this] { refresh(); })},
      report_timer_{loop.timer([this] { tell_report(); })},
      started_{loop.now()} {}

Replicator::~Replicator() = default;

void Replicator::open() {
    const std::string path = options_.folder + "/replicas.db";
    auto store = io::ReplicaStore::open(path);
    auto stored = store ? store->load() : Result<std::vector<io::StoredReplica>>{store.error()};
    if (!stored) {
        alarms_->raise(AlarmCode::replication_store, path, stored.error().text);
    } else {
        store_ = std::move(*store);
        const auto& known = options_.fars;
        for (io::StoredReplica& replica : *stored) {
            const bool is_edge = options_.role == config::Role::edge;
            // An edge that the file no longer names is nobody's business.
            if (!is_edge && std::find(known.begin(), known.end(), replica.far) == known.end()) continue;
            Far& far = far_of(replica.far);
            (is_edge ? far.key : far.component) = std::move(replica.component);
            far.held = {replica.revision, std::move(replica.digest)};
            far.values = std::move(replica.values);
        }
    }
    for (std::size_t i = 0; i < options_.fars.size(); ++i) far_of(options_.fars[i]).place = i;
    settings_->subscribe([this](const config::Snapshot&) { offer_all(); });
    alarms_->on_changed([this, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) report_soon();
    });
    refresh();
    compare();
}

Replicator::Far& Replicator::far_of(const std::string& name) {
    auto& far = fars_[name];
    if (!far) {
        far = std::make_unique<Far>();
        far->name = name;
        far->down_since = started_;
    }
    return *far;
}

// Our values
// ------------------------------------------------------------------------------------------------------------

bool Replicator::owns(const config::SettingRow& row, config::Role role) const {
    return row.owner == (role == config::Role::edge ? config::Owner::edge : config::Owner::core);
}

/// An edge decides about all of its settings. A core that was given no value must not wipe the edge's.
replication::Values Replicator::owned() const {
    replication::Values values;
    for (const config::SettingRow& row : config::setting_rows()) {
        if (!owns(row, options_.role)) continue;
        if (options_.role == config::Role::core && !settings_->has_value(row.name)) continue;
        values[std::string{row.name}] = row.load(*settings_->snapshot());
    }
    return values;
}

/// A line a setting; the word for who looks why an edge and a core differ.
void Replicator::log_fields(const Far& far, std::string_view direction, const replication::Values& values) const {
    if (!log_.wants(LogLevel::debug)) return;
    for (const auto& [name, value] : values) {
        const config::SettingRow* row = config::find_setting(name);
        const std::string shown = row == nullptr || row->secret ? "********" : value;
        log_.write_for(far.name, LogLevel::debug, "replication.field",
                       {{"Detail", "xconfiguration " + name + ": " + shown},
                        {"far", far.name},
                        {"direction", std::string{direction}},
                        {"name", name},
                        {"value", shown}});
    }
}

void Replicator::offer_all() {
    replication::Values values = owned();
    if (values == own_ && own_revision_ != 0) return;
    own_ = std::move(values);
    own_revision_ = std::max<std::uint64_t>(settings_->snapshot()->revision, 1);
    for (const auto& [name, far] : fars_) {
        far->refused.clear();
        if (far->channel == nullptr) continue;
        log_fields(*far, "offered", own_);
        far->channel->offer(own_revision_, own_);
    }
}

void Replicator::agreed(Channel& channel, std::uint64_t revision) {
    Far& far = *channel.far();
    far.refused.clear();
    alarms_->lower(AlarmCode::replication_refused_there, far.name);
    const std::string stands_for = replication::digest(own_);
    if (far.agreed_digest == stands_for || !channel.machine().agreed()) return;
    far.agreed_digest = stands_for;
    log_.write_for(far.name, LogLevel::info, "replication.acknowledged",
                   {{"far", far.name}, {"revision", std::to_string(revision)}});
}

void Replicator::refused(Channel& channel, const replication::Refusal& refusal) {
    Far& far = *channel.far();
    far.refused = refusal.text;
    log_.write_for(far.name, LogLevel::warn, "replication.refused-there",
                   {{"far", far.name},
                    {"revision", std::to_string(refusal.revision)},
                    {"code", refusal.code},
                    {"why", refusal.text}});
    if (!refusal.temporary) alarms_->raise(AlarmCode::replication_refused_there, far.name, refusal.text);
}

// Channels
// --------------------------------------------------------------------------------------------------------------

void Replicator::attach(std::unique_ptr<io::ByteChannel> channel, const FarIdentity& identity) {
    channels_.push_back(std::make_unique<Channel>(*this, std::move(channel), identity));
    channels_.back()->start();
}

/// The core behind a key was given another name.
void Replicator::forget_former_names(const std::string& key, const std::string& name) {
    std::erase_if(fars_, [&](const auto& entry) {
        const auto& [other, far] = entry;
        if (other == name || far->key != key || far->channel != nullptr) return false;
        for (const std::string& notice : far->notices) alarms_->lower(AlarmCode::far_alarm, notice);
        for (const AlarmCode code : {AlarmCode::ssh_down, AlarmCode::replication_refused, AlarmCode::replication_store,
                                     AlarmCode::replication_refused_there, AlarmCode::replication_differs}) {
            alarms_->lower(code, other);
        }
        return true;
    });
}

/// A name belongs to the key that proved it; a second channel of the same key is the node come back.
Result<Replicator::Far*> Replicator::meet(Channel& channel, const replication::Hello& hello) {
    const FarIdentity& identity = channel.identity();
    const std::string about = identity.name.empty() ? identity.address : identity.name;
    const auto refuse = [&](const std::string& why) {
        alarms_->raise(AlarmCode::replication_refused, about, why);
        return Error{"name", why};
    };
    if (!identity.name.empty() && hello.node != identity.name)
        return refuse("it calls itself " + hello.node + "; " + identity.name + " is expected there");
    if (options_.role == config::Role::edge) forget_former_names(identity.key, hello.node);
    if (fars_.size() >= most_fars && !fars_.contains(hello.node)) return refuse("too many nodes have connected");
    Far& far = far_of(hello.node);
    if (far.channel != nullptr && far.channel->identity().key != identity.key)
        return refuse("it calls itself " + hello.node + ", which is connected with another key");
    if (far.channel != nullptr) far.channel->close({"replaced", "the node connected again"});
    far.channel = &channel;
    far.key = identity.key;
    far.place = identity.place;
    far.component = hello.component;
    far.trouble.clear();
    far.trouble_code.clear();
    turned_away_.reset();
    alarms_->lower(AlarmCode::ssh_down, far.name);
    alarms_->lower(AlarmCode::ssh_down, std::string{"core"});
    log_.write_for(far.name, LogLevel::info, "replication.open",
                   {{"far", far.name}, {"address", identity.address}, {"holds", at_revision(far.held.revision)}});
    return &far;
}

void Replicator::ended(Channel& channel, const Error& why) {
    const bool is_orderly = why.code == "silent" || why.code == "replaced" || why.code == "name";
    if (is_orderly || channel.far() == nullptr) return;
    alarms_->raise(AlarmCode::replication_refused, channel.far()->name, why.text);
}

void Replicator::channel_over(Channel& channel, const std::string& why) {
    if (Far* far = channel.far(); far != nullptr && far->channel == &channel) {
        far->channel = nullptr;
        far->down_since = loop_->now();
        far->trouble = why;
        far->trouble_code.clear();
        log_.write_for(far->name, LogLevel::warn, "replication.closed", {{"far", far->name}, {"why", why}});
    } else if (channel.far() == nullptr) {
        const std::string& address = channel.identity().address;
        log_.write_for(address, LogLevel::warn, "replication.closed", {{"far", address}, {"why", why}});
    }
    if (const std::string& name = channel.identity().name; !name.empty() && on_down_) on_down_(name, why);
    loop_->post([this, gone = &channel, alive = std::weak_ptr<int>(alive_)] {
        if (alive.expired()) return;
        std::erase_if(channels_, [gone](const auto& one) { return one.get() == gone; });
    });
}

void Replicator::trouble(const std::string& name, const Error& why) {
    Far& far = far_of(name);
    if (far.channel != nullptr) return;
    far.trouble = why.text;
    far.trouble_code = why.code;
}

void Replicator::turned_away(const std::string& address, const std::string& key) {
    turned_away_ = {address, key, loop_->now()};
}

// Values of far nodes
// ---------------------------------------------------------------------------------------------------

/// Threat T83: whoever took over the other node may say only what is its to say.
Result<std::vector<config::Change>> Replicator::check(const replication::Values& values) const {
    const config::Role far_role = options_.role == config::Role::edge ? config::Role::core : config::Role::edge;
    std::vector<config::Change> changes;
    for (const auto& [name, value] : values) {
        const config::SettingRow* row = config::find_setting(name);
        if (row == nullptr) return Error{"setting-unknown", name + ": no such setting here"};
        if (row->owner == config::Owner::presence) continue;  // COMPAT(other releases): of no effect on either of us
        if (!owns(*row, far_role))
            return Error{"not-its-own", name + " is not a setting of the " + std::string{text(far_role)}};
        // Nothing is better than an empty secret: a first start may be quicker than the generator.
        if (row->secret && value == "\"\"") continue;
        changes.push_back({name, value});
    }
    return changes;
}

Result<void> Replicator::take_over(Far& far, const replication::Apply& apply) {
    const auto fail = [&](const Error& error) -> Result<void> {
        const bool is_store = error.code.starts_with("store-");
        const bool is_news = far.refused_here != error.text;
        far.refused_here = error.text;
        alarms_->raise(is_store ? AlarmCode::replication_store : AlarmCode::replication_refused, far.name, error.text);
        if (!is_news) return error;
        log_.write_for(far.name, LogLevel::warn, "replication.refused",
                       {{"far", far.name},
                        {"revision", std::to_string(apply.revision)},
                        {"code", error.code},
                        {"why", error.text}});
        return error;
    };
    const auto changes = check(apply.values);
    if (!changes) return fail(changes.error());
    log_fields(far, "received", apply.values);
    if (far.place == 0) {
        log_.write_for(far.name, LogLevel::info, "replication.received",
                       {{"Detail", "xconfiguration received from " + far.name + " at " + at_revision(apply.revision)},
                        {"far", far.name},
                        {"component", far.component},
                        {"revision", std::to_string(apply.revision)},
                        {"form", apply.whole ? "whole" : "difference"}});
        if (const auto done = settings_->set(*changes, far.name, "replication"); !done) return fail(done.error());
    } else {
        std::vector<config::Changed> changed;
        if (const auto fits = config::apply(*settings_->snapshot(), *changes, changed); !fits)
            return fail(fits.error());
    }
    if (const auto saved = save(far, apply); !saved) return fail(saved.error());
    far.refused_here.clear();
    alarms_->lower(AlarmCode::replication_store, far.name);
    alarms_->lower(AlarmCode::replication_refused, far.name);
    compare();
    return {};
}

Result<void> Replicator::save(Far& far, const replication::Apply& apply) {
    if (!store_) {
        // It could not be opened at the start; perhaps it can be now.
        auto store = io::ReplicaStore::open(options_.folder + "/replicas.db");
        if (!store) return store.error();
        store_ = std::move(*store);
        alarms_->lower(AlarmCode::replication_store, options_.folder + "/replicas.db");
    }
    const std::string& mark = options_.role == config::Role::edge ? far.key : far.component;
    const auto saved = store_->save({far.name, mark, apply.revision, apply.digest, apply.values});
    if (!saved) return saved;
    far.held = {apply.revision, apply.digest};
    far.values = apply.values;
    return {};
}

/// Alarms about far nodes that disagree with the first one, and news for provisioning.
void Replicator::compare() {
    const auto first = std::find_if(fars_.begin(), fars_.end(), [](const auto& entry) {
        return entry.second->place == 0 && entry.second->held.revision != 0;
    });
    for (const auto& [name, far] : fars_) {
        std::string different;
        if (first != fars_.end() && far->place != 0 && far->held.revision != 0) {
            for (const auto& [setting, value] : first->second->values) {
                const auto other = far->values.find(setting);
                if (other == far->values.end() || other->second != value) append_item(different, setting);
            }
        }
        if (different.empty()) alarms_->lower(AlarmCode::replication_differs, name);
        if (!different.empty()) alarms_->raise(AlarmCode::replication_differs, name, different);
    }
    tell_edges();
}

void Replicator::tell_edges() {
    if (!on_edges_) return;
    Edges now = edges();
    if (now == told_edges_) return;
    told_edges_ = now;
    on_edges_(told_edges_);
}

Replicator::Edges Replicator::edges() const {
    Edges all;
    for (const std::string& name : options_.fars) {
        const auto at = fars_.find(name);
        if (at == fars_.end() || at->second->held.revision == 0) {
            all.push_back({name, component_of_name(name), false, false});
            continue;
        }
        const auto enabled = at->second->values.find(std::string{enabled_name});
        all.push_back({name, at->second->component, enabled != at->second->values.end() && enabled->second == "true"});
    }
    return all;
}

void Replicator::on_edges(std::function<void(const Edges&)> on_edges) {
    on_edges_ = std::move(on_edges);
    told_edges_ = edges();
    on_edges_(told_edges_);
}

}  // namespace sallyport::services
