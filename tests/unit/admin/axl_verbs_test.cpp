// `run sql`, `axl-users` and `imp-servers`: their answers as JSON and as pages, passwords that stay unseen, and
// refusals.
#include <gtest/gtest.h>

#include <sstream>

#include "admin/print/print.h"
#include "fake_node.h"
#include "services/axl/sql_desk.h"
#include "services/axl/user_desk.h"
#include "services/provision/provisioner.h"

namespace sallyport::test {
namespace {

namespace json = boost::json;

class AxlVerbs : public testing::Test {
protected:
    AxlVerbs() {
        store.emplace(*io::PresenceStore::open(node.folder.path() + "/presence.db"));
        sql.emplace(*store);
        users.emplace(*store, node.real_loop(), node.real_loop(), std::string(32, 'r'));
        provisioner = *provision::Provisioner::open({node.real_loop(), node.real_network(), node.names, node.board,
                                                     Logger{node.log, LogModule::axl}, io::random_below, nullptr},
                                                    node.folder.path());
        provisioner->set_edges({{"edge1.b.test", "cm-2_s2scp-1.edge1-b-test", true}});
        node.sql_desk = &*sql;
        node.user_desk = &*users;
        node.publishers = provisioner.get();
    }
    static std::string printed(const std::string& verb, const json::value& result) {
        std::ostringstream out;
        admin::find_verb(verb)->print(result, out);
        return out.str();
    }

