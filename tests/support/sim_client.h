// A client that speaks to a server of users in the simulated world: header, TLS, SCRAM, a resource, stanzas.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/xml/reader.h"
#include "support/sim_network.h"
#include "support/sim_tls.h"
#include "support/sim_world.h"

namespace sallyport::test {

class SimClient : public io::StreamOwner {
public:
    /// Dials `server` from `host`; `user` is of `domain`.
    SimClient(SimWorld& sim, SimNetwork& host, const Endpoint& server, std::string domain, std::string user,
              std::string password);
    ~SimClient() override;
    SimClient(const SimClient&) = delete;
    SimClient& operator=(const SimClient&) = delete;

    // Steps of a login; login() takes them all
    void connect();
    /// Without `to`: its own domain.
    void header(const std::string& to = {});
    void secure();
    void authenticate(std::string_view mechanism = "SCRAM-SHA-256-PLUS", std::string_view flag = "p=tls-exporter");
    [[nodiscard]] bool bind(const std::string& resource);
    [[nodiscard]] bool login(const std::string& resource = "desk");
    /// login(), the roster, and presence.
    [[nodiscard]] bool online(const std::string& resource = "desk", const std::string& presence = "<presence/>");
    void cut();
    /// FIN, without a closing tag: what the system does for a program that crashed.
    void crash();
    /// Reads nothing, or reads again.
    void read(bool reads) { stream_->pause(!reads); }
    [[nodiscard]] std::size_t unsent() const { return stream_->pending(); }

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

    SimWorld& sim;
    std::string domain, user, password, jid;
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
    Endpoint server_;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
    std::unique_ptr<xml::Reader> reader_;
};

}  // namespace sallyport::test
