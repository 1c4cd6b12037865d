// Logins: TLS first, SCRAM with and without channel binding, users who do not exist, limits, resources.
#include <gtest/gtest.h>

#include "proto/xmpp/namespaces.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

TEST(ImLogin, BindsAResourceAfterTlsAndScram) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login("balcony")) << world.log.dump();
    EXPECT_EQ(juliet.jid, "juliet@corp.example/balcony");
}

TEST(ImLogin, OffersNothingButTlsAtFirst) {
    ImWorld world;
    Client juliet{world, "juliet"};
    juliet.connect();
    juliet.header();
    ASSERT_TRUE(juliet.features);
    EXPECT_EQ(juliet.features->children.size(), 1U);
    EXPECT_NE(juliet.features->child(xmpp::ns::tls, "starttls"), nullptr);
    juliet.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biws</auth>");
    EXPECT_EQ(juliet.next()->first_child()->name, "policy-violation");
}

TEST(ImLogin, TakesEveryMechanismOfTheTable) {
    ImWorld world;
    struct Row {
        const char* mechanism;
        const char* flag;
    };
    for (const Row& row : {Row{"SCRAM-SHA-256-PLUS", "p=tls-exporter"}, Row{"SCRAM-SHA-1-PLUS", "p=tls-exporter"},
                           Row{"SCRAM-SHA-256", "n"}, Row{"SCRAM-SHA-1", "n"}}) {
        Client juliet{world, "juliet"};
        juliet.connect();
        juliet.header();
        juliet.secure();
        juliet.header();
        juliet.authenticate(row.mechanism, row.flag);
        EXPECT_EQ(juliet.failure, "") << row.mechanism << row.flag;
    }
}

TEST(ImLogin, RefusesAClientThatSawNoOfferToBind) {  // RFC 5802 6
    ImWorld world;
    Client juliet{world, "juliet"};
    juliet.connect();
    juliet.header();
    juliet.secure();
    juliet.header();
    juliet.authenticate("SCRAM-SHA-256", "y");
    EXPECT_EQ(juliet.failure, "not-authorized");
}

TEST(ImLogin, TakesSuchAClientWhereNothingIsOffered) {
    ImWorld world{{}, false};
    Client juliet{world, "juliet"};
    juliet.connect();
    juliet.header();
    juliet.secure();
    juliet.header();
    juliet.authenticate("SCRAM-SHA-256-PLUS");
    EXPECT_EQ(juliet.failure, "invalid-mechanism");
    juliet.authenticate("SCRAM-SHA-256", "y");
    EXPECT_EQ(juliet.failure, "");
}

TEST(ImLogin, AnswersUnknownUsersAsItAnswersWrongPasswords) {
    ImWorld world;
    std::string salts[2];
    for (std::string& salt : salts) {
        Client nobody{world, "nobody"};
        EXPECT_FALSE(nobody.login());
        EXPECT_EQ(nobody.failure, "not-authorized");
        salt = nobody.challenge.substr(nobody.challenge.find(",s="));
    }
    EXPECT_EQ(salts[0], salts[1]);
    Client juliet{world, "juliet", "wrong"};
    EXPECT_FALSE(juliet.login());
    EXPECT_EQ(juliet.failure, "not-authorized");
    const std::string real = juliet.challenge.substr(juliet.challenge.find(",s="));
    EXPECT_EQ(real.size(), salts[0].size());
}

TEST(ImLogin, HoldsOffAnAddressThatFailsTooOften) {
    Limits limits;
    limits.login_failures_per_minute = 2;
    ImWorld world{limits};
    for (int i = 0; i < 2; ++i) {
        Client guess{world, "juliet", "guess"};
        EXPECT_FALSE(guess.login());
    }
    Client right{world, "juliet"};
    EXPECT_FALSE(right.login());
    EXPECT_EQ(right.failure, "temporary-auth-failure");
    Client elsewhere{world, "juliet", "pencil", &world.others};
    EXPECT_TRUE(elsewhere.login());
    world.world.advance(std::chrono::minutes{1});
    Client later{world, "juliet"};
    EXPECT_TRUE(later.login("later"));
}

