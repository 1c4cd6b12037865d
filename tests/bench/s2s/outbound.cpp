// From the inside to the federation: stanzas go in as a component's or on the link, and come out of the server's own
// S2S streams at remote servers that this process plays.
#include <algorithm>

#include "s2s/bench.h"
#include "s2s/listener.h"
#include "s2s/responder.h"

namespace sallyport::bench {
namespace {

class Outbound {
public:
    explicit Outbound(Bench& bench)
        : bench_{bench},
          tls_{make_context(TlsRole::server, bench.options.certificate, bench.options.key, 0)},
          listener_{bench.loop, bench.options.listen, [this](int fd) { accept(fd); }} {
        const std::string from = "u@" + bench_.options.inside_domain + "/r";
        for (unsigned i = 0; i < bench_.options.streams; ++i) {
            writers_.emplace_back(from, "u@" + numbered(bench_.options.from_domain, i));
            ledger_numbers_.push_back(bench_.ledger.add_stream(from));
        }
    }

    /// One stanza to each domain, so that its stream is open when measuring begins.
    void open_streams() {
        for (std::size_t i = 0; i < writers_.size(); ++i) write(i, 1, now_ns());
        bench_.run_until([this] { return bench_.ledger.outstanding() == 0; }, 20, "the first stanzas");
    }

    void run(double seconds) {
        const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(seconds * 1e9);
        for (std::uint64_t now = now_ns(); now < end; now = now_ns()) {
            const std::uint64_t outstanding = bench_.ledger.outstanding();
            const std::uint64_t window = bench_.options.window;
            const bool room = window == 0 || outstanding + bench_.options.batch <= window;
            if (room && bench_.inside().writable()) write(turn_++ % writers_.size(), bench_.options.batch, now);
            bench_.loop.turn(room && bench_.inside().writable() ? 0 : 20);
            bench_.check_inside();
        }
    }

private:
    void accept(int fd) {
        remotes_.push_back(std::make_unique<Responder>(
            bench_.loop, fd, tls_.get(), [this](std::string_view stanza) { bench_.ledger.arrived(stanza, now_ns()); }));
    }

    void write(std::size_t domain, unsigned count, std::uint64_t now) {
        batch_.clear();
        for (unsigned i = 0; i < count; ++i) {
            writers_[domain].append(bench_.ledger.next(ledger_numbers_[domain], now), batch_);
        }
        bench_.inside().write(batch_);
    }

    Bench& bench_;
    TlsContext tls_;
    std::vector<std::unique_ptr<Responder>> remotes_;
    Listener listener_;
    std::vector<StanzaWriter> writers_;
    std::vector<std::uint64_t> ledger_numbers_;
    std::string batch_;
    std::size_t turn_ = 0;
};

}  // namespace

Report run_outbound(Bench& bench) {
    bench.attach();
    Outbound outbound{bench};
    outbound.open_streams();
    outbound.run(bench.options.warm_up);
    bench.drain();
    return measure_stanzas(bench, [&] { outbound.run(bench.options.seconds); });
}

}  // namespace sallyport::bench
