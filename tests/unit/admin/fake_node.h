// A node that says what a test wants, with real settings, a real loop and answers to look-ups from a table.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/access/access_desk.h"
#include "admin/api/answer_form.h"
#include "admin/api/call.h"
#include "admin/api/error_codes.h"
#include "admin/api/shared_status.h"
#include "admin/print/json_text.h"
#include "io/loop/asio_loop.h"
#include "io/loop/random.h"
#include "io/net/tcp_network.h"
#include "services/diagnostics/diagnostics.h"
#include "services/history/history.h"
#include "support/sim_log.h"
#include "support/test_pki.h"

namespace sallyport::test {

/// Answers from a table; names that are not in it do not exist.
class TableResolver final : public io::Resolver {
public:
    explicit TableResolver(io::Loop& loop) : loop_{loop} {}
    [[nodiscard]] std::unique_ptr<io::Lookup> srv(const std::string& name, const io::Asker&,
                                                  io::OnAnswer on_answer) override {
        return answer("SRV " + name, std::move(on_answer));
    }
    [[nodiscard]] std::unique_ptr<io::Lookup> addresses(const std::string& name, bool v6, const io::Asker&,
                                                        io::OnAnswer on_answer) override {
        return answer((v6 ? "AAAA " : "A ") + name, std::move(on_answer));
    }
    void add_srv(const std::string& name, SrvRecord record) {
        answers["SRV " + name].status = DnsStatus::ok;
        answers["SRV " + name].srv.push_back(std::move(record));
    }
    void add_address(const std::string& name, const std::string& address) {
        const auto parsed = *IpAddress::parse(address);
        DnsAnswer& answer = answers[(parsed.v6 ? "AAAA " : "A ") + name];
        answer.status = DnsStatus::ok;
        answer.addresses.push_back(parsed);
    }

    std::map<std::string, DnsAnswer> answers;  ///< "SRV name", "A name", "AAAA name"

private:
    struct Asked final : io::Lookup {};
    std::unique_ptr<io::Lookup> answer(const std::string& question, io::OnAnswer on_answer) {
        DnsAnswer found;
        found.status = DnsStatus::no_name;
        if (const auto at = answers.find(question); at != answers.end()) found = at->second;
        auto lookup = std::make_unique<Asked>();
        loop_.post([found, on_answer = std::move(on_answer)] { on_answer(found); });
        return lookup;
    }
    io::Loop& loop_;
};

class FakeNode final : public admin::NodeControl {
public:
    explicit FakeNode(std::map<std::string, std::string> first = {{"federation.enabled", "true"},
                                                                  {"federation.domains", R"(["b.test"])"}},
                      std::optional<config::Role> role = std::nullopt)
        : settings_{{folder.path(), std::move(first), "edge.toml", [](std::size_t n) { return io::random_bytes(n); },
                     std::nullopt, std::chrono::milliseconds{0}, role},
                    loop_,
                    Logger{log, LogModule::settings}} {
        if (!settings_.open()) std::abort();
        current.role = "edge";
        current.name = "edge1.b.test";
        current.federation_enabled = true;
        node_file.node.data = folder.path();
        node_file.path = "edge.toml";
    }

