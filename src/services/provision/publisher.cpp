// A round: nodes (when wanted), rows, changes, rows again.
#include "services/provision/publisher.h"

#include <algorithm>
#include <utility>

#include "base/chain_step.h"
#include "base/join.h"
#include "proto/axl/statement.h"

namespace sallyport::provision {

namespace {

constexpr std::size_t most_nodes = 100;
constexpr unsigned most_doublings = 5;

std::string value_of(const axl::Row& row, std::string_view column) {
    for (const auto& [name, value] : row) {
        if (name == column) return value;
    }
    return {};
}

}  // namespace

PublisherFault fault_of(const PublisherStatus& status) {
    using enum services::AlarmCode;
    struct Row {
        std::string_view code;
        services::AlarmCode alarm;
        std::string_view cure;  ///< empty: the alarm's own
    };
    static constexpr Row rows[] = {
        {"axl-unauthorized", axl_refused, ""},
        {"seal-broken", axl_refused, ""},
        {"axl-not-listening", axl_down,
         "start its AXL service; if it runs, correct its address, or allow TCP 8443 from this core to it where a "
         "firewall rejects it"},
        {"axl-silent", axl_down,
         "allow TCP 8443 from this core to it in the firewall, and check that its host and its AXL service answer"},
        {"axl-unreachable", axl_down, "correct its address, or the name in DNS, and check the route to it"},
        {"axl-tls", axl_down,
         "add its CA to [axl] trust in the node's file, or give it a certificate that covers its name"},
    };
    const auto* const row =
        std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) { return one.code == status.code; });
    PublisherFault fault{axl_down, status.reason + "; " + effect_of(status), {}};
    if (row != std::end(rows)) {
        fault.code = row->alarm;
        fault.words.cure = row->cure;
    }
    if (!status.wanted.empty() && status.told.empty()) fault.words.severity = services::AlarmSeverity::error;
    return fault;
}

std::string effect_of(const PublisherStatus& status) {
    if (status.wanted.empty()) return "its table may still have our rows";
    if (status.told.size() == status.wanted.size()) return "its table had every row when it was last read";
    if (!status.told.empty()) {
        return "its table has only " + joined(status.told) + ", over which messages to other domains leave";
    }
    return std::string{one_way} + (status.lost.empty()
                                       ? ": the IM&P server was never told where messages to other domains go"
                                       : ": the IM&P server no longer knows where messages to other domains go");
}

std::string_view text(PublisherState state) {
    switch (state) {
        case PublisherState::trying: return "trying";
        case PublisherState::active: return "active";
        case PublisherState::failed: return "failed";
    }
    return "?";
}

Publisher::Publisher(Context context, io::StoredPublisher stored)
    : context_{std::move(context)}, stored_{std::move(stored)}, since_{context_.loop.wall()} {
    if (auto nodes = context_.store.nodes(stored_.address)) nodes_ = std::move(*nodes);
    if (auto told = context_.store.told(stored_.address)) told_ = std::move(*told);
    timer_ = context_.loop.timer([this] { begin(); });
}

void Publisher::give_up() {
    context_.alarms.lower(services::AlarmCode::axl_refused, stored_.address);
    context_.alarms.lower(services::AlarmCode::axl_down, stored_.address);
    const auto waiting = std::exchange(waiting_, {});
    for (const auto& on_done : waiting) on_done();
}

void Publisher::want(const std::vector<EdgeState>& edges) {
    desired_ = desired_rows(edges);
    edge_ids_.clear();
    untouched_.clear();
    for (const EdgeState& edge : edges) (edge.known ? edge_ids_ : untouched_).push_back(edge.component_id);
    started_ = true;
    failures_ = 0;
    context_.on_changed();
    begin();
}

void Publisher::refresh(std::function<void()> on_done) {
    waiting_.push_back(std::move(on_done));
    discover_ = true;
    failures_ = 0;
    begin();
}

