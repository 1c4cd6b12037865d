// What the operator sees: the chain in status, reports to the edges, alarms about channels that stay down.
#include <algorithm>
#include <utility>

#include "services/replicate/channel.h"
#include "services/replicate/replicator.h"

namespace sallyport::services {

namespace {

constexpr Duration refresh_every = std::chrono::milliseconds{500};
constexpr Duration report_every = std::chrono::seconds{1};
/// Reconnecting takes a moment and is no alarm; after a start the other node may be a while in coming.
constexpr Duration down_before_alarm = std::chrono::milliseconds{1500};
constexpr Duration patience_at_start = std::chrono::seconds{10};
/// A core tries again every few seconds.
constexpr Duration turned_away_told = std::chrono::seconds{30};

/// More often than this nobody is told of changes.
constexpr Duration report_pause = std::chrono::milliseconds{100};

/// What a far node's alarm says here: as there, and where that is.
AlarmWords words_of(const std::string& node, const replication::Notice& notice) {
    AlarmWords words{alarm_severity(notice.severity), "an alarm of " + node, notice.cure, node};
    if (const AlarmRow* const row = find_alarm_row(notice.code)) {
        Alarm as_there;
        as_there.code = row->code;
        as_there.key = notice.key;
        if (!words.severity) words.severity = row->severity;
        if (words.cure.empty()) words.cure = as_there.cure();
    }
    if (!words.cure.empty()) words.cure = "on " + node + ": " + words.cure;
    return words;
}

constexpr std::string_view effect_of_down =
    "; until then changes of settings do not reach the other node, and links and streams do not need it";

/// What to do about a connection that fails so; empty: as the alarm's row has it.
std::string cure_of(std::string_view code) {
    struct Row {
        std::string_view code, cure;
    };
    static constexpr Row rows[] = {
        {"connect-refused",
         "start the edge; if it runs, correct the address in [[ssh.dial]], or allow TCP 2222 from the core to it where "
         "a firewall rejects it"},
        {"connect-timed-out",
         "allow TCP 2222 from the core to the edge in the firewall, and check that the edge's host is up"},
        {"connect-unreachable", "check the network: no route leads to the edge's address"},
        {"ssh-login",
         "put the public key of the core ([[ssh.dial]] key) into authorized_keys of the edge, then restart the edge"},
        {"ssh-host-key", "see the alarm about its host key"},
    };
    const auto* const row =
        std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) { return one.code == code; });
    return row == std::end(rows) ? std::string{} : std::string{row->cure} + std::string{effect_of_down};
}

/// On an edge, where the core comes to: it knows why it cannot.
std::string cure_on_an_edge() {
    return "start the core; if it runs, `sallyport status` there shows why it cannot connect" +
           std::string{effect_of_down};
}

std::string down(const std::string& trouble) {
    return "the provisioning connection is down" + (trouble.empty() ? "" : ": " + trouble);
}

}  // namespace

/// Once for everything that changes in a turn, and not more often than a far node shows it.
void Replicator::report_soon() {
    if (options_.role == config::Role::edge || std::exchange(report_due_, true)) return;
    report_timer_->arm(std::max(loop_->now(), reported_at_ + report_pause));
}

void Replicator::tell_report() {
    reported_at_ = loop_->now();
    report_due_ = false;
    report_timer_->disarm();
    const replication::Report report = report_for_edges();
    // A write may end a channel, which takes it out of the list only later.
    for (const auto& channel : channels_) {
        if (channel->machine().open()) channel->report(report);
    }
}

void Replicator::refresh() {
    const TimePoint now = loop_->now();
    refresh_->arm(now + refresh_every);
    // An edge does not dial: all it knows is whom it refused.
    const bool is_refused = turned_away_ && now - turned_away_->since < turned_away_told;
    const std::string refusal =
        is_refused ? "the key " + turned_away_->key + " of a node at " + turned_away_->address + " is not accepted"
                   : "";
    const bool is_edge = options_.role == config::Role::edge;
    const AlarmWords on_an_edge{.cure = is_refused ? cure_of("ssh-login") : cure_on_an_edge()};
    if (fars_.empty() && (is_refused || now - started_ > patience_at_start)) {
        alarms_->raise_once(AlarmCode::ssh_down, "core",
                            is_refused ? refusal : "no core has connected since this node started", on_an_edge);
    }
    for (const auto& [name, far] : fars_) {
        const bool is_starting = !is_refused && far->down_since == started_ && now - started_ < patience_at_start;
        if (far->channel != nullptr || is_starting || now - far->down_since < down_before_alarm) continue;
        if (is_edge) {
            alarms_->raise_once(AlarmCode::ssh_down, name, is_refused ? refusal : far->trouble, on_an_edge);
        } else {
            alarms_->raise_once(AlarmCode::ssh_down, name, far->trouble, {.cure = cure_of(far->trouble_code)});
        }
    }
    if (!is_edge && now - reported_at_ >= report_every) tell_report();
}

