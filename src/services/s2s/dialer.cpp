// The dial job: SRV answers, targets in order; what comes after one that was of no use. Their addresses are raced in
// dialer_race.cpp.
#include "services/s2s/dialer.h"

#include <algorithm>

#include "base/join.h"
#include "services/s2s/dial_facts.h"

namespace sallyport::s2s {

namespace {
/// Where one kind of service has targets, for the answer about the other: as with addresses (RFC 8305 section 3), but
/// with time for a resolver that has to ask.
constexpr Duration other_service_patience = std::chrono::milliseconds{300};
}  // namespace

DialJob::DialJob(routing::Shard& shard, const DialSettings& settings, xmpp::Domain domain,
                 std::optional<ConfiguredTargets> configured, bool direct_tls, OnDialled on_dialled, OnFailed on_failed,
                 OnStep on_step, OnAnswer on_answer, Lessons<bool>* useless)
    : shard_{shard},
      settings_{settings},
      domain_{std::move(domain)},
      configured_{std::move(configured)},
      direct_tls_{direct_tls},
      on_dialled_{std::move(on_dialled)},
      on_failed_{std::move(on_failed)},
      on_step_{std::move(on_step)},
      on_answer_{std::move(on_answer)},
      dns_log_{shard.logger(LogModule::dns)},
      tcp_log_{shard.logger(LogModule::tcp)},
      timer_{shard.loop.timer([this] {
          if (!race_) return go_on_without_the_other();
          route::RaceActions actions;
          race_->tick(shard_.loop.now(), actions);
          race(actions);
      })},
      useless_{useless} {}

DialJob::~DialJob() = default;

void DialJob::start() {
    started_ = shard_.loop.now();
    if (configured_) {
        std::string targets;
        for (const route::Target& target : configured_->targets) {
            append_item(targets, HostPort{target.host, target.port}.text());
        }
        tell(Stage::dns, "route", {{"targets", targets}, {"then-dns", configured_->fall_back_to_dns ? "yes" : "no"}},
             true);
        return begin_targets(configured_->targets);
    }
    if (domain_.is_address()) {
        std::string host = domain_.text();
        if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
        return begin_targets({{std::move(host), 5269, false, false}});
    }
    look_up_services();
}

void DialJob::look_up_services() {
    dns_tried_ = true;
    const std::string puny = domain_.ascii();
    dns_log_.write_for(log_source_, LogLevel::info, "dns.lookup.started",
                       {{"Detail", "Starting resolver lookup for '" + domain_.text() + ":puny=" + puny +
                                       ":service=_xmpp-server._tcp:defport=0'"},
                        {"host", domain_.text()},
                        {"puny", puny},
                        {"service", "_xmpp-server._tcp"}});
    if (!direct_tls_) {
        direct_answer_.emplace();
        direct_answer_->status = DnsStatus::no_data;
    } else {
        direct_lookup_ = shard_.resolver.srv("_xmpps-server._tcp." + puny, asker_, [this](const DnsAnswer& answer) {
            direct_answer_ = answer;
            services_answered("_xmpps-server._tcp.", answer);
            services_known();
        });
    }
    server_lookup_ = shard_.resolver.srv("_xmpp-server._tcp." + puny, asker_, [this](const DnsAnswer& answer) {
        server_answer_ = answer;
        services_answered("_xmpp-server._tcp.", answer);
        services_known();
    });
}

void DialJob::services_answered(std::string_view service, const DnsAnswer& answer) {
    if (on_answer_) on_answer_(answer);
    if (on_step_)
        tell(Stage::dns, "dns.srv", facts_of(std::string{service} + domain_.ascii(), answer),
             !is_trouble(answer.status));
}

/// A name server that is silent about one of two names delays nobody who can go on with the other.
void DialJob::go_on_without_the_other() {
    if (server_answer_.has_value() == direct_answer_.has_value()) return;
    DnsAnswer missing;
    missing.status = DnsStatus::timed_out;
    const DnsAnswer& server = server_answer_ ? *server_answer_ : missing;
    const DnsAnswer& direct = direct_answer_ ? *direct_answer_ : missing;
    const route::SrvPlan plan = route::plan_srv(server, direct, settings_.most_targets, shard_.random);
    if (plan.next != route::SrvPlan::Next::targets) return;
    (server_answer_ ? direct_lookup_ : server_lookup_).reset();
    (server_answer_ ? direct_answer_ : server_answer_) = missing;
    services_known();
}

void DialJob::services_known() {
    if (!server_answer_ || !direct_answer_) return timer_->arm(shard_.loop.now() + other_service_patience);
    timer_->disarm();
    const route::SrvPlan plan =
        route::plan_srv(*server_answer_, *direct_answer_, settings_.most_targets, shard_.random);
    const char* method = plan.next == route::SrvPlan::Next::targets ? "SRV" : "A/AAAA";
    dns_log_.write_for(log_source_, LogLevel::info, "dns.lookup.done",
                       {{"Detail", "resolved dialback address for host=" + domain_.text() + " method=" + method +
                                       " dns-timings=(TOTAL:" + seconds_text(shard_.loop.now() - started_) +
                                       " SRV:" + seconds_text(server_answer_->took) + ")"},
                        {"host", domain_.text()},
                        {"method", method},
                        {"status", text(server_answer_->status)},
                        {"targets", std::to_string(plan.targets.size())},
                        {"ttl", std::to_string(server_answer_->ttl.count())},
                        {"secure", server_answer_->secure ? "yes" : "no"}});
    switch (plan.next) {
        case route::SrvPlan::Next::targets: return begin_targets(plan.targets);
        case route::SrvPlan::Next::addresses: return begin_targets({{domain_.ascii(), 5269, false, false}});
        case route::SrvPlan::Next::nothing: break;
    }
    const bool busy = server_answer_->status == DnsStatus::busy || direct_answer_->status == DnsStatus::busy;
    // What either of them does not say now, it may say later.
    const bool temporary = is_unknown(*server_answer_) || is_unknown(*direct_answer_);
    not_found(plan.why, !temporary && !may_pass_, busy);
}

void DialJob::begin_targets(std::vector<route::Target> targets) {
    targets_ = std::move(targets);
    // Nothing is left out: what was of no use lately comes last.
    std::stable_partition(targets_.begin(), targets_.end(),
                          [this](const route::Target& target) { return !is_useless(key(target)); });
    target_ = 0;
    try_target();
}

bool DialJob::has_next() const {
    if (has_untried() || target_ + 1 < targets_.size()) return true;
    return configured_ && configured_->fall_back_to_dns && !dns_tried_;
}

void DialJob::next(bool permanent) {
    may_pass_ = may_pass_ || !permanent;
    if (winner_ && target_ < targets_.size()) {
        spent_.push_back(*winner_);
        learn(key(targets_[target_], *winner_));
        winner_.reset();
    }
    race_failed();
}

void DialJob::again() {
    if (!winner_) return next(false);
    const IpAddress address = *winner_;
    const route::Family family = address.v6 ? route::Family::v6 : route::Family::v4;
    race_.emplace(settings_.most_addresses);
    route::RaceActions actions;
    race_->resolved(address.v6 ? route::Family::v4 : route::Family::v6, {}, shard_.loop.now(), actions);
    if (!race_->over()) race_->resolved(family, {address}, shard_.loop.now(), actions);
    race(actions);
}

void DialJob::succeeded() {
    if (useless_ == nullptr || !winner_ || target_ >= targets_.size()) return;
    useless_->unlearn(key(targets_[target_]));
    useless_->unlearn(key(targets_[target_], *winner_));
}

std::string DialJob::key(const route::Target& target) const {
    return domain_.text() + " " + target.host + " " + std::to_string(target.port) +
           (target.direct_tls ? " direct" : "");
}

std::string DialJob::key(const route::Target& target, const IpAddress& address) const {
    return key(target) + " " + address.text();
}

bool DialJob::is_useless(const std::string& key) const {
    return useless_ != nullptr && useless_->recall(key, shard_.loop.now()) != nullptr;
}

/// Only where there is a choice.
void DialJob::learn(const std::string& key) {
    if (useless_ == nullptr || (targets_.size() < 2 && v6_.size() + v4_.size() < 2)) return;
    useless_->learn(key, true, shard_.loop.now());
}

/// How long this target may take for a step while others wait: a silent one must not use up what the sender grants.
std::optional<Duration> DialJob::share() const {
    constexpr Duration least = std::chrono::seconds{2};
    std::size_t waiting = targets_.size() - target_ - 1;
    const auto has_its_turn = [this](const IpAddress& a) {
        return a == winner_ || std::find(spent_.begin(), spent_.end(), a) != spent_.end() ||
               std::any_of(attempts_.begin(), attempts_.end(), [&](const Attempt& one) { return one.address == a; });
    };
    for (const auto* const known : {&v6_, &v4_}) {
        waiting += known->size() - static_cast<std::size_t>(std::count_if(known->begin(), known->end(), has_its_turn));
    }
    if (configured_ && configured_->fall_back_to_dns && !dns_tried_) ++waiting;
    if (waiting == 0) return std::nullopt;
    const Duration left = std::max(Duration{0}, settings_.patience - (shard_.loop.now() - started_));
    const Duration fair = left / static_cast<Duration::rep>(waiting + 1);
    return std::min(std::max(fair, least), settings_.target_patience);
}

void DialJob::try_target() {
    race_.reset();
    attempts_.clear();
    v6_lookup_.reset();
    v4_lookup_.reset();
    v6_.clear();
    v4_.clear();
    spent_.clear();
    winner_.reset();
    if (target_ >= targets_.size()) {
        if (configured_ && configured_->fall_back_to_dns && !dns_tried_) return look_up_services();
        const bool nowhere = !any_address_;
        const std::string why = !last_problem_.empty() ? last_problem_
                                : refused_address_ ? "every address is reserved or refused; see [s2s] allow_networks"
                                                   : "no address";
        const bool permanent = nowhere ? !dns_trouble_ && !configured_ : !may_pass_ && !dns_trouble_;
        if (nowhere) return not_found(why, permanent, dns_busy_);
        return fail({Stage::tcp, why, xmpp::StanzaCondition::remote_server_timeout, permanent});
    }
    const route::Target& target = targets_[target_];
    race_.emplace(settings_.most_addresses);
    if (auto literal = IpAddress::parse(target.host)) {
        (literal->v6 ? v6_ : v4_) = permitted({*literal});
        return race_known();
    }
    look_up_addresses(route::Family::v6);
    look_up_addresses(route::Family::v4);
}

void DialJob::target_failed() {
    learn(key(targets_[target_]));
    ++target_;
    try_target();
}

/// No server of the domain is known. `busy`: for we have not asked.
void DialJob::not_found(const std::string& why, bool permanent, bool busy) {
    xmpp::Failure failure{Stage::dns, why, xmpp::StanzaCondition::remote_server_not_found, permanent};
    if (busy) {
        failure.rule = Rule::look_ups;
        failure.condition = xmpp::StanzaCondition::resource_constraint;
    }
    fail(std::move(failure));
}

void DialJob::fail(xmpp::Failure failure) {
    timer_->disarm();
    on_failed_(std::move(failure));
}

}  // namespace sallyport::s2s
