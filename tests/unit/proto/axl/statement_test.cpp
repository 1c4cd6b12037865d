// The statements that may come from outside: each form, and everything that is none of them.
#include "proto/axl/statement.h"

#include <gtest/gtest.h>

namespace sallyport::axl {
namespace {

std::string why(std::string_view sql) {
    const auto parsed = parse_statement(sql);
    EXPECT_FALSE(parsed) << sql;
    if (parsed) return {};
    EXPECT_EQ(parsed.error().code, "sql-refused");
    return parsed.error().text;
}

TEST(SqlStatement, SelectsAllSomeAndCounts) {
    Statement all;
    all.table = "xmpps2snodes";
    EXPECT_EQ(*parse_statement("select * from xmpps2snodes"), all);
    EXPECT_EQ(*parse_statement("  SELECT *\n FROM XmppS2sNodes ; "), all);
    const auto some =
        parse_statement("select cp_id, pkid from xmpps2snodes where cp_id = 'a' and pkid='b' order by cp_id, pkid");
    ASSERT_TRUE(some) << some.error().text;
    EXPECT_EQ(some->columns, (std::vector<std::string>{"cp_id", "pkid"}));
    EXPECT_EQ(some->where, (std::vector<Equals>{{"cp_id", "a"}, {"pkid", "b"}}));
    EXPECT_EQ(some->order_by, (std::vector<std::string>{"cp_id", "pkid"}));
    EXPECT_FALSE(some->changes());
    EXPECT_TRUE(parse_statement("select count(*) from processnode")->count);
    EXPECT_EQ(parse_statement("select pkid,name,nodeid from processnode order by nodeid")->columns.size(), 3U);
}

TEST(SqlStatement, InsertsInEitherOrderOfColumns) {
    const auto fresh =
        parse_statement("insert into xmpps2snodes (pkid, cp_id) values (newid(), 'cm-2_s2scp-1.edge1-test')");
    ASSERT_TRUE(fresh) << fresh.error().text;
    EXPECT_EQ(fresh->act, Act::insert);
    EXPECT_EQ(fresh->pkid, "");
    EXPECT_EQ(fresh->cp_id, "cm-2_s2scp-1.edge1-test");
    EXPECT_TRUE(fresh->changes());
    const auto given = parse_statement(
        "INSERT INTO xmpps2snodes(cp_id,pkid)VALUES('cm-2_s2scp-1.e','055c13d9-943d-459d-a3c6-af1d1176936d')");
    ASSERT_TRUE(given) << given.error().text;
    EXPECT_EQ(given->pkid, "055c13d9-943d-459d-a3c6-af1d1176936d");
    EXPECT_EQ(given->cp_id, "cm-2_s2scp-1.e");
}

TEST(SqlStatement, UpdatesAndDeletesByValue) {
    const auto update =
        parse_statement("update xmpps2snodes set cp_id = 'cm-2_s2scp-1.b' where cp_id = 'cm-2_s2scp-1.a'");
    ASSERT_TRUE(update) << update.error().text;
    EXPECT_EQ(update->act, Act::update);
    EXPECT_EQ(update->cp_id, "cm-2_s2scp-1.b");
    const auto remove = parse_statement("delete from xmpps2snodes where pkid = '055c13d9-943d-459d-a3c6-af1d1176936d'");
    ASSERT_TRUE(remove) << remove.error().text;
    EXPECT_EQ(remove->act, Act::remove);
    EXPECT_EQ(remove->where.size(), 1U);
}

TEST(SqlStatement, ADoubledQuoteIsOneQuoteOfTheValue) {
    const auto parsed = parse_statement("select * from xmpps2snodes where cp_id = 'it''s -- /* ; */ {x}'");
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(parsed->where[0].value, "it's -- /* ; */ {x}");
    EXPECT_EQ(quoted("it's"), "'it''s'");
    EXPECT_EQ(parse_statement("select * from xmpps2snodes where cp_id = " + quoted("'';"))->where[0].value, "'';");
    EXPECT_EQ(parse_statement("select * from xmpps2snodes where cp_id = ''")->where[0].value, "");
}

TEST(SqlStatement, NothingElseIsTaken) {
    const std::string_view refused[] = {
        "",
        "select",
        "select *",
        "select * from",
        "select * from sqlite_master",
        "select * from notification",
        "select * from xmpps2snodes x",
        "select * from xmpps2snodes, processnode",
        "select * from xmpps2snodes where",
        "select * from xmpps2snodes where cp_id",
        "select * from xmpps2snodes where cp_id = cp_id",
        "select * from xmpps2snodes where cp_id = 1",
        "select * from xmpps2snodes where cp_id = 'a' or 1 = 1",
        "select * from xmpps2snodes where cp_id like '%'",
        "select * from xmpps2snodes where cp_id = \"a\"",
        "select * from xmpps2snodes where cp_id = 'a",
        "select * from xmpps2snodes where cp_id = 'a''",
        "select * from xmpps2snodes -- all",
        "select * from xmpps2snodes /* all */",
        "select * from xmpps2snodes; delete from xmpps2snodes where cp_id = 'a'",
        "select * from xmpps2snodes;;",
        "select * from xmpps2snodes order by 1",
        "select * from xmpps2snodes limit 1",
        "select verifier from applicationuser",
        "select count(cp_id) from xmpps2snodes",
        "select load_extension('x') from xmpps2snodes",
        "select * from (select * from xmpps2snodes)",
        "select * from xmpps2snodes union select * from processnode",
        "delete from xmpps2snodes",
        "delete from processnode where name = 'a'",
        "update xmpps2snodes set cp_id = 'cm-2_s2scp-1.b'",
        "update xmpps2snodes set pkid = 'a' where cp_id = 'b'",
        "update applicationuser set name = 'a' where name = 'b'",
        "insert into processnode (pkid, name) values (newid(), 'a')",
        "insert into xmpps2snodes values (newid(), 'cm-2_s2scp-1.a')",
        "insert into xmpps2snodes (pkid, pkid) values (newid(), newid())",
        "insert into xmpps2snodes (cp_id) values ('cm-2_s2scp-1.a')",
        "insert into xmpps2snodes (pkid, cp_id) values ('not a uuid', 'cm-2_s2scp-1.a')",
        "insert into xmpps2snodes (pkid, cp_id) values (newid(), 'router.edge')",
        "insert into xmpps2snodes (pkid, cp_id) values (newid(), newid())",
        "drop table xmpps2snodes",
        "pragma user_version",
        "attach 'x' as y",
        "select\xC2\xA0* from xmpps2snodes",
    };
    for (const std::string_view sql : refused) EXPECT_FALSE(why(sql).empty()) << sql;
    EXPECT_FALSE(why(std::string{"select * from xmpps2snodes where cp_id = 'a\0b'", 47}).empty());
    EXPECT_FALSE(why("select * from xmpps2snodes where cp_id = '" + std::string(longest_value + 1, 'a') + "'").empty());
    EXPECT_FALSE(why(std::string(longest_statement + 1, ' ')).empty());
}

TEST(SqlStatement, SaysWhatWasWantedAndWhere) {
    EXPECT_EQ(why("select * from users"),
              "expected a table: xmpps2snodes, processnode or applicationuser at position 15, found 'users'");
    EXPECT_EQ(why("delete from xmpps2snodes"), "expected 'where' at position 25, found the end");
    EXPECT_EQ(why("select x from xmpps2snodes"),
              "the table xmpps2snodes has no column 'x' (position 8); it has pkid, cp_id");
}

TEST(SqlStatement, JudgesComponentIds) {
    EXPECT_TRUE(check_cp_id("cm-2_s2scp-1.eft-xwye-a-coluc-com"));
    EXPECT_TRUE(check_cp_id("cm-10_s2scp-12.a"));
    for (const std::string_view bad :
         {"", "cm-2_s2scp-1.", "cm-_s2scp-1.a", "cm-2_s2scp-.a", "cm-2_jsmcp-1.a", "x.a", "cm-2_s2scp-1.a.b",
          "cm-2_s2scp-1.a b", "cm-2_s2scp-1.a'", "cm-99999_s2scp-1.a"}) {
        EXPECT_FALSE(check_cp_id(bad)) << bad;
    }
    EXPECT_FALSE(check_cp_id("cm-2_s2scp-1." + std::string(256, 'a')));
}

}  // namespace
}  // namespace sallyport::axl
