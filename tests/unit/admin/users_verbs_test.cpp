// `users`: accounts are made, changed and removed; passwords come from a file or standard input and appear nowhere.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "fake_node.h"
#include "nodes/ctl/commands.h"
#include "nodes/ctl/secret.h"

namespace sallyport::test {
namespace {

class NodeWithUsers {
public:
    NodeWithUsers() {
        im::Directory::Options options;
        options.path = node.folder.path() + "/users.db";
        options.domains = {xmpp::Domain::parse("b.test").value()};
        options.random_bytes = [](std::size_t count) { return io::random_bytes(count); };
        options.wall = [] { return WallTime{}; };
        node.accounts = std::move(*im::Directory::open(std::move(options)));
        node.accounts->on_changed([this](const io::UserName& user) { changed.push_back(user.local); });
    }
    FakeNode node;
    std::vector<std::string> changed;
};

TEST(UsersVerbs, MakeChangeShowAndRemoveAnAccount) {
    NodeWithUsers with;
    FakeNode& node = with.node;
    EXPECT_EQ(text_at(node.ask("users.add", R"({"user":"Anna@B.test","password":"correct horse"})"), "user"),
              "anna@b.test");
    EXPECT_EQ(code_of(node.ask("users.add", R"({"user":"anna@b.test","password":"x"})")), "user-exists");
    EXPECT_EQ(text_at(node.ask("users.show", R"({"user":"anna@b.test"})"), "waiting"), "0");
    EXPECT_EQ(node.ask("users.list").as_object().at("users").as_array().size(), 1U);
    EXPECT_EQ(with.changed.size(), 0U);
    EXPECT_EQ(text_at(node.ask("users.passwd", R"({"user":"anna@b.test","password":"battery"})"), "done"),
              "password changed");
    EXPECT_EQ(text_at(node.ask("users.remove", R"({"user":"anna@b.test"})"), "done"), "removed");
    EXPECT_EQ(with.changed, (std::vector<std::string>{"anna", "anna"}));
    EXPECT_EQ(code_of(node.ask("users.show", R"({"user":"anna@b.test"})")), "user-unknown");
}

TEST(UsersVerbs, ShowAndForgetWhoAsksForASubscription) {
    NodeWithUsers with;
    FakeNode& node = with.node;
    std::vector<std::string> told;
    node.accounts->on_forgotten([&](const io::UserName&, const std::vector<std::string>& from) { told = from; });
    (void)node.ask("users.add", R"({"user":"anna@b.test","password":"correct horse"})");
    for (const char* from : {"one@c.test", "two@c.test", "three@c.test"}) {
        io::StoredContact contact;
        contact.jid = from;
        contact.state = 2;  // c2s::Subscription::none_in
        contact.request = "<presence type='subscribe'/>";
        ASSERT_TRUE(node.accounts->store()->put_contact({"anna", "b.test"}, contact, 1));
    }
    const auto waiting = [&] {
        return node.ask("users.requests", R"({"user":"anna@b.test"})").as_object().at("requests").as_array().size();
    };
    EXPECT_EQ(waiting(), 3U);
    EXPECT_EQ(text_at(node.ask("users.forget-requests", R"({"user":"anna@b.test","from":"two@c.test"})"), "forgotten"),
              "1");
    EXPECT_EQ(told, std::vector<std::string>{"two@c.test"});
    EXPECT_EQ(waiting(), 2U);
    EXPECT_EQ(text_at(node.ask("users.forget-requests", R"({"user":"anna@b.test"})"), "forgotten"), "2");
    EXPECT_EQ(waiting(), 0U);
    EXPECT_EQ(code_of(node.ask("users.requests", R"({"user":"nobody@b.test"})")), "user-unknown");
    EXPECT_EQ(code_of(node.ask("users.forget-requests", R"({"user":"nobody"})")), "user-malformed");
}

TEST(UsersVerbs, SayWhatIsWrong) {
    NodeWithUsers with;
    const auto code = [&](const std::string& user, const std::string& password) {
        return code_of(with.node.ask("users.add", R"({"user":")" + user + R"(","password":")" + password + R"("})"));
    };
    EXPECT_EQ(code("anna", "x"), "user-malformed");
    EXPECT_EQ(code("anna@b.test/desk", "x"), "user-malformed");
    EXPECT_EQ(code("anna@other.test", "x"), "user-domain");
    EXPECT_EQ(code("anna@b.test", ""), "user-password");
    EXPECT_EQ(code_of(with.node.ask("users.add", R"({"user":"anna@b.test"})")), "argument-missing");
    FakeNode without;
    EXPECT_EQ(code_of(without.ask("users.list")), "users-none");
}

TEST(UsersVerbs, LeaveNoTraceOfAPassword) {
    NodeWithUsers with;
    const auto answer = with.node.ask("users.add", R"({"user":"anna@b.test","password":"correct horse"})");
    EXPECT_EQ(boost::json::serialize(answer).find("horse"), std::string::npos);
    EXPECT_EQ(with.node.log.dump().find("horse"), std::string::npos);
    for (const char* file : {"/users.db", "/users.db-wal"}) {
        std::ifstream in{with.node.folder.path() + file, std::ios::binary};
        std::stringstream all;
        all << in.rdbuf();
        EXPECT_EQ(all.str().find("horse"), std::string::npos) << file;
    }
}

TEST(UsersVerbs, AreGivenThePasswordByFileOrStandardInput) {
    TemporaryFolder folder;
    const std::string file = folder.path() + "/password";
    std::ofstream{file} << "from a file\nsecond line\n";
    std::stringstream in{"from input\n"}, out, err;
    const ctl::Console console{in, out, err, false, "anna"};
    EXPECT_EQ(ctl::read_secret("password", file, console, ctl::Typed::twice).value(), "from a file");
    EXPECT_EQ(ctl::read_secret("password", "", console, ctl::Typed::twice).value(), "from input");
    EXPECT_EQ(ctl::read_secret("password", "", console, ctl::Typed::twice).error().code, "secret-unread");
    EXPECT_EQ(ctl::read_secret("password", folder.path() + "/absent", console, ctl::Typed::twice).error().code,
              "secret-unread");

    ctl::Chosen chosen;
    int status = 0;
    ASSERT_TRUE(ctl::parse_commands({"users", "add", "anna@b.test", "--password-file", file}, console, chosen, status));
    ASSERT_EQ(chosen.secrets.size(), 1u);
    EXPECT_EQ(chosen.secrets[0].name, "password");
    EXPECT_EQ(chosen.secrets[0].file, file);
    EXPECT_FALSE(chosen.arguments.contains("password"));
    ctl::Chosen other;
    EXPECT_FALSE(ctl::parse_commands({"users", "add", "anna@b.test", "--password", "x"}, console, other, status));
}

}  // namespace
}  // namespace sallyport::test
