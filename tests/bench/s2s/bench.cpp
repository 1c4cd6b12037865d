#include "s2s/bench.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <iomanip>
#include <stdexcept>

#include "s2s/process.h"

namespace sallyport::bench {
namespace {

constexpr unsigned opened_at_a_time = 32;
constexpr unsigned local_addresses = 200;
constexpr std::size_t inside_read_ahead = 64 * 1024;

in_addr local_address(const std::string& first, unsigned number) {
    in_addr address{};
    if (inet_pton(AF_INET, first.c_str(), &address) != 1) throw std::runtime_error{"not an address: " + first};
    address.s_addr = htonl(ntohl(address.s_addr) + 1 + number % local_addresses);
    return address;
}

}  // namespace

std::string numbered(const std::string& pattern, unsigned number) {
    const std::size_t mark = pattern.find('%');
    if (mark == std::string::npos) return pattern;
    return pattern.substr(0, mark) + std::to_string(number) + pattern.substr(mark + 1);
}

Bench::Bench(const Options& given)
    : options{given}, source_tls_{make_context(TlsRole::client, options.certificate, options.key, 0)} {
    if (!options.link_certificate.empty()) {
        link_tls_ = make_context(TlsRole::client, options.link_certificate, options.link_key, inside_read_ahead);
    }
}

void Bench::attach() {
    if (options.inside.empty()) return;
    InsideSettings settings{parse_address(options.inside),
                            link_tls_.get(),
                            options.inside_domain,
                            options.secret,
                            options.realm,
                            options.far_realm};
    if (options.inside_kind == "link") {
        inside_ = std::make_unique<Link>(loop, ledger, settings);
    } else {
        inside_ = std::make_unique<Component>(loop, ledger, settings);
    }
    run_until([this] { return inside_->ready(); }, 10, "the inside");
}

std::unique_ptr<Source> Bench::new_source() {
    const unsigned number = made_++;
    // Domains come again after 10,000, as they do for a server with many partners.
    SourceSettings settings{parse_address(options.server),
                            local_address(options.local, number),
                            source_tls_.get(),
                            numbered(options.from_domain, number % 10000),
                            options.to_domain,
                            options.to};
    return std::make_unique<Source>(loop, ledger, settings);
}

void Bench::check_inside() const {
    if (inside_ && !inside_->failure().empty()) throw std::runtime_error{inside_->failure()};
}

void Bench::run_until(const std::function<bool()>& done, double limit, const char* what) {
    const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(limit * 1e9);
    while (!done()) {
        check_inside();
        if (now_ns() > end) throw std::runtime_error{std::string{"waited too long for "} + what};
        loop.turn(20);
    }
}

void Bench::open(std::vector<std::unique_ptr<Source>>& sources, unsigned count) {
    const std::size_t target = sources.size() + count;
    std::size_t first_pending = sources.size();
    run_until(
        [&] {
            std::size_t pending = 0;
            for (std::size_t i = first_pending; i < sources.size(); ++i) {
                if (sources[i]->over()) throw std::runtime_error{"a stream failed: " + sources[i]->failure()};
                if (!sources[i]->ready()) ++pending;
                if (pending == 0) first_pending = i + 1;
            }
            for (; pending < opened_at_a_time && sources.size() < target; ++pending) sources.push_back(new_source());
            return pending == 0;
        },
        120, "streams to open");
}

void Bench::drain() {
    constexpr std::uint64_t patience = 3'000'000'000;  // without a stanza
    const std::uint64_t end = now_ns() + 20 * patience;
    std::uint64_t seen = ledger.received();
    std::uint64_t last_progress = now_ns();
    while (ledger.outstanding() > 0 && now_ns() < end && now_ns() - last_progress < patience) {
        check_inside();
        loop.turn(20);
        if (ledger.received() != seen) last_progress = now_ns();
        seen = ledger.received();
    }
}

std::ostringstream& Report::member(const std::string& name) {
    if (text_.tellp() > 0) text_ << ", ";
    text_ << '"' << name << "\": ";
    return text_;
}

Report& Report::add(const std::string& name, double value) {
    member(name) << std::fixed << std::setprecision(4) << value;
    return *this;
}

Report& Report::add(const std::string& name, std::uint64_t value) {
    member(name) << value;
    return *this;
}

Report& Report::add(const std::string& name, const std::string& value) {
    member(name) << '"' << value << '"';
    return *this;
}

Report& Report::counts(const Ledger& ledger) {
    add("sent", ledger.sent()).add("received", ledger.received()).add("lost", ledger.lost());
    return add("repeated_or_late", ledger.repeated_or_late()).add("bad", ledger.bad());
}

Meter::Meter(int peer)
    : peer_{peer}, peer_cpu_{-cpu_seconds(peer)}, own_cpu_{-cpu_seconds(getpid())}, started_{now_ns()} {}

void Meter::stop() {
    seconds_ = static_cast<double>(now_ns() - started_) / 1e9;
    peer_cpu_ += cpu_seconds(peer_);
    own_cpu_ += cpu_seconds(getpid());
}

void Meter::report(Report& report) const {
    report.add("seconds", seconds_).add("peer_core", peer_cpu_ / seconds_);
    report.add("generator_core", own_cpu_ / seconds_).add("peer_rss_kb", resident_kb(peer_));
}

}  // namespace sallyport::bench