    [[nodiscard]] const config::NodeFile& file() const override { return node_file; }
    [[nodiscard]] services::SettingsService& settings() override { return settings_; }
    [[nodiscard]] services::AlarmBoard& alarms() override { return board; }
    [[nodiscard]] axl::SqlDesk* sql() override { return sql_desk; }
    [[nodiscard]] axl::UserDesk* axl_users() override { return user_desk; }
    [[nodiscard]] provision::Provisioner* provisioner() override { return publishers; }
    [[nodiscard]] Result<std::vector<io::Notification>> notifications() override {
        if (!noted) return admin::NodeControl::notifications();
        return *noted;
    }
    void status(OnStatus on_status) override { shared ? shared->ask(std::move(on_status)) : gather(on_status); }
    void gather(const std::function<void(admin::NodeStatus)>& then) {
        ++gathered;
        loop().post([this, then] { then(current); });
    }
    void brief_status(OnStatus on_status) override {
        ++briefly_gathered;
        if (silent) return;
        loop().post([this, on_status] {
            auto streams = std::exchange(current.streams, {});
            const admin::NodeStatus brief = current;
            current.streams = std::move(streams);
            on_status(brief);
        });
    }
    /// Who asks for the status shares what is gathered, as at a real node.
    void share_status() {
        shared = std::make_unique<admin::SharedStatus>(loop(), [this](const auto& then) { gather(then); });
    }
    void ping(const xmpp::DomainPair& pair, std::function<void(Result<Duration>)> on_pinged) override {
        pinged.push_back(pair.text());
        if (while_pinging) while_pinging();
        loop_.post([this, on_pinged] { on_pinged(pong); });
    }
    void close(const xmpp::Domain&, std::function<void(unsigned)> on_closed) override {
        loop_.post([this, on_closed] { on_closed(streams_to_close); });
    }
    void trace(const s2s::TraceOrder& order, std::function<void(Result<void>)> on_set) override {
        traced = order;
        loop_.post([on_set] { on_set({}); });
    }
    [[nodiscard]] io::Loop& loop() override { return other_loop != nullptr ? *other_loop : loop_; }
    [[nodiscard]] io::Network& network() override { return network_; }
    [[nodiscard]] io::Resolver& resolver() override { return other_resolver != nullptr ? *other_resolver : names; }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> client_tls() override { return tls; }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> direct_client_tls() override { return direct_tls; }
    [[nodiscard]] std::vector<io::LogEvent> events(std::uint64_t after, std::size_t most) override {
        std::vector<io::LogEvent> found;
        for (const io::LogEvent& event : log_events) {
            if (event.number > after) found.push_back(event);
        }
        if (found.size() > most) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(most));
        return found;
    }
    [[nodiscard]] services::Diagnostics* diagnostics() override { return parts.get(); }
    [[nodiscard]] admin::HostFacts& host() override { return current.host; }
    /// A log with levels, an event log on disk, captures and diagnoses of its own.
    void add_diagnostics() {
        io::LogSettings log_settings;
        log_settings.file = folder.path() + "/node.log";
        node_log = std::move(*io::NodeLog::open(log_settings, loop_));
        services::JournalOptions options;
        options.file = folder.path() + "/events.db";
        options.reading = reading;
        parts = std::make_unique<services::Diagnostics>(options, folder.path(), std::set<std::uint16_t>{5269}, "test",
                                                        services::DiagnosticsSeams{loop_, *node_log, board});
    }
    [[nodiscard]] bool beside(std::function<void()> work, std::function<void()> then) override {
        return disk ? disk(std::move(work), std::move(then)) : NodeControl::beside(std::move(work), std::move(then));
    }
    [[nodiscard]] history::History* history() override { return past.get(); }
    /// One on disk.
    void add_history() {
        history::Options options;
        options.file = folder.path() + "/history.db";
        options.peers = node_file.limits.history_peers;
        past = std::make_unique<history::History>(std::move(options), loop_, Logger{log, LogModule::node});
    }
    [[nodiscard]] std::vector<std::string> reload() override { return reload_problems; }
    [[nodiscard]] std::vector<config::FileChange> reload_changes() override { return file_changes; }
    [[nodiscard]] admin::AccessDesk* access() override { return people.get(); }
    /// Accounts, sessions and an audit.
    void add_access() {
        auto opened = admin::AccessDesk::open({folder.path(), {}, [](std::size_t n) { return io::random_bytes(n); }},
                                              loop_, Logger{log, LogModule::admin});
        if (!opened) std::abort();
        people = std::move(*opened);
    }
    [[nodiscard]] im::Directory* users() override { return accounts.get(); }
    [[nodiscard]] im::ClientDesk* clients() override { return online; }
    [[nodiscard]] admin::DeskNodes* desk_nodes() override { return desk; }
    [[nodiscard]] const record::Archive* handshakes() override { return records ? &archive : nullptr; }
    void verdict(const std::string& id, std::function<void(std::optional<record::Verdict>)> on_verdict) override {
        loop_.post([this, id, on_verdict] { on_verdict(verdicts.find(id)); });
    }

    void refusal(const s2s::AskedMessage& message,
                 std::function<void(std::optional<xmpp::StanzaError>)> on_refusal) override {
        loop_.post([this, asked = message.from + " " + message.to, on_refusal] {
            pool_asked.push_back(asked);
            on_refusal(pool_refusal);
        });
    }

    /// Runs a request to its end; all lines of the answer.
    std::vector<boost::json::value> run(const std::string& request) {
        std::vector<boost::json::value> lines;
        bool over = false;
        const auto call = admin::Call::start(*this, request, "anna", [&](const std::string& line, bool last) {
            lines.push_back(boost::json::parse(line));
            said = line;
            over = last;
        });
        finish(*call, over);
        return lines;
    }
    /// The same for somebody who proved who they are, as over REST.
    boost::json::value ask_as(admin::Call::Caller caller, const std::string& verb, const std::string& arguments) {
        boost::json::value found;
        bool over = false;
        const auto call = admin::Call::start(*this, std::move(caller), *admin::find_verb(verb),
                                             boost::json::parse(arguments).as_object(), std::nullopt,
                                             [&](const boost::json::object& answer, bool last) {
                                                 found = answer;
                                                 over = last;
                                             });
        finish(*call, over);
        if (!found.as_object().contains("result")) return found;
        expect_described(verb, found.at("result"));
        return found.at("result");
    }
    /// The result of a verb, or its error under "error".
    boost::json::value ask(const std::string& verb, const std::string& arguments = "{}") {
        const auto lines = run(R"({"verb":")" + verb + R"(","author":"anna","args":)" + arguments + "}");
        if (lines.empty()) return nullptr;
        const auto& answer = lines.back().as_object();
        if (!answer.at("ok").as_bool()) {
            const auto& code = answer.at("error").at("code").as_string();
            EXPECT_NE(admin::find_error_code({code.data(), code.size()}), nullptr) << code << " has no row";
            return boost::json::value{{"error", answer.at("error")}};
        }
        expect_described(verb, answer.at("result"));
        return answer.at("result");
    }
    void log_event(LogModule module, LogLevel level, const std::string& name,
                   std::vector<std::pair<std::string, std::string>> facts) {
        log_events.push_back({log_events.size() + 1, loop_.wall(), module, level, name, std::move(facts)});
    }

