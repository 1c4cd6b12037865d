// The AXL service on a real database: who is let in, what is answered, and what a broken database becomes.
#include "services/axl/axl_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/hash.h"
#include "io/store/database.h"
#include "support/sim_log.h"
#include "support/sim_world.h"

namespace sallyport::axl {
namespace {

using namespace std::chrono_literals;

class Answered final : public io::HttpExchange {
public:
    explicit Answered(std::optional<io::HttpResponse>& slot) : slot_{slot} {}
    void respond(io::HttpResponse response) override { slot_ = std::move(response); }
    std::unique_ptr<io::HttpStream> stream(io::HttpResponse, io::HttpStreamEvents) override { return nullptr; }

private:
    std::optional<io::HttpResponse>& slot_;
};

class Axl : public testing::Test {
protected:
    Axl() {
        std::string name = (std::filesystem::temp_directory_path() / "sallyport-axl-XXXXXX").string();
        folder = mkdtemp(name.data());
        auto opened = io::PresenceStore::open(folder + "/presence.db", std::chrono::milliseconds{0});
        store.emplace(std::move(*opened));
        sql.emplace(*store, [this](const Error* error) { health.push_back(error == nullptr ? "" : error->code); });
        users.emplace(*store, world.loop(), hashing.loop(), std::string(32, 'r'));
        service.emplace(*sql, *users, Logger{log, LogModule::axl});
        EXPECT_TRUE(users->put("axluser", "correct horse"));
    }
    ~Axl() override { std::filesystem::remove_all(folder); }

    static std::string hex(unsigned number) {
        std::ostringstream text;
        text << std::hex << number;
        return text.str();
    }
    static std::string basic(const std::string& user, const std::string& password) {
        return "Basic " + base64_encode(user + ":" + password);
    }
    /// What an admission becomes when the password is hashed.
    std::optional<io::HttpAdmission> admitted(const io::HttpRequest& request) {
        io::HttpAdmission admission = service->admit(request);
        if (!admission.later) return admission;
        const auto slot = std::make_shared<std::optional<io::HttpAdmission>>();
        admission.later([slot](io::HttpAdmission decided) { *slot = std::move(decided); });
        decisions.push_back(slot);
        hash();
        return std::move(*slot);
    }
    /// The thread gets on, unless it is stuck.
    void hash() {
        if (!hashing_is_stuck) hashing.settle();
        world.settle();
    }
    io::HttpRequest request_of(const std::string& method, const std::string& target,
                               std::vector<io::HttpField> fields) {
        io::HttpRequest request;
        request.method = method;
        request.target = target;
        request.fields = std::move(fields);
        request.remote = {*IpAddress::parse(address), 40000};
        return request;
    }
    /// The status that a GET gets at once; 0: it waits for its password to be hashed.
    unsigned status_now(const std::string& user, const std::string& password) {
        const auto admission = admitted(request_of("GET", "/axl/", {{"Authorization", basic(user, password)}}));
        return !admission ? 0 : admission->refusal ? admission->refusal->status : 200;
    }
    /// Those that wait no longer.
    std::size_t decided() {
        return static_cast<std::size_t>(
            std::count_if(decisions.begin(), decisions.end(), [](const auto& slot) { return slot->has_value(); }));
    }
    io::HttpResponse ask(const std::string& method, const std::string& target, std::vector<io::HttpField> fields,
                         const std::string& body = {}) {
        io::HttpRequest request = request_of(method, target, std::move(fields));
        const auto admission = admitted(request);
        if (!admission) return {0, {}, {}};
        if (admission->refusal) return *admission->refusal;
        request.body = body;
        std::optional<io::HttpResponse> slot;
        service->handle(request, std::make_shared<Answered>(slot));
        EXPECT_TRUE(slot);
        return slot.value_or(io::HttpResponse{0, {}, {}});
    }
    io::HttpResponse get(const std::string& target,
                         const std::string& authorization = basic("axluser", "correct horse")) {
        return ask("GET", target, {{"Host", "imp.test:8443"}, {"Authorization", authorization}});
    }
    io::HttpResponse post(const Request& request) {
        return ask("POST", "/axl/",
                   {{"Authorization", basic("axluser", "correct horse")},
                    {"Content-Type", "text/xml; charset=utf-8"},
                    {"SOAPAction", write_soap_action(request)}},
                   write_request(request));
    }
    Answer query(const std::string& statement) {
        const auto response = post({Operation::query, "14.0", statement});
        const auto answer = read_answer(response.body);
        EXPECT_TRUE(answer) << response.body;
        return answer.value_or(Answer{});
    }
    Answer update(const std::string& statement) {
        const auto answer = read_answer(post({Operation::update, "14.0", statement}).body);
        return answer.value_or(Answer{});
    }