    FakeNode node;
    std::optional<io::PresenceStore> store;
    std::optional<axl::SqlDesk> sql;
    std::optional<axl::UserDesk> users;
    std::unique_ptr<provision::Provisioner> provisioner;
};

TEST_F(AxlVerbs, RunSqlPrintsTheTableAsAdministratorsKnowIt) {
    ASSERT_TRUE(store->add_s2s_node({"055c13d9-943d-459d-a3c6-af1d1176936d", "cm-2_s2scp-1.eft-xwye-a-coluc-com"}));
    const auto result = node.ask("run.sql", R"({"statement":["select","*","from","xmpps2snodes"]})");
    EXPECT_EQ(json::serialize(result),
              R"({"columns":["pkid","cp_id"],"rows":[{"pkid":"055c13d9-943d-459d-a3c6-af1d1176936d",)"
              R"("cp_id":"cm-2_s2scp-1.eft-xwye-a-coluc-com"}]})");
    EXPECT_EQ(printed("run.sql", result),
              "pkid                                 cp_id\n"
              "=====\n"
              "055c13d9-943d-459d-a3c6-af1d1176936d cm-2_s2scp-1.eft-xwye-a-coluc-com\n");
}

TEST_F(AxlVerbs, RunSqlOfAnEmptyTableAndOfAChange) {
    EXPECT_EQ(printed("run.sql", node.ask("run.sql", R"({"statement":["select * from xmpps2snodes"]})")),
              "pkid cp_id\n=====\n");
    const auto changed = node.ask(
        "run.sql", R"x({"statement":["insert into xmpps2snodes (pkid, cp_id) values (newid(), 'cm-2_s2scp-1.e')"]})x");
    EXPECT_EQ(json::serialize(changed), R"({"changed":1})");
    EXPECT_EQ(store->s2s_nodes()->size(), 1U);
}

TEST_F(AxlVerbs, RunSqlRefusesWhatTheGrammarDoesNotName) {
    const auto answer = node.ask("run.sql", R"({"statement":["drop table xmpps2snodes"]})");
    EXPECT_EQ(code_of(answer), "sql-refused");
    EXPECT_EQ(field_of(answer), "statement");
}

TEST_F(AxlVerbs, OtherRolesSayWhomToAsk) {
    node.sql_desk = nullptr;
    node.user_desk = nullptr;
    node.publishers = nullptr;
    EXPECT_EQ(code_of(node.ask("run.sql", R"({"statement":["select * from xmpps2snodes"]})")), "role-wrong");
    EXPECT_EQ(code_of(node.ask("axl-users.list")), "role-wrong");
    EXPECT_EQ(code_of(node.ask("imp-servers.list")), "role-wrong");
    EXPECT_EQ(code_of(node.ask("imp-servers.refresh")), "role-wrong");
}

TEST_F(AxlVerbs, UsersOfAxlComeAndGo) {
    EXPECT_EQ(text_at(node.ask("axl-users.add", R"({"name":"axl","password":"long enough"})"), "done"), "was added");
    EXPECT_EQ(code_of(node.ask("axl-users.add", R"({"name":"axl","password":"long enough"})")), "user-exists");
    EXPECT_EQ(code_of(node.ask("axl-users.add", R"({"name":"b","password":"short"})")), "user-malformed");
    EXPECT_EQ(code_of(node.ask("axl-users.passwd", R"({"name":"c","password":"long enough"})")), "user-unknown");
    EXPECT_EQ(text_at(node.ask("axl-users.passwd", R"({"name":"axl","password":"long enough too"})"), "name"), "axl");
    const auto list = node.ask("axl-users.list");
    EXPECT_EQ(json::serialize(list), R"({"users":[{"name":"axl","roles":["Standard AXL API Access"]}]})");
    EXPECT_NE(printed("axl-users.list", list).find("Standard AXL API Access"), std::string::npos);
    EXPECT_EQ(text_at(node.ask("axl-users.remove", R"({"name":"axl"})"), "done"), "was removed");
    EXPECT_EQ(code_of(node.ask("axl-users.remove", R"({"name":"axl"})")), "user-unknown");
}

TEST_F(AxlVerbs, ImpServersNeverShowAPassword) {
    const auto added =
        node.ask("imp-servers.add", R"({"address":"imp1.test","username":"axl","password":"open sesame 42"})");
    const std::string text = json::serialize(added);
    EXPECT_NE(text.find(R"("address":"imp1.test:8443","username":"axl","tls_verify":true,"state":"failed")"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("never told"), std::string::npos) << text;
    const auto list = node.ask("imp-servers.list");
    EXPECT_EQ(json::serialize(list).find("sesame"), std::string::npos);
    EXPECT_NE(printed("imp-servers.list", list).find("imp1.test:8443  axl   failed"), std::string::npos)
        << printed("imp-servers.list", list);
    EXPECT_EQ(code_of(node.ask("imp-servers.add", R"({"address":"imp1.test","username":"axl","password":"x"})")),
              "publisher-exists");
    const auto passwd = node.ask("imp-servers.passwd", R"({"address":"imp1.test","password":"y"})");
    EXPECT_EQ(text_at(passwd, "name"), "imp1.test");
    EXPECT_EQ(text_at(passwd, "outcome"), "unreachable");
    EXPECT_EQ(text_at(passwd, "verdict"), "bad") << "the exit status is 1";
    EXPECT_TRUE(printed("imp-servers.passwd", passwd)
                    .starts_with("imp1.test has a new password; the server could not be asked, the core retries: "))
        << printed("imp-servers.passwd", passwd);
    const auto edited = node.ask("imp-servers.edit", R"({"address":"imp1.test","tls_verify":"off"})");
    EXPECT_NE(json::serialize(edited).find(R"("tls_verify":false)"), std::string::npos) << json::serialize(edited);
    EXPECT_EQ(code_of(node.ask("imp-servers.edit", R"({"address":"imp1.test","tls_verify":"perhaps"})")),
              "argument-malformed");
    EXPECT_EQ(code_of(node.ask("imp-servers.edit", R"({"address":"imp1.test"})")), "argument-missing");
    EXPECT_EQ(code_of(node.ask("imp-servers.refresh", R"({"address":"imp9.test"})")), "publisher-unknown");
    EXPECT_EQ(node.ask("imp-servers.refresh").as_object().at("servers").as_array().size(), 1U);
    const auto removed = node.ask("imp-servers.remove", R"({"address":"imp1.test"})");
    EXPECT_EQ(printed("imp-servers.remove", removed), "imp1.test is no longer provisioned\n");
    EXPECT_EQ(node.log.dump().find("sesame"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::test
