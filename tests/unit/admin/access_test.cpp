// Accounts, log-ins, sessions, tokens, codes: on a real database and a real loop, with time that the test moves.
#include "admin/access/access_desk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>

#include "admin/access/totp.h"
#include "base/hash.h"
#include "io/loop/asio_loop.h"
#include "io/loop/random.h"
#include "support/full_disk.h"
#include "support/sim_log.h"
#include "support/test_pki.h"

namespace sallyport::admin {
namespace {

using namespace std::chrono_literals;

TEST(Totp, AgreesWithTheVectorsOfRfc4226) {
    const char* expected[] = {"755224", "287082", "359152", "969429", "338314",
                              "254676", "287922", "162583", "399871", "520489"};
    for (std::uint64_t counter = 0; counter < 10; ++counter) {
        EXPECT_EQ(hotp("12345678901234567890", counter), expected[counter]);
    }
}

TEST(Totp, AgreesWithTheVectorsOfRfc6238) {
    const std::pair<std::int64_t, const char*> rows[] = {{59, "94287082"},         {1111111109, "07081804"},
                                                         {1111111111, "14050471"}, {1234567890, "89005924"},
                                                         {2000000000, "69279037"}, {20000000000, "65353130"}};
    for (const auto& [seconds, code] : rows) {
        EXPECT_EQ(hotp("12345678901234567890", static_cast<std::uint64_t>(seconds / 30), 8), code);
    }
}

TEST(Totp, TakesTheStepsBesideThisOneAndEachOnce) {
    const std::string secret = "12345678901234567890";
    constexpr std::int64_t now = 1111111109;
    constexpr std::uint64_t step = now / 30;
    for (const std::uint64_t good : {step - 1, step, step + 1})
        EXPECT_EQ(totp_step(secret, hotp(secret, good), now, 0), good);
    for (const std::uint64_t bad : {step - 2, step + 2}) EXPECT_FALSE(totp_step(secret, hotp(secret, bad), now, 0));
    EXPECT_FALSE(totp_step(secret, hotp(secret, step), now, step));
    EXPECT_FALSE(totp_step(secret, hotp(secret, step - 1), now, step));
    EXPECT_TRUE(totp_step(secret, hotp(secret, step + 1), now, step));
    EXPECT_FALSE(totp_step(secret, "", now, 0));
}

TEST(Totp, WritesSecretsAsAuthenticatorsReadThem) {
    // RFC 4648 10, without the padding.
    EXPECT_EQ(base32(""), "");
    EXPECT_EQ(base32("f"), "MY");
    EXPECT_EQ(base32("foobar"), "MZXW6YTBOI");
    EXPECT_EQ(totp_uri("foobar", "Sallyport", "anna"),
              "otpauth://totp/Sallyport:anna?secret=MZXW6YTBOI&issuer=Sallyport");
}

TEST(Downloads, GoOnOnlyWhereTheyEnded) {
    Downloads downloads;
    const TimePoint start{};
    EXPECT_FALSE(downloads.goes_on("anna a.pcapng", 0, 100, start));
    EXPECT_TRUE(downloads.goes_on("anna a.pcapng", 100, 200, start + 1s));
    EXPECT_FALSE(downloads.goes_on("otto a.pcapng", 200, 300, start + 1s)) << "somebody else";
    EXPECT_FALSE(downloads.goes_on("anna b.pcapng", 200, 300, start + 1s)) << "another file";
    EXPECT_TRUE(downloads.goes_on("anna a.pcapng", 200, 300, start + 2s));
    EXPECT_FALSE(downloads.goes_on("anna a.pcapng", 1, 100, start + 3s)) << "not the piece that is due";
    EXPECT_FALSE(downloads.goes_on("anna a.pcapng", 0, 100, start + 4s)) << "from the beginning again";
    EXPECT_FALSE(downloads.goes_on("anna a.pcapng", 100, 200, start + 3600s)) << "after a long rest";
    for (std::size_t i = 0; i <= Downloads::most; ++i) {
        (void)downloads.goes_on(std::to_string(i), 0, 100, start + 3601s + std::chrono::milliseconds{i});
    }
    EXPECT_FALSE(downloads.goes_on("0", 100, 200, start + 3602s)) << "it made room";
    EXPECT_TRUE(downloads.goes_on(std::to_string(Downloads::most), 100, 200, start + 3602s));
}

/// A clock that stands until it is moved.
struct StandingClock final : Clock {
    [[nodiscard]] TimePoint now() const override { return at; }
    [[nodiscard]] WallTime wall() const override {
        return WallTime{std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch())};
    }
    TimePoint at{};
};

struct SessionsTest : testing::Test {
    AdminLimits limits;
    StandingClock clock;
    IpAddress from = *IpAddress::parse("192.0.2.1");
    Sessions sessions{limits, clock, [](std::size_t n) { return io::random_bytes(n); }};
};

TEST_F(SessionsTest, AreFoundByTheirIdOnly) {
    const auto opened = sessions.open("anna", from);
    EXPECT_GE(opened.id.size(), 43U);
    ASSERT_NE(sessions.use(opened.id), nullptr);
    EXPECT_EQ(sessions.use(opened.id)->name, "anna");
    EXPECT_NE(opened.session.csrf, opened.id);
    EXPECT_EQ(sessions.use(""), nullptr);
    EXPECT_EQ(sessions.use(opened.id.substr(1)), nullptr);
    EXPECT_EQ(sessions.use(std::string(100000, 'A')), nullptr);
    sessions.close(opened.id);
    EXPECT_EQ(sessions.use(opened.id), nullptr);
}

TEST_F(SessionsTest, EndAfterARestAndAfterALongTime) {
    const auto opened = sessions.open("anna", from);
    clock.at += std::chrono::seconds{limits.session_idle_seconds} - 1s;
    EXPECT_NE(sessions.look(opened.id), nullptr) << "looking is rest";
    clock.at += 1s;
    EXPECT_EQ(sessions.use(opened.id), nullptr);
    const auto busy = sessions.open("anna", from);
    for (std::uint64_t passed = 0; passed + 600 < limits.session_seconds; passed += 600) {
        clock.at += 600s;
        ASSERT_NE(sessions.use(busy.id), nullptr) << passed;
    }
    clock.at += 600s;
    EXPECT_EQ(sessions.use(busy.id), nullptr);
}

TEST_F(SessionsTest, AreBoundedPerAccountAndInAll) {
    limits.sessions = 3;
    limits.sessions_per_account = 2;
    const auto first = sessions.open("anna", from), second = sessions.open("anna", from),
               third = sessions.open("anna", from);
    EXPECT_EQ(sessions.use(first.id), nullptr);
    EXPECT_NE(sessions.use(second.id), nullptr);
    const auto other = sessions.open("otto", from), last = sessions.open("rita", from);
    EXPECT_EQ(sessions.use(second.id), nullptr);
    EXPECT_NE(sessions.use(third.id), nullptr);
    EXPECT_NE(sessions.use(other.id), nullptr);
    EXPECT_NE(sessions.use(last.id), nullptr);
    EXPECT_TRUE(sessions.close_number(third.session.number));
    EXPECT_FALSE(sessions.close_number(third.session.number));
    EXPECT_EQ(sessions.list().size(), 2U);
    EXPECT_EQ(sessions.close_of("rita"), 1U);
}

class AdminAccess : public testing::Test {
protected:
    AdminAccess() { open(); }
    void open() {
        auto opened = AccessDesk::open({folder.path(), limits, [](std::size_t n) { return io::random_bytes(n); }}, loop,
                                       Logger{log, LogModule::admin});
        ASSERT_TRUE(opened) << opened.error().text;
        desk = std::move(*opened);
    }
    std::string add(const std::string& name, admin::Access role, const std::string& password) {
        std::optional<Result<void>> done;
        desk->add(name, role, password, [&](Result<void> result) { done = std::move(result); });
        loop.run_until([&] { return done.has_value(); });
        return *done ? "" : done->error().code;
    }
    AccessDesk::Outcome log_in(const std::string& name, const std::string& password, const std::string& code = {}) {
        std::optional<AccessDesk::Outcome> found;
        desk->log_in({name, password, code, from}, [&](AccessDesk::Outcome outcome) { found = std::move(outcome); });
        loop.run_until([&] { return found.has_value(); });
        return *found;
    }

