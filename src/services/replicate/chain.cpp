// What the operator sees: the chain in status, reports to the edges, alarms about channels that stay down.
#include <algorithm>
#include <utility>

#include "services/replicate/channel.h"
#include "services/replicate/replicator.h"

namespace sallyport::services {

namespace {

constexpr Duration refresh_every = std::chrono::seconds{1};
/// Reconnecting after a restart takes a moment and is no alarm.
constexpr Duration down_before_alarm = std::chrono::seconds{10};

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
    refresh_->arm(loop_->now() + refresh_every);
    const TimePoint alarm_before = loop_->now() - down_before_alarm;
    const bool nobody_came = fars_.empty() && started_ < alarm_before;
    if (nobody_came) alarms_->raise_once(AlarmCode::ssh_down, "core", "no core has connected since this node started");
    for (const auto& [name, far] : fars_) {
        if (far->channel != nullptr || far->down_since > alarm_before) continue;
        alarms_->raise_once(AlarmCode::ssh_down, name, far->trouble);
    }
    if (options_.role != config::Role::edge) tell_report();
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
