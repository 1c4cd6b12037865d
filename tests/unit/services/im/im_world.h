// The IM service in the simulated world, with its database on a real disk, and clients that speak to it. What leaves
// for other domains is collected; what others would send is given to Service::send.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/c2s/sasl/scram.h"
#include "proto/xml/reader.h"
#include "services/im/directory.h"
#include "services/im/service.h"
#include "support/sim_dns.h"
#include "support/sim_log.h"
#include "support/sim_network.h"
#include "support/sim_tls.h"
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
    void stop_service();
    void start_service();
    void settle() { world.advance(std::chrono::seconds{1}); }

    std::string folder;
    SimWorld world;
    SimWorld elsewhere;          ///< whose time stands still: a thread that does not get on
    bool disk_is_stuck = false;  ///< writes to the users' database wait; for the next start_service()
    SimNetwork host{world, {"192.0.2.1"}};
    SimNetwork clients{world, {"198.51.100.7"}};
    SimNetwork others{world, {"198.51.100.8"}};
    SimDns dns{world};
    MemorySink log;
    routing::Bus bus{1};
    std::unique_ptr<io::Resolver> resolver;
    std::unique_ptr<routing::Shard> shard;
    Limits limits;
    bool channel_binding;
    Outside outside;
    std::unique_ptr<im::Directory> directory;
    std::unique_ptr<im::Storage> storage;
    std::unique_ptr<im::Service> service;
    unsigned ids = 0;
};

class Client final : public io::StreamOwner {
public:
    Client(ImWorld& world, std::string user, std::string password = "pencil", SimNetwork* host = nullptr);
    ~Client() override;

    // Steps of a login; login() takes them all
    void connect();
    void header(const std::string& domain = "corp.example");
    void secure();
    void authenticate(std::string_view mechanism = "SCRAM-SHA-256-PLUS", std::string_view flag = "p=tls-exporter");
    [[nodiscard]] bool bind(const std::string& resource);
    [[nodiscard]] bool login(const std::string& resource = "desk");
    /// login(), the roster, and presence.
    [[nodiscard]] bool online(const std::string& resource = "desk", const std::string& presence = "<presence/>");
    void cut();

    void say(const std::string& bytes);
    /// Lets things happen, then the next element received, or nothing.
    std::optional<xml::Element> next();
    /// The next element of that name (and type); what comes before is thrown away.
    std::optional<xml::Element> next(std::string_view name, std::string_view type = "*");
    /// The answer to a request.
    std::optional<xml::Element> ask(const std::string& iq);
    /// Nothing of that name came.
    [[nodiscard]] bool silent(std::string_view name = {});
    [[nodiscard]] std::string error_of(const std::string& stanza, std::string_view name = "iq");

    ImWorld& world;
    std::string user, password, jid;
    std::deque<xml::Element> received;
    std::optional<xml::Element> features;
    bool secured = false, closed = false, footer = false;
    std::string failure;  ///< of the latest authentication
    std::string challenge;

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts&) override { secured = true; }
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { closed = true; }

private:
    SimNetwork& host_;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
    std::unique_ptr<xml::Reader> reader_;
};

}  // namespace sallyport::test