    /// The code of the error; empty: done.
    std::string change(const std::string& name, const std::string& current, const std::string& password,
                       const std::string& session = {}, const std::string& code = {}) {
        std::optional<Result<void>> done;
        desk->change_own_password({name, current, code, from}, session, password,
                                  [&](Result<void> result) { done = std::move(result); });
        loop.run_until([&] { return done.has_value(); });
        return *done ? "" : done->error().code;
    }

    test::TemporaryFolder folder;
    test::MemorySink log;
    io::AsioLoop loop;
    AdminLimits limits;
    IpAddress from = *IpAddress::parse("192.0.2.1");
    std::unique_ptr<AccessDesk> desk;
};

TEST_F(AdminAccess, LetsInWhoKnowsThePasswordAndNobodyElse) {
    EXPECT_EQ(add("anna", admin::Access::administer, "a long password"), "");
    EXPECT_EQ(log_in("anna", "a wrong password").error.code, "login-refused");
    EXPECT_EQ(log_in("nobody", "a long password").error, log_in("anna", "").error);
    const auto outcome = log_in("anna", "a long password");
    ASSERT_TRUE(outcome.opened) << outcome.error.text;
    const auto holder = desk->holder_of(outcome.opened->id);
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->author, "anna");
    EXPECT_TRUE(holder->may("config.set", admin::Access::administer));
}

