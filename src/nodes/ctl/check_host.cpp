// The model judges values; here are the files and addresses behind them. A certificate and its key are loaded exactly
// as the node does it.
#include "nodes/ctl/check_host.h"

#include <algorithm>

#include "admin/judge/certificate_time.h"
#include "base/counted.h"
#include "io/tls/cert_facts.h"
#include "io/tls/context.h"
#include "io/tls/files.h"

namespace sallyport::ctl {

namespace {

using admin::CertificateTime;
using admin::day;

std::string validity(const CertFacts& facts) {
    return "valid from " + day(facts.not_before) + " to " + day(facts.not_after);
}

void judge_time(const std::string& path, const CertFacts& facts, WallTime now, PairFindings& found) {
    switch (admin::certificate_time(facts, now)) {
        case CertificateTime::good: return;
        case CertificateTime::expired:
            found.certificate =
                path + " expired on " + day(facts.not_after) + " (" + validity(facts) + "); renew the certificate";
            return;
        case CertificateTime::not_yet:
            found.certificate = path + " is " + validity(facts) + ", and today is " + day(now) +
                                "; use another certificate, or set the clock of this host";
            return;
        case CertificateTime::expires_soon:
        case CertificateTime::expires_very_soon: break;
    }
    found.warning = path + " expires on " + day(facts.not_after) + ", in " +
                    counted(static_cast<std::uint64_t>(admin::days_until(facts.not_after, now)), "day") +
                    "; renew the certificate";
}

/// A certificate of the file with its key, and what the keys of the file are called.
struct NamedPair {
    std::string section;  ///< such as "link"
    const std::string* certificate;
    const std::string* key;
};

std::vector<NamedPair> pairs_of(const config::NodeFile& file) {
    std::vector<NamedPair> pairs;
    for (std::size_t i = 0; i < file.tls.identities.size(); ++i) {
        const config::TlsIdentityFile& identity = file.tls.identities[i];
        pairs.push_back({"tls.identity[" + std::to_string(i) + "]", &identity.certificate, &identity.key});
    }
    pairs.push_back({"admin", &file.admin.certificate, &file.admin.key});
    pairs.push_back({"axl", &file.axl.certificate, &file.axl.key});
    pairs.push_back({"link", &file.link.certificate, &file.link.key});
    return pairs;
}

class HostCheck {
public:
    HostCheck(const config::NodeFile& file, const std::vector<config::FileError>& known, WallTime now)
        : file_{file}, known_{known}, now_{now} {}

    void check(const NamedPair& pair) {
        const std::string certificate = pair.section + ".certificate";
        // The key may stand in the file of the certificate.
        const std::string key = file_.lines.contains(pair.section + ".key") ? pair.section + ".key" : certificate;
        if (pair.certificate->empty() || is_known(certificate) || is_known(key)) return;
        const PairFindings found = judge_pair(*pair.certificate, *pair.key, now_);
        if (!found.certificate.empty()) complain(certificate, found.certificate);
        if (!found.key.empty()) complain(key, found.key);
        if (!found.warning.empty()) warn(certificate, found.warning);
    }

    void check_addresses(const std::vector<IpAddress>& addresses) {
        for (const config::ListenerEntry& listener : config::listeners(file_)) {
            check(std::string{listener.key}, listener.at.address, addresses);
        }
        for (const IpAddress& source : file_.s2s.source_addresses) check("s2s.source_address", source, addresses);
    }

    HostFindings found;

private:
    [[nodiscard]] bool is_known(const std::string& key) const {
        return std::any_of(known_.begin(), known_.end(), [&](const auto& error) { return error.key == key; });
    }
    void complain(const std::string& key, const std::string& text) {
        const auto line = file_.lines.find(key);
        found.errors.push_back({file_.path, line == file_.lines.end() ? 0 : line->second, key, text});
    }
    void warn(const std::string& key, const std::string& text) { found.warnings.push_back(key + ": " + text); }

    void check(const std::string& key, const IpAddress& address, const std::vector<IpAddress>& addresses) {
        const bool is_wildcard =
            std::all_of(address.bytes.begin(), address.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
        if (is_wildcard || is_loopback(address)) return;
        if (std::find(addresses.begin(), addresses.end(), address) != addresses.end()) return;
        warn(key, address.text() + " is not an address of this host; the node can only start on one that has it");
    }

    const config::NodeFile& file_;
    const std::vector<config::FileError>& known_;
    WallTime now_;
};

}  // namespace

PairFindings judge_pair(const std::string& certificate, const std::string& key, WallTime now) {
    PairFindings found;
    if (const auto text = io::read_file(certificate)) {
        // Without anchors: whether peers trust it is theirs to say.
        if (const auto facts = io::judge_certificate(*text, {})) judge_time(certificate, *facts, now, found);
    }
    io::TlsSettings settings;
    settings.identities.push_back({{}, certificate, key});
    const auto loaded = io::make_tls_context(std::move(settings));
    if (loaded) return found;
    const Error& error = loaded.error();
    std::string& place = error.code == "tls-certificate" ? found.certificate : found.key;
    if (place.empty()) place = error.text;
    return found;
}

HostFindings check_host(const config::NodeFile& file, const std::vector<config::FileError>& known,
                        const std::optional<std::vector<IpAddress>>& addresses, WallTime now) {
    HostCheck check{file, known, now};
    for (const NamedPair& pair : pairs_of(file)) check.check(pair);
    if (addresses) check.check_addresses(*addresses);
    return std::move(check.found);
}

}  // namespace sallyport::ctl