replication::Report Replicator::report_for_edges() const {
    replication::Report report;
    if (more_steps_) report.steps = more_steps_();
    for (ChainStep& step : report.steps) {
        const bool has_own = alarms_->stands(AlarmCode::chain_failed, step.step);
        if (has_own) step.alarm = alarm_name(AlarmCode::chain_failed, step.step);
    }
    for (const Alarm& alarm : alarms_->standing()) {
        report.notices.push_back({std::string{alarm.row().name}, alarm.key, alarm.sentence(),
                                  std::string{text(alarm.severity())}, alarm.cure()});
    }
    return report;
}

/// Alarms of a core stand on the edge's board too, where federation is administered.
void Replicator::show_notices(Far& far, const replication::Report& report) {
    far.report = report;
    for (ChainStep& step : far.report.steps) step.node = far.name;
    std::vector<std::string> keys;
    for (const replication::Notice& notice : report.notices) {
        const AlarmRow* const row = find_alarm_row(notice.code);
        if (row != nullptr && row->is_mutual && notice.key == options_.realm) continue;  // we tell it ourselves
        keys.push_back(far_alarm_key(far.name, notice.code + (notice.key.empty() ? "" : " " + notice.key)));
        alarms_->raise_once(AlarmCode::far_alarm, keys.back(), notice.text, words_of(far.name, notice));
    }
    for (const std::string& old : far.notices) {
        if (std::find(keys.begin(), keys.end(), old) == keys.end()) alarms_->lower(AlarmCode::far_alarm, old);
    }
    far.notices = std::move(keys);
}

/// The one of them that is active; empty: none.
std::string Replicator::told_by(std::initializer_list<AlarmCode> codes, const std::string& key) const {
    for (const AlarmCode code : codes) {
        if (alarms_->stands(code, key)) return alarm_name(code, key);
    }
    return {};
}

/// Our values on a far node.
ChainStep Replicator::step_of(const Far& far) const {
    const bool is_edge = options_.role == config::Role::edge;
    const std::string step = step_name(is_edge ? StepKind::received_on : StepKind::domains_received_on, far.name);
    const bool agreed = far.agreed_digest == replication::digest(own_);
    if (!far.refused.empty()) {
        return {step, StepState::failed, {far.refused}, told_by({AlarmCode::replication_refused_there}, far.name)};
    }
    if (agreed) {
        return {
            step, StepState::in_force, {at_revision(own_revision_) + (far.channel ? "" : "; " + down(far.trouble))}};
    }
    if (far.channel == nullptr) return {step, StepState::pending, {down(far.trouble)}};
    return {step, StepState::pending, {at_revision(own_revision_) + " was sent and is not yet acknowledged"}};
}

/// A far node's values here.
ChainStep Replicator::step_from(const Far& far) const {
    const std::string step = step_name(StepKind::received_from, far.name);
    if (!far.refused_here.empty()) {
        return {step,
                StepState::failed,
                {far.refused_here},
                told_by({AlarmCode::replication_refused, AlarmCode::replication_store}, far.name)};
    }
    if (far.held.revision == 0)
        return {step, StepState::pending, {far.channel ? "nothing received yet" : down(far.trouble)}};
    return {step,
            StepState::in_force,
            {at_revision(far.held.revision) + (far.place == 0 ? "" : "; kept as a replica") +
             (far.channel ? "" : "; " + down(far.trouble))}};
}

void Replicator::steps_of(const Far& far, std::vector<ChainStep>& out) const {
    const bool is_edge = options_.role == config::Role::edge;
    if (!is_edge) out.push_back(step_from(far));
    if (is_edge || !own_.empty()) out.push_back(step_of(far));
    for (const ChainStep& step : far.report.steps) {
        if (far.channel != nullptr) {
            out.push_back(step);
        } else {
            out.push_back({step.step,
                           StepState::pending,
                           {"last heard: " + std::string{text(step.state)} + "; " + down(far.trouble)},
                           {},
                           far.name});
        }
    }
}

std::vector<ChainStep> Replicator::chain() const {
    std::vector<ChainStep> steps;
    const bool is_edge = options_.role == config::Role::edge;
    const bool enabled = settings_->snapshot()->enabled;
    if (is_edge) {
        steps.push_back({step_name(StepKind::set_on, options_.node),
                         enabled ? StepState::in_force : StepState::off,
                         {at_revision(own_revision_)}});
        if (fars_.empty())
            steps.push_back({step_name(StepKind::received_on_core), StepState::pending, {"no core has connected yet"}});
    }
    for (const auto& [name, far] : fars_) steps_of(*far, steps);
    if (more_steps_) {
        for (ChainStep& step : more_steps_()) steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace sallyport::services