    test::SimWorld world;
    test::SimWorld hashing;  ///< the thread on which passwords are hashed
    bool hashing_is_stuck = false;
    std::vector<std::shared_ptr<std::optional<io::HttpAdmission>>> decisions;  ///< of those that had to be hashed
    test::MemorySink log;
    std::string folder;
    std::string address = "192.0.2.9";
    std::optional<io::PresenceStore> store;
    std::optional<SqlDesk> sql;
    std::optional<UserDesk> users;
    std::optional<AxlService> service;
    std::vector<std::string> health;
};

TEST_F(Axl, InsertsReadsAndDeletesRows) {
    EXPECT_EQ(query("select * from xmpps2snodes"), Answer{Rows{}});
    EXPECT_EQ(update("insert into xmpps2snodes (pkid, cp_id) values "
                     "('055c13d9-943d-459d-a3c6-af1d1176936d', 'cm-2_s2scp-1.edge1-test')"),
              Answer{Updated{1}});
    EXPECT_EQ(
        query("select * from xmpps2snodes"),
        (Answer{Rows{{{{"pkid", "055c13d9-943d-459d-a3c6-af1d1176936d"}, {"cp_id", "cm-2_s2scp-1.edge1-test"}}}}}));
    EXPECT_EQ(update("delete from xmpps2snodes where cp_id = 'cm-2_s2scp-1.edge1-test'"), Answer{Updated{1}});
    EXPECT_EQ(update("delete from xmpps2snodes where cp_id = 'cm-2_s2scp-1.edge1-test'"), Answer{Updated{0}});
}

TEST_F(Axl, ARefusedStatementIsAFaultWithItsReason) {
    const auto response = post({Operation::query, "14.0", "select * from users"});
    EXPECT_EQ(response.status, 500U);
    const auto fault = std::get<Fault>(*read_answer(response.body));
    EXPECT_EQ(fault.code, -1);
    EXPECT_EQ(fault.operation, "executeSQLQuery");
    EXPECT_NE(fault.text.find("expected a table"), std::string::npos) << fault.text;
    EXPECT_TRUE(std::holds_alternative<Fault>(query("delete from xmpps2snodes where cp_id = 'a'")));
    EXPECT_TRUE(std::holds_alternative<Fault>(update("select * from xmpps2snodes")));
    EXPECT_TRUE(std::holds_alternative<Fault>(update("insert into xmpps2snodes (pkid, cp_id) values (newid(), 'x')")));
    EXPECT_TRUE(store->s2s_nodes()->empty());
}

TEST_F(Axl, ARowThatIsThereAlreadyIsAFault) {
    const std::string insert = "insert into xmpps2snodes (pkid, cp_id) values (newid(), 'cm-2_s2scp-1.e')";
    EXPECT_EQ(update(insert), Answer{Updated{1}});
    EXPECT_EQ(std::get<Fault>(update(insert)).text, "a row with this cp_id or pkid exists already");
    EXPECT_EQ(health.back(), "") << "the database itself is well";
}

TEST_F(Axl, GoodCredentialsGetThePageAndTheDescription) {
    EXPECT_EQ(get("/axl/").status, 200U);
    const auto wsdl = get("/axl/?wsdl");
    EXPECT_EQ(wsdl.status, 200U);
    EXPECT_NE(wsdl.body.find("https://imp.test:8443/axl/"), std::string::npos);
    EXPECT_EQ(get("/axl").status, 301U);
    EXPECT_EQ(ask("POST", "/axl", {}).status, 404U) << "the slash is required";
    EXPECT_EQ(get("/").status, 404U);
    EXPECT_EQ(ask("PUT", "/axl/", {}).status, 405U);
}

TEST_F(Axl, WrongCredentialsGet401AndNoDetail) {
    for (const std::string& authorization : {std::string{}, basic("axluser", "wrong password"),
                                             basic("nobody", "correct horse"), std::string{"Bearer x"}}) {
        address = "192.0.2." + std::to_string(authorization.size());
        const auto response = get("/axl/", authorization);
        EXPECT_EQ(response.status, 401U) << authorization;
        EXPECT_EQ(response.body, "Unauthorized\n");
        EXPECT_EQ(response.field("WWW-Authenticate"), "Basic realm=\"AXL\", charset=\"UTF-8\"");
    }
    EXPECT_EQ(log.dump().find("correct horse"), std::string::npos);
    EXPECT_EQ(log.dump().find("wrong password"), std::string::npos);
}

TEST_F(Axl, AUserWithoutTheRoleIsRefused) {
    auto row = (*store->application_users())[0];
    row.roles = {"Standard Something Else"};
    ASSERT_TRUE(store->put_application_user(row));
    EXPECT_EQ(get("/axl/").status, 401U);
}

TEST_F(Axl, ManyWrongPasswordsThrottleTheirAddressForAMinute) {
    for (std::size_t i = 0; i < UserDesk::most_failures; ++i) {
        EXPECT_EQ(get("/axl/", basic("axluser", "guess number " + std::to_string(i))).status, 401U);
    }
    const auto refused = get("/axl/");
    EXPECT_EQ(refused.status, 503U) << "not even a good password is looked at";
    EXPECT_EQ(refused.field("Retry-After"), "60");
    address = "192.0.2.77";
    EXPECT_EQ(get("/axl/").status, 200U) << "others are not concerned";
    address = "192.0.2.9";
    world.advance(61s);
    EXPECT_EQ(get("/axl/").status, 200U);
}

TEST_F(Axl, OneSubscribersAddressesAreThrottledTogether) {
    for (std::size_t i = 0; i < UserDesk::most_failures; ++i) {
        address = "2001:db8:0:1::" + std::to_string(i + 1);
        EXPECT_EQ(get("/axl/", basic("axluser", "guess number " + std::to_string(i))).status, 401U);
    }
    address = "2001:db8:0:1::99";
    EXPECT_EQ(get("/axl/").status, 503U);
    address = "2001:db8:0:2::1";
    EXPECT_EQ(get("/axl/").status, 200U) << "others are not concerned";
}

TEST_F(Axl, GuessersKeepNobodyWaitingWhoIsKnown) {
    EXPECT_EQ(status_now("axluser", "correct horse"), 200U);
    EXPECT_EQ(decisions.size(), 1U);
    hashing_is_stuck = true;
    for (int n = 1; n <= 60; ++n) {
        address = "198.51.100." + std::to_string(n);
        const unsigned status = status_now(n % 2 == 0 ? "axluser" : "nobody", "a wrong password");
        EXPECT_EQ(status, static_cast<std::size_t>(n) <= UserDesk::most_of_strangers ? 0U : 503U) << n;
    }
    address = "192.0.2.9";
    for (int n = 0; n < 100; ++n) EXPECT_EQ(status_now("axluser", "correct horse"), 200U) << "one hash is enough";
    // Its new password has to be hashed, and there is room for it.
    const auto before = decisions.size();
    EXPECT_EQ(status_now("axluser", "another password"), 0U);
    EXPECT_EQ(decisions.size(), before + 1);
    hashing_is_stuck = false;
    hash();
    EXPECT_EQ(status_now("axluser", "another password"), 401U);
    EXPECT_EQ(decided(), decisions.size());
    EXPECT_GE(log.count("axl.refused"), 60U);
}

TEST_F(Axl, OneGuesserHasNotAllTheRoomOfStrangers) {
    hashing_is_stuck = true;
    for (std::size_t n = 0; n < 4; ++n) {
        EXPECT_EQ(status_now("axluser", "guess " + std::to_string(n)), n < UserDesk::most_of_stranger ? 0U : 503U);
    }
    address = "192.0.2.10";
    EXPECT_EQ(status_now("axluser", "correct horse"), 0U);
    hashing_is_stuck = false;
    hash();
    EXPECT_EQ(status_now("axluser", "correct horse"), 200U);
}

TEST_F(Axl, GuessesInParallelCountToo) {
    hashing_is_stuck = true;
    for (std::size_t n = 0; n < UserDesk::most_failures; ++n) {
        (void)status_now("axluser", "guess " + std::to_string(n));
        if (n % 2 == 0) continue;
        hashing.settle();
        world.settle();
    }
    EXPECT_EQ(status_now("axluser", "correct horse"), 503U) << "none of the guesses has to be answered for that";
}

TEST_F(Axl, APasswordThatChangesWhileItIsHashedIsWorthNothing) {
    hashing_is_stuck = true;
    EXPECT_EQ(status_now("axluser", "correct horse"), 0U);
    ASSERT_TRUE(users->put("axluser", "another password"));
    hashing_is_stuck = false;
    hash();
    ASSERT_TRUE(*decisions.back());
    ASSERT_TRUE((*decisions.back())->refusal);
    EXPECT_EQ((*decisions.back())->refusal->status, 401U);
}

TEST_F(Axl, AFloodOfGuessersTurnsNobodyAwayWhoComesAfterThem) {
    for (int n = 0; n < 4200; ++n) {
        address = "10.1." + std::to_string(n / 250) + "." + std::to_string(n % 250 + 1);
        EXPECT_EQ(get("/axl/", "Basic malformed").status, 401U);
    }
    address = "192.0.2.200";
    EXPECT_EQ(get("/axl/").status, 200U);
}

/// A stranger with an IPv6 /48 has 65536 subscribers' addresses, and each wrong word costs him nothing.
TEST_F(Axl, StrangersWithManyAddressesLockNobodyOut) {
    address = "10.0.0.1";
    EXPECT_EQ(get("/axl/").status, 200U) << "the core, before";
    for (unsigned i = 0; i < 5000; ++i) {
        address = "2001:db8:0:" + hex(i) + "::1";
        EXPECT_NE(get("/axl/", "nonsense").status, 200U) << i;
    }
    address = "10.0.0.1";
    EXPECT_EQ(get("/axl/").status, 200U) << "the core, with the right password";
    address = "10.0.0.2";
    EXPECT_EQ(get("/axl/").status, 200U) << "another one, that comes for the first time";
}

TEST_F(Axl, OneSiteHasNotAllTheRoomOfStrangers) {
    hashing_is_stuck = true;
    for (unsigned i = 0; i < 20; ++i) {
        address = "2001:db8:0:" + hex(i) + "::1";
        (void)status_now("axluser", "a guess");
    }
    address = "2001:db8:1::1";
    EXPECT_EQ(status_now("axluser", "correct horse"), 0U) << "who comes from elsewhere finds room";
    hashing_is_stuck = false;
    hash();
    EXPECT_EQ(status_now("axluser", "correct horse"), 200U);
}

TEST_F(Axl, GuessesOfOneSiteCountTogether) {
    address = "2001:db8:0:ffff::1";
    EXPECT_EQ(get("/axl/").status, 200U) << "a core at that site";
    unsigned looked_at = 0;
    for (unsigned i = 0; i < 200; ++i) {
        address = "2001:db8:0:" + hex(i) + "::1";
        if (get("/axl/", basic("axluser", "a guess")).status == 401) ++looked_at;
    }
    EXPECT_LE(looked_at, 50U) << "within a minute";
    EXPECT_GE(looked_at, UserDesk::most_failures);
    address = "2001:db8:1::1";
    EXPECT_EQ(get("/axl/").status, 200U) << "another site is not concerned";
    address = "2001:db8:0:ffff::1";
    EXPECT_EQ(get("/axl/").status, 200U) << "nor who has proved himself from this one";
}

TEST_F(Axl, ACoreThatTheOperatorNamedIsNoStranger) {
    users->expect_from({*IpNetwork::parse("10.20.0.0/24")});
    hashing_is_stuck = true;
    for (int n = 1; n <= 60; ++n) {
        address = "198.51.100." + std::to_string(n);
        (void)status_now("axluser", "a guess");
    }
    address = "10.20.0.10";
    EXPECT_EQ(status_now("axluser", "correct horse"), 0U) << "there is room for it";
    hashing_is_stuck = false;
    hash();
    EXPECT_EQ(status_now("axluser", "correct horse"), 200U);
}

TEST_F(Axl, ANewPasswordEndsTheOldOne) {
    EXPECT_EQ(get("/axl/").status, 200U);
    ASSERT_TRUE(users->put("axluser", "another password"));
    EXPECT_EQ(get("/axl/").status, 401U);
    EXPECT_EQ(get("/axl/", basic("axluser", "another password")).status, 200U);
    ASSERT_TRUE(users->remove("axluser"));
    EXPECT_EQ(get("/axl/", basic("axluser", "another password")).status, 401U);
    EXPECT_EQ(users->remove("axluser").error().code, "user-unknown");
}

TEST_F(Axl, RefusesNamesAndPasswordsThatCannotWork) {
    for (const auto& [name, password] :
         std::initializer_list<std::pair<std::string, std::string>>{{"", "long enough"},
                                                                    {"a:b", "long enough"},
                                                                    {"a\nb", "long enough"},
                                                                    {"a", "short"},
                                                                    {"a", "with\nline end"}}) {
        EXPECT_EQ(users->put(name, password).error().code, "user-malformed") << name;
    }
}

TEST_F(Axl, UnknownVersionsAndOtherMessagesAreRefused) {
    const std::vector<io::HttpField> good = {{"Authorization", basic("axluser", "correct horse")},
                                             {"Content-Type", "text/xml"}};
    const auto with = [&](const std::string& action) {
        auto fields = good;
        fields.push_back({"SOAPAction", action});
        return fields;
    };
    const std::string body = write_request({Operation::query, "14.0", "select * from xmpps2snodes"});
    EXPECT_EQ(ask("POST", "/axl/", with("\"CUCM:DB ver=14.0 executeSQLQuery\""), body).status, 200U);
    EXPECT_EQ(ask("POST", "/axl/", good, body).status, 200U);
    EXPECT_EQ(ask("POST", "/axl/", with("\"CUCM:DB ver=7.0 executeSQLQuery\""), body).status, 599U);
    EXPECT_EQ(ask("POST", "/axl/", with("\"CUCM:DB ver=12.5 executeSQLQuery\""), body).status, 500U);
    EXPECT_EQ(ask("POST", "/axl/", with("\"CUCM:DB ver=14.0 executeSQLUpdate\""), body).status, 500U);
    EXPECT_EQ(ask("POST", "/axl/", with("urn:x"), body).status, 500U);
    EXPECT_EQ(ask("POST", "/axl/", {good[0], {"Content-Type", "application/json"}}, "{}").status, 415U);
    const auto entity = ask("POST", "/axl/", good, "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>");
    EXPECT_EQ(entity.status, 500U);
    EXPECT_EQ(entity.body.find("root:"), std::string::npos);
}

TEST_F(Axl, ALockedDatabaseIsAFaultWithoutOurPathsAndHealsByItself) {
    auto other = io::Database::open(folder + "/presence.db", io::Durability::full, 0ms);
    {
        const auto hold = io::Transaction::begin(*other);
        ASSERT_TRUE(hold);
        const auto fault =
            std::get<Fault>(update("insert into xmpps2snodes (pkid, cp_id) values (newid(), 'cm-2_s2scp-1.e')"));
        EXPECT_EQ(fault.text, "the database is locked by another process");
        EXPECT_EQ(health.back(), "store-locked");
    }
    EXPECT_EQ(update("insert into xmpps2snodes (pkid, cp_id) values (newid(), 'cm-2_s2scp-1.e')"), Answer{Updated{1}});
    EXPECT_EQ(health.back(), "");
}

TEST_F(Axl, TheDescriptionInTheManualIsTheOneServed) {
    std::ifstream file{std::string{SALLYPORT_SOURCE_DIR} + "/docs/protocol/axl.wsdl"};
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), wsdl("CCMSERVERNAME:8443"));
}

TEST_F(Axl, AReadDoesNotMendADatabaseThatCannotBeWritten) {
    ASSERT_TRUE(sql->run("insert into xmpps2snodes (pkid, cp_id) values (newid(), 'cm-2_s2scp-1.a')"));
    {
        auto other = io::Database::open(folder + "/presence.db", io::Durability::full, std::chrono::milliseconds{0});
        ASSERT_TRUE(other);
        const auto hold = io::Transaction::begin(*other);
        ASSERT_TRUE(hold);
        EXPECT_FALSE(sql->run("insert into xmpps2snodes (pkid, cp_id) values (newid(), 'cm-2_s2scp-1.b')"));
        EXPECT_EQ(health.back(), "store-locked");
        EXPECT_TRUE(sql->run("select * from xmpps2snodes"));
        EXPECT_EQ(health.back(), "store-locked") << "the next change would fail as well";
    }
    EXPECT_TRUE(sql->run("select * from xmpps2snodes"));
    EXPECT_EQ(health.back(), "");
}

}  // namespace
}  // namespace sallyport::axl
