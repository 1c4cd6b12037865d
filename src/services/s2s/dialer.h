// From a domain to a connected byte stream: configured targets or SRV (RFC 6120 3.2, XEP-0368), then each target's
// addresses raced (RFC 8305), none of them reserved unless the operator allows it (threat T69).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/dns_records.h"
#include "base/limits.h"
#include "io/dns/resolver.h"
#include "io/net/stream.h"
#include "model/route/happy_eyeballs.h"
#include "model/route/targets.h"
#include "proto/xmpp/errors.h"
#include "services/record/handshake.h"
#include "services/routing/shard.h"

namespace sallyport::s2s {

/// What a node's file says about dialling.
struct DialSettings {
    std::vector<IpNetwork> allowed;  ///< [s2s] allow_networks
    std::vector<Endpoint> own;       ///< our listeners: never dialled (threat T14)
    std::vector<IpAddress> sources;  ///< [s2s] source_address, at most one a family
    std::uint64_t most_targets = 8;
    std::uint64_t most_addresses = 8;
    Duration connect_timeout = std::chrono::seconds{10};
};

/// Targets that replace DNS: a static route, or an inside server's address.
struct ConfiguredTargets {
    std::vector<route::Target> targets;
    bool fall_back_to_dns = false;
};

/// Why a domain could not be reached, for the sender and for the operator.
struct DialFailure {
    xmpp::StanzaCondition condition = xmpp::StanzaCondition::remote_server_timeout;
    bool permanent = false;  ///< no retry helps until DNS or configuration changes
    std::string step;        ///< "dns" or "tcp"
    std::string why;
    bool silent = false;    ///< the connection died without a word: what was written last may not have arrived
    std::string rule{};     ///< of the policy, when that is why
    std::string verdict{};  ///< the policy's verdict then
};

struct Dialled {
    std::unique_ptr<io::Stream> stream;
    route::Target target;
};

/// One attempt to reach a domain. Destroying it cancels everything; callbacks come from the loop.
class DialJob {
public:
    using OnDialled = std::function<void(Dialled)>;
    using OnFailed = std::function<void(DialFailure)>;
    /// What was found out on the way, for the recorder.
    using OnStep = std::function<void(std::string_view name, record::Facts facts, bool good)>;
    using OnAnswer = std::function<void(const DnsAnswer& answer)>;

    DialJob(routing::Shard& shard, const DialSettings& settings, xmpp::Domain domain,
            std::optional<ConfiguredTargets> configured, bool direct_tls, OnDialled on_dialled, OnFailed on_failed,
            OnStep on_step = {}, OnAnswer on_answer = {});
    ~DialJob();
    DialJob(const DialJob&) = delete;
    DialJob& operator=(const DialJob&) = delete;

    /// What is logged was caused by that source (LogRecord::source).
    void log_for(std::string source) { log_source_ = std::move(source); }
    void start();
    /// The stream that was handed out failed before it was of use: goes on with the next target.
    void next();

private:
    void look_up_services();
    void services_known();
    void begin_targets(std::vector<route::Target> targets);
    void try_target();
    void look_up_addresses(route::Family family);
    void addresses_known(route::Family family, const DnsAnswer& answer);
    void race(const route::RaceActions& actions);
    void connect(unsigned attempt, const IpAddress& address);
    void connected(unsigned attempt, Result<std::unique_ptr<io::Stream>> result);
    void target_failed(const std::string& why);
    void arm();
    void fail(DialFailure failure);
    [[nodiscard]] std::vector<IpAddress> permitted(const std::vector<IpAddress>& addresses);

    struct Attempt {
        unsigned number = 0;
        IpAddress address;
        std::unique_ptr<io::Dial> dial;
        std::unique_ptr<io::Stream> stream;
        TimePoint since{};
    };
    void services_answered(std::string_view service, const DnsAnswer& answer);
    void tell(std::string_view name, record::Facts facts, bool good) {
        if (on_step_) on_step_(name, std::move(facts), good);
    }

    routing::Shard& shard_;
    const DialSettings& settings_;
    xmpp::Domain domain_;
    std::optional<ConfiguredTargets> configured_;
    bool direct_tls_;  ///< targets of _xmpps-server may be used (XEP-0368)
    OnDialled on_dialled_;
    OnFailed on_failed_;
    OnStep on_step_;
    OnAnswer on_answer_;
    Logger dns_log_, tcp_log_;
    std::string log_source_;
    TimePoint started_{};
    std::unique_ptr<io::Lookup> server_lookup_, direct_lookup_, v4_lookup_, v6_lookup_;
    std::optional<DnsAnswer> server_answer_, direct_answer_;
    std::vector<route::Target> targets_;
    std::size_t target_ = 0;
    bool dns_tried_ = false;
    std::optional<route::HappyEyeballs> race_;
    std::vector<Attempt> attempts_;
    std::unique_ptr<io::Timer> timer_;
    std::string last_problem_;
    bool refused_address_ = false;
    bool any_address_ = false;
    bool dns_trouble_ = false;  ///< a look-up failed or timed out: later it may succeed
};

}  // namespace sallyport::s2s
