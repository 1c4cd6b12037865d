// Certificates for tests: an authority and identities in a temporary folder of their own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/tls/context.h"
#include "io/tls/pki.h"

namespace sallyport::test {

/// A folder that is removed with its contents.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// An authority "Test CA" and certificates issued by it on demand, valid now.
class TestPki {
public:
    TestPki();

    [[nodiscard]] const io::PemPair& authority() const { return authority_; }
    [[nodiscard]] std::string trust_file() const { return folder_.path() + "/ca.pem"; }
    [[nodiscard]] const std::string& folder() const { return folder_.path(); }
    /// A request with the times filled in, for a certificate that covers `name` as dNSName.
    [[nodiscard]] static io::CertificateRequest request(const std::string& name);
    [[nodiscard]] io::PemPair issue(const io::CertificateRequest& request) const;
    /// Issues for `name` and writes the files.
    [[nodiscard]] io::TlsIdentity identity(const std::string& name) const;
    [[nodiscard]] io::TlsIdentity write(const std::string& stem, const io::PemPair& pair) const;
    /// Settings that show `names` (none: no certificate) and trust the authority.
    [[nodiscard]] io::TlsSettings settings(const std::vector<std::string>& names) const;
    [[nodiscard]] std::shared_ptr<const io::TlsContext> context(const std::vector<std::string>& names) const;

private:
    TemporaryFolder folder_;
    io::PemPair authority_;
};

}  // namespace sallyport::test
