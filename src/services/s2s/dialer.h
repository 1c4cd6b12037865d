// From a domain to a connected byte stream: configured targets or SRV (RFC 6120 3.2, XEP-0368), then each target's
// addresses raced (RFC 8305), none of them reserved unless the operator allows it (threat T69). A stream that was of no
// use is followed by the next address, then the next target; what was of no use lately comes last.
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
#include "proto/xmpp/failure.h"
#include "services/record/handshake.h"
#include "services/routing/shard.h"
#include "services/s2s/lessons.h"

namespace sallyport::s2s {

/// What a node's file says about dialling.
struct DialSettings {
    std::vector<IpNetwork> allowed;  ///< [s2s] allow_networks
    std::vector<Endpoint> own;       ///< our listeners: never dialled (threat T14)
    std::vector<IpAddress> sources;  ///< [s2s] source_address, at most one a family
    std::uint64_t most_targets = 8;
    std::uint64_t most_addresses = 8;
    Duration connect_timeout = std::chrono::seconds{10};
    Duration patience = std::chrono::seconds{30};         ///< for all targets together, shared among them
    Duration target_patience = std::chrono::seconds{10};  ///< for one behind which others wait, at most
};

/// Targets that replace DNS: a static route, or an inside server's address.
struct ConfiguredTargets {
    std::vector<route::Target> targets;
    bool fall_back_to_dns = false;
};

struct Dialled {
    std::unique_ptr<io::Stream> stream;
    route::Target target;
    std::optional<Duration> share{};  ///< for each step of the negotiation, when others wait for their turn
};

/// One attempt to reach a domain. Destroying it cancels everything; callbacks come from the loop.
class DialJob {
public:
    using OnDialled = std::function<void(Dialled)>;
    using OnFailed = std::function<void(xmpp::Failure)>;
    /// What was found out on the way, for the recorder.
    using OnStep = std::function<void(Stage stage, std::string_view name, record::Facts facts, bool good)>;
    using OnAnswer = std::function<void(const DnsAnswer& answer)>;

    /// `useless`: the shard's memory of targets; null: nothing is remembered.
    DialJob(routing::Shard& shard, const DialSettings& settings, xmpp::Domain domain,
            std::optional<ConfiguredTargets> configured, bool direct_tls, OnDialled on_dialled, OnFailed on_failed,
            OnStep on_step = {}, OnAnswer on_answer = {}, Lessons<bool>* useless = nullptr);
    ~DialJob();
    DialJob(const DialJob&) = delete;
    DialJob& operator=(const DialJob&) = delete;

    /// What is logged was caused by that source (LogRecord::source).
    void log_for(std::string source) { log_source_ = std::move(source); }
    /// For whom names are looked up; the node itself unless told.
    void ask_for(io::Asker asker) { asker_ = std::move(asker); }
    void start();
    /// Is there a further address or target?
    [[nodiscard]] bool has_next() const;
    /// The stream that was handed out failed before it was of use: goes on with the next. `permanent`: it would fail
    /// the same way again.
    void next(bool permanent);
    /// Dials the address of the stream that was handed out once more.
    void again();
    /// What was handed out is of use.
    void succeeded();
    /// A target failed in a way that may pass.
    [[nodiscard]] bool may_pass() const { return may_pass_; }

private:
    void look_up_services();
    void go_on_without_the_other();
    void services_known();
    void begin_targets(std::vector<route::Target> targets);
    void try_target();
    void look_up_addresses(route::Family family);
    void addresses_known(route::Family family, const DnsAnswer& answer);
    void race(const route::RaceActions& actions);
    void race_failed();
    void race_known();
    [[nodiscard]] std::vector<IpAddress> untried(route::Family family, bool useless_too) const;
    [[nodiscard]] bool has_untried() const;
    [[nodiscard]] std::optional<Duration> share() const;
    [[nodiscard]] std::string key(const route::Target& target) const;
    [[nodiscard]] std::string key(const route::Target& target, const IpAddress& address) const;
    [[nodiscard]] bool is_useless(const std::string& key) const;
    void learn(const std::string& key);
    void connect(unsigned attempt, const IpAddress& address);
    void connected(unsigned attempt, Result<std::unique_ptr<io::Stream>> result);
    void target_failed();
    void arm();
    void fail(xmpp::Failure failure);
    void not_found(const std::string& why, bool permanent, bool busy);
    [[nodiscard]] std::vector<IpAddress> permitted(const std::vector<IpAddress>& addresses);

    struct Attempt {
        unsigned number = 0;
        IpAddress address;
        std::unique_ptr<io::Dial> dial;
        std::unique_ptr<io::Stream> stream;
        TimePoint since{};
    };
    void services_answered(std::string_view service, const DnsAnswer& answer);
    void tell(Stage stage, std::string_view name, record::Facts facts, bool good) {
        if (on_step_) on_step_(stage, name, std::move(facts), good);
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
    io::Asker asker_;
    TimePoint started_{};
    std::unique_ptr<io::Lookup> server_lookup_, direct_lookup_, v4_lookup_, v6_lookup_;
    std::optional<DnsAnswer> server_answer_, direct_answer_;
    std::vector<route::Target> targets_;
    std::size_t target_ = 0;
    bool dns_tried_ = false;
    std::optional<route::HappyEyeballs> race_;
    std::vector<IpAddress> v6_, v4_;  ///< of the target, as far as they are known
    std::vector<IpAddress> spent_;    ///< those that have failed
    std::optional<IpAddress> winner_;
    std::vector<Attempt> attempts_;
    std::unique_ptr<io::Timer> timer_;
    std::string last_problem_;
    bool refused_address_ = false;
    bool any_address_ = false;
    bool dns_busy_ = false;     ///< a look-up of addresses was not made
    bool dns_trouble_ = false;  ///< a look-up failed or timed out: later it may succeed
    bool may_pass_ = false;
    Lessons<bool>* useless_;
};

}  // namespace sallyport::s2s
