// The resolver over libunbound: one context with its own thread and cache for the process. Answers are fetched on a
// second thread, which does nothing else, and posted to the loop that asked: no slow work of another delays them.
// libunbound has no way to cancel that is safe from another thread, so a look-up that is destroyed simply no longer
// wants its answer; its question goes on, and counts (questions.h).
#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "io/dns/answer.h"
#include "io/dns/known_answers.h"
#include "io/dns/questions.h"
#include "io/dns/resolver.h"
#include "io/loop/asio_loop.h"

namespace sallyport::io {

namespace {

constexpr int type_a = 1;
constexpr int type_aaaa = 28;
constexpr int type_srv = 33;
constexpr int class_internet = 1;
constexpr int code_no_name = 3;  // NXDOMAIN

/// What a look-up and its query share; touched only on the asking loop.
struct Asked {
    OnAnswer on_answer;
    TimePoint started{};
    std::unique_ptr<Timer> timer;
    std::unique_ptr<Timer> known;  ///< what is known from before serves now
};

/// The way to the loop that asks; shut when its handle ends, so that the thread of the answers never meets a loop that
/// is gone.
class Door {
public:
    explicit Door(Loop& loop) : loop_{&loop} {}
    [[nodiscard]] Loop& loop() const { return *loop_; }  ///< on its own thread
    void post(std::function<void()> work) {
        const std::lock_guard hold{mutex_};
        if (open_) loop_->post(std::move(work));
    }
    void shut() {
        const std::lock_guard hold{mutex_};
        open_ = false;
    }
    /// On the loop's thread: the service is there.
    [[nodiscard]] bool is_open() const { return open_; }

private:
    Loop* loop_;
    std::mutex mutex_;
    bool open_ = true;
};

/// One query that libunbound works on. Read-only once it has been handed over.
struct Query {
    class UnboundService* service = nullptr;
    std::uint64_t number = 0;
    Questions::Question question;
    std::shared_ptr<Door> door;
    std::weak_ptr<Asked> asked;
};

DnsStatus status_of(const ub_result& result) {
    if (result.bogus != 0) return DnsStatus::bogus;
    if (result.rcode == code_no_name) return DnsStatus::no_name;
    if (result.rcode != 0) return DnsStatus::failed;
    return result.havedata != 0 ? DnsStatus::ok : DnsStatus::no_data;
}

DnsAnswer read_answer(const ub_result& result, int type) {
    DnsAnswer answer;
    answer.status = status_of(result);
    answer.secure = result.secure != 0;
    answer.ttl = std::chrono::seconds{result.ttl};
    if (result.why_bogus != nullptr) answer.detail = result.why_bogus;
    if (answer.status == DnsStatus::failed) answer.detail = "response code " + std::to_string(result.rcode);
    if (answer.status != DnsStatus::ok) return answer;
    for (std::size_t i = 0; i < most_records && result.data[i] != nullptr; ++i) {
        const std::string_view data{result.data[i], static_cast<std::size_t>(result.len[i])};
        if (type == type_srv) {
            if (auto record = read_srv(data)) answer.srv.push_back(std::move(*record));
        } else if (const auto address = read_address(data, type == type_aaaa)) {
            answer.addresses.push_back(*address);
        }
    }
    if (answer.srv.empty() && answer.addresses.empty()) {
        answer.status = DnsStatus::failed;
        answer.detail = "the answer holds only malformed records";
    }
    return answer;
}

void deliver(const std::shared_ptr<Asked>& asked, DnsAnswer answer, TimePoint now) {
    if (!asked->on_answer) return;
    asked->timer.reset();
    asked->known.reset();
    answer.took = std::chrono::duration_cast<std::chrono::microseconds>(now - asked->started);
    const OnAnswer on_answer = std::exchange(asked->on_answer, {});
    on_answer(answer);
}

struct FreeResult {
    void operator()(ub_result* result) const { ub_resolve_free(result); }
};
struct DeleteContext {
    void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};

class UnboundLookup final : public Lookup {
public:
    explicit UnboundLookup(std::shared_ptr<Asked> asked) : asked_{std::move(asked)} {}
    ~UnboundLookup() override {
        asked_->on_answer = nullptr;
        asked_->timer.reset();
        asked_->known.reset();
    }
    UnboundLookup(const UnboundLookup&) = delete;
    UnboundLookup& operator=(const UnboundLookup&) = delete;

private:
    std::shared_ptr<Asked> asked_;
};

class UnboundService final : public ResolverService {
public:
    UnboundService(ub_ctx* context, const DnsSettings& settings)
        : questions_{settings.questions, settings.timeout}, context_{context}, timeout_{settings.timeout} {}
    ~UnboundService() override {
        loop_.stop();
        if (thread_.joinable()) thread_.join();
        readiness_.reset();
    }
    UnboundService(const UnboundService&) = delete;
    UnboundService& operator=(const UnboundService&) = delete;

