// Live changes, or changes that wait for a restart.
#include "services/presence/router_control.h"

namespace sallyport::presence {

namespace {

const std::string origin = "router configuration";
const std::string table_name = "xmpps2snodes";
constexpr std::string_view wants_restart = "requires a restart";
constexpr std::string_view returns = "returns stanzas to other domains";

}  // namespace

RouterControl::RouterControl(Context context, const config::Settings& settings)
    : context_{std::move(context)},
      live_changes_{settings.router_live_changes},
      own_federation_{settings.own_federation} {}

void RouterControl::start() {
    context_.notifications.remove(origin, subject());
    read_table();
    load_all();
}

void RouterControl::apply(const config::Settings& settings) {
    const bool same = own_federation_ == settings.own_federation && live_changes_ == settings.router_live_changes;
    own_federation_ = settings.own_federation;
    live_changes_ = settings.router_live_changes;
    if (same) return;
    if (live_changes_) return table_changed();
    hand_over();
}

bool RouterControl::read_table() {
    const auto nodes = context_.store.s2s_nodes();
    if (!nodes) {
        // The router goes on with what it has: a disk in trouble stops changes, not traffic.
        trouble_ = nodes.error().text;
        context_.log.error("router.table.failed", {{"code", nodes.error().code}, {"why", trouble_}});
        return false;
    }
    trouble_.clear();
    rows_.clear();
    for (const io::S2sNode& node : *nodes) rows_.push_back(node.cp_id);
    return true;
}

Result<std::size_t> RouterControl::rows() {
    const auto nodes = context_.store.s2s_nodes();
    if (!nodes) return nodes.error();
    return nodes->size();
}

void RouterControl::table_changed() {
    if (!read_table()) return;
    if (live_changes_) return load_all();
    hand_over();
    if (rows_ != loaded_) return ask_for_restart(table_name);
    // Changed back: there is nothing to restart for.
    pending_.erase(table_name);
    if (pending_.empty()) context_.notifications.remove(origin, subject() + std::string{wants_restart});
}

void RouterControl::load_all() {
    loaded_ = rows_;
    pending_.erase(table_name);
    if (pending_.empty()) context_.notifications.remove(origin, subject() + std::string{wants_restart});
    hand_over();
}

void RouterControl::hand_over() {
    auto table = std::make_shared<LoadedTable>();
    table->rows = rows_.size();
    table->own_federation = own_federation_;
    if (!own_federation_) table->components = loaded_;
    context_.load(std::move(table));
}

void RouterControl::file_changed(const std::string& what) { ask_for_restart(what); }

void RouterControl::file_unchanged() {
    std::erase_if(pending_, [](const std::string& what) { return what != table_name; });
    if (pending_.empty()) context_.notifications.remove(origin, subject() + std::string{wants_restart});
}

void RouterControl::ask_for_restart(const std::string& what) {
    pending_.insert(what);
    context_.log.warn("router.restart.wanted", {{"changed", what}});
    context_.notifications.raise(
        Severity::notice, origin,
        subject() + std::string{wants_restart} +
            " in order for recent configuration changes to take effect. You can restart it with "
            "`sallyport restart router`. Once it is restarted, this notification will be deleted "
            "automatically.",
        "restart.router");
}

void RouterControl::obstacle(Obstacle obstacle) {
    obstacle_ = obstacle;
    context_.notifications.remove(origin, subject() + std::string{returns});
    if (obstacle == Obstacle::none) return;
    LoadedTable table;
    table.rows = rows_.size();
    table.components = loaded_;
    context_.notifications.raise(Severity::warning, origin,
                                 subject() + std::string{returns} + ": " + explain(obstacle, table).text() + ".");
}

Result<void> RouterControl::restart() {
    if (auto restarted = context_.restart(); !restarted) return restarted;
    if (!read_table()) return Error{"store-unreadable", "the table xmpps2snodes cannot be read: " + trouble_};
    pending_.clear();
    load_all();
    context_.log.info("router.restarted", {{"rows", std::to_string(rows_.size())}});
    return {};
}

RouterState RouterControl::state() const {
    RouterState state;
    state.rows = rows_.size();
    if (!own_federation_) state.loaded = loaded_;
    state.live_changes = live_changes_;
    state.own_federation = own_federation_;
    state.pending.assign(pending_.begin(), pending_.end());
    state.trouble = trouble_;
    return state;
}

}  // namespace sallyport::presence
