// The IM service in the simulated world, with its database on a real disk, and clients that speak to it. What leaves
// for other domains is collected; what others would send is given to Service::send.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/xmpp/namespaces.h"
#include "services/im/directory.h"
#include "services/im/service.h"
#include "support/sim_client.h"
#include "support/sim_dns.h"
#include "support/sim_log.h"
#include "support/sim_network.h"
#include "support/sim_world.h"

namespace sallyport::test {

/// What left for other domains.
class Outside final : public routing::Router {
public:
    struct Gone {
        xml::Element tree;
        routing::Ticket ticket;
    };
    void route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;
    std::deque<Gone> gone;
};

/// Counts what is handed to another loop.
class CountedLoop final : public io::Loop {
public:
    explicit CountedLoop(io::Loop& loop) : loop_{loop} {}
    [[nodiscard]] TimePoint now() const override { return loop_.now(); }
    [[nodiscard]] WallTime wall() const override { return loop_.wall(); }
    [[nodiscard]] std::unique_ptr<io::Timer> timer(std::function<void()> on_expiry) override {
        return loop_.timer(std::move(on_expiry));
    }
    void post(std::function<void()> work) override {
        ++posts;
        loop_.post(std::move(work));
    }
    void defer(std::function<void()> work) override { loop_.defer(std::move(work)); }
    std::size_t posts = 0;

private:
    io::Loop& loop_;
};

class ImWorld {
public:
    explicit ImWorld(Limits limits = {}, bool channel_binding = true);
    ~ImWorld();
    ImWorld(const ImWorld&) = delete;
    ImWorld& operator=(const ImWorld&) = delete;

    /// A stanza from outside; true later when its ticket was settled.
    struct Delivery {
        bool settled = false;
    };
    std::shared_ptr<Delivery> from_outside(const std::string& bytes);
    /// The next stanza that left, or nothing.
    std::optional<xml::Element> left();
    /// In the order in which a node stops.
    void stop_service();
    void start_service();
    /// Rosters cannot be read or written from now on, or can again.
    void break_disk(bool broken);
    /// What is kept cannot be read from now on, or can again.
    void break_kept(bool broken);
    /// What is kept cannot be deleted from now on, or can again.
    void break_forgetting(bool broken);
    /// Nothing can be kept for that user from now on.
    void break_disk_for(const std::string& user);
    void settle() { world.advance(std::chrono::seconds{1}); }
    /// What is ready now, and no time passes.
    void settle_now() { world.settle(); }

    std::string folder;
    SimWorld world;
    SimWorld elsewhere;                        ///< whose time stands still: a thread that does not get on
    CountedLoop stuck_disk{elsewhere.loop()};  ///< where writes go while disk_is_stuck: each post is a transaction
    bool disk_is_stuck = false;                ///< writes to the users' database wait; for the next start_service()
    bool reading_is_stuck = false;      ///< log-ins and accounts that are read wait; for the next start_service()
    std::vector<std::string> troubles;  ///< codes that the storage told of; "well" when it was over
    SimNetwork host{world, {"192.0.2.1"}};
    SimNetwork clients{world, {"198.51.100.7"}};
    SimNetwork others{world, {"198.51.100.8"}};
    SimDns dns{world};
    MemorySink log;
    routing::Bus bus{1};
    std::unique_ptr<io::Resolver> resolver;
    std::unique_ptr<routing::Shard> shard;
    Limits limits;
    im::AwayBounds away;  ///< for the next start_service()
    bool channel_binding;
    Outside outside;
    std::unique_ptr<im::Directory> directory;
    std::unique_ptr<im::Storage> storage;
    std::unique_ptr<im::Service> service;
    unsigned ids = 0;
};

/// A client of the world's server. juliet and romeo have the password "pencil".
class Client final : public SimClient {
public:
    Client(ImWorld& in, std::string name, std::string secret = "pencil", SimNetwork* host = nullptr)
        : SimClient{in.world,
                    host == nullptr ? in.clients : *host,
                    {*IpAddress::parse("192.0.2.1"), 5222},
                    "corp.example",
                    std::move(name),
                    std::move(secret)},
          world{in} {}
    ImWorld& world;
};

/// The condition of an error; "no error", or "nothing" where there is no stanza.
inline std::string condition_of(const std::optional<xml::Element>& stanza) {
    if (!stanza) return "nothing";
    const xml::Element* error = stanza->child(xmpp::ns::client, "error");
    return error == nullptr || error->first_child() == nullptr ? "no error" : error->first_child()->name;
}

}  // namespace sallyport::test