    void receive() {
        readiness_ = loop_.readiness(ub_fd(context_.get()), {[this] {
                                                                 ub_process(context_.get());
                                                                 readiness_->want_read();
                                                             },
                                                             {}});
        readiness_->want_read();
        thread_ = std::thread{[this] { loop_.run(); }};
    }

    [[nodiscard]] std::unique_ptr<Resolver> resolver(Loop& loop) override;

    void tables(TableFills& all) override {
        const std::lock_guard hold{mutex_};
        questions_.tables(all, loop_.now());
        known_.tables(all);
    }

    std::unique_ptr<Lookup> ask(const std::shared_ptr<Door>& door, const std::string& name, int type,
                                const Asker& asker, OnAnswer on_answer) {
        Loop& loop = door->loop();
        auto asked = std::make_shared<Asked>();
        asked->on_answer = std::move(on_answer);
        asked->started = loop.now();
        auto query = std::make_unique<Query>();
        query->service = this;
        query->question = {name, type, asker, asked->started};
        query->door = door;
        query->asked = asked;
        auto known = recall(query->question);
        if (auto refused = begin(query->question)) {
            post(*query, known ? std::move(known->answer) : std::move(*refused));
            return std::make_unique<UnboundLookup>(std::move(asked));
        }
        Query* const under_way = remember(std::move(query));
        if (known) {
            asked->known = loop.timer(
                [this, weak = std::weak_ptr{asked}, door, number = under_way->number, answer = known->answer, &loop] {
                    if (door->is_open()) fell_silent(number, loop.now());
                    if (const auto here = weak.lock()) deliver(here, answer, loop.now());
                });
            asked->known->arm(asked->started + known->patience);
        }
        asked->timer = loop.timer([this, weak = std::weak_ptr{asked}, door, number = under_way->number, &loop] {
            if (door->is_open()) fell_silent(number, loop.now());
            DnsAnswer answer;
            answer.status = DnsStatus::timed_out;
            if (const auto here = weak.lock()) deliver(here, std::move(answer), loop.now());
        });
        asked->timer->arm(asked->started + timeout_);
        const int problem = ub_resolve_async(context_.get(), name.c_str(), type, class_internet, under_way,
                                             &UnboundService::on_result, nullptr);
        if (problem != 0) {
            DnsAnswer answer;
            answer.detail = ub_strerror(problem);
            const Query over = take(*under_way, answer);
            post(over, std::move(answer));
        }
        return std::make_unique<UnboundLookup>(std::move(asked));
    }

private:
    /// Called by ub_process on the thread of the answers.
    static void on_result(void* data, int problem, ub_result* raw) {
        const std::unique_ptr<ub_result, FreeResult> result{raw};
        auto& query = *static_cast<Query*>(data);
        DnsAnswer answer;
        if (problem != 0 || !result) {
            answer.detail = ub_strerror(problem);
        } else {
            answer = read_answer(*result, query.question.type);
        }
        const Query over = query.service->take(query, answer);
        post(over, std::move(answer));
    }

