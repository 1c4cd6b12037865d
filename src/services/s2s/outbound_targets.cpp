// Which server the outbound stream is tried with, and whether another one comes after it (decision record 0019).
#include <utility>

#include "services/s2s/outbound_stream.h"
#include "services/s2s/stream_seal.h"

namespace sallyport::s2s {

void OutboundStream::start() {
    std::optional<ConfiguredTargets> configured;
    if (context_.configured) configured = context_.configured(pair_.remote);
    record_.begin(pair_);
    const auto refusal = context_.learned == nullptr
                             ? std::nullopt
                             : context_.learned->refusal_of(pair_.text(), context_.shard.loop.now());
    external_ = !refusal;
    identity_ = refusal != Learned::Refusal::in_tls;
    if (!identity_) record_.step(Stage::tls, "certificate.avoided", {{"pair", pair_.text()}}, true);
    job_ = std::make_unique<DialJob>(
        context_.shard, context_.dial, pair_.remote, std::move(configured),
        context_.direct_client_tls != nullptr && context_.rules.policy(pair_.remote).security != SecurityMode::no_tls,
        [this](Dialled dialled_stream) { dialled(std::move(dialled_stream)); },
        [this](const xmpp::Failure& failure) { dial_failed(failure); },
        [this](Stage stage, std::string_view name, record::Facts facts, bool good) {
            record_.step(stage, name, std::move(facts), good);
        },
        [this](const DnsAnswer& answer) {
            if (context_.records != nullptr) context_.records->counters().dns[text(answer.status)].add(answer.took);
        },
        context_.learned == nullptr ? nullptr : &context_.learned->targets);
    job_->log_for(log_source_);
    job_->ask_for(asker_);
    job_->start();
}

void OutboundStream::dialled(Dialled dialled) {
    stream_ = std::move(dialled.stream);
    gate_.begin_again(stream_->received());
    target_ = dialled.target;
    local_ = stream_->local();
    remote_ = stream_->remote();
    xcoder_ = context_.next_reference();
    record_.connected(remote_);
    reader_ = std::make_unique<xml::Reader>(context_.limits.negotiated);
    const TimePoint now = context_.shard.loop.now();
    heard_ = now;
    said_.clear();
    failed_here_ = unheard_in_tls_ = identity_failed_ = false;
    end_ = {};
    machine_ = std::make_unique<Outbound>(
        OutboundSettings{context_.timers, target_.direct_tls, context_.peer_limits(pair_.remote),
                         [this](std::string_view id) { return is_sealed(id, context_.node_instance); }, external_,
                         dialled.share, resumption_},
        context_.rules, pair_, verify_only_, now);
    stream_->set_owner(this);
    if (!verify_only_) stream_->follow();
    Actions actions;
    machine_->on_connected(now, actions);
    for (const Verify& request : verifies_) machine_->verify(request, now, actions);
    carry_out(actions);
    arm();
}

void OutboundStream::dial_failed(const xmpp::Failure& failure) {
    // What a stream itself said is more to the point than that no further target was left.
    xmpp::Failure told = failure_ ? *failure_ : failure;
    told.permanent = failure.permanent;
    finish(std::move(told));
}

/// Nothing that was tried before may yet come right by itself, or the whole may.
void OutboundStream::failed(xmpp::Failure failure) {
    if (job_ && job_->may_pass()) failure.permanent = false;
    failure_ = std::move(failure);
    failed_here_ = true;
}

/// SASL EXTERNAL took the stream with it (XEP-0178 leaves dialback to those who stay).
bool OutboundStream::go_on_with_dialback() const {
    return external_ && machine_ && machine_->tried_external() && context_.rules.policy(pair_.remote).offer_dialback;
}

/// TLS failed when we had shown our certificate, be it in the handshake (TLS 1.2) or right after it (TLS 1.3, where the
/// server judges last): the peer may be one that takes any other client, but none whose certificate it does not accept.
bool OutboundStream::go_on_without_identity() const {
    return identity_failed_ && (verify_only_ || context_.rules.policy(pair_.remote).offer_dialback);
}

bool OutboundStream::has_identity() const {
    return io::own_certificate(*tls_context(), pair_.local.ascii()).has_value();
}

/// Nothing but the certificate could authenticate us, and after the handshake nothing but it can have been refused.
xmpp::Failure OutboundStream::tls_failure(std::string why) const {
    xmpp::Failure failure{Stage::tls, std::move(why)};
    if (identity_failed_ && machine_->tls() != nullptr && !go_on_without_identity()) {
        failure.why += "; the peer does not accept our certificate, and dialback is off for it";
        failure.permanent = true;
    }
    return failure;
}

/// What the trial was to show.
void OutboundStream::got_through_without_identity() {
    if (!std::exchange(trial_, false)) return;
    record_.step(Stage::tls, "certificate.refused", {{"pair", pair_.text()}}, true);
    if (context_.learned == nullptr) return;
    context_.learned->certificates.learn(pair_.text(), Learned::Refusal::in_tls, context_.shard.loop.now());
}

/// Of no use before authentication, and there is something left to try.
bool OutboundStream::goes_on() const {
    if (final_ || finished_ || !job_ || !machine_) return false;
    if (verify_only_ ? verifies_.empty() : was_ready_) return false;
    return go_on_with_dialback() || go_on_without_identity() || job_->has_next();
}

void OutboundStream::go_on() {
    next_->disarm();
    going_on_ = false;
    const bool without_external = go_on_with_dialback(), without_identity = go_on_without_identity();
    const xmpp::Failure failed = failure_.value_or(xmpp::Failure{});
    record_.step(Stage::stream, "target.failed",
                 {{"address", remote_.text()}, {"step", std::string{text(failed.stage)}}, {"why", failed.why}}, false);
    log_.write_for(log_source_, LogLevel::info, "s2s.target.failed",
                   {{"pair", pair_.text()},
                    {"direction", "OUT"},
                    {"connection", connection_text()},
                    {"host", target_.host},
                    {"step", std::string{text(failed.stage)}},
                    {"why", failed.why},
                    {"next", without_external   ? "the same without SASL EXTERNAL"
                             : without_identity ? "the same without our certificate"
                                                : "another server"}});
    stream_.reset();
    machine_.reset();
    timer_->disarm();
    armed_ = certificate_check_ = never;
    if (without_identity) {
        external_after_ = external_;
        external_ = identity_ = false;
        trial_ = true;
        return job_->again();
    }
    if (std::exchange(trial_, false)) {  // it was not to blame
        external_ = external_after_;
        identity_ = true;
    }
    if (!without_external) return job_->next(failed.permanent);
    external_ = false;
    if (context_.learned != nullptr) {
        // Who resets, falls silent or goes down may have done so for any reason; who ends the stream has refused.
        const bool sure = !end_.silent() && ending().blame() == Ending::Blame::full;
        context_.learned->ended_at_external(pair_.text(), sure, context_.shard.loop.now());
    }
    job_->again();
}

}  // namespace sallyport::s2s
