// `clients`: pages of sessions with a cursor, refused log-ins, and who may end a session.
#include <gtest/gtest.h>

#include <sstream>

#include "admin/print/print.h"
#include "fake_node.h"

namespace sallyport::test {
namespace {

class FakeClients final : public im::ClientDesk {
public:
    void page(im::OnlineQuery query, OnPage on_page) override {
        asked = query;
        on_page(shown);
    }
    void end(std::string_view jid, std::uint64_t number, OnEnded on_ended) override {
        ended = std::string{jid} + " " + std::to_string(number);
        on_ended(outcome);
    }
    void refused(std::size_t most, OnRefused on_refused) override {
        most_refused = most;
        on_refused(logins);
    }
    im::OnlineQuery asked;
    im::OnlinePage shown;
    std::string ended;
    Result<void> outcome;
    std::size_t most_refused = 0;
    std::vector<im::RefusedLogin> logins;
};

class ClientsVerbs : public testing::Test {
protected:
    ClientsVerbs() {
        node.online = &desk;
        im::OnlineClient client;
        client.user = "anna@b.test";
        client.resource = "phone";
        client.number = 17;
        client.since = WallTime{std::chrono::hours{500'000}};
        client.remote_address = "192.0.2.7:50000";
        client.mechanism = "SCRAM-SHA-256-PLUS";
        client.binding = "tls-exporter";
        client.connected = false;
        client.resumable_for = std::chrono::seconds{42};
        client.unacknowledged = 3;
        desk.shown.clients.push_back(client);
        desk.shown.next = im::OnlineCursor{"anna@b.test", 17};
        desk.shown.sessions = 10'000;
    }
    FakeNode node;
    FakeClients desk;
};

TEST_F(ClientsVerbs, ShowSessionsPageByPage) {
    const auto first = node.ask("clients.list");
    EXPECT_EQ(desk.asked.most, 100U);
    const auto& row = first.as_object().at("clients").as_array().at(0);
    EXPECT_EQ(text_at(row, "jid"), "anna@b.test/phone");
    EXPECT_EQ(text_at(row, "state"), "away");
    EXPECT_EQ(text_at(row, "channel_binding"), "tls-exporter");
    EXPECT_EQ(text_at(first, "next"), "17 anna@b.test");
    (void)node.ask("clients.list", R"({"after":"17 anna@b.test","limit":100000,"user":"an","state":"away"})");
    EXPECT_EQ(desk.asked.after, (im::OnlineCursor{"anna@b.test", 17}));
    EXPECT_EQ(desk.asked.most, 500U) << "never more at once";
    EXPECT_EQ(desk.asked.user, "an");
    EXPECT_EQ(desk.asked.which, im::OnlineQuery::Which::away);
    std::ostringstream out;
    admin::print_clients(first, out);
    EXPECT_NE(out.str().find("--after '17 anna@b.test'"), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("may resume for 42 s"), std::string::npos) << out.str();
}

TEST_F(ClientsVerbs, RefuseWhatIsNoPage) {
    for (const char* after : {"", "17", "anna@b.test", "17 ", "-1 anna@b.test", "99999999999999999999 a"}) {
        EXPECT_EQ(code_of(node.ask("clients.list", std::string{R"({"after":")"} + after + "\"}")), "argument-malformed")
            << after;
    }
    EXPECT_EQ(code_of(node.ask("clients.list", R"({"state":"asleep"})")), "argument-malformed");
    FakeNode without;
    for (const char* verb : {"clients.list", "clients.refused"}) EXPECT_EQ(code_of(without.ask(verb)), "users-none");
}

TEST_F(ClientsVerbs, EndASessionIfItIsThatOneAndPutItInTheAudit) {
    node.add_access();
    EXPECT_EQ(text_at(node.ask("clients.end", R"({"jid":"anna@b.test/phone","number":17})"), "done"), "ended");
    EXPECT_EQ(desk.ended, "anna@b.test/phone 17");
    desk.outcome = Error{"client-changed", "another one"};
    EXPECT_EQ(code_of(node.ask("clients.end", R"({"jid":"anna@b.test/phone","number":17})")), "client-changed");
    const auto rows = node.people->audit(10, {}).value();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1].verb, "clients.end");
    EXPECT_EQ(rows[1].outcome, "ok");
    EXPECT_EQ(admin::find_verb("clients.end")->needs, admin::Access::operate);
}

TEST_F(ClientsVerbs, ShowWhoseLoginWasRefused) {
    im::RefusedLogin login;
    login.from = *IpAddress::parse("192.0.2.7");
    login.condition = "not-authorized";
    login.why = "wrong password";
    login.count = 3;
    login.first = login.last = WallTime{std::chrono::hours{500'000}};
    desk.logins = {login};
    const auto answer = node.ask("clients.refused", R"({"limit":5})");
    EXPECT_EQ(desk.most_refused, 5U);
    std::ostringstream out;
    admin::print_refused_logins(answer, out);
    EXPECT_NE(out.str().find("not-authorized: wrong password"), std::string::npos) << out.str();
}

}  // namespace
}  // namespace sallyport::test