TEST(ImLogin, HoldsOffAGuesserHoweverManyOthersFail) {
    Limits limits;
    limits.login_failures_per_minute = 3;
    limits.scram_iterations = 1;
    ImWorld world{limits};
    const TimePoint began = world.world.loop().now();
    for (int i = 0; i < 3; ++i) {
        Client guess{world, "juliet", "guess"};
        EXPECT_FALSE(guess.login());
    }
    for (int n = 0; n < 4200; ++n) {
        const std::string address = "10." + std::to_string(n % 16) + "." + std::to_string(n / 16 / 250) + "." +
                                    std::to_string(n / 16 % 250 + 1);
        SimNetwork there{world.world, {address}};
        world.world.set_latency("192.0.2.1", address, std::chrono::microseconds{1});
        Client guess{world, "juliet", "guess", &there};
        ASSERT_FALSE(guess.login());
        ASSERT_EQ(guess.failure, "not-authorized") << n;
    }
    ASSERT_LT(world.world.loop().now() - began, std::chrono::seconds{50}) << "within the minute";
    Client right{world, "juliet"};
    EXPECT_FALSE(right.login());
    EXPECT_EQ(right.failure, "temporary-auth-failure");
    Client elsewhere{world, "juliet", "pencil", &world.others};
    EXPECT_TRUE(elsewhere.login()) << "others are not concerned";
}

TEST(ImLogin, EndsTheStreamAfterTheThirdFailure) {
    ImWorld world;
    Client juliet{world, "juliet", "wrong"};
    juliet.connect();
    juliet.header();
    juliet.secure();
    juliet.header();
    for (int i = 0; i < 3; ++i) {
        juliet.authenticate();
        EXPECT_EQ(juliet.failure, "not-authorized");
    }
    EXPECT_EQ(juliet.next("error")->first_child()->name, "policy-violation");
}

TEST(ImLogin, ReplacesAnOlderClientWithTheSameResource) {
    ImWorld world;
    Client old{world, "juliet"}, fresh{world, "juliet"};
    ASSERT_TRUE(old.login("desk"));
    ASSERT_TRUE(fresh.login("desk"));
    EXPECT_EQ(old.next("error")->first_child()->name, "conflict");
    EXPECT_EQ(world.service->status().sessions.size(), 1U);
}

TEST(ImLogin, BoundsTheResourcesOfAUser) {
    Limits limits;
    limits.client_resources = 1;
    ImWorld world{limits};
    Client one{world, "juliet"}, two{world, "juliet"};
    ASSERT_TRUE(one.login("one"));
    EXPECT_FALSE(two.login("two"));
}

TEST(ImLogin, EndsSessionsWhenThePasswordChanges) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login());
    world.directory->change_password("juliet@corp.example", "other",
                                     [](const Result<io::UserName>& changed) { EXPECT_TRUE(changed); });
    EXPECT_EQ(juliet.next("error")->first_child()->name, "not-authorized");
    Client again{world, "juliet", "other"};
    EXPECT_TRUE(again.login());
}

TEST(ImLogin, WaitsForNoWriteToTheDisk) {
    ImWorld world;
    world.stop_service();
    world.disk_is_stuck = true;
    world.start_service();
    world.from_outside("<message from='x@other.example' to='romeo@corp.example' id='k'><body>kept</body></message>");
    world.settle();
    ASSERT_GT(world.storage->waiting(), 0U) << "something is being written";
    Client juliet{world, "juliet"}, romeo{world, "romeo"};
    ASSERT_TRUE(juliet.login());
    ASSERT_TRUE(romeo.login());
    juliet.say("<message to='romeo@corp.example' id='live'><body>hello</body></message>");
    juliet.say("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    EXPECT_EQ(juliet.next("iq")->attribute("id"), "p");
}

TEST(ImLogin, RefusesAStanzaInTheNameOfAnother) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login());
    juliet.say("<message from='romeo@corp.example' to='nurse@corp.example'><body>x</body></message>");
    EXPECT_EQ(juliet.next("error")->first_child()->name, "invalid-from");
}

TEST(ImLogin, ReadsWhatAClientSendsAheadOfAnswers) {
    ImWorld world;
    Client juliet{world, "juliet"};
    juliet.connect();
    juliet.header();
    juliet.secure();
    juliet.header();
    juliet.authenticate();
    ASSERT_EQ(juliet.failure, "");
    juliet.header();
    juliet.say(
        "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
        "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    EXPECT_EQ(juliet.next("iq")->attribute("id"), "b");
    EXPECT_EQ(juliet.next("iq")->attribute("id"), "p");
}

}  // namespace
}  // namespace sallyport::test
