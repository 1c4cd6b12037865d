// Accepting streams and spreading news to all of them.
#include "services/s2s/s2s_shard.h"

#include <algorithm>
#include <utility>

namespace sallyport::s2s {

namespace {
/// How long a stream that ends with the node waits for the peer's end.
constexpr Duration stop_linger = std::chrono::seconds{1};
constexpr Duration walk_every = std::chrono::milliseconds{20};
/// COMPAT(ejabberd since 24.10, it sets its socket twice after its Client Hello and loses what comes in between):
/// nothing is read of a connection of Direct TLS for so long, so the answer comes when it waits for one
/// (docs/decisions/0042-direct-tls-waits.md).
constexpr Duration direct_tls_pause = std::chrono::milliseconds{20};
}  // namespace

S2sShard::S2sShard(S2sContext context)
    : learned_{context.limits.remembered_failures, [this] { arm_sweep(); }},
      sweeper_{context.shard.loop.timer([this] { sweep_lessons(); })},
      context_{std::move(context)},
      log_{context_.shard.logger(LogModule::s2s)},
      pool_{context_},
      desk_{context_},
      sessions_{context_},
      beginner_{context_.shard.loop.timer([this] { begin_direct(); })} {
    context_.learned = &learned_;
    context_.must_wait = [this](const std::vector<xmpp::DomainPair>& pairs) { return must_wait(pairs); };
}

S2sShard::~S2sShard() = default;

void S2sShard::arm_sweep() {
    constexpr Duration every = std::chrono::minutes{1};
    if (std::exchange(sweeping_, true)) return;
    sweeper_->arm(context_.shard.loop.now() + every);
}

void S2sShard::sweep_lessons() {
    sweeping_ = false;
    learned_.sweep(context_.shard.loop.now());
    if (learned_.size() > 0) arm_sweep();
}

Result<void> S2sShard::listen(const Endpoint& at, bool direct_tls, std::vector<IpNetwork> proxies) {
    const auto refused = [log = log_](const Endpoint& proxy, const std::string& why) {
        log.write_for(log_source(proxy.address), LogLevel::warn, "s2s.proxy.refused",
                      {{"remote", proxy.text()}, {"why", why}});
    };
    const auto come = [this, direct_tls](std::unique_ptr<io::Stream> stream) { accept(std::move(stream), direct_tls); };
    return listeners_.open(context_.shard.network, at, come, {std::move(proxies), refused});
}

void S2sShard::accept(std::unique_ptr<io::Stream> stream, bool direct_tls) {
    const Endpoint remote = stream->remote();
    auto counted = context_.ledger.enter(remote.address, context_.shard.loop.now());
    if (!counted) {
        const std::string address = remote.address.text();
        const std::string verdict =
            context_.records == nullptr
                ? std::string{}
                : context_.records->verdicts().keep(
                      {Rule::connections, record::Subject::connection, address, {}, "too many connections"},
                      context_.shard.loop.wall());
        log_.debug("s2s.connection.refused",
                   {{"remote", remote.text()}, {"why", "too many connections"}, {"verdict", verdict}});
        stream->abort();
        return;
    }
    if (!direct_tls) return begin(std::move(stream), direct_tls, std::move(*counted));
    const TimePoint begins = context_.shard.loop.now() + direct_tls_pause;
    arrived_.push_back({std::move(stream), std::move(*counted), begins});
    if (arrived_.size() == 1) beginner_->arm(begins);
}

void S2sShard::begin(std::unique_ptr<io::Stream> stream, bool direct_tls, routing::Ledger::Entry counted) {
    InboundStream& opened = keep(std::make_unique<InboundStream>(context_, desk_, pool_, sessions_, std::move(stream),
                                                                 direct_tls, std::move(counted), when_gone()));
    opened.start();
    hold_reading(opened);
}

/// The connections of Direct TLS whose pause is over.
void S2sShard::begin_direct() {
    while (!arrived_.empty() && arrived_.front().begins <= context_.shard.loop.now()) {
        Arrived next = std::move(arrived_.front());
        arrived_.pop_front();
        begin(std::move(next.stream), true, std::move(next.counted));
    }
    if (!arrived_.empty()) beginner_->arm(arrived_.front().begins);
}

void S2sShard::join(MovedInbound moved) {
    InboundStream& joined =
        keep(std::make_unique<InboundStream>(context_, desk_, pool_, sessions_, std::move(moved), when_gone()));
    joined.go_on();
    hold_reading(joined);
    if (context_.stopping) joined.shut(xmpp::stream_error(xmpp::StreamCondition::system_shutdown));
}

InboundStream& S2sShard::keep(std::unique_ptr<InboundStream> stream) {
    InboundStream& kept = *stream;
    inbound_.emplace(&kept, std::move(stream));
    return kept;
}

InboundStream::OnGone S2sShard::when_gone() {
    return [this](InboundStream& gone) {
        auto node = inbound_.extract(&gone);
        if (node.empty()) return;
        dead_.push_back(std::move(node.mapped()));
        if (dead_.size() > 1) return;
        context_.shard.loop.defer([this] { dead_.clear(); });
    };
}

void S2sShard::rules_changed() {
    learned_.clear();
    for (auto& [key, stream] : inbound_) stream->rules_changed();
    desk_.rules_changed();
    sessions_.rules_changed();
    pool_.rules_changed();
}

void S2sShard::hold(bool held) {
    if (held == held_) return;
    held_ = held;
    hold_reading();
}

/// Budgets of partners empty as they like, and streams are ten thousands: however many are read again, it is one walk
/// in a while.
void S2sShard::hold_reading_soon() {
    if (std::exchange(walks_soon_, true)) return;
    if (!walker_) {
        walker_ = context_.shard.loop.timer([this] {
            walks_soon_ = false;
            hold_reading();
        });
    }
    walker_->arm(context_.shard.loop.now() + walk_every);
}

void S2sShard::hold_reading() {
    for (auto& [key, stream] : inbound_) hold_reading(*stream);
    pool_.hold_reading();
}

void S2sShard::hold_reading(InboundStream& stream) {
    // Strangers may have come to verify a key for what is still to be returned.
    const bool stopping = context_.stopping && stream.authenticated();
    stream.hold(stopping || must_wait(stream.carries()));
}

bool S2sShard::must_wait(const std::vector<xmpp::DomainPair>& pairs) const {
    if (pairs.empty()) return false;
    if (held_) return true;
    if (slow_.empty() && slow_senders_.empty() && !context_.pace_of_way) return false;
    const auto pace = [](const Slow& slow, const xmpp::Domain& domain) {
        const auto at = slow.find(domain.text());
        return at == slow.end() ? Feeders::none : at->second;
    };
    bool leads_elsewhere = false;
    for (const xmpp::DomainPair& pair : pairs) {
        const Feeders way = context_.pace_of_way ? context_.pace_of_way(pair) : Feeders::none;
        const Feeders who = std::max({way, pace(slow_, pair.local), pace(slow_senders_, pair.remote)});
        if (who == Feeders::all) return true;
        if (who == Feeders::none) leads_elsewhere = true;
    }
    return !leads_elsewhere;
}

void S2sShard::slow_down(std::string_view domain, Feeders who) { set_pace(slow_, domain, who); }

void S2sShard::slow_down_sender(std::string_view domain, Feeders who) { set_pace(slow_senders_, domain, who); }

void S2sShard::set_pace(Slow& slow, std::string_view domain, Feeders who) {
    const auto at = slow.find(domain);
    const Feeders before = at == slow.end() ? Feeders::none : at->second;
    if (who == before) return;
    if (who != Feeders::none) {
        slow.insert_or_assign(std::string{domain}, who);
    } else {
        slow.erase(at);
    }
    // Who is too fast is held at once: what he has written already is more than there is room for.
    who > before ? hold_reading() : hold_reading_soon();
}

void S2sShard::quiesce() {
    if (std::exchange(context_.stopping, true)) return;
    context_.timers.closing = std::min<Duration>(context_.timers.closing, stop_linger);
    for (auto& [key, stream] : inbound_) hold_reading(*stream);
}

unsigned S2sShard::close(const xmpp::Domain& remote, const std::string& why) {
    unsigned closed = pool_.close(remote, why);
    for (auto& [key, stream] : inbound_) {
        if (!stream->concerns(remote)) continue;
        ++closed;
        stream->shut(xmpp::stream_error(xmpp::StreamCondition::reset, why));
    }
    return closed;
}

void S2sShard::shut() {
    quiesce();
    listeners_.close();
    arrived_.clear();
    const xmpp::StreamError error = xmpp::stream_error(xmpp::StreamCondition::system_shutdown);
    // First what is returned: it goes over streams that are open still.
    pool_.shut(error);
    std::vector<InboundStream*> all;
    for (auto& [key, stream] : inbound_) all.push_back(stream.get());
    for (InboundStream* stream : all) stream->authenticated() ? stream->shut(error) : stream->drop();
    sessions_.clear();
}

std::size_t S2sShard::open_streams() const { return inbound_.size() + pool_.streams().size(); }

std::vector<StreamStatus> S2sShard::streams() const {
    std::vector<StreamStatus> all = pool_.streams();
    for (const auto& [key, stream] : inbound_) all.push_back(stream->status());
    for (auto& status : desk_.status()) all.push_back(std::move(status));
    return all;
}

}  // namespace sallyport::s2s
