// What the machine asks for is carried out here.
#include "services/replicate/channel.h"

#include <utility>

namespace sallyport::services {

namespace {

constexpr Duration store_retry = std::chrono::seconds{3};
/// More than any update, its report and its pings: a far node that asks again and again without reading is cut off.
constexpr std::size_t most_pending = 3 * replication::Bounds::frame_bytes;

replication::MachineSettings machine_settings(const Replicator::Options& options) {
    const bool is_edge = options.role == config::Role::edge;
    replication::MachineSettings settings;
    settings.own = {options.role, options.node, options.realm,
                    is_edge ? std::string{replication::component_prefix} + options.realm : "", options.instance};
    settings.far_role = is_edge ? Role::core : Role::edge;
    return settings;
}

}  // namespace

Replicator::Channel::Channel(Replicator& owner, std::unique_ptr<io::ByteChannel> channel, FarIdentity identity)
    : owner_{&owner},
      channel_{std::move(channel)},
      identity_{std::move(identity)},
      machine_{machine_settings(owner.options_), owner.loop_->now()} {
    deadline_ = owner.loop_->timer([this] {
        replication::Actions actions;
        machine_.on_deadline(owner_->loop_->now(), actions);
        act(std::move(actions));
    });
    retry_ = owner.loop_->timer([this] { try_again(); });
    early_ = owner.loop_->timer([this] {
        if (auto report = std::exchange(early_report_, std::nullopt)) take_report(*report);
        replication::Actions actions;
        if (auto update = std::exchange(early_update_, std::nullopt)) apply(*update, actions);
        act(std::move(actions));
    });
}

void Replicator::Channel::start() {
    channel_->set_owner(this);
    replication::Actions actions;
    machine_.start(actions);
    act(std::move(actions));
}

void Replicator::Channel::on_bytes(std::string_view bytes) {
    replication::Actions actions;
    machine_.receive(bytes, owner_->loop_->now(), actions);
    act(std::move(actions));
}

/// Room in the far side's window is a sign of life only where it was wanting: what fits at once is taken by our own
/// end.
void Replicator::Channel::on_progress() {
    if (channel_->pending() == 0) return;
    machine_.heard(owner_->loop_->now());
    arm();
}

void Replicator::Channel::on_closed(const std::string& why) { end(why); }

void Replicator::Channel::offer(std::uint64_t revision, const replication::Values& values) {
    replication::Actions actions;
    machine_.offer(revision, values, actions);
    act(std::move(actions));
}

void Replicator::Channel::report(const replication::Report& report) {
    replication::Actions actions;
    machine_.report(report, actions);
    act(std::move(actions));
}

void Replicator::Channel::close(const Error& why) {
    replication::Actions actions;
    machine_.close(why, actions);
    act(std::move(actions));
}

void Replicator::Channel::arm() {
    if (!over_) deadline_->arm(machine_.deadline());
}

/// Later actions are appended while earlier ones are carried out.
void Replicator::Channel::act(replication::Actions actions) {
    for (std::size_t i = 0; i < actions.size() && !over_; ++i) {
        const replication::Action action = std::move(actions[i]);
        if (const auto* send = std::get_if<replication::Send>(&action)) {
            channel_->write(send->bytes);
            if (channel_->pending() > most_pending) return end("it does not read what it asked for");
        } else if (const auto* met = std::get_if<replication::Met>(&action)) {
            meet(met->far, actions);
        } else if (const auto* wanted = std::get_if<replication::Apply>(&action)) {
            apply(*wanted, actions);
        } else if (const auto* agreed = std::get_if<replication::Agreed>(&action)) {
            owner_->agreed(*this, agreed->revision);
        } else if (const auto* refused = std::get_if<replication::Refused>(&action)) {
            owner_->refused(*this, refused->refusal);
        } else if (const auto* reported = std::get_if<replication::Reported>(&action)) {
            take_report(reported->report);
        } else if (const auto* closed = std::get_if<replication::Close>(&action)) {
            owner_->ended(*this, closed->why);
            channel_->finish();
            return end(closed->why.text);
        }
    }
    arm();
}

void Replicator::Channel::meet(const replication::Hello& hello, replication::Actions& out) {
    const auto met = owner_->meet(*this, hello);
    if (!met) return machine_.close(met.error(), out);
    far_ = *met;
    machine_.meet(far_->held, far_->values, out);
    owner_->log_fields(*far_, "offered", owner_->own_);
    machine_.offer(owner_->own_revision_, owner_->own_, out);
    if (owner_->options_.role == config::Role::core) machine_.report(owner_->report_for_edges(), out);
}

/// Each is a transaction on the control thread, with lines in log and history.
void Replicator::Channel::apply(const replication::Apply& apply, replication::Actions& out) {
    if (updates_.take(owner_->loop_->now())) return apply_now(apply, out);
    early_update_ = apply;
    early_->arm(early_report_ ? std::min(updates_.next(), reports_.next()) : updates_.next());
}

void Replicator::Channel::take_report(const replication::Report& report) {
    if (reports_.take(owner_->loop_->now())) {
        early_report_.reset();
        return owner_->show_notices(*far_, report);
    }
    early_report_ = report;
    early_->arm(early_update_ ? std::min(updates_.next(), reports_.next()) : reports_.next());
}

void Replicator::Channel::apply_now(const replication::Apply& apply, replication::Actions& out) {
    const auto taken = owner_->take_over(*far_, apply);
    if (taken) {
        waiting_.reset();
        return machine_.applied(out);
    }
    const bool temporary = taken.error().code.starts_with("store-");
    const bool is_news = !waiting_ || told_ != taken.error();
    told_ = taken.error();
    if (temporary) {
        waiting_ = apply;
        retry_->arm(owner_->loop_->now() + store_retry);
    }
    if (is_news) machine_.refused(taken.error(), temporary, out);
}

void Replicator::Channel::try_again() {
    if (!waiting_ || over_) return;
    const replication::Apply again = *waiting_;
    replication::Actions actions;
    apply_now(again, actions);
    act(std::move(actions));
}

/// The replicator destroys the channel from the loop.
void Replicator::Channel::end(const std::string& why) {
    if (over_) return;
    over_ = true;
    deadline_->disarm();
    retry_->disarm();
    early_->disarm();
    owner_->channel_over(*this, why);
}

}  // namespace sallyport::services