    static void post(const Query& query, DnsAnswer answer) {
        Loop* const loop = &query.door->loop();
        query.door->post([loop, asked = query.asked, answer = std::move(answer)] {
            if (const auto here = asked.lock()) deliver(here, answer, loop->now());
        });
    }

    Query* remember(std::unique_ptr<Query> query) {
        const std::lock_guard hold{mutex_};
        query->number = next_++;
        Query* raw = query.get();
        queries_.emplace(raw->number, std::move(query));
        return raw;
    }

    /// Its question is over. The asker gets what is known from before where name servers have failed (RFC 8767 section
    /// 4).
    Query take(Query& query, DnsAnswer& answer) {
        const std::lock_guard hold{mutex_};
        Query out = std::move(query);
        queries_.erase(out.number);
        const TimePoint now = loop_.now();
        questions_.over(out.question, answer.status, now);
        const KnownAnswers::Name name{out.question.type, out.question.name};
        // Strangers ask for as many names as they like, and would push out those of partners.
        if (out.question.asker.kind != Asker::Kind::strangers) known_.learn(name, answer, now);
        if (answer.status == DnsStatus::failed && out.question.asker.kind != Asker::Kind::node) {
            if (auto known = known_.recall(name, now)) answer = std::move(known->answer);
        }
        return out;
    }

    /// What is known from before. The node itself, and who administers it, asks for what DNS says now.
    std::optional<KnownAnswers::Known> recall(const Questions::Question& question) {
        if (question.asker.kind == Asker::Kind::node) return std::nullopt;
        const std::lock_guard hold{mutex_};
        return known_.recall({question.type, question.name}, question.since);
    }

    std::optional<DnsAnswer> begin(const Questions::Question& question) {
        const std::lock_guard hold{mutex_};
        return questions_.begin(question);
    }

    /// Unless its answer is on the way.
    void fell_silent(std::uint64_t number, TimePoint now) {
        const std::lock_guard hold{mutex_};
        if (const auto at = queries_.find(number); at != queries_.end()) questions_.silent(at->second->question, now);
    }

    std::mutex mutex_;  ///< guards these four
    Questions questions_;
    KnownAnswers known_;
    std::map<std::uint64_t, std::unique_ptr<Query>> queries_;
    std::uint64_t next_ = 0;
    // Deleting the context ends its thread; only then may the queries go.
    std::unique_ptr<ub_ctx, DeleteContext> context_;
    Duration timeout_;
    AsioLoop loop_;
    std::unique_ptr<Readiness> readiness_;
    std::thread thread_;
};

/// The service must outlive it.
class UnboundResolver final : public Resolver {
public:
    UnboundResolver(UnboundService& service, Loop& loop) : service_{service}, door_{std::make_shared<Door>(loop)} {}
    ~UnboundResolver() override { door_->shut(); }
    UnboundResolver(const UnboundResolver&) = delete;
    UnboundResolver& operator=(const UnboundResolver&) = delete;

