// What is known of names from before (RFC 8767).
#include "io/dns/known_answers.h"

#include <gtest/gtest.h>

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using io::KnownAnswers;

constexpr int type_a = 1, type_srv = 33;

DnsAnswer of(DnsStatus status) {
    DnsAnswer answer;
    answer.status = status;
    answer.secure = true;
    answer.ttl = 60s;
    if (status == DnsStatus::ok) answer.addresses = {*IpAddress::parse("192.0.2.1")};
    return answer;
}

class KnownAnswersTest : public testing::Test {
protected:
    KnownAnswers known;
    TimePoint now{1h};
};

TEST_F(KnownAnswersTest, KeepsAnAnswerForADay) {
    known.learn({type_a, "a.lab"}, of(DnsStatus::ok), now);
    EXPECT_FALSE(known.recall({type_srv, "a.lab"}, now));
    const auto got = known.recall({type_a, "a.lab"}, now + 24h);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->answer.addresses.size(), 1U);
    EXPECT_TRUE(got->answer.secure);
    EXPECT_EQ(got->answer.ttl, 0s);
    EXPECT_EQ(got->patience, KnownAnswers::patience);
    EXPECT_FALSE(known.recall({type_a, "a.lab"}, now + 24h + 1s));
}

TEST_F(KnownAnswersTest, KeepsForAnHourThatThereIsNothing) {
    for (const DnsStatus status : {DnsStatus::no_name, DnsStatus::no_data}) {
        known.learn({type_a, "a.lab"}, of(status), now);
        const auto got = known.recall({type_a, "a.lab"}, now + 1h);
        ASSERT_TRUE(got);
        EXPECT_EQ(got->answer.status, status);
        EXPECT_EQ(got->patience, KnownAnswers::negative_patience);
        EXPECT_FALSE(known.recall({type_a, "a.lab"}, now + 1h + 1s));
    }
}

TEST_F(KnownAnswersTest, LearnsNothingFromTrouble) {
    known.learn({type_a, "a.lab"}, of(DnsStatus::ok), now);
    for (const DnsStatus status : {DnsStatus::failed, DnsStatus::bogus, DnsStatus::timed_out, DnsStatus::busy}) {
        known.learn({type_a, "a.lab"}, of(status), now);
        known.learn({type_a, "b.lab"}, of(status), now);
    }
    EXPECT_EQ(known.recall({type_a, "a.lab"}, now)->answer.status, DnsStatus::ok);
    EXPECT_FALSE(known.recall({type_a, "b.lab"}, now));
}

TEST_F(KnownAnswersTest, ForgetsTheOneThatWasLearntFirst) {
    known.learn({type_a, "first.lab"}, of(DnsStatus::ok), now);
    known.learn({type_a, "second.lab"}, of(DnsStatus::ok), now);
    known.learn({type_a, "first.lab"}, of(DnsStatus::ok), now);
    for (std::size_t n = 2; n <= KnownAnswers::most; ++n) {
        known.learn({type_a, std::to_string(n)}, of(DnsStatus::ok), now);
    }
    EXPECT_TRUE(known.recall({type_a, "first.lab"}, now));
    EXPECT_FALSE(known.recall({type_a, "second.lab"}, now));
    TableFills all;
    known.tables(all);
    EXPECT_EQ(all.front().entries, all.front().bound);
}

}  // namespace
}  // namespace sallyport::test