    TemporaryFolder folder;
    MemorySink log;
    io::Loop* other_loop = nullptr;  ///< for whom the node serves: one whose time the test moves
    io::Resolver* other_resolver = nullptr;
    config::NodeFile node_file;
    admin::NodeStatus current;
    bool silent = false;                          ///< nobody answers what is asked briefly
    unsigned gathered = 0, briefly_gathered = 0;  ///< how often what the shards have was gathered
    std::unique_ptr<im::Directory> accounts;
    Result<Duration> pong = Duration{std::chrono::milliseconds{12}};
    unsigned streams_to_close = 2;
    s2s::TraceOrder traced;
    axl::SqlDesk* sql_desk = nullptr;
    im::ClientDesk* online = nullptr;
    admin::DeskNodes* desk = nullptr;
    axl::UserDesk* user_desk = nullptr;
    provision::Provisioner* publishers = nullptr;
    std::optional<std::vector<io::Notification>> noted;  ///< of a presence node
    std::vector<io::LogEvent> log_events;
    std::vector<std::string> reload_problems, pinged;
    std::vector<config::FileChange> file_changes;
    std::string said;                       ///< the last line of the latest answer, as it was sent
    std::function<void()> while_pinging;    ///< what happens between question and answer
    std::unique_ptr<io::NodeLog> node_log;  ///< with add_diagnostics()
    std::shared_ptr<const io::TlsContext> tls, direct_tls;
    std::function<bool(std::function<void()> work, std::function<void()> then)> reading;  ///< of the event log
    /// That of the data folder; empty: it does not keep anybody waiting.
    std::function<bool(std::function<void()> work, std::function<void()> then)> disk;
    bool records = true;
    std::optional<xmpp::StanzaError> pool_refusal;  ///< of whatever the pool is asked about
    std::vector<std::string> pool_asked;            ///< "from to"
    record::Archive archive{Limits{}};
    record::Verdicts verdicts{100};

private:
    /// Whatever a test asks: the answer is what the verb's row says.
    static void expect_described(const std::string& verb, const boost::json::value& result) {
        const admin::AnswerForm form = admin::read_form(admin::find_verb(verb)->answer);
        for (const std::string& deviation : admin::deviations(form, result)) ADD_FAILURE() << verb << ": " << deviation;
    }

    void finish(admin::Call& call, const bool& over) {
        bool expired = false;
        const auto timer = loop_.timer([&] { expired = true; });
        timer->arm(loop_.now() + std::chrono::seconds{10});
        loop_.run_until([&] { return over || expired; });
        call.abandon();
    }

    io::AsioLoop loop_;
    io::TcpNetwork network_{loop_};
    services::SettingsService settings_;

public:
    services::AlarmBoard board{loop_, Logger{log, LogModule::node}};
    std::unique_ptr<services::Diagnostics> parts;
    std::unique_ptr<admin::AccessDesk> people;
    std::unique_ptr<history::History> past;
    TableResolver names{loop_};
    std::unique_ptr<admin::SharedStatus> shared;  ///< with share_status()
    [[nodiscard]] io::AsioLoop& real_loop() { return loop_; }
    [[nodiscard]] io::TcpNetwork& real_network() { return network_; }
};

/// A member's text, for short expectations.
inline std::string text_at(const boost::json::value& object, const char* name) {
    if (!object.is_object() || !object.as_object().contains(name)) return "(absent)";
    const auto& found = object.as_object().at(name);
    return found.is_string() ? std::string{found.as_string().data(), found.as_string().size()}
                             : admin::json_text(found);
}

/// The code of an answer that is an error; empty when it is none.
inline std::string code_of(const boost::json::value& answer) {
    if (!answer.is_object() || !answer.as_object().contains("error")) return {};
    return text_at(answer.as_object().at("error"), "code");
}
inline std::string field_of(const boost::json::value& answer) {
    return text_at(answer.as_object().at("error"), "field");
}

}  // namespace sallyport::test