TEST_F(AdminAccess, KeepsNoPasswordAndNoTokenInTheDatabase) {
    EXPECT_EQ(add("anna", admin::Access::administer, "a long password"), "");
    const auto token = desk->add_token({"deploy", admin::Access::read, {}, 24h}, "anna");
    ASSERT_TRUE(token);
    const auto secret = desk->begin_totp("anna");
    ASSERT_TRUE(secret);
    for (const char* name : {"/admin.db", "/admin.db-wal"}) {
        std::ifstream file{folder.path() + name, std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
        EXPECT_EQ(bytes.find("a long password"), std::string::npos);
        EXPECT_EQ(bytes.find(*token), std::string::npos);
        EXPECT_EQ(bytes.find(*secret), std::string::npos);
    }
}

TEST_F(AdminAccess, RefusesNamesAndPasswordsThatAreNone) {
    EXPECT_EQ(add("", admin::Access::read, "a long password"), "account-malformed");
    EXPECT_EQ(add("a b", admin::Access::read, "a long password"), "account-malformed");
    EXPECT_EQ(add(std::string(65, 'a'), admin::Access::read, "a long password"), "account-malformed");
    EXPECT_EQ(add("anna", admin::Access::read, "short"), "account-password");
    EXPECT_EQ(add("anna", admin::Access::read, std::string(257, 'x')), "account-password");
    EXPECT_EQ(add("anna", admin::Access::read, "a long password"), "");
    EXPECT_EQ(add("anna", admin::Access::administer, "another password"), "account-exists");
    EXPECT_EQ(desk->set_role("otto", admin::Access::read).error().code, "account-unknown");
    EXPECT_EQ(desk->remove("otto").error().code, "account-unknown");
}

TEST_F(AdminAccess, CountsTriesInParallelToo) {
    limits.login_failures_per_minute = 2;
    open();
    EXPECT_EQ(add("anna", admin::Access::read, "a long password"), "");
    std::vector<std::string> codes;
    for (int i = 0; i < 4; ++i) {
        desk->log_in({"anna", "a wrong password", {}, from},
                     [&](const AccessDesk::Outcome& outcome) { codes.push_back(outcome.error.code); });
    }
    loop.run_until([&] { return codes.size() == 4; });
    EXPECT_EQ(codes,
              (std::vector<std::string>{"login-throttled", "login-throttled", "login-refused", "login-refused"}));
    EXPECT_GT(log_in("anna", "a long password").retry_after, Duration{}) << "the account waits, whoever asks";
    from = *IpAddress::parse("192.0.2.2");
    EXPECT_EQ(log_in("otto", "a long password").error.code, "login-refused") << "others do not";
}

TEST_F(AdminAccess, HashesABoundedNumberAtOnce) {
    limits.pending_logins = 1;
    open();
    std::vector<std::string> codes;
    for (const char* name : {"a", "b"}) {
        desk->log_in({name, "a wrong password", {}, from},
                     [&](const AccessDesk::Outcome& outcome) { codes.push_back(outcome.error.code); });
    }
    loop.run_until([&] { return codes.size() == 2; });
    EXPECT_EQ(codes, (std::vector<std::string>{"login-busy", "login-refused"}));
}

/// The thread that hashes hangs: what needs no hash is answered, and log-ins when it goes on.
TEST_F(AdminAccess, KeepsNobodyWaitingForHashesWhoNeedsNone) {
    EXPECT_EQ(add("anna", admin::Access::administer, "a long password"), "");
    const auto session = log_in("anna", "a long password").opened;
    const auto token = desk->add_token({"deploy", admin::Access::read, {}, 24h}, "anna");
    ASSERT_TRUE(session && token);
    std::promise<void> stuck, goes_on;
    desk->hashing().post([&stuck, go = goes_on.get_future().share()] {
        stuck.set_value();
        go.wait();
    });
    stuck.get_future().wait();
    std::vector<std::string> told;
    desk->log_in({"anna", "a wrong password", {}, from},
                 [&](const AccessDesk::Outcome& outcome) { told.push_back(outcome.error.code); });
    desk->add("otto", admin::Access::read, "another long password",
              [&](const Result<void>& added) { told.push_back(added ? "added" : added.error().code); });

    EXPECT_TRUE(desk->holder_of(session->id));
    EXPECT_TRUE(desk->bearer_of(*token, from));
    EXPECT_TRUE(desk->set_language("anna", "es"));
    EXPECT_EQ(desk->accounts()->size(), 1U);
    bool turns = false;
    const auto timer = loop.timer([&] { turns = true; });
    timer->arm(loop.now() + 1ms);
    loop.run_until([&] { return turns; });
    EXPECT_TRUE(told.empty()) << told.front();

    goes_on.set_value();
    loop.run_until([&] { return told.size() == 2; });
    EXPECT_EQ(told, (std::vector<std::string>{"login-refused", "added"}));
}

TEST_F(AdminAccess, KeepsRoomForThoseWhoHaveLoggedInBefore) {
    EXPECT_EQ(add("anna", admin::Access::administer, "a long password"), "");
    const IpAddress desk_of_anna = from;
    EXPECT_TRUE(log_in("anna", "a long password").opened);
    desk->record({0, {}, "anna", from.text(), "session.open", "{}", "ok"});
    for (const bool restarted : {false, true}) {
        if (restarted) open();
        std::vector<std::string> codes;
        for (int n = 1; n <= 60; ++n) {
            from = *IpAddress::parse("198.51.100." + std::to_string(n));
            desk->log_in({n % 2 == 0 ? "anna" : "x" + std::to_string(n), "a wrong password", {}, from},
                         [&](const AccessDesk::Outcome& outcome) { codes.push_back(outcome.error.code); });
        }
        std::vector<AccessDesk::Outcome> outcomes;
        for (const IpAddress& known : {desk_of_anna, *IpAddress::parse("127.0.0.1")}) {
            desk->log_in({"anna", "a long password", {}, known},
                         [&](AccessDesk::Outcome outcome) { outcomes.push_back(std::move(outcome)); });
        }
        loop.run_until([&] { return outcomes.size() == 2 && codes.size() == 60; });
        for (const AccessDesk::Outcome& outcome : outcomes) EXPECT_TRUE(outcome.opened) << outcome.error.code;
        EXPECT_EQ(std::count(codes.begin(), codes.end(), "login-refused"), 6);
        EXPECT_EQ(std::count(codes.begin(), codes.end(), "login-busy"), 54);
    }
}

TEST_F(AdminAccess, LetsNobodyBeKeptOutByWhoGuessesAtTheName) {
    limits.login_failures_per_minute = 3;
    open();
    EXPECT_EQ(add("anna", admin::Access::administer, "a long password"), "");
    const IpAddress desk_of_anna = from;
    EXPECT_TRUE(log_in("anna", "a long password").opened);
    for (int n = 1; n <= 5; ++n) {
        from = *IpAddress::parse("198.51.100." + std::to_string(n));
        EXPECT_EQ(log_in("anna", "a wrong password").error.code, n <= 3 ? "login-refused" : "login-throttled");
    }
    from = desk_of_anna;
    EXPECT_TRUE(log_in("anna", "a long password").opened);
    // Who guesses from there has no more tries than others.
    for (int n = 1; n <= 3; ++n) EXPECT_EQ(log_in("anna", "a wrong password").error.code, "login-refused");
    EXPECT_EQ(log_in("anna", "a long password").error.code, "login-throttled");
}

TEST_F(AdminAccess, RemembersWhereSomebodyLoggedInHoweverMuchWasDoneSince) {
    limits.login_failures_per_minute = 3;
    open();
    EXPECT_EQ(add("anna", admin::Access::administer, "a long password"), "");
    const IpAddress desk_of_anna = from;
    EXPECT_TRUE(log_in("anna", "a long password").opened);
    desk->record({0, {}, "anna", from.text(), "session.open", "{}", "ok"});
    for (int n = 0; n < 1000; ++n) desk->record({0, {}, "a script", "192.0.2.44", "allow.add", "{}", "ok"});
    open();
    for (int n = 1; n <= 5; ++n) {
        from = *IpAddress::parse("198.51.100." + std::to_string(n));
        EXPECT_EQ(log_in("anna", "a wrong password").error.code, n <= 3 ? "login-refused" : "login-throttled");
    }
    from = desk_of_anna;
    EXPECT_TRUE(log_in("anna", "a long password").opened);
}

TEST_F(AdminAccess, AsksForACodeOnceItIsOn) {
    EXPECT_EQ(add("anna", admin::Access::read, "a long password"), "");
    const auto secret = desk->begin_totp("anna");
    ASSERT_TRUE(secret);
    EXPECT_EQ(log_in("anna", "a long password").error.code, "code-needed");
    EXPECT_EQ(log_in("anna", "a wrong password").error.code, "login-refused")
        << "codes are asked of who knows the password";
    const auto step = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(loop.wall().time_since_epoch()).count() / totp_step_seconds);
    const std::string code = hotp(*secret, step);
    EXPECT_TRUE(log_in("anna", "a long password", code).opened);
    EXPECT_EQ(log_in("anna", "a long password", code).error.code, "login-refused") << "a code counts once";
    open();
    EXPECT_EQ(log_in("anna", "a long password", code).error.code, "login-refused") << "also after a restart";
    EXPECT_TRUE(log_in("anna", "a long password", hotp(*secret, step + 1)).opened);
    ASSERT_TRUE(desk->end_totp("anna"));
    EXPECT_TRUE(log_in("anna", "a long password").opened);
}

