// Somebody else's server in the simulated world: receiving and authoritative side of S2S as far as tests need it, with
// habits, bad ones too. Its stanzas are kept by id.
//
//     SimServer bad{world, "198.51.100.31", {.stops_at = SimServer::Stop::connected}};
//     SimServer good{world, "198.51.100.32"};
//     dns.srv("_xmpp-server._tcp.partner.test", 0, 0, 5269, "one.partner.test"); …
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proto/xml/reader.h"
#include "support/sim_network.h"
#include "support/sim_tls.h"

namespace sallyport::test {

class SimServer {
public:
    /// After which step nothing more is heard of it.
    enum class Stop { never, connected, header, starttls, tls, features, auth, result, verify };
    enum class Sasl { none, accepts, refuses, refuses_and_closes, closes, breaks, challenges, fails_with_error };

    struct Habits {
        Stop stops_at = Stop::never;
        std::string header_error{};     ///< condition of the stream error that follows its header
        std::string error_under_tls{};  ///< the same, after TLS
        bool closes_at_once = false;
        std::string greeting{};         ///< said at once, by something that speaks another protocol
        bool breaks_at_header = false;  ///< resets when it has heard ours
        bool tls = true;                ///< offers and does STARTTLS
        bool direct = false;            ///< TLS comes first (XEP-0368)
        bool tls_alert = false;         ///< fails each TLS handshake
        /// Fails those in which it sees a certificate that it does not accept, as of this version: before its end with
        /// "TLSv1.2", after it with "TLSv1.3". Empty: takes any.
        std::string refuses_strangers_in{};
        /// A real one in place of the simulated one, by the number of the connection.
        std::function<std::shared_ptr<const io::TlsContext>(std::size_t number)> tls_context{};
        bool features_again = false;  ///< after the answer to a valid key
        std::string
            breaks_at_ready{};  ///< what comes behind that answer: "garbage" in place of TLS, or a FIN, "truncated"
        std::string starttls_answer{};  ///< in place of what it would do: "closes", "failure", "error", "nothing"
        std::string more_features{};    ///< beside its own
        bool dialback = true;           ///< offers it, after TLS if it has that
        Sasl sasl = Sasl::none;
        std::string result = "valid";                    ///< "valid", "invalid", "error", "closes"
        std::string verify = "valid";                    ///< the same
        std::vector<std::string> names{"partner.test"};  ///< of its certificate
        std::string issuer = "Nobody's CA";
        std::optional<WallTime> not_after{};  ///< of its certificate
    };

    SimServer(SimWorld& world, const std::string& address, Habits habits, std::uint16_t port = 5269);
    SimServer(SimWorld& world, const std::string& address) : SimServer(world, address, Habits{}) {}
    ~SimServer();

    [[nodiscard]] bool got(const std::string& id) const;
    [[nodiscard]] std::size_t count(const std::string& id) const;
    /// Clients' certificates in handshakes that succeeded.
    [[nodiscard]] std::size_t certificates() const { return certificates_; }
    [[nodiscard]] std::size_t accepted() const { return accepted_; }
    /// First-level elements that came, by name, and headers.
    [[nodiscard]] std::size_t heard(const std::string& name) const;

    Habits habits;  ///< may be changed

private:
    class Talk;
    SimWorld& world_;
    const std::string address_;
    SimNetwork host_;
    std::unique_ptr<io::Listener> listener_;
    std::vector<std::unique_ptr<Talk>> talks_;
    std::vector<std::string> ids_;
    std::map<std::string, std::size_t> heard_;
    std::size_t accepted_ = 0, certificates_ = 0;
};

}  // namespace sallyport::test
