// The admin floor's view of a simulated edge, with real settings: what `why` says of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/api/call.h"
#include "admin/api/journey.h"
#include "support/sim_nodes.h"
#include "support/test_pki.h"

namespace sallyport::test {

class SimControl final : public admin::NodeControl {
public:
    SimControl(Federation& federation, Organisation& organisation)
        : f_{federation},
          at_{organisation},
          settings_{{folder_.path(), {}, "edge.toml", [](std::size_t n) { return std::string(n, 'x'); }},
                    f_.world.loop(),
                    Logger{log_, LogModule::settings}},
          board_{f_.world.loop(), Logger{log_, LogModule::node}},
          resolver_{f_.dns.resolver(f_.world.loop())} {
        if (!settings_.open()) std::abort();
        file_.role = config::Role::edge;
        file_.path = "edge.toml";
        file_.s2s.allow_networks = {*IpNetwork::parse("198.51.100.0/24")};
        file_.limits = at_.limits;
        file_.s2s.listen = {{*IpAddress::parse(at_.edge_public), 5269}};
    }

    void set(const std::vector<config::Change>& changes) {
        const auto done = settings_.set(changes, "test");
        ASSERT_TRUE(done) << done.error().text;
        at_.change([&](config::Settings& settings) {
            const std::string secret = settings.dialback_secret;
            settings = *settings_.snapshot();
            settings.dialback_secret = secret;
        });
    }
    admin::NodeStatus status_now() {
        admin::NodeStatus all;
        all.role = "edge";
        all.shards = static_cast<unsigned>(at_.edge->shards.size());
        for (auto& shard : at_.edge->shards) {
            for (auto& stream : shard->s2s().streams()) all.streams.push_back(stream);
            for (auto& to : shard->s2s().pool().destinations()) all.destinations.push_back(to);
            for (auto& link : shard->hub().sessions()) all.links.push_back(link);
            all.counters += shard->records().counted();
        }
        return all;
    }
    /// As a node asks its shards.
    [[nodiscard]] std::optional<xmpp::StanzaError> refusal_now(const s2s::AskedMessage& message) {
        std::vector<s2s::PoolWord> words;
        for (auto& shard : at_.edge->shards) words.push_back(shard->word_on(message.view()));
        return s2s::refusal_among(words, message);
    }
    /// As run_why does it.
    boost::json::object why(const std::string& from, const std::string& to) {
        const policy::Contact contact = admin::contact_of(*this, *xmpp::domain_of(from), *xmpp::domain_of(to));
        const admin::NodeStatus status = status_now();
        const auto refused = refusal_now({*xmpp::Jid::parse(from), *xmpp::Jid::parse(to)});
        if (refused || !admin::asks_dns(*this, status, contact)) {
            return admin::walk({*this, status, contact, from, to, refused});
        }
        std::optional<diag::Survey> found;
        diag::DnsSurvey survey{*resolver_, contact.pair.remote, {}, 8, [&](const diag::Survey& done) { found = done; }};
        survey.start();
        const bool answered = f_.world.run_until([&] { return found.has_value(); });
        return admin::walk({*this, status, contact, from, to, refused, found, !answered});
    }

    /// `why ID`, as over the admin socket.
    boost::json::object explain(const std::string& id) {
        boost::json::object found;
        bool over = false;
        const auto call = admin::Call::start(*this, R"({"verb":"why","author":"anna","args":{"from":")" + id + R"("}})",
                                             "anna", [&](const std::string& line, bool last) {
                                                 found = boost::json::parse(line).as_object();
                                                 over = last;
                                             });
        EXPECT_TRUE(f_.world.run_until([&] { return over; }));
        call->abandon();
        const auto* const result = found.if_contains("result");
        return result == nullptr ? found : result->as_object();
    }
    [[nodiscard]] std::optional<record::Verdict> verdict_of(const std::string& id) {
        for (auto& shard : at_.edge->shards) {
            if (auto found = shard->records().verdicts().find(id)) return found;
        }
        return std::nullopt;
    }

    [[nodiscard]] const config::NodeFile& file() const override { return file_; }
    [[nodiscard]] services::SettingsService& settings() override { return settings_; }
    [[nodiscard]] admin::HostFacts& host() override { return host_; }
    [[nodiscard]] services::AlarmBoard& alarms() override { return board_; }
    void status(OnStatus on_status) override { on_status(status_now()); }
    void brief_status(OnStatus on_status) override { status(std::move(on_status)); }
    void ping(const xmpp::DomainPair&, std::function<void(Result<Duration>)>) override {}
    void close(const xmpp::Domain&, std::function<void(unsigned)>) override {}
    [[nodiscard]] io::Loop& loop() override { return f_.world.loop(); }
    [[nodiscard]] io::Network& network() override { return at_.edge_host; }
    [[nodiscard]] io::Resolver& resolver() override { return *resolver_; }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> client_tls() override { return nullptr; }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> direct_client_tls() override { return nullptr; }
    [[nodiscard]] std::vector<io::LogEvent> events(std::uint64_t, std::size_t) override { return {}; }
    [[nodiscard]] std::vector<std::string> reload() override { return {}; }
    [[nodiscard]] const record::Archive* handshakes() override { return &at_.edge_handshakes; }
    void verdict(const std::string& id, std::function<void(std::optional<record::Verdict>)> on_verdict) override {
        on_verdict(verdict_of(id));
    }
    void refusal(const s2s::AskedMessage& message,
                 std::function<void(std::optional<xmpp::StanzaError>)> on_refusal) override {
        on_refusal(refusal_now(message));
    }

private:
    Federation& f_;
    Organisation& at_;
    TemporaryFolder folder_;
    MemorySink log_;
    config::NodeFile file_;
    services::SettingsService settings_;
    services::AlarmBoard board_;
    admin::HostFacts host_;
    std::unique_ptr<io::Resolver> resolver_;
};

}  // namespace sallyport::test