TEST_F(AdminAccess, GivesANewPasswordToWhoKnowsThePresentOneAndEndsTheOtherSessions) {
    EXPECT_EQ(add("rita", admin::Access::read, "a long password"), "");
    EXPECT_EQ(add("otto", admin::Access::read, "a long password"), "");
    const auto here = log_in("rita", "a long password"), there = log_in("rita", "a long password");
    const auto others = log_in("otto", "a long password");
    ASSERT_TRUE(here.opened && there.opened && others.opened);
    EXPECT_EQ(change("rita", "a wrong password", "another password", here.opened->id), "password-refused");
    EXPECT_EQ(change("rita", "a long password", "short", here.opened->id), "account-password");
    EXPECT_EQ(change("rita", "a long password", "a long password", here.opened->id), "account-password");
    EXPECT_TRUE(desk->holder_of(there.opened->id)) << "a refusal changes nothing";
    EXPECT_EQ(change("rita", "a long password", "another password", here.opened->id), "");
    EXPECT_TRUE(desk->holder_of(here.opened->id));
    EXPECT_FALSE(desk->holder_of(there.opened->id));
    EXPECT_TRUE(desk->holder_of(others.opened->id));
    EXPECT_EQ(log_in("rita", "a long password").error.code, "login-refused");
    EXPECT_TRUE(log_in("rita", "another password").opened);
    EXPECT_EQ(change("nobody", "a long password", "another password"), "password-refused") << "like a wrong one";
}

