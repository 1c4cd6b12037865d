// TLS in the simulated world: contexts that carry the facts of certificates instead of certificates, and sessions that
// show them to each other. No cryptography, so no time passes in the real world.
//
//     SimTlsSettings settings;
//     settings.identities = {sim_certificate({"partner.example"})};      // issued by "Sim CA"
//     auto context = sim_tls_context(settings);                          // trusts "Sim CA"
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/tls/session.h"

namespace sallyport::test {

struct SimTlsSettings {
    std::vector<CertFacts> identities;        ///< empty: as client without certificate
    std::set<std::string> trusted{"Sim CA"};  ///< issuers whose certificates are accepted
    bool require_peer = false;
    bool request_peer = true;
    std::vector<std::string> alpn;
    std::string version = "TLSv1.3";
    bool refuses_strangers = false;  ///< as server: an unacceptable certificate fails the handshake, none does not
};

[[nodiscard]] std::shared_ptr<const io::TlsContext> sim_tls_context(SimTlsSettings settings);
/// A certificate for `names` (dNSName); chain_valid says whether it would be accepted where its issuer is trusted.
[[nodiscard]] CertFacts sim_certificate(const std::vector<std::string>& names, const std::string& issuer = "Sim CA");

/// What a stream needs of a TLS session, simulated or real.
class SimSession {
public:
    virtual ~SimSession() = default;
    [[nodiscard]] virtual io::TlsState state() const = 0;
    [[nodiscard]] virtual std::string failure() const = 0;
    virtual io::TlsState handshake() = 0;
    [[nodiscard]] virtual std::string read() = 0;
    virtual void write(std::string_view bytes) = 0;
    virtual void shut_down() = 0;
    [[nodiscard]] virtual TlsFacts take_facts() = 0;
    [[nodiscard]] virtual std::string channel_binding(std::string_view type) const = 0;
};

/// A session for a context of either kind.
[[nodiscard]] Result<std::unique_ptr<SimSession>> make_sim_session(std::shared_ptr<const io::TlsContext> context,
                                                                   io::TlsRole role, const std::string& name,
                                                                   io::TlsWire& wire);

}  // namespace sallyport::test