void Publisher::begin() {
    again_ = busy_;
    if (busy_) return;
    busy_ = true;
    timer_->disarm();
    discover_ ? ask_nodes() : ask_rows(false);
}

Result<AxlTarget> Publisher::target() const {
    auto address = HostPort::parse(stored_.address, 8443);
    if (!address) return address.error();
    auto password = context_.seal.unseal(stored_.password, stored_.address);
    if (!password) return password.error();
    return AxlTarget{std::move(*address), stored_.username, std::move(*password), stored_.tls_verify};
}

void Publisher::send(axl::Operation operation, const std::string& sql, std::function<void(const axl::Answer&)> then) {
    const auto target = this->target();
    if (!target) {
        return context_.loop.post([weak = std::weak_ptr<int>{alive_}, this, error = target.error()] {
            if (!weak.expired()) fail(error);
        });
    }
    axl::Request request;
    request.operation = operation;
    request.sql = sql;
    call_ = context_.client.send(*target, request, [this, then = std::move(then)](Result<axl::Answer> answer) {
        // The call is on the stack and goes when the next one comes: from the loop.
        context_.loop.defer([call = std::shared_ptr<AxlCall>{std::move(call_)}] {});
        answer ? then(*answer) : fail(answer.error());
    });
}

void Publisher::ask_nodes() {
    send(axl::Operation::query, "select pkid, name, nodeid from processnode order by nodeid",
         [this](const axl::Answer& answer) {
             std::vector<std::string> names;
             if (const auto* const rows = std::get_if<axl::Rows>(&answer)) {
                 for (const axl::Row& row : rows->rows) {
                     if (names.size() < most_nodes) names.push_back(value_of(row, "name"));
                 }
             }
             if (names.empty()) return fail({"axl-not-imp", "this is not an IM&P server: its cluster has no nodes"});
             if (const auto stored = context_.store.set_nodes(stored_.address, names); !stored)
                 return fail(stored.error());
             nodes_ = std::move(names);
             discover_ = false;
             ask_rows(false);
         });
}

void Publisher::ask_rows(bool read_back) {
    send(axl::Operation::query, "select pkid, cp_id from xmpps2snodes order by cp_id",
         [this, read_back](const axl::Answer& answer) {
             const auto* const rows = std::get_if<axl::Rows>(&answer);
             if (rows == nullptr) return fail({"axl-malformed", "the answer to a query has no rows"});
             rows_known(read_back, *rows);
         });
}

void Publisher::rows_known(bool read_back, const axl::Rows& rows) {
    auto ours = context_.store.provisioned(stored_.address);
    if (!ours) return fail(ours.error());
    ours->insert(ours->end(), edge_ids_.begin(), edge_ids_.end());
    // An edge that was never heard from may federate: its row stays as it is.
    std::erase_if(*ours, [this](const std::string& id) {
        return std::find(untouched_.begin(), untouched_.end(), id) != untouched_.end();
    });
    std::vector<std::string> observed;
    rows_.clear();
    for (const axl::Row& row : rows.rows) {
        observed.push_back(value_of(row, "cp_id"));
        if (std::find(ours->begin(), ours->end(), observed.back()) != ours->end()) rows_.push_back(observed.back());
    }
    if (const auto noted = note_told(); !noted) return fail(noted.error());
    plan_ = started_ ? plan_rows(desired_, observed, *ours) : Plan{};
    if (plan_.empty()) return succeed();
    if (!read_back) return change_next();
    // What is wanted may have changed meanwhile: that is for the next round.
    if (again_) return end_round();
    fail({"axl-not-kept", "the table does not keep the rows that were written"});
}

/// What it was told outlives this process, and is known only when it was read.
Result<void> Publisher::note_told() {
    std::vector<std::string> there;
    for (const io::ToldRow& row : told_) {
        if (row.is_there) there.push_back(row.cp_id);
    }
    std::vector<std::string> now = rows_;
    std::sort(now.begin(), now.end());
    if (there == now) return {};
    if (const auto stored = context_.store.set_told(stored_.address, now); !stored) return stored;
    auto told = context_.store.told(stored_.address);
    if (!told) return told.error();
    told_ = std::move(*told);
    return {};
}

