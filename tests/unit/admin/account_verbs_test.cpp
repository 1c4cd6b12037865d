// `account passwd`, `account language`: one's own password and language, by session or by name; nothing of a password
// stays in log and audit.
#include <gtest/gtest.h>

#include <sstream>

#include "fake_node.h"
#include "nodes/ctl/commands.h"
#include "nodes/ctl/secret.h"

namespace sallyport::test {
namespace {

struct AccountVerbs : testing::Test {
    AccountVerbs() {
        node.add_access();
        for (const char* name : {"rita", "otto"}) {
            bool over = false;
            node.people->add(name, admin::Access::read, "a long password", [&](const Result<void>&) { over = true; });
            node.real_loop().run_until([&] { return over; });
        }
    }
    std::string session_of(const std::string& name, const std::string& password) {
        std::optional<admin::AccessDesk::Outcome> found;
        node.people->log_in({name, password, {}, {}},
                            [&](const admin::AccessDesk::Outcome& outcome) { found = outcome; });
        node.real_loop().run_until([&] { return found.has_value(); });
        return found->opened ? found->opened->id : std::string{};
    }
    FakeNode node;
};

TEST_F(AccountVerbs, ChangeTheOwnPasswordOfTheSessionThatAsks) {
    const std::string here = session_of("rita", "a long password"), there = session_of("rita", "a long password");
    const admin::Call::Caller rita{"rita", "192.0.2.1", "rest", here};
    const auto wrong =
        node.ask_as(rita, "account.passwd", R"({"current":"not it at all","password":"another password"})");
    EXPECT_EQ(code_of(wrong), "password-refused");
    EXPECT_EQ(field_of(wrong), "current");
    const auto weak = node.ask_as(rita, "account.passwd", R"({"current":"a long password","password":"short"})");
    EXPECT_EQ(code_of(weak), "account-password");
    EXPECT_EQ(field_of(weak), "password");
    const auto other = node.ask_as(rita, "account.passwd",
                                   R"({"name":"otto","current":"a long password","password":"another password"})");
    EXPECT_EQ(code_of(other), "account-other");
    const auto done =
        node.ask_as(rita, "account.passwd", R"({"current":"a long password","password":"another password"})");
    EXPECT_EQ(text_at(done, "done"), "password changed");
    EXPECT_TRUE(node.people->holder_of(here));
    EXPECT_FALSE(node.people->holder_of(there));
    EXPECT_NE(session_of("rita", "another password"), "");

    const auto audit = boost::json::serialize(node.ask("audit"));
    EXPECT_NE(audit.find("account.passwd"), std::string::npos);
    for (const char* secret : {"a long password", "another password", "not it at all"}) {
        EXPECT_EQ(audit.find(secret), std::string::npos) << secret;
        EXPECT_EQ(node.log.dump().find(secret), std::string::npos) << secret;
    }
}

TEST_F(AccountVerbs, WantTheNameWhereThereIsNoSession) {
    const admin::Call::Caller token{"token deploy", "192.0.2.1", "rest", {}};
    const std::string words = R"("current":"a long password","password":"another password"})";
    EXPECT_EQ(field_of(node.ask_as(token, "account.passwd", "{" + words)), "name");
    EXPECT_EQ(text_at(node.ask_as(token, "account.passwd", R"({"name":"otto",)" + words), "done"), "password changed");
    EXPECT_NE(session_of("otto", "another password"), "");
}

TEST_F(AccountVerbs, SetTheLanguageOfTheOwnAccountAndLeaveItsSessions) {
    const std::string here = session_of("rita", "a long password");
    const admin::Call::Caller rita{"rita", "192.0.2.1", "rest", here};
    EXPECT_EQ(node.people->language_of("rita"), "");
    EXPECT_EQ(text_at(node.ask_as(rita, "account.language", R"({"language":"es"})"), "done"), "language changed");
    EXPECT_EQ(node.people->language_of("rita"), "es");
    EXPECT_TRUE(node.people->holder_of(here));
    for (const char* wrong : {"Español", "es_MX", "a-language-too-long", "<b>"}) {
        const auto refused = node.ask_as(rita, "account.language", R"({"language":")" + std::string{wrong} + "\"}");
        EXPECT_EQ(code_of(refused), "language-malformed") << wrong;
        EXPECT_EQ(field_of(refused), "language") << wrong;
    }
    EXPECT_EQ(node.people->language_of("rita"), "es");
    EXPECT_EQ(code_of(node.ask_as(rita, "account.language", R"({"name":"otto","language":"es"})")), "account-other");
    ASSERT_TRUE(node.people->set_role("rita", admin::Access::operate));
    EXPECT_EQ(node.people->language_of("rita"), "es") << "what else changes leaves it";
    node.ask("account.language", R"({"name":"rita"})");
    EXPECT_EQ(node.people->language_of("rita"), "");
}

TEST_F(AccountVerbs, SetTheLanguageOfAnotherAccountOnTheHostAlone) {
    const admin::Call::Caller token{"token deploy", "192.0.2.1", "rest", {}};
    EXPECT_EQ(field_of(node.ask_as(token, "account.language", R"({"language":"es"})")), "name");
    EXPECT_EQ(code_of(node.ask_as(token, "account.language", R"({"name":"otto","language":"es"})")), "account-other");
    EXPECT_EQ(node.people->language_of("otto"), "");
    node.ask("account.language", R"({"name":"otto","language":"es"})");
    EXPECT_EQ(node.people->language_of("otto"), "es");
    EXPECT_EQ(code_of(node.ask("account.language", R"({"name":"nobody","language":"es"})")), "account-unknown");
}

TEST_F(AccountVerbs, AreOpenToEveryRole) {
    for (const char* verb : {"account.passwd", "account.language"}) {
        EXPECT_EQ(admin::find_verb(verb)->needs, admin::Access::read) << verb;
        EXPECT_EQ(admin::find_verb(verb)->effect, admin::Effect::acts) << verb;
    }
}

TEST_F(AccountVerbs, AreGivenBothPasswordsByStandardInput) {
    std::stringstream in{"first\nsecond\n"}, out, err;
    const ctl::Console console{in, out, err, false, "anna"};
    ctl::Chosen chosen;
    int status = 0;
    ASSERT_TRUE(ctl::parse_commands({"account", "passwd", "--name", "rita"}, console, chosen, status));
    ASSERT_EQ(chosen.secrets.size(), 2u);
    EXPECT_EQ(chosen.secrets[0].name, "current");
    EXPECT_EQ(ctl::read_secret(chosen.secrets[0].name, "", console, ctl::Typed::twice).value(), "first");
    EXPECT_EQ(ctl::read_secret(chosen.secrets[1].name, "", console, ctl::Typed::twice).value(), "second");
    std::stringstream typed{"first\nsecond\nsecond\n"};
    const ctl::Console person{typed, out, err, true, "anna"};
    EXPECT_EQ(ctl::read_secret("current", "", person, ctl::Typed::once).value(), "first");
    EXPECT_EQ(ctl::read_secret("password", "", person, ctl::Typed::twice).value(), "second");
}

}  // namespace
}  // namespace sallyport::test
