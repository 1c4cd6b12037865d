// The addresses of one target: looked up, refused or raced (RFC 8305), each at most once.
#include <algorithm>

#include "services/s2s/dial_facts.h"
#include "services/s2s/dialer.h"

namespace sallyport::s2s {

/// Those of the target that have not failed, in their order; those that were of no use lately only when asked for.
std::vector<IpAddress> DialJob::untried(route::Family family, bool useless_too) const {
    std::vector<IpAddress> left;
    if (target_ >= targets_.size() || spent_.size() >= settings_.most_addresses) return left;
    for (const IpAddress& address : family == route::Family::v6 ? v6_ : v4_) {
        const bool spent = address == winner_ || std::find(spent_.begin(), spent_.end(), address) != spent_.end();
        if (!spent && (useless_too || !is_useless(key(targets_[target_], address)))) left.push_back(address);
    }
    return left;
}

bool DialJob::has_untried() const {
    return !untried(route::Family::v6, true).empty() || !untried(route::Family::v4, true).empty();
}

/// A race among what is known of the target and has not failed.
void DialJob::race_known() {
    auto v6 = untried(route::Family::v6, false), v4 = untried(route::Family::v4, false);
    if (v6.empty() && v4.empty()) {
        v6 = untried(route::Family::v6, true);
        v4 = untried(route::Family::v4, true);
    }
    attempts_.clear();
    race_.emplace(settings_.most_addresses);
    route::RaceActions actions;
    const TimePoint now = shard_.loop.now();
    // The empty family first: the other does not wait for it.
    const bool four_first = v4.empty();
    race_->resolved(four_first ? route::Family::v4 : route::Family::v6, four_first ? v4 : v6, now, actions);
    race_->resolved(four_first ? route::Family::v6 : route::Family::v4, four_first ? v6 : v4, now, actions);
    race(actions);
}

/// What the race was among is spent.
void DialJob::race_failed() {
    if (has_untried()) return race_known();
    target_failed();
}

void DialJob::look_up_addresses(route::Family family) {
    auto& slot = family == route::Family::v6 ? v6_lookup_ : v4_lookup_;
    slot = shard_.resolver.addresses(targets_[target_].host, family == route::Family::v6, asker_,
                                     [this, family](const DnsAnswer& answer) { addresses_known(family, answer); });
}

void DialJob::addresses_known(route::Family family, const DnsAnswer& answer) {
    if (!race_) return;
    dns_log_.debug("dns.addresses", {{"host", targets_[target_].host},
                                     {"family", family == route::Family::v6 ? "AAAA" : "A"},
                                     {"status", text(answer.status)},
                                     {"count", std::to_string(answer.addresses.size())},
                                     {"took", seconds_text(answer.took)}});
    if (on_answer_) on_answer_(answer);
    if (on_step_) {
        const char* const type = family == route::Family::v6 ? "AAAA " : "A ";
        tell(Stage::dns, "dns.addresses", facts_of(type + targets_[target_].host, answer), !is_trouble(answer.status));
    }
    dns_busy_ = dns_busy_ || answer.status == DnsStatus::busy;
    dns_trouble_ = dns_trouble_ || is_unknown(answer);
    if (answer.addresses.empty() && answer.status != DnsStatus::no_data && last_problem_.empty()) {
        last_problem_ = "address look-up of " + targets_[target_].host + ": " + text(answer.status);
    }
    (family == route::Family::v6 ? v6_ : v4_) = permitted(answer.addresses);
    if (race_->over()) return;  // kept for when the winner was of no use
    route::RaceActions actions;
    race_->resolved(family, untried(family, false), shard_.loop.now(), actions);
    race(actions);
}

std::vector<IpAddress> DialJob::permitted(const std::vector<IpAddress>& addresses) {
    const route::Target& target = targets_[target_];
    std::vector<IpAddress> kept;
    for (const IpAddress& address : addresses) {
        if (target.configured || route::may_connect(address, target.port, settings_.allowed, settings_.own)) {
            kept.push_back(address);
        } else {
            refused_address_ = true;
            tell(Stage::tcp, "tcp.refused",
                 {{"address", Endpoint{address, target.port}.text()},
                  {"host", target.host},
                  {"why", "reserved, our own, or with a port that is not permitted"}},
                 false);
            tcp_log_.write_for(log_source_, LogLevel::warn, "tcp.address.refused",
                               {{"domain", domain_.text()},
                                {"address", Endpoint{address, target.port}.text()},
                                {"why", "reserved, our own, or with a port that is not permitted"}});
        }
    }
    return kept;
}

void DialJob::race(const route::RaceActions& actions) {
    for (const route::RaceAction& action : actions) {
        switch (action.kind) {
            case route::RaceAction::Kind::start: connect(action.attempt, action.address); break;
            case route::RaceAction::Kind::cancel:
                std::erase_if(attempts_, [&](const Attempt& a) { return a.number == action.attempt; });
                break;
            case route::RaceAction::Kind::won: {
                const auto winner = std::find_if(attempts_.begin(), attempts_.end(),
                                                 [&](const Attempt& a) { return a.number == action.attempt; });
                if (winner == attempts_.end() || !winner->stream) return;
                winner_ = winner->address;
                Dialled dialled{std::move(winner->stream), targets_[target_], share()};
                attempts_.clear();
                timer_->disarm();
                tcp_log_.debug("tcp.connected", {{"domain", domain_.text()},
                                                 {"local", dialled.stream->local().text()},
                                                 {"remote", dialled.stream->remote().text()}});
                return on_dialled_(std::move(dialled));
            }
            case route::RaceAction::Kind::failed: return race_failed();
        }
    }
    arm();
}

void DialJob::connect(unsigned attempt, const IpAddress& address) {
    any_address_ = true;
    const Endpoint to{address, targets_[target_].port};
    const auto source = std::find_if(settings_.sources.begin(), settings_.sources.end(),
                                     [&](const IpAddress& s) { return s.v6 == address.v6; });
    tcp_log_.debug("tcp.connecting", {{"domain", domain_.text()}, {"remote", to.text()}});
    attempts_.push_back({attempt, address, nullptr, nullptr, shard_.loop.now()});
    attempts_.back().dial = shard_.network.dial(
        to, source == settings_.sources.end() ? nullptr : &*source,
        target_ + 1 < targets_.size() ? std::min(settings_.connect_timeout, *share()) : settings_.connect_timeout,
        [this, attempt](Result<std::unique_ptr<io::Stream>> result) { connected(attempt, std::move(result)); });
}

void DialJob::connected(unsigned attempt, Result<std::unique_ptr<io::Stream>> result) {
    const auto at =
        std::find_if(attempts_.begin(), attempts_.end(), [&](const Attempt& a) { return a.number == attempt; });
    if (at == attempts_.end() || !race_) return;
    route::RaceActions actions;
    record::Facts facts{{"address", Endpoint{at->address, targets_[target_].port}.text()},
                        {"host", targets_[target_].host},
                        {"ms", milliseconds_text(shard_.loop.now() - at->since)}};
    if (!result) facts.emplace_back("why", result.error().text);
    tell(Stage::tcp, result ? "tcp.connected" : "tcp.failed", std::move(facts), result.has_value());
    if (result) {
        at->stream = std::move(*result);
        race_->attempt_connected(attempt, actions);
    } else {
        last_problem_ = result.error().text;
        may_pass_ = true;
        spent_.push_back(at->address);
        learn(key(targets_[target_], at->address));
        tcp_log_.write_for(log_source_, LogLevel::info, "tcp.failed",
                           {{"domain", domain_.text()},
                            {"remote", Endpoint{at->address, targets_[target_].port}.text()},
                            {"why", result.error().text}});
        race_->attempt_failed(attempt, shard_.loop.now(), actions);
    }
    race(actions);
}

void DialJob::arm() {
    if (race_ && !race_->over()) {
        timer_->arm(race_->deadline());
    } else {
        timer_->disarm();
    }
}

}  // namespace sallyport::s2s
