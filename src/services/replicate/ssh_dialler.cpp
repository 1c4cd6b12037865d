// Look-up, connection, SSH, channel; and again when it ends.
#include "services/replicate/ssh_dialler.h"

#include <algorithm>

#include "io/net/tcp_network.h"

namespace sallyport::services {

namespace {

constexpr Duration dial_timeout = std::chrono::seconds{5};
constexpr std::uint64_t first_delay_ms = 500;
constexpr std::uint64_t longest_delay_ms = 4000;
/// A connection that lasted so long begins the delays anew.
constexpr Duration settled_after = std::chrono::seconds{5};

}  // namespace

struct SshDialler::Dialling {
    SshTarget target;
    std::size_t place = 0;
    unsigned failures = 0;
    std::string why;
    TimePoint opened_at{};
    std::unique_ptr<io::Timer> retry;
    std::unique_ptr<io::Lookup> lookup;
    std::unique_ptr<io::Dial> dial;
    std::unique_ptr<io::SshAttempt> attempt;
};

SshDialler::SshDialler(Parts parts, std::vector<SshTarget> targets) : parts_{std::move(parts)} {
    for (SshTarget& target : targets) {
        auto dialling = std::make_unique<Dialling>();
        dialling->target = std::move(target);
        dialling->place = diallings_.size();
        dialling->retry = parts_.loop.timer([this, key = dialling.get()] { resolve(*key); });
        diallings_.push_back(std::move(dialling));
    }
}

SshDialler::~SshDialler() = default;

void SshDialler::start() {
    parts_.replicator.on_down([this](const std::string& name, const std::string& why) { down(name, why); });
    for (auto& dialling : diallings_) resolve(*dialling);
}

void SshDialler::resolve(Dialling& dialling) {
    if (const auto literal = IpAddress::parse(dialling.target.address.host)) return connect(dialling, *literal);
    dialling.lookup = parts_.resolver.addresses(
        dialling.target.address.host, false, {}, [this, key = &dialling](const DnsAnswer& answer) {
            if (!answer.addresses.empty()) return connect(*key, answer.addresses.front());
            failed(*key,
                   {"ssh-failed", "look-up of " + key->target.address.host + ": " + std::string{text(answer.status)}});
        });
}

void SshDialler::connect(Dialling& dialling, const IpAddress& address) {
    dialling.dial = parts_.network.dial({address, dialling.target.address.port}, nullptr, dial_timeout,
                                        [this, key = &dialling](Result<std::unique_ptr<io::Stream>> result) {
                                            if (!result) return failed(*key, result.error());
                                            handshake(*key, std::move(*result));
                                        });
}

void SshDialler::handshake(Dialling& dialling, std::unique_ptr<io::Stream> stream) {
    const int descriptor = io::TcpNetwork::release(std::move(stream));
    if (descriptor < 0) return failed(dialling, {"ssh-failed", "the connection ended at once"});
    const SshTarget& target = dialling.target;
    dialling.attempt = parts_.ssh.connect(
        descriptor, target.address.text(), {target.name, target.key, target.host_key, parts_.login_seconds},
        {[this, key = &dialling](std::unique_ptr<io::ByteChannel> channel, const io::SshFar& far) {
             opened(*key, std::move(channel), far);
         },
         [this, key = &dialling](const Error& error) { failed(*key, error); }});
}

void SshDialler::opened(Dialling& dialling, std::unique_ptr<io::ByteChannel> channel, const io::SshFar& far) {
    dialling.attempt.reset();
    dialling.why.clear();
    dialling.opened_at = parts_.loop.now();
    parts_.alarms.lower(AlarmCode::ssh_host_key, dialling.target.address.text());
    parts_.log.info("ssh.open", {{"far", dialling.target.name},
                                 {"address", far.address},
                                 {"key", far.key},
                                 {"cipher", far.cipher},
                                 {"exchange", far.exchange}});
    parts_.replicator.attach(std::move(channel), {dialling.target.name, far.key, dialling.place, far.address});
}

void SshDialler::failed(Dialling& dialling, const Error& error) {
    dialling.attempt.reset();
    if (error.code == "ssh-host-key") {
        parts_.alarms.raise(AlarmCode::ssh_host_key, dialling.target.address.text(), error.text);
    }
    if (dialling.why != error.text) {
        parts_.log.warn("ssh.failed", {{"far", dialling.target.name},
                                       {"address", dialling.target.address.text()},
                                       {"code", error.code},
                                       {"why", error.text}});
    }
    dialling.why = error.text;
    parts_.replicator.trouble(dialling.target.name, error);
    retry_later(dialling);
}

void SshDialler::down(const std::string& name, const std::string&) {
    const auto at = std::find_if(diallings_.begin(), diallings_.end(),
                                 [&](const auto& dialling) { return dialling->target.name == name; });
    if (at == diallings_.end()) return;
    if (parts_.loop.now() - (*at)->opened_at > settled_after) (*at)->failures = 0;
    retry_later(**at);
}

void SshDialler::retry_later(Dialling& dialling) {
    const std::uint64_t ceiling = std::min(first_delay_ms << std::min(dialling.failures, 8U), longest_delay_ms);
    ++dialling.failures;
    const std::uint64_t delay = ceiling / 2 + parts_.random_below(ceiling / 2 + 1);
    dialling.retry->arm(parts_.loop.now() + std::chrono::milliseconds{delay});
}

}  // namespace sallyport::services