TEST_F(AdminAccess, CountsWrongPresentPasswordsAsFailedLogIns) {
    limits.login_failures_per_minute = 2;
    open();
    EXPECT_EQ(add("rita", admin::Access::read, "a long password"), "");
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(change("rita", "a long password", "a long passwor" + std::to_string(i)),
                  i == 0 ? "" : "password-refused");
    EXPECT_EQ(change("rita", "a long passwor0", "another password"), "login-throttled");
    EXPECT_GT(log_in("rita", "a long passwor0").retry_after, Duration{}) << "one bucket for both ways";
}

TEST_F(AdminAccess, WantsTheCodeForANewPasswordWhereNoSessionHasShownIt) {
    EXPECT_EQ(add("rita", admin::Access::read, "a long password"), "");
    const auto secret = desk->begin_totp("rita");
    ASSERT_TRUE(secret);
    EXPECT_EQ(change("rita", "a long password", "another password"), "code-needed");
    EXPECT_EQ(change("rita", "a long password", "another password", {}, "000000x"), "login-refused");
    const auto step = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(loop.wall().time_since_epoch()).count() / totp_step_seconds);
    EXPECT_EQ(change("rita", "a long password", "another password", {}, hotp(*secret, step)), "");
}

TEST_F(AdminAccess, LetsInOnAFullDiskWhoeverItKnows) {
    ASSERT_EQ(add("anna", admin::Access::administer, "a long password"), "");
    desk.reset();
    {
        const test::FullDisk full;
        open();
        EXPECT_NE(desk->trouble(), "");
        EXPECT_EQ(log_in("anna", "a wrong password").error.code, "login-refused");
        EXPECT_TRUE(log_in("anna", "a long password").opened) << "somebody has to look after the disk";
        EXPECT_TRUE(add("otto", admin::Access::read, "another password").starts_with("store-"));
        EXPECT_FALSE(desk->retry());
    }
    EXPECT_TRUE(desk->retry());
    EXPECT_EQ(desk->trouble(), "");
    EXPECT_EQ(add("otto", admin::Access::read, "another password"), "");
}

