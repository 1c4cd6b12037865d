// TLS contexts and certificate facts from a node's file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/api/node_control.h"
#include "io/tls/context.h"
#include "model/config/node_file.h"

namespace sallyport::nodes {

/// The four S2S contexts: by role, with and without ALPN (XEP-0368).
struct S2sTls {
    std::shared_ptr<const io::TlsContext> server, direct_server, client, direct_client;
};
/// `mint` may be empty. Errors: those of make_tls_context.
[[nodiscard]] Result<S2sTls> make_s2s_tls(const config::NodeFile& file,
                                          std::function<Result<std::string>(const std::string&)> mint);
/// The router link's: TLS 1.3, both certificates required, traversal trust only.
[[nodiscard]] Result<std::shared_ptr<const io::TlsContext>> make_link_tls(const config::NodeFile& file);
/// For the AXL service; [axl] certificate or the first identity. Errors: as above.
[[nodiscard]] Result<std::shared_ptr<const io::TlsContext>> make_axl_server_tls(const config::NodeFile& file);
/// For requests to IM&P servers: their certificates are judged by who asks.
[[nodiscard]] Result<std::shared_ptr<const io::TlsContext>> make_axl_client_tls(const config::NodeFile& file);
/// For users' clients, who are not asked for certificates.
[[nodiscard]] Result<std::shared_ptr<const io::TlsContext>> make_client_tls(const config::NodeFile& file);
/// For status: one row an identity, and the link's.
[[nodiscard]] std::vector<admin::OwnCertificate> own_certificates(const config::NodeFile& file, const S2sTls& s2s,
                                                                  const std::shared_ptr<const io::TlsContext>& link);

}  // namespace sallyport::nodes
