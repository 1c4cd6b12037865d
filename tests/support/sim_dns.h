// DNS of the simulated world: zones filled by the test, answers after a delay, everything counted. Each node has a
// resolver service of its own before it, which asks no more than the real one would.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "io/dns/questions.h"
#include "io/dns/resolver.h"
#include "support/sim_world.h"

namespace sallyport::test {

class SimDns final : public io::ResolverService {
public:
    explicit SimDns(SimWorld& world) : loop_{world.loop()} {}

    void srv(const std::string& name, std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
             const std::string& target);
    void address(const std::string& name, const std::string& address);
    /// All questions for `name` end like this. timed_out: its servers are silent; who asks is told so after ten
    /// seconds, and the resolver gives up after thirty.
    void fail(const std::string& name, DnsStatus status);
    /// Answers for `name` take this long; 1 ms unless set.
    void delay(const std::string& name, Duration delay) { delays_[name] = delay; }
    /// Answers for `name` count as validated.
    void secure(const std::string& name) { secure_[name] = true; }
    void forget(const std::string& name);

    /// Questions asked so far for `name`.
    [[nodiscard]] int questions(const std::string& name) const;
    [[nodiscard]] std::unique_ptr<io::Resolver> resolver(io::Loop& loop) override { return own_->resolver(loop); }
    void tables(TableFills& all) override { own_->tables(all); }
    /// The service of a node that asks so many questions at a time. Its end is that of no question.
    [[nodiscard]] std::unique_ptr<io::ResolverService> of_node(std::uint64_t questions);

private:
    friend class SimResolver;
    friend class SimResolverService;
    enum class Kind { srv, v4, v6 };
    [[nodiscard]] std::unique_ptr<io::Lookup> ask(const std::shared_ptr<io::Questions>& questions,
                                                  const std::string& name, Kind kind, const io::Asker& asker,
                                                  io::OnAnswer on_answer);
    [[nodiscard]] DnsAnswer answer(const std::string& name, Kind kind) const;

    SimLoop& loop_;
    std::map<std::string, std::vector<SrvRecord>> srv_;
    std::map<std::string, std::vector<IpAddress>> addresses_;
    std::map<std::string, DnsStatus> failures_;
    std::map<std::string, Duration> delays_;
    std::map<std::string, bool> secure_;
    std::map<std::string, int> questions_;
    std::unique_ptr<io::ResolverService> own_ = of_node(io::DnsSettings{}.questions);
};

}  // namespace sallyport::test