    [[nodiscard]] std::unique_ptr<Lookup> srv(const std::string& name, const Asker& asker,
                                              OnAnswer on_answer) override {
        return service_.ask(door_, name, type_srv, asker, std::move(on_answer));
    }
    [[nodiscard]] std::unique_ptr<Lookup> addresses(const std::string& name, bool v6, const Asker& asker,
                                                    OnAnswer on_answer) override {
        return service_.ask(door_, name, v6 ? type_aaaa : type_a, asker, std::move(on_answer));
    }

private:
    UnboundService& service_;
    std::shared_ptr<Door> door_;
};

std::unique_ptr<Resolver> UnboundService::resolver(Loop& loop) {
    return std::make_unique<UnboundResolver>(*this, loop);
}

/// Options that hold for every node; values as in unbound.conf(5).
constexpr std::pair<const char*, const char*> fixed_options[] = {
    {"cache-min-ttl:", "5"},
    {"cache-max-ttl:", "3600"},
    {"cache-max-negative-ttl:", "300"},
    {"aggressive-nsec:", "no"},  // whether somebody answers is asked with names that are in no cache
    {"edns-buffer-size:", "1232"},
    {"outgoing-num-tcp:", "64"},
    {"do-not-query-localhost:", "no"},  // a forwarder on this host is usual
    // libunbound would answer for these itself; laboratories and homes use them for real. To remove the zones later
    // would take names of the hosts file with them.
    {"local-zone:", "test. transparent"},
    {"local-zone:", "home.arpa. transparent"},
    {"unblock-lan-zones:", "yes"},  // reverse names of private addresses belong to the operator's own servers
    {"insecure-lan-zones:", "yes"},
    {"domain-insecure:", "test."},
    {"domain-insecure:", "home.arpa."},
    {"domain-insecure:", "lab."},
    {"domain-insecure:", "local."},
    {"domain-insecure:", "internal."},
};

Error refused(const std::string& what, int problem) {
    return {"dns-configuration", what + ": " + ub_strerror(problem)};
}

/// A question that gets no answer keeps its socket until it is over; further ones wait in one line for everybody, and
/// without this libunbound has 16. Twice as many as may be asked: a question may lead to others (DNSSEC, aliases).
std::string sockets_for(std::uint64_t questions) {
    constexpr std::uint64_t most = 32768;  // of the ports that there are
    return std::to_string(std::clamp<std::uint64_t>(questions, 16, most / 2) * 2);
}

Result<void> configure(ub_ctx* context, const DnsSettings& settings) {
    ub_ctx_debugout(context, nullptr);  // its own lines on standard error would bypass our log
    const auto set = [context](const char* name, const char* value) -> Result<void> {
        const int problem = ub_ctx_set_option(context, name, value);
        if (problem != 0) return refused(std::string{name} + " " + value, problem);
        return {};
    };
    for (const auto& [name, value] : fixed_options) {
        if (auto done = set(name, value); !done) return done;
    }
    if (auto done = set("outgoing-range:", sockets_for(settings.questions).c_str()); !done) return done;
    for (const Endpoint& server : settings.servers) {
        const std::string forwarder = server.address.text() + "@" + std::to_string(server.port);
        if (const int problem = ub_ctx_set_fwd(context, forwarder.c_str())) return refused(forwarder, problem);
    }
    if (settings.servers.empty()) {
        if (const int problem = ub_ctx_resolvconf(context, nullptr)) return refused("/etc/resolv.conf", problem);
    }
    if (!settings.hosts_file.empty()) {
        const int problem = ub_ctx_hosts(context, settings.hosts_file.c_str());
        if (problem != 0) return refused(settings.hosts_file, problem);
    }
    if (!settings.trust_anchor_file.empty()) {
        // libunbound would find out only with the first question.
        if (::access(settings.trust_anchor_file.c_str(), R_OK) != 0) {
            return refused(settings.trust_anchor_file, UB_READFILE);
        }
        const int problem = ub_ctx_add_ta_file(context, settings.trust_anchor_file.c_str());
        if (problem != 0) return refused(settings.trust_anchor_file, problem);
    }
    if (const int problem = ub_ctx_async(context, 1)) return refused("thread", problem);
    // This puts the options into force, so it comes last and tells what is wrong with them.
    constexpr const char* unused_zone = "sallyport.invalid.";
    if (const int problem = ub_ctx_zone_remove(context, unused_zone)) return refused("options", problem);
    return {};
}

}  // namespace

Result<std::unique_ptr<ResolverService>> make_resolver_service(const DnsSettings& settings) {
    std::unique_ptr<ub_ctx, DeleteContext> context{ub_ctx_create()};
    if (!context) return Error{"dns-configuration", "The resolver could not be created."};
    if (const Result<void> configured = configure(context.get(), settings); !configured) return configured.error();
    auto service = std::make_unique<UnboundService>(context.release(), settings);
    service->receive();
    return std::unique_ptr<ResolverService>{std::move(service)};
}

}  // namespace sallyport::io