void Publisher::change_next() {
    if (!plan_.add.empty()) {
        const std::string cp_id = plan_.add.back();
        plan_.add.pop_back();
        // Before it is there: should we end between the two, it is known as ours.
        if (const auto kept = context_.store.remember(stored_.address, cp_id); !kept) return fail(kept.error());
        return send(axl::Operation::update,
                    "insert into xmpps2snodes (pkid, cp_id) values (newid(), " + axl::quoted(cp_id) + ")",
                    [this, cp_id](const axl::Answer&) { changed(true, cp_id); });
    }
    if (!plan_.remove.empty()) {
        const std::string cp_id = plan_.remove.back();
        plan_.remove.pop_back();
        return send(axl::Operation::update, "delete from xmpps2snodes where cp_id = " + axl::quoted(cp_id),
                    [this, cp_id](const axl::Answer&) { changed(false, cp_id); });
    }
    ask_rows(true);
}

void Publisher::changed(bool added, const std::string& cp_id) {
    if (!added) {
        if (const auto forgotten = context_.store.forget(stored_.address, cp_id); !forgotten)
            return fail(forgotten.error());
    }
    change_next();
}

void Publisher::succeed() {
    failures_ = 0;
    trouble_ = {};
    agreed_ = desired_;
    context_.alarms.lower(services::AlarmCode::axl_refused, stored_.address);
    context_.alarms.lower(services::AlarmCode::axl_down, stored_.address);
    enter(PublisherState::active);
    timer_->arm(context_.loop.now() + look_again);
    end_round();
}

void Publisher::fail(const Error& error) {
    ++failures_;
    trouble_ = error;
    raise();
    enter(PublisherState::failed);
    Duration wait = std::min(longest_retry, first_retry * (1 << std::min(failures_ - 1, most_doublings)));
    if (error.code == "axl-unauthorized" || error.code == "axl-busy") wait = std::max(wait, unauthorized_retry);
    // Jitter of a quarter: cores that lost the same server do not return together.
    const auto quarter = static_cast<std::uint64_t>(wait.count() / 4);
    timer_->arm(context_.loop.now() + wait + Duration{static_cast<std::int64_t>(context_.random_below(quarter))});
    end_round();
}

void Publisher::end_round() {
    busy_ = false;
    const auto waiting = std::exchange(waiting_, {});
    if (std::exchange(again_, false)) {
        waiting_ = waiting;
        return begin();
    }
    for (const auto& on_done : waiting) on_done();
}

void Publisher::raise() {
    using services::AlarmCode;
    const PublisherFault fault = fault_of(status());
    context_.alarms.lower(fault.code == AlarmCode::axl_refused ? AlarmCode::axl_down : AlarmCode::axl_refused,
                          stored_.address);
    context_.alarms.raise(fault.code, stored_.address, fault.detail, fault.words);
}

void Publisher::enter(PublisherState state) {
    if (state_ != state) since_ = context_.loop.wall();
    state_ = state;
    context_.on_changed();
}

PublisherStatus Publisher::status() const {
    std::vector<std::string> told, lost;
    for (const std::string& id : desired_) {
        const auto at =
            std::find_if(told_.begin(), told_.end(), [&](const io::ToldRow& row) { return row.cp_id == id; });
        if (at != told_.end()) (at->is_there ? told : lost).push_back(id);
    }
    return {.address = stored_.address,
            .username = stored_.username,
            .tls_verify = stored_.tls_verify,
            .state = state_ == PublisherState::active && agreed_ != desired_ ? PublisherState::trying : state_,
            .code = trouble_.code,
            .reason = trouble_.text,
            .nodes = nodes_,
            .rows = rows_,
            .wanted = desired_,
            .told = std::move(told),
            .lost = std::move(lost),
            .since = since_};
}

}  // namespace sallyport::provision
