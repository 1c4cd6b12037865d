// What streams of io/net cost: memory of idle TLS streams, and CPU time of relaying bytes from one TLS stream to
// another.
//   bench_io idle [streams]      resident bytes a stream in the serving process (mutual TLS 1.3)
//   bench_io relay [seconds]     322-byte units relayed a second of the relay's own CPU time
// The other ends run in a process of their own, so only the measured side is counted.
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "io/net/tcp_network.h"
#include "support/test_pki.h"

namespace sallyport::bench {
namespace {

using namespace std::chrono_literals;
using io::TlsRole;

constexpr std::size_t unit = 322;

/// Calls back on the few things a benchmark wants to know.
struct Owner final : io::StreamOwner {
    void on_bytes(std::string_view bytes) override {
        if (bytes_hook) bytes_hook(bytes);
    }
    void on_tls(const TlsFacts&) override {
        if (tls_hook) tls_hook();
    }
    void on_drained() override {
        if (drained_hook) drained_hook();
    }
    void on_closed(io::CloseReason, const std::string& text) override {
        if (!text.empty()) std::fprintf(stderr, "closed: %s\n", text.c_str());
        if (closed_hook) closed_hook();
    }
    void take(std::unique_ptr<io::Stream> taken) {
        stream = std::move(taken);
        stream->set_owner(this);
    }
    std::unique_ptr<io::Stream> stream;
    std::function<void(std::string_view)> bytes_hook;
    std::function<void()> tls_hook;
    std::function<void()> drained_hook;
    std::function<void()> closed_hook;
};

std::size_t resident_bytes() {
    malloc_trim(0);
    std::size_t total = 0;
    std::size_t resident = 0;
    std::ifstream{"/proc/self/statm"} >> total >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Endpoint loopback(std::uint16_t port) { return {IpAddress::v4(0x7f000001), port}; }

/// A process running `body`, which gets the port it has to work with.
template <typename Body>
pid_t child(Body body) {
    std::fflush(nullptr);
    const pid_t process = fork();
    if (process == 0) {
        body();
        _exit(0);
    }
    return process;
}

int measure_idle(std::size_t count) {
    const test::TestPki pki;
    const auto server_context = pki.context({"server.example"});
    const auto client_context = pki.context({"client.example"});
    io::AsioLoop loop;
    io::TcpNetwork network{loop};
    std::vector<std::unique_ptr<Owner>> owners;
    std::size_t ready = 0;
    auto listener = network.listen(loopback(0), [&](std::unique_ptr<io::Stream> stream) {
        auto& owner = *owners.emplace_back(std::make_unique<Owner>());
        owner.tls_hook = [&] { ++ready; };
        owner.take(std::move(stream));
        owner.stream->start_tls(server_context, TlsRole::server, {});
    });
    const std::uint16_t port = (*listener)->endpoint().port;
    const pid_t clients = child([&] {
        io::AsioLoop there;
        io::TcpNetwork out{there};
        std::vector<std::unique_ptr<Owner>> mine;
        std::vector<std::unique_ptr<io::Dial>> dials;
        std::function<void()> next = [&] {
            if (mine.size() == count) return;
            dials.clear();
            dials.push_back(out.dial(loopback(port), nullptr, 5s, [&](Result<std::unique_ptr<io::Stream>> made) {
                auto& owner = *mine.emplace_back(std::make_unique<Owner>());
                owner.take(std::move(*made));
                owner.tls_hook = [&] { there.post(next); };
                owner.stream->start_tls(client_context, TlsRole::client, "server.example");
            }));
        };
        there.post(next);
        there.run();
    });
    loop.run_until([&] { return ready == 10; });  // what the first streams bring with them is not theirs
    const std::size_t before = resident_bytes();
    loop.run_until([&] { return ready == count; });
    const std::size_t after = resident_bytes();
    std::printf("idle streams %zu, resident %.1f MB, a stream %.1f KB\n", count, static_cast<double>(after) / 1e6,
                static_cast<double>(after - before) / static_cast<double>(count - 10) / 1024);
    kill(clients, SIGTERM);
    waitpid(clients, nullptr, 0);
    return 0;
}

int measure_relay(Duration span) {
    const test::TestPki pki;
    const auto context = pki.context({"server.example"});
    io::AsioLoop loop;
    io::TcpNetwork network{loop};

    int port_pipe[2];
    if (pipe(port_pipe) != 0) return 1;
    const pid_t sink = child([&] {
        io::AsioLoop there;
        io::TcpNetwork in{there};
        Owner owner;
        auto at = in.listen(loopback(0), [&](std::unique_ptr<io::Stream> stream) {
            owner.take(std::move(stream));
            owner.stream->start_tls(context, TlsRole::server, {});
        });
        const std::uint16_t port = (*at)->endpoint().port;
        if (write(port_pipe[1], &port, sizeof port) != sizeof port) return;
        there.run();
    });
    std::uint16_t sink_port = 0;
    if (read(port_pipe[0], &sink_port, sizeof sink_port) != sizeof sink_port) return 1;

    Owner from;
    Owner to;
    std::size_t relayed = 0;
    from.bytes_hook = [&](std::string_view bytes) {
        relayed += bytes.size();
        to.stream->write(bytes);
        if (to.stream->pending() > io::Stream::high_water) from.stream->pause(true);
    };
    to.drained_hook = [&] { from.stream->pause(false); };
    auto listener = network.listen(loopback(0), [&](std::unique_ptr<io::Stream> stream) {
        from.take(std::move(stream));
        from.stream->start_tls(context, TlsRole::server, {});
    });
    const auto dial = network.dial(loopback(sink_port), nullptr, 5s, [&](Result<std::unique_ptr<io::Stream>> made) {
        to.take(std::move(*made));
        to.stream->start_tls(context, TlsRole::client, "server.example");
    });
    bool open = false;
    to.tls_hook = [&] { open = true; };
    loop.run_until([&] { return open; });
    const std::uint16_t port = (*listener)->endpoint().port;
    const pid_t source = child([&] {
        io::AsioLoop there;
        io::TcpNetwork out{there};
        Owner owner;
        const std::string block(unit * 2048, 'x');
        const auto fill = [&] {
            while (owner.stream->pending() <= io::Stream::high_water) owner.stream->write(block);
        };
        owner.tls_hook = fill;
        owner.drained_hook = fill;
        const auto outgoing = out.dial(loopback(port), nullptr, 5s, [&](Result<std::unique_ptr<io::Stream>> made) {
            owner.take(std::move(*made));
            owner.stream->start_tls(context, TlsRole::client, "server.example");
        });
        there.run();
    });
    loop.run_until([&] { return relayed > unit * 100000; });  // warm
    const std::size_t relayed_before = relayed;
    const double cpu_before = cpu_seconds();
    const TimePoint end = loop.now() + span;
    loop.run_until([&] { return loop.now() >= end; });
    const double cpu = cpu_seconds() - cpu_before;
    const double units = static_cast<double>(relayed - relayed_before) / static_cast<double>(unit);
    std::printf("relayed %.0f units of %zu bytes in %.2f CPU seconds: %.2f million a core second\n", units, unit, cpu,
                units / cpu / 1e6);
    for (const pid_t process : {source, sink}) {
        kill(process, SIGTERM);
        waitpid(process, nullptr, 0);
    }
    return 0;
}

}  // namespace
}  // namespace sallyport::bench

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    const long number = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 0;
    if (mode == "idle") return sallyport::bench::measure_idle(number > 10 ? static_cast<std::size_t>(number) : 2000);
    if (mode == "relay") return sallyport::bench::measure_relay(std::chrono::seconds{number > 0 ? number : 5});
    std::fprintf(stderr, "usage: bench_io idle [streams] | relay [seconds]\n");
    return 2;
}