TEST_F(AdminAccess, LetsNobodyInWhereTheAccountsCannotBeRead) {
    ASSERT_EQ(add("anna", admin::Access::administer, "a long password"), "");
    desk.reset();
    std::ofstream{folder.path() + "/admin.db", std::ios::trunc} << std::string(8192, 'x');
    open();
    EXPECT_NE(desk->trouble(), "");
    EXPECT_FALSE(log_in("anna", "a long password").opened);
    EXPECT_EQ(add("otto", admin::Access::read, "another password"), "store-corrupt");
}

TEST_F(AdminAccess, TakesNoCodeFromBeforeTheStartThatTheDiskCannotRemember) {
    ASSERT_EQ(add("anna", admin::Access::administer, "a long password"), "");
    const auto secret = desk->begin_totp("anna");
    ASSERT_TRUE(secret);
    desk.reset();
    const test::FullDisk full;
    open();
    const auto step = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(loop.wall().time_since_epoch()).count() / 30);
    EXPECT_TRUE(log_in("anna", "a long password", admin::hotp(*secret, step)).error.code.starts_with("store-"));
    EXPECT_TRUE(log_in("anna", "a long password", admin::hotp(*secret, step + 1)).opened);
}

TEST_F(AdminAccess, KnowsTokensUntilTheyEnd) {
    const auto token = desk->add_token({"deploy", admin::Access::operate, {"peers.list", "peers.ping"}, 24h}, "anna");
    ASSERT_TRUE(token);
    EXPECT_EQ(desk->add_token({"deploy", admin::Access::read, {}, 24h}, "anna").error().code, "token-exists");
    const auto bearer = desk->bearer_of(*token, from);
    ASSERT_TRUE(bearer);
    EXPECT_EQ(bearer->author, "token deploy");
    EXPECT_TRUE(bearer->may("peers.ping", admin::Access::operate));
    EXPECT_FALSE(bearer->may("peers.close", admin::Access::operate));
    EXPECT_FALSE(bearer->may("peers.ping", admin::Access::administer));
    EXPECT_FALSE(desk->bearer_of(*token + "x", from));
    EXPECT_FALSE(desk->bearer_of("", from));
    ASSERT_TRUE(desk->remove_token("deploy"));
    EXPECT_FALSE(desk->bearer_of(*token, from));
    const auto over = desk->add_token({"over", admin::Access::read, {}, std::chrono::hours{0}}, "anna");
    EXPECT_FALSE(desk->bearer_of(*over, from));
}

