// Ten years for the authority, ninety days for what it mints, minted again ten days before the end.
#include "io/tls/inside_ca.h"

#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <mutex>

#include "io/tls/files.h"
#include "io/tls/pki.h"
#include "io/tls/trust.h"

namespace sallyport::io {

namespace {

constexpr auto authority_lifetime = std::chrono::hours{24 * 3653};
constexpr auto leaf_lifetime = std::chrono::hours{24 * 90};
constexpr auto renew_after = std::chrono::hours{24 * 80};
constexpr std::size_t most_cached = 1024;

struct Minted {
    std::string pem;
    WallTime made;
};

}  // namespace

struct InsideCa::State {
    State(const Clock& clock_, PemPair authority_) : clock{clock_}, authority{std::move(authority_)} {}

    const Clock& clock;
    PemPair authority;
    std::mutex mutex;
    std::map<std::string, Minted, std::less<>> cache;
};

Result<InsideCa> InsideCa::open(const std::string& folder, const Clock& clock) {
    const std::string stem = folder + "/inside-ca";
    if (::access((stem + ".key").c_str(), F_OK) != 0) {
        const Result<PemPair> made = make_authority("Sallyport inside authority", clock.wall(), authority_lifetime);
        if (!made) return made.error();
        const Result<void> wrote = write_pair(stem, *made);
        if (!wrote) return wrote.error();
    }
    Result<std::string> certificate = read_file(stem + ".pem");
    if (!certificate) return certificate.error();
    Result<std::string> key = read_file(stem + ".key");
    if (!key) return key.error();
    const Result<Identity> checked = parse_identity(*certificate, *key, stem + ".pem", stem + ".key");
    if (!checked) return checked.error();
    return InsideCa{std::make_shared<State>(clock, PemPair{std::move(*certificate), std::move(*key)})};
}

std::string InsideCa::ca_pem() const { return state_->authority.certificate; }

Result<std::string> InsideCa::mint(const std::string& name) const {
    const WallTime now = state_->clock.wall();
    const std::lock_guard hold{state_->mutex};
    if (const auto found = state_->cache.find(name); found != state_->cache.end()) {
        if (now - found->second.made < renew_after) return found->second.pem;
    }
    CertificateRequest request;
    request.common_name = name;
    request.dns_names = {name};
    request.xmpp_addrs = {name};
    request.not_before = now - std::chrono::hours{1};
    request.lifetime = leaf_lifetime;
    const Result<PemPair> made = issue_certificate(request, &state_->authority);
    if (!made) return made.error();
    if (state_->cache.size() >= most_cached) state_->cache.clear();
    std::string pem = made->certificate + made->key;
    state_->cache.insert_or_assign(name, Minted{pem, now});
    return pem;
}

}  // namespace sallyport::io
