// The core's side of the hub: links are kept dialled, with a first retry after at most a second.
#include <algorithm>
#include <utility>

#include "services/link/hub.h"

namespace sallyport::link {

namespace {
constexpr Duration dial_timeout = std::chrono::seconds{5};
/// The far side is a node of ours: whoever waits for it waits for the link.
constexpr Duration longest_delay = std::chrono::seconds{1};
/// Another process of our name is linked there: it goes on, so there is no hurry.
constexpr Duration unwanted_delay = std::chrono::seconds{60};

DialCause cause_of(const Error& error) {
    if (error.code == "connect-refused") return DialCause::refused;
    if (error.code == "connect-timed-out") return DialCause::timed_out;
    if (error.code == "connect-unreachable") return DialCause::unreachable;
    return DialCause::other;
}
}  // namespace

void Hub::dial(const DialTarget& target) { add_dialling(target, context_.shard.index); }

void Hub::add_dialling(const DialTarget& target, unsigned index) {
    const bool known = std::any_of(diallings_.begin(), diallings_.end(), [&](const auto& dialling) {
        return dialling->index == index && dialling->target.address == target.address;
    });
    if (known || stopping_) return;
    diallings_.push_back(std::make_unique<Dialling>());
    Dialling& dialling = *diallings_.back();
    dialling.target = target;
    dialling.index = index;
    dialling.retry = context_.shard.loop.timer([this, key = &dialling] { connect(*key); });
    connect(dialling);
}

void Hub::dial_shards(const DialTarget& target, unsigned links) {
    if (stopping_) return;         // nothing is dialled any more
    const DialTarget to = target;  // of a dialling, and their table grows
    for (unsigned index = context_.shard.index; index < links; index += context_.shard.count) add_dialling(to, index);
    std::vector<Session*> over;
    for (const auto& dialling : diallings_) {
        if (dialling->target.address != to.address) continue;
        const bool was = std::exchange(dialling->surplus, dialling->index >= links);
        // One with a connection ends with that.
        if (was == dialling->surplus || dialling->connection != nullptr) continue;
        dialling->lookup.reset();
        dialling->dial.reset();
        dialling->retry->disarm();
        if (!dialling->surplus) {
            connect(*dialling);
        } else if (Session* session = find_session(dialling->session_id)) {
            over.push_back(session);
        }
    }
    for (Session* session : over) tell(*session, SessionLife::On::surplus);
}

void Hub::connect(Dialling& dialling) {
    const auto begin = [this, key = &dialling](const IpAddress& address) {
        key->dial = context_.shard.network.dial(
            {address, key->target.address.port}, nullptr, dial_timeout,
            [this, key](Result<std::unique_ptr<io::Stream>> result) { dialled(*key, std::move(result)); });
    };
    if (const auto literal = IpAddress::parse(dialling.target.address.host)) return begin(*literal);
    dialling.lookup = context_.shard.resolver.addresses(
        dialling.target.address.host, false, {}, [this, begin, key = &dialling](const DnsAnswer& answer) {
            if (answer.addresses.empty()) {
                return retry_later(*key, "look-up of " + key->target.address.host + ": " + text(answer.status),
                                   DialCause::name);
            }
            begin(answer.addresses.front());
        });
}

void Hub::dialled(Dialling& dialling, Result<std::unique_ptr<io::Stream>> result) {
    if (!result) return retry_later(dialling, result.error().text, cause_of(result.error()));
    const auto index = static_cast<std::size_t>(
        std::find_if(diallings_.begin(), diallings_.end(), [&](const auto& d) { return d.get() == &dialling; }) -
        diallings_.begin());
    connections_.push_back(std::make_unique<Connection>(
        *this, context_, std::move(*result), machine_settings(&dialling.target), dialling.target.name, index));
    dialling.connection = connections_.back().get();
    dialling.connection->start();
}

void Hub::retry_later(Dialling& dialling, const std::string& why, DialCause cause, bool unwanted) {
    if (stopping_) return;
    if (dialling.surplus) {
        if (Session* session = find_session(dialling.session_id)) tell(*session, SessionLife::On::surplus);
        return;
    }
    if (dialling.why != why) {
        log_.warn("link.dial.failed",
                  {{"address", dialling.target.address.text()}, {"name", dialling.target.name}, {"why", why}});
    }
    dialling.why = why;
    dialling.cause = cause;
    const Duration usual =
        std::min<Duration>(std::chrono::milliseconds{500} * (1U << std::min(dialling.failures, 4U)), longest_delay);
    const Duration ceiling = unwanted ? unwanted_delay : usual;
    ++dialling.failures;
    const auto ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(ceiling).count());
    const Duration delay = std::chrono::milliseconds{ms / 2 + context_.shard.random(ms / 2 + 1)};
    dialling.retry_at = context_.shard.loop.now() + delay;
    dialling.retry->arm(dialling.retry_at);
}

std::string_view text(DialState state) {
    switch (state) {
        case DialState::open: return "open";
        case DialState::waiting: return "waiting";
        case DialState::connecting: return "connecting";
    }
    return "";
}

std::vector<Hub::DialStatus> Hub::dials() const {
    std::vector<DialStatus> all;
    const TimePoint now = context_.shard.loop.now();
    for (const auto& dialling : diallings_) {
        if (dialling->surplus && dialling->connection == nullptr) continue;
        const bool open = dialling->connection != nullptr && dialling->connection->open();
        const bool waiting = dialling->connection == nullptr && dialling->retry_at > now;
        all.push_back({dialling->target.address.text(), dialling->target.name, context_.far_role,
                       open      ? DialState::open
                       : waiting ? DialState::waiting
                                 : DialState::connecting,
                       dialling->why, waiting ? dialling->retry_at - now : Duration{0}, dialling->cause});
    }
    return all;
}

}  // namespace sallyport::link
