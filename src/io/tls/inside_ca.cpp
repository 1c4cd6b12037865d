// Ten years for the authority, ninety days for what it mints, minted again ten days before the end. A first start has
// perhaps no right clock yet: the authority is good from before this program on whatever the clock says, so that what
// it mints is accepted once the clock is right.
#include "io/tls/inside_ca.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>

#include "io/tls/cert_facts.h"
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
    std::uint64_t used = 0;  ///< number of the latest use
};

}  // namespace

struct InsideCa::State {
    State(const Clock& clock_, PemPair authority_, CertFacts facts_)
        : clock{clock_}, authority{std::move(authority_)}, facts{std::move(facts_)} {}

    const Clock& clock;
    PemPair authority;
    CertFacts facts;
    std::mutex mutex;
    std::map<std::string, Minted, std::less<>> cache;
    std::uint64_t uses = 0;
};

Result<InsideCa> InsideCa::open(const std::string& folder, const Clock& clock) {
    const std::string stem = folder + "/inside-ca";
    if (::access((stem + ".key").c_str(), F_OK) != 0) {
        const WallTime from = std::min(clock.wall(), earliest_sensible);
        const WallTime until = std::max(clock.wall(), earliest_sensible) + authority_lifetime;
        const Result<PemPair> made = make_authority("Sallyport inside authority", from,
                                                    std::chrono::duration_cast<std::chrono::seconds>(until - from));
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
    Result<CertFacts> facts = judge_certificate(*certificate, *certificate);
    if (!facts) return facts.error();
    return InsideCa{
        std::make_shared<State>(clock, PemPair{std::move(*certificate), std::move(*key)}, std::move(*facts))};
}

std::string InsideCa::ca_pem() const { return state_->authority.certificate; }

CertFacts InsideCa::facts() const { return state_->facts; }

Result<std::string> InsideCa::mint(const std::string& name) const {
    const WallTime now = state_->clock.wall();
    const std::lock_guard hold{state_->mutex};
    if (const auto found = state_->cache.find(name); found != state_->cache.end()) {
        // One that a clock ahead of its time has made is not valid yet, perhaps for years.
        if (now >= found->second.made && now - found->second.made < renew_after) {
            found->second.used = ++state_->uses;
            return found->second.pem;
        }
    }
    CertificateRequest request;
    request.common_name = name;
    request.dns_names = {name};
    request.xmpp_addrs = {name};
    request.not_before = now - std::chrono::hours{1};
    request.lifetime = leaf_lifetime;
    const Result<PemPair> made = issue_certificate(request, &state_->authority);
    if (!made) return made.error();
    auto& cache = state_->cache;
    if (cache.size() >= most_cached && !cache.contains(name)) {  // names that rest make room for those that come
        cache.erase(std::min_element(cache.begin(), cache.end(), [](const auto& one, const auto& other) {
            return one.second.used < other.second.used;
        }));
    }
    std::string pem = made->certificate + made->key;
    cache.insert_or_assign(name, Minted{pem, now, ++state_->uses});
    return pem;
}

}  // namespace sallyport::io
