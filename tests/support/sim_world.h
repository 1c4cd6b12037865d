// A simulated world for whole-node tests: one virtual clock, one loop, a network and a DNS, all in one thread and
// deterministic. Nothing happens but what the test lets happen:
//
//     SimWorld world;
//     SimNetwork edge_net{world, {"192.0.2.1"}}, peer_net{world, {"198.51.100.7"}};   // sim_network.h
//     SimDns dns{world};                                                              // sim_dns.h
//     dns.srv("_xmpp-server._tcp.partner.example", 0, 0, 5269, "xmpp.partner.example");
//     dns.address("xmpp.partner.example", "198.51.100.7");
//     … make a node from world.loop(), edge_net, dns.service() …
//     ASSERT_TRUE(world.run_until([&] { return peer.closed; }));   // virtual time passes as needed, up to a minute
//     world.advance(std::chrono::seconds{30});                     // lets that much time pass
//     world.block("192.0.2.1", "198.51.100.7");                    // the cable is cut; heal() mends it
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/loop/loop.h"
#include "io/loop/timer_queue.h"

namespace sallyport::test {

/// The loop of every node in the world: turns as the real one does (events, then deferred work).
class SimLoop final : public io::Loop {
public:
    SimLoop();

    [[nodiscard]] TimePoint now() const override { return now_; }
    [[nodiscard]] WallTime wall() const override;
    [[nodiscard]] std::unique_ptr<io::Timer> timer(std::function<void()> on_expiry) override;
    void post(std::function<void()> work) override { posted_.push_back(std::move(work)); }
    void defer(std::function<void()> work) override { deferred_.push_back(std::move(work)); }

    /// Calls `work` at `when`, in the order of calls for equal times.
    void at(TimePoint when, std::function<void()> work);
    /// Runs what is ready now; false when there was nothing.
    bool turn();
    /// When something is next to happen; `never` when nothing is.
    [[nodiscard]] TimePoint next() const;
    void set_now(TimePoint now) { now_ = now; }

private:
    std::atomic<TimePoint> now_;  // the log's own threads ask for it
    std::shared_ptr<io::TimerQueue> timers_;
    std::deque<std::function<void()>> posted_;
    std::vector<std::function<void()>> deferred_;
    std::map<std::pair<TimePoint, std::uint64_t>, std::function<void()>> planned_;
    std::uint64_t plans_ = 0;
};

class SimFabric;

class SimWorld {
public:
    SimWorld();
    ~SimWorld();
    SimWorld(const SimWorld&) = delete;
    SimWorld& operator=(const SimWorld&) = delete;

    [[nodiscard]] SimLoop& loop() { return loop_; }
    [[nodiscard]] SimFabric& fabric() { return *fabric_; }

    /// Runs until `done()` holds; false when `most` virtual time has passed before, or nothing is left to happen.
    [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration most = std::chrono::minutes{1});
    /// Lets `span` pass.
    void advance(Duration span);
    /// Runs what is ready without letting time pass.
    void settle();

    /// No byte passes between the two addresses; streams break after 30 s of that, dials time out.
    void block(const std::string& one, const std::string& other);
    void heal(const std::string& one, const std::string& other);
    /// Breaks every stream of `address` with a reset on both ends.
    void reset_streams(const std::string& address);
    /// Whoever talks with `address` gets something that is no TLS.
    void break_tls(const std::string& address);
    /// One-way delay between the two addresses; 1 ms unless set.
    void set_latency(const std::string& one, const std::string& other, Duration latency);
    /// A process at that address reads so many bytes at once, at most.
    void set_read_size(const std::string& address, std::size_t bytes);

private:
    SimLoop loop_;
    std::unique_ptr<SimFabric> fabric_;
};

}  // namespace sallyport::test
