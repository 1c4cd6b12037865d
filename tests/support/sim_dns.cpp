// Zones in maps.
#include "support/sim_dns.h"

namespace sallyport::test {

namespace {

constexpr Duration patience = std::chrono::seconds{10};
constexpr Duration resolver_patience = std::chrono::seconds{30};

class SimLookup final : public io::Lookup {
public:
    explicit SimLookup(std::shared_ptr<io::OnAnswer> callback) : callback_{std::move(callback)} {}
    ~SimLookup() override { *callback_ = nullptr; }
    SimLookup(const SimLookup&) = delete;
    SimLookup& operator=(const SimLookup&) = delete;

private:
    std::shared_ptr<io::OnAnswer> callback_;
};

}  // namespace

class SimResolver final : public io::Resolver {
public:
    SimResolver(SimDns& dns, std::shared_ptr<io::Questions> questions) : dns_{dns}, questions_{std::move(questions)} {}
    [[nodiscard]] std::unique_ptr<io::Lookup> srv(const std::string& name, const io::Asker& asker,
                                                  io::OnAnswer on_answer) override {
        return dns_.ask(questions_, name, SimDns::Kind::srv, asker, std::move(on_answer));
    }
    [[nodiscard]] std::unique_ptr<io::Lookup> addresses(const std::string& name, bool v6, const io::Asker& asker,
                                                        io::OnAnswer on_answer) override {
        return dns_.ask(questions_, name, v6 ? SimDns::Kind::v6 : SimDns::Kind::v4, asker, std::move(on_answer));
    }

private:
    SimDns& dns_;
    std::shared_ptr<io::Questions> questions_;
};

class SimResolverService final : public io::ResolverService {
public:
    SimResolverService(SimDns& dns, std::uint64_t questions)
        : dns_{dns}, questions_{std::make_shared<io::Questions>(questions, patience)} {}
    [[nodiscard]] std::unique_ptr<io::Resolver> resolver(io::Loop&) override {
        return std::make_unique<SimResolver>(dns_, questions_);
    }
    void tables(TableFills& all) override { questions_->tables(all, dns_.loop_.now()); }

private:
    SimDns& dns_;
    std::shared_ptr<io::Questions> questions_;
};

std::unique_ptr<io::ResolverService> SimDns::of_node(std::uint64_t questions) {
    return std::make_unique<SimResolverService>(*this, questions);
}

void SimDns::srv(const std::string& name, std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                 const std::string& target) {
    srv_[name].push_back({priority, weight, port, target});
}

void SimDns::address(const std::string& name, const std::string& address) {
    addresses_[name].push_back(*IpAddress::parse(address));
}

void SimDns::fail(const std::string& name, DnsStatus status) { failures_[name] = status; }

void SimDns::forget(const std::string& name) {
    srv_.erase(name);
    addresses_.erase(name);
    failures_.erase(name);
}

int SimDns::questions(const std::string& name) const {
    const auto found = questions_.find(name);
    return found == questions_.end() ? 0 : found->second;
}

DnsAnswer SimDns::answer(const std::string& name, Kind kind) const {
    DnsAnswer out;
    out.ttl = std::chrono::seconds{60};
    out.secure = secure_.count(name) > 0;
    if (const auto failure = failures_.find(name); failure != failures_.end()) {
        out.status = failure->second;
        out.detail = text(failure->second);
        return out;
    }
    const auto services = srv_.find(name);
    const auto hosts = addresses_.find(name);
    if (kind == Kind::srv && services != srv_.end()) out.srv = services->second;
    if (kind != Kind::srv && hosts != addresses_.end()) {
        for (const IpAddress& address : hosts->second) {
            if (address.v6 == (kind == Kind::v6)) out.addresses.push_back(address);
        }
    }
    const bool exists = services != srv_.end() || hosts != addresses_.end();
    const bool empty = out.srv.empty() && out.addresses.empty();
    out.status = !exists ? DnsStatus::no_name : (empty ? DnsStatus::no_data : DnsStatus::ok);
    return out;
}

std::unique_ptr<io::Lookup> SimDns::ask(const std::shared_ptr<io::Questions>& questions, const std::string& name,
                                        Kind kind, const io::Asker& asker, io::OnAnswer on_answer) {
    auto callback = std::make_shared<io::OnAnswer>(std::move(on_answer));
    const auto deliver = [callback](const DnsAnswer& out) {
        if (!*callback) return;
        const io::OnAnswer once = std::exchange(*callback, nullptr);
        once(out);
    };
    const io::Questions::Question question{name, static_cast<int>(kind), asker, loop_.now()};
    if (const auto refused = questions->begin(question)) {
        loop_.post([deliver, out = *refused] { deliver(out); });
        return std::make_unique<SimLookup>(std::move(callback));
    }
    ++questions_[name];
    DnsAnswer out = answer(name, kind);
    const bool silent = out.status == DnsStatus::timed_out;
    Duration delay = silent ? patience : std::chrono::milliseconds{1};
    if (const auto set = delays_.find(name); set != delays_.end()) delay = set->second;
    out.took = std::chrono::duration_cast<std::chrono::microseconds>(delay);
    loop_.at(loop_.now() + delay, [this, questions, question, deliver, out, silent] {
        silent ? questions->silent(question, loop_.now()) : questions->over(question, out.status, loop_.now());
        deliver(out);
    });
    if (silent) {
        loop_.at(loop_.now() + resolver_patience,
                 [this, questions, question] { questions->over(question, DnsStatus::failed, loop_.now()); });
    }
    return std::make_unique<SimLookup>(std::move(callback));
}

}  // namespace sallyport::test
