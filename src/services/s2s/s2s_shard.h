// Everything S2S of one shard: listeners, inbound streams, the pool of outbound streams and the dialback desk.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/net/listeners.h"
#include "services/s2s/context.h"
#include "services/s2s/dialback_desk.h"
#include "services/s2s/inbound_sessions.h"
#include "services/s2s/inbound_stream.h"
#include "services/s2s/pool.h"

namespace sallyport::s2s {

class S2sShard {
public:
    explicit S2sShard(S2sContext context);
    ~S2sShard();
    S2sShard(const S2sShard&) = delete;
    S2sShard& operator=(const S2sShard&) = delete;

    /// Errors: "listen-failed".
    [[nodiscard]] Result<void> listen(const Endpoint& at, bool direct_tls, std::vector<IpNetwork> proxies = {});
    [[nodiscard]] Pool& pool() { return pool_; }
    [[nodiscard]] const Pool& pool() const { return pool_; }
    [[nodiscard]] S2sContext& context() { return context_; }
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return listeners_.endpoints(); }

    /// A stream of a peer comes from another shard, to go on with one that lives here.
    void join(MovedInbound moved);
    /// A new snapshot is in force: each stream asks its rules again.
    void rules_changed();
    /// What failures have taught; forgotten with new settings, and by clear() with new certificates.
    [[nodiscard]] Learned& lessons() { return learned_; }
    /// Back-pressure: streams that carry stanzas stop or go on being read. Who has proved nothing yet is read on: its
    /// question may be about a key of ours.
    void hold(bool held);
    /// What `pace_of_way` of the context says may be another thing now.
    void ways_changed() { hold_reading(); }
    /// Back-pressure for what goes to one domain.
    void slow_down(std::string_view domain, Feeders who);
    /// Back-pressure for what comes from one domain.
    void slow_down_sender(std::string_view domain, Feeders who);
    /// Domains of which either of these was told, and not yet that it is over.
    [[nodiscard]] std::size_t slow_domains() const { return slow_.size() + slow_senders_.size(); }
    /// The node is going to stop: nothing is read any more of those who have proved who they are.
    void quiesce();
    /// Closes streams of `remote` in both directions; the number closed.
    unsigned close(const xmpp::Domain& remote, const std::string& why);
    /// Stanzas of one pair are shown in the log for a while.
    void trace(const TraceOrder& order) { context_.trace.start(order, context_.shard.loop.now()); }
    /// Orderly end: stream errors system-shutdown, listeners closed.
    void shut();
    [[nodiscard]] std::size_t open_streams() const;
    [[nodiscard]] std::vector<StreamStatus> streams() const;
    void tables(TableFills& all) const {
        pool_.tables(all);
        desk_.tables(all);
        sessions_.tables(all);
        learned_.tables(all);
    }

private:
    void accept(std::unique_ptr<io::Stream> stream, bool direct_tls);
    void begin(std::unique_ptr<io::Stream> stream, bool direct_tls, routing::Ledger::Entry counted);
    void begin_direct();
    [[nodiscard]] InboundStream& keep(std::unique_ptr<InboundStream> stream);
    [[nodiscard]] InboundStream::OnGone when_gone();
    void sweep_lessons();
    void arm_sweep();
    void hold_reading();
    void hold_reading_soon();
    void hold_reading(InboundStream& stream);
    [[nodiscard]] bool must_wait(const std::vector<xmpp::DomainPair>& pairs) const;

    Learned learned_;
    std::unique_ptr<io::Timer> sweeper_;
    bool sweeping_ = false;  ///< while there are lessons
    S2sContext context_;
    Logger log_;
    Pool pool_;
    DialbackDesk desk_;
    InboundSessions sessions_;
    io::Listeners listeners_;
    std::unordered_map<InboundStream*, std::unique_ptr<InboundStream>> inbound_;
    std::vector<std::unique_ptr<InboundStream>> dead_;
    /// A connection of Direct TLS of which nothing is read yet.
    struct Arrived {
        std::unique_ptr<io::Stream> stream;
        routing::Ledger::Entry counted;
        TimePoint begins;
    };
    std::deque<Arrived> arrived_;  ///< in the order in which they begin; the ledger bounds them
    std::unique_ptr<io::Timer> beginner_;
    using Slow = std::map<std::string, Feeders, std::less<>>;
    void set_pace(Slow& slow, std::string_view domain, Feeders who);
    Slow slow_;          ///< domains with much on its way to them
    Slow slow_senders_;  ///< domains with much on its way from them
    bool held_ = false;
    bool walks_soon_ = false;  ///< for all paces that have changed since
    std::unique_ptr<io::Timer> walker_;
};

}  // namespace sallyport::s2s
