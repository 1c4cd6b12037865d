// Certificates for tests.
#include "support/test_pki.h"

#include <filesystem>
#include <stdexcept>

#include "io/tls/files.h"

namespace sallyport::test {

namespace {

WallTime wall_now() { return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now()); }

template <typename T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error{result.error().code + ": " + result.error().text};
    return std::move(*result);
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sallyport-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

TestPki::TestPki() : authority_{must(io::make_authority("Test CA", wall_now(), std::chrono::hours{48}))} {
    static_cast<void>(write("ca", authority_));
}

io::CertificateRequest TestPki::request(const std::string& name) {
    io::CertificateRequest request;
    request.common_name = name;
    request.dns_names = {name};
    request.not_before = wall_now() - std::chrono::hours{1};
    request.lifetime = std::chrono::hours{24};
    return request;
}

io::PemPair TestPki::issue(const io::CertificateRequest& request) const {
    return must(io::issue_certificate(request, &authority_));
}

io::TlsIdentity TestPki::write(const std::string& stem, const io::PemPair& pair) const {
    const std::string path = folder_.path() + "/" + stem;
    if (!io::write_pair(path, pair)) throw std::runtime_error{"cannot write " + path};
    return {{stem}, path + ".pem", path + ".key"};
}

io::TlsIdentity TestPki::identity(const std::string& name) const { return write(name, issue(request(name))); }

io::TlsSettings TestPki::settings(const std::vector<std::string>& names) const {
    io::TlsSettings settings;
    for (const std::string& name : names) settings.identities.push_back(identity(name));
    settings.trust_file = trust_file();
    return settings;
}

std::shared_ptr<const io::TlsContext> TestPki::context(const std::vector<std::string>& names) const {
    return must(io::make_tls_context(settings(names)));
}

}  // namespace sallyport::test