TEST_F(AdminAccess, KeepsABoundedAudit) {
    limits.audit_rows = 3;
    open();
    for (int i = 0; i < 5; ++i)
        desk->record({0, {}, i % 2 == 0 ? "anna" : "otto", "local", std::to_string(i), "{}", "ok"});
    const auto rows = desk->audit(10, {});
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_EQ(rows->front().verb, "4");
    EXPECT_EQ(desk->audit(10, "otto")->size(), 1U);
    EXPECT_EQ(desk->audit(1, {})->size(), 1U);
}

TEST_F(AdminAccess, LetsNobodyRollTheAuditOver) {
    limits.audit_rows = 8;
    open();
    const auto done_by = [&](const char* author, unsigned times) {
        for (unsigned i = 0; i < times; ++i) {
            desk->record({0, {}, author, "local", std::string{author} + std::to_string(i), "{}", "ok"});
        }
    };
    done_by("anna", 3);
    done_by("otto", 1);
    done_by("rita", 100);
    EXPECT_EQ(desk->audit(100, {})->size(), 8U);
    EXPECT_EQ(desk->audit(100, "anna")->size(), 3U);
    EXPECT_EQ(desk->audit(100, "otto")->size(), 1U);
    EXPECT_EQ(desk->audit(100, {})->front().verb, "rita99");
    done_by("otto", 3);
    EXPECT_EQ(desk->audit(100, "otto")->size(), 2U) << "the oldest of all go, then what is above his quarter";
    EXPECT_EQ(desk->audit(100, {})->size(), 8U);
}

}  // namespace
}  // namespace sallyport::admin
