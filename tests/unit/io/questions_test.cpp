// Who may ask DNS while others wait for silent servers (threats T13, T67).
#include "io/dns/questions.h"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using Kind = io::Asker::Kind;

constexpr std::uint64_t most = 320;
constexpr Duration patience = 10s;

class QuestionsTest : public testing::Test {
protected:
    io::Questions::Question question(Kind kind, const std::string& who, const std::string& whose) {
        return {"name" + std::to_string(++names) + "." + whose, 33, {kind, who, whose}, now};
    }
    /// Asks for names of which no two have the same owner, as long as that is admitted.
    std::uint64_t ask_all(Kind kind, const std::string& who, std::uint64_t times = most * 2) {
        std::uint64_t admitted = 0;
        while (admitted < times && ask(kind, who, "d" + std::to_string(++names) + ".example")) ++admitted;
        return admitted;
    }
    bool ask(Kind kind, const std::string& who, const std::string& whose) {
        const auto one = question(kind, who, whose);
        const auto refused = questions.begin(one);
        if (!refused) open.push_back(one);
        return !refused;
    }
    std::uint64_t entries(std::string_view table) {
        TableFills all;
        questions.tables(all, now);
        for (const TableFill& fill : all) {
            EXPECT_LE(fill.entries, fill.bound) << fill.name;
            if (fill.name == table) return fill.entries;
        }
        ADD_FAILURE() << table;
        return 0;
    }

    io::Questions questions{most, patience};
    std::vector<io::Questions::Question> open;
    TimePoint now{1h};
    int names = 0;
};

TEST_F(QuestionsTest, LeavesRoomForOthersHoweverManyOneAsks) {
    const std::uint64_t one = ask_all(Kind::users, "romeo@a.example");
    EXPECT_EQ(one, 60U) << "a fifth of what the node does not keep for itself";
    EXPECT_FALSE(ask(Kind::users, "romeo@a.example", "last.example"));
    EXPECT_TRUE(ask(Kind::users, "juliet@a.example", "last.example"));
    for (int n = 0; n < 9; ++n) ask_all(Kind::users, "u" + std::to_string(n) + "@a.example");
    EXPECT_LE(entries("dns.questions"), most * 7 / 8);
    for (int n = 0; n < 20; ++n) {
        EXPECT_TRUE(ask(Kind::users, "v" + std::to_string(n) + "@a.example", "w" + std::to_string(n) + ".example"));
    }
}

TEST_F(QuestionsTest, LeavesRoomForOthersHoweverManyAskForNamesOfOneOwner) {
    std::uint64_t admitted = 0;
    for (int n = 0; n < 300; ++n) {
        admitted += ask(Kind::users, "u" + std::to_string(n) + "@a.example", "dead.example") ? 1 : 0;
    }
    EXPECT_EQ(admitted, 60U);
    EXPECT_TRUE(ask(Kind::users, "u1@a.example", "partner.example"));
}

TEST_F(QuestionsTest, GivesStrangersHalfAtMost) {
    for (int n = 0; n < 1000; ++n) static_cast<void>(ask_all(Kind::strangers, std::to_string(n), 1));
    EXPECT_EQ(entries("dns.questions"), most / 2);
    EXPECT_FALSE(ask(Kind::strangers, "another", "another.example"));
    EXPECT_TRUE(ask(Kind::users, "another", "another.example"));
    EXPECT_GE(ask_all(Kind::users, "romeo@a.example"), 20U);
}

/// Names that strangers ask for are their choice: it must not cost their owner anything.
TEST_F(QuestionsTest, CountsStrangersApart) {
    while (ask(Kind::strangers, std::to_string(names), "partner.example")) {
    }
    EXPECT_TRUE(ask(Kind::users, "romeo@a.example", "partner.example"));
}

TEST_F(QuestionsTest, KeepsTheLastPlacesForTheNode) {
    for (int n = 0; n < 1000; ++n) static_cast<void>(ask_all(Kind::users, std::to_string(n), 1));
    EXPECT_EQ(entries("dns.questions"), most - most / io::Questions::share_of_node);
    EXPECT_EQ(ask_all(Kind::node, {}), most / io::Questions::share_of_node);
    EXPECT_EQ(questions.begin(question(Kind::node, {}, {}))->status, DnsStatus::busy);
}

TEST_F(QuestionsTest, CountsEachUntilItIsOver) {
    static_cast<void>(ask_all(Kind::strangers, "192.0.2.1"));
    for (const auto& one : open) questions.silent(one, now + patience);
    now += patience;
    EXPECT_FALSE(ask(Kind::strangers, "192.0.2.1", "other.example")) << "its asker is told, and DNS still asked";
    for (const auto& one : open) questions.over(one, DnsStatus::failed, now);
    open.clear();
    EXPECT_EQ(entries("dns.questions"), 0U);
    EXPECT_TRUE(ask(Kind::strangers, "192.0.2.1", "other.example"));
}

TEST_F(QuestionsTest, AnswersASilentNameFromMemory) {
    auto one = question(Kind::users, "romeo@a.example", "dead.example");
    ASSERT_FALSE(questions.begin(one));
    now += patience;
    questions.silent(one, now);
    one.since = now;
    EXPECT_EQ(questions.begin(one)->status, DnsStatus::timed_out);
    EXPECT_EQ(entries("dns.questions"), 1U) << "it is not asked again";
    one.type = 1;
    EXPECT_FALSE(questions.begin(one)) << "another record may be answered";
    one.type = 33;
    one.asker = {};
    EXPECT_FALSE(questions.begin(one)) << "whoever administers the node wants to know what it says now";
    one.asker.kind = Kind::users;
    one.since = now += patience;
    EXPECT_FALSE(questions.begin(one)) << "it is asked again after a while";
}

TEST_F(QuestionsTest, ForgetsASilenceWhenTheAnswerComes) {
    const auto one = question(Kind::users, "romeo@a.example", "slow.example");
    ASSERT_FALSE(questions.begin(one));
    now += patience;
    questions.silent(one, now);
    questions.over(one, DnsStatus::ok, now + 1s);
    auto again = one;
    again.since = now + 1s;
    EXPECT_FALSE(questions.begin(again));
}

/// Whoever asked has long gone; that there was no answer is known all the same.
TEST_F(QuestionsTest, RemembersASilenceOfWhichNobodyWaitedForTheEnd) {
    auto one = question(Kind::strangers, "192.0.2.1", "dead.example");
    ASSERT_FALSE(questions.begin(one));
    now += 3 * patience;
    questions.over(one, DnsStatus::failed, now);
    one.since = now;
    EXPECT_EQ(questions.begin(one)->status, DnsStatus::timed_out);
    auto refused = question(Kind::strangers, "192.0.2.1", "broken.example");
    ASSERT_FALSE(questions.begin(refused));
    questions.over(refused, DnsStatus::failed, now + 1s);
    refused.since = now + 1s;
    EXPECT_FALSE(questions.begin(refused)) << "a server that says that it failed was not silent";
}

TEST_F(QuestionsTest, RemembersNoMoreSilencesThanItsBound) {
    for (std::uint64_t n = 0; n < 2 * io::Questions::most_silent; ++n) {
        questions.silent(question(Kind::users, "romeo@a.example", "dead.example"), now);
    }
    EXPECT_EQ(entries("dns.silent"), io::Questions::most_silent);
    now += patience;
    EXPECT_EQ(entries("dns.silent"), 0U);
}

}  // namespace
}  // namespace sallyport::test
