// A partner's server on raw connections, with manners that a test chooses: it takes any dialback key, keeps what it
// receives, and acknowledges, reads and ends its streams as it is told. Without TLS: the organisation that talks with
// it needs security_mode tls_optional.
//
//     SimPartner c{f.world, f.dns, "c.test", 31};
//     c.most_bytes = 10000;   // a larger stanza ends the stream
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "support/sim_dns.h"
#include "support/sim_network.h"
#include "support/sim_world.h"

namespace sallyport::test {

class SimPartner {
public:
    enum class Acks {
        true_ones,
        none,
        zero,  ///< <a h='0'/>, whatever is asked
    };
    enum class End {
        footer,  ///< closing tag, then FIN
        fin,     ///< FIN without a word
        reset,
        down,  ///< stream error `ends_with`, closing tag, FIN
    };

    /// At 198.51.100.`number`, listening from the start.
    SimPartner(SimWorld& world, SimDns& dns, std::string name, unsigned number);
    ~SimPartner();
    SimPartner(const SimPartner&) = delete;
    SimPartner& operator=(const SimPartner&) = delete;

    bool manages = true;  ///< offers XEP-0198
    Acks acks = Acks::true_ones;
    std::size_t most_bytes = 1 << 22;               ///< of a stanza; a larger one ends the stream
    std::string refuses_with = "policy-violation";  ///< the condition of the stream error then
    std::string words = "stanza-too-big";           ///< its text
    std::size_t bytes_per_second = 0;               ///< at which it reads; 0: as they come
    bool reads = true;                              ///< once a pair is ready
    bool ends_when_ready = false;                   ///< FIN as soon as a pair is ready
    bool answers_pings = true;                      ///< a byte on the stream for each XEP-0199 ping
    std::string ends_with = "system-shutdown";      ///< the condition of End::down

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] unsigned connections() const { return connections_; }
    [[nodiscard]] std::size_t open() const;
    /// Ids of stanzas but pings, as they came.
    [[nodiscard]] const std::vector<std::string>& ids() const { return ids_; }
    [[nodiscard]] std::size_t count(const std::string& id) const;
    void end(End how);
    void set_reads(bool reading);
    /// It serves this name as well.
    void serve(const std::string& name);
    void deafen() { listener_.reset(); }
    void listen();

    /// Called with each stanza's id.
    std::function<void(const std::string& id)> on_stanza;

private:
    class Stream;
    friend class Stream;

    SimWorld& world_;
    SimDns& dns_;
    std::string name_, address_;
    SimNetwork host_;
    std::unique_ptr<io::Listener> listener_;
    std::vector<std::unique_ptr<Stream>> streams_;
    std::vector<std::string> ids_;
    unsigned connections_ = 0;
};

}  // namespace sallyport::test
