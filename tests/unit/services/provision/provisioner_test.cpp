// A core's provisioning against real AXL services with real databases, on the simulated clock and network.
#include "services/provision/provisioner.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/hash.h"
#include "io/http/server.h"
#include "services/axl/axl_service.h"
#include "support/sim_dns.h"
#include "support/sim_log.h"
#include "support/sim_network.h"
#include "support/sim_tls.h"

namespace sallyport::provision {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

const std::string edge1 = "cm-2_s2scp-1.edge1-b-test";
const std::string edge2 = "cm-2_s2scp-1.edge2-b-test";
const std::string password = "open sesame 42";

/// A presence node's AXL part on a host of its own.
struct Imp {
    Imp(test::SimWorld& world, test::MemorySink& log, const std::string& folder, const std::string& name,
        const std::string& address)
        : path{folder + "/" + name + ".db"},
          host{world, {address}},
          store{*io::PresenceStore::open(path, 0ms)},
          users{store, world.loop(), world.loop(), std::string(32, 'r')},
          service{sql, users, Logger{log, LogModule::axl}},
          server{
              world.loop(),
              host,
              {test::sim_tls_context({{test::sim_certificate({name})}, {"Sim CA"}, false, false, {}, "TLSv1.3"}), {}},
              service} {
        EXPECT_TRUE(users.put("axl", password));
        EXPECT_TRUE(store.set_process_nodes({name, "sub." + name}));
        EXPECT_TRUE(server.listen({*IpAddress::parse(address), 8443}));
    }
    [[nodiscard]] Ids rows() {
        Ids ids;
        const auto nodes = store.s2s_nodes();
        for (const auto& node : *nodes) ids.push_back(node.cp_id);
        return ids;
    }

    std::string path;
    test::SimNetwork host;
    io::PresenceStore store;
    axl::SqlDesk sql{store};
    axl::UserDesk users;
    axl::AxlService service;
    io::HttpServer server;
};

class Provisioning : public testing::Test {
protected:
    Provisioning() {
        std::string name = (std::filesystem::temp_directory_path() / "sallyport-provisioner-XXXXXX").string();
        folder = mkdtemp(name.data());
        dns.address("imp1.test", "10.0.0.1");
        dns.address("imp2.test", "10.0.0.2");
        imp1.emplace(world, log, folder, "imp1.test", "10.0.0.1");
        restart();
    }
    ~Provisioning() override {
        provisioner.reset();
        imp1.reset();
        imp2.reset();
        world.settle();
        std::filesystem::remove_all(folder);
    }

    void restart() {
        provisioner.reset();
        world.settle();
        auto opened = Provisioner::open({world.loop(), core, *resolver, alarms, Logger{log, LogModule::axl},
                                         [](std::uint64_t) { return std::uint64_t{0}; }, test::sim_tls_context({})},
                                        folder);
        ASSERT_TRUE(opened) << opened.error().text;
        provisioner = std::move(*opened);
    }
    void edges(bool first, bool second) {
        provisioner->set_edges({{"edge1.b.test", edge1, first}, {"edge2.b.test", edge2, second}});
    }
    PublisherStatus add(const std::string& address = "imp1.test", const std::string& with = password) {
        std::optional<PublisherStatus> status;
        const auto added = provisioner->add(address, "axl", with, true, [&](const PublisherStatus& s) { status = s; });
        EXPECT_TRUE(added) << added.error().text;
        EXPECT_TRUE(world.run_until([&] { return status.has_value(); }));
        return status.value_or(PublisherStatus{});
    }
    PublisherStatus change(const PublisherChange& wanted, const std::string& address = "imp1.test") {
        std::optional<PublisherStatus> status;
        const auto changed = provisioner->change(address, wanted, [&](const PublisherStatus& s) { status = s; });
        EXPECT_TRUE(changed) << changed.error().text;
        EXPECT_TRUE(world.run_until([&] { return status.has_value(); }));
        return status.value_or(PublisherStatus{});
    }
    bool rows_become(Imp& imp, const Ids& wanted, Duration within = 5s) {
        const bool became = world.run_until([&] { return imp.rows() == wanted; }, within);
        world.advance(1s);  // reading back
        return became;
    }
    std::string step() {
        return std::string{text(provisioner->chain().at(0).state)} + ": " + provisioner->chain().at(0).reason.text();
    }

    test::SimWorld world;
    test::MemorySink log;
    test::SimDns dns{world};
    std::unique_ptr<io::Resolver> resolver = dns.resolver(world.loop());
    test::SimNetwork core{world, {"10.0.0.9"}};
    services::AlarmBoard alarms{world.loop(), Logger{log, LogModule::node}};
    std::string folder;
    std::optional<Imp> imp1, imp2;
    std::unique_ptr<Provisioner> provisioner;
};

TEST_F(Provisioning, FederationOnPutsTheRowThereWithinFiveSecondsAndOffTakesItAway) {
    edges(false, false);
    const PublisherStatus status = add();
    EXPECT_EQ(status.state, PublisherState::active);
    EXPECT_EQ(status.nodes, (Ids{"imp1.test", "sub.imp1.test"}));
    EXPECT_EQ(step(), "off: no edge federates; its table has none of our rows");
    edges(true, false);
    EXPECT_TRUE(rows_become(*imp1, {edge1}));
    EXPECT_EQ(step(), "in force: xmpps2snodes has " + edge1);
    edges(true, true);
    EXPECT_TRUE(rows_become(*imp1, {edge1, edge2}));
    edges(false, true);
    EXPECT_TRUE(rows_become(*imp1, {edge2}));
    edges(false, false);
    EXPECT_TRUE(rows_become(*imp1, {}));
}

TEST_F(Provisioning, OthersRowsAreNotTouched) {
    ASSERT_TRUE(imp1->store.add_s2s_node({"", "cm-2_s2scp-1.another-edge"}));
    edges(true, false);
    add();
    EXPECT_EQ(imp1->rows(), (Ids{"cm-2_s2scp-1.another-edge", edge1}));
    edges(false, false);
    EXPECT_TRUE(rows_become(*imp1, {"cm-2_s2scp-1.another-edge"}));
}

TEST_F(Provisioning, ARowOfAnEdgeThatIsGoneIsStillKnownAsOursAfterARestart) {
    edges(true, true);
    add();
    EXPECT_EQ(imp1->rows(), (Ids{edge1, edge2}));
    restart();
    provisioner->set_edges({{"edge2.b.test", edge2, true}});
    EXPECT_TRUE(rows_become(*imp1, {edge2}));
}

TEST_F(Provisioning, NothingIsTakenAwayBeforeTheEdgesAreKnown) {
    edges(true, false);
    add();
    restart();
    std::optional<std::vector<PublisherStatus>> done;
    ASSERT_TRUE(provisioner->refresh("", [&](const auto& statuses) { done = statuses; }));
    EXPECT_TRUE(world.run_until([&] { return done.has_value(); }));
    EXPECT_EQ(imp1->rows(), Ids{edge1});
}

TEST_F(Provisioning, TheRowOfAnEdgeThatWasNeverHeardFromStaysAsItIs) {
    edges(true, true);
    add();
    restart();
    provisioner->set_edges({{"edge1.b.test", edge1, false}, {"edge2.b.test", edge2, false, false}});
    EXPECT_TRUE(rows_become(*imp1, {edge2}));
    edges(false, false);
    EXPECT_TRUE(rows_become(*imp1, {})) << "heard from by now";
    provisioner->set_edges({{"edge1.b.test", edge1, true}, {"edge2.b.test", edge2, false, false}});
    EXPECT_TRUE(rows_become(*imp1, {edge1})) << "nothing is put there for it either";
}

TEST_F(Provisioning, EveryPublisherIsTold) {
    imp2.emplace(world, log, folder, "imp2.test", "10.0.0.2");
    edges(true, false);
    add();
    add("imp2.test:8443");
    EXPECT_EQ(imp1->rows(), Ids{edge1});
    EXPECT_EQ(imp2->rows(), Ids{edge1});
    EXPECT_EQ(provisioner->list().size(), 2U);
}

TEST_F(Provisioning, AWrongPasswordIsNamedAndCuredWithoutARestart) {
    edges(true, false);
    const PublisherStatus status = add("imp1.test", "a wrong password");
    EXPECT_EQ(status.state, PublisherState::failed);
    EXPECT_EQ(status.code, "axl-unauthorized");
    EXPECT_EQ(log.last("axl.sent", "URL"), "https://imp1.test:8443/axl/");
    EXPECT_EQ(log.last("axl.sent", "Action"), "Send");
    EXPECT_EQ(log.last("axl.received", "Function"), "executeSQLQuery");
    EXPECT_EQ(log.last("axl.received", "Status"), "401");
    EXPECT_EQ(log.last("axl.received", "Reason"), "None");
    EXPECT_EQ(log.last("axl.request", "Authorization"), "Basic ********");
    EXPECT_EQ(log.last("axl.request", "Detail").substr(0, 7), "select ");
    EXPECT_EQ(log.last("axl.response", "Status"), "401");
    EXPECT_FALSE(log.last("axl.response", "Milliseconds").empty());
    EXPECT_EQ(log.dump().find("a wrong password"), std::string::npos) << "no password is in the log";
    EXPECT_EQ(log.dump().find(base64_encode("axl:a wrong password")), std::string::npos);
    EXPECT_TRUE(alarms.stands(services::AlarmCode::axl_refused, "imp1.test:8443"));
    EXPECT_NE(step().find("failed: messages to other domains are returned, messages from other domains arrive: the "
                          "IM&P server was never told where messages to other domains go: wrong user"),
              std::string::npos)
        << step();
    const auto* const alarm = alarms.find(services::AlarmCode::axl_refused, "imp1.test:8443");
    EXPECT_NE(alarm->detail.find(effect_of(provisioner->list()[0])), std::string::npos) << "in the same words";
    EXPECT_EQ(provisioner->chain()[0].alarm, "axl.refused imp1.test:8443");
    EXPECT_NE(step().find("imp-servers passwd imp1.test:8443"), std::string::npos) << step();

    EXPECT_EQ(change({{}, "another wrong one", {}}).code, "axl-unauthorized") << "it is tried at once";
    EXPECT_EQ(change({{}, password, {}}).code, "") << "the server accepts it";
    EXPECT_TRUE(rows_become(*imp1, {edge1}));
    EXPECT_FALSE(alarms.stands(services::AlarmCode::axl_refused, "imp1.test:8443"));
    EXPECT_EQ(step(), "in force: xmpps2snodes has " + edge1);
    EXPECT_EQ(log.dump().find(password), std::string::npos);
    EXPECT_EQ(log.dump().find("a wrong password"), std::string::npos);
}

TEST_F(Provisioning, OneTryOfANewPasswordAsksTheServerOnce) {
    edges(true, false);
    add();
    const auto before = log.count("axl.sent");
    change({{}, "a wrong password", {}});
    EXPECT_EQ(log.count("axl.sent"), before + 1) << "servers count wrong passwords";
}

TEST_F(Provisioning, ANewPasswordForAServerThatIsDownIsKeptAndTheReasonTold) {
    edges(true, false);
    add("imp1.test", "a wrong password");
    imp1->server.shut();
    EXPECT_EQ(change({{}, password, {}}).code, "axl-not-listening");
    ASSERT_TRUE(imp1->server.listen({*IpAddress::parse("10.0.0.1"), 8443}));
    EXPECT_TRUE(rows_become(*imp1, {edge1}, 10s));
}

TEST_F(Provisioning, WhatWasToldIsKnownAfterARestart) {
    edges(true, false);
    add();
    ASSERT_TRUE(imp1->users.put("axl", "another password"));
    restart();
    edges(true, false);
    world.advance(3s);
    EXPECT_NE(step().find("failed: its table had every row when it was last read: wrong user"), std::string::npos)
        << step();
    edges(true, true);
    world.advance(3s);
    EXPECT_NE(step().find("failed: its table has only " + edge1), std::string::npos) << step();
    EXPECT_EQ(step().find("returned"), std::string::npos) << "they leave over the first edge";
}

TEST_F(Provisioning, ARowThatCouldNotBeWrittenWasNotTold) {
    auto other = io::Database::open(imp1->path, io::Durability::full, 0ms);
    const auto failing = [&] {
        const auto hold = io::Transaction::begin(*other);
        ASSERT_TRUE(hold);
        edges(true, false);
        world.advance(3s);
        EXPECT_NE(step().find("was never told"), std::string::npos) << step();
        const auto* const alarm = alarms.find(services::AlarmCode::axl_down, "imp1.test:8443");
        ASSERT_NE(alarm, nullptr);
        EXPECT_EQ(alarm->severity(), services::AlarmSeverity::error) << "messages are returned";
    };
    edges(false, false);
    add();
    failing();
    restart();
    failing();
    EXPECT_TRUE(imp1->rows().empty());
}

TEST_F(Provisioning, ARowThatIsGoneIsNotOneThatWasNeverTold) {
    edges(true, false);
    add();
    edges(false, false);
    EXPECT_TRUE(rows_become(*imp1, {}));
    ASSERT_TRUE(imp1->users.put("axl", "another password"));
    restart();
    edges(true, false);
    world.advance(3s);
    EXPECT_NE(step().find(std::string{one_way} + ": the IM&P server no longer knows where"), std::string::npos)
        << step();
}

TEST_F(Provisioning, ChangesAreToldAsTheyHappen) {
    int changes = 0;
    provisioner->on_changed([&] { ++changes; });
    edges(false, false);
    add();
    const int before = changes;
    edges(true, false);
    EXPECT_GT(changes, before) << "something else is wanted";
    const int wanted = changes;
    EXPECT_TRUE(rows_become(*imp1, {edge1}));
    EXPECT_GT(changes, wanted) << "it is there";
}

TEST_F(Provisioning, WrongPasswordsAreNotRepeatedUntilTheServerThrottles) {
    edges(true, false);
    add("imp1.test", "a wrong password");
    world.advance(std::chrono::minutes{10});
    EXPECT_LE(log.count("axl.sent"), 21U);
    EXPECT_EQ(log.last("axl.received", "Status"), "401") << "never 503";
}

TEST_F(Provisioning, AServerThatIsDownIsToldWhenItIsBack) {
    edges(false, false);
    add();
    imp1->server.shut();
    edges(true, false);
    world.advance(20s);
    EXPECT_TRUE(alarms.stands(services::AlarmCode::axl_down, "imp1.test:8443"));
    EXPECT_EQ(provisioner->list()[0].state, PublisherState::failed);
    ASSERT_TRUE(imp1->server.listen({*IpAddress::parse("10.0.0.1"), 8443}));
    EXPECT_TRUE(rows_become(*imp1, {edge1}, 10s)) << "in agreement ten seconds after it is back";
    EXPECT_FALSE(alarms.stands(services::AlarmCode::axl_down, "imp1.test:8443"));
}

TEST_F(Provisioning, ALockedDatabaseThereKeepsTheLastGoodRowsAndHeals) {
    edges(true, false);
    add();
    auto other = io::Database::open(imp1->path, io::Durability::full, 0ms);
    {
        const auto hold = io::Transaction::begin(*other);
        ASSERT_TRUE(hold);
        edges(true, true);
        world.advance(3s);
        EXPECT_EQ(imp1->rows(), Ids{edge1});
        EXPECT_EQ(provisioner->list()[0].code, "axl-fault");
        EXPECT_EQ(log.last("axl.received", "Status"), "500");
        EXPECT_TRUE(alarms.stands(services::AlarmCode::axl_down, "imp1.test:8443"));
    }
    EXPECT_TRUE(rows_become(*imp1, {edge1, edge2}, 1min));
}

TEST_F(Provisioning, ARowThatSomebodyTookAwayComesBack) {
    edges(true, false);
    add();
    ASSERT_TRUE(imp1->store.remove_s2s_nodes({{"cp_id", edge1}}));
    EXPECT_TRUE(rows_become(*imp1, {edge1}, 2min));
}

TEST_F(Provisioning, AChangeDuringARoundIsNotLost) {
    edges(false, false);
    add();
    for (int i = 0; i < 40; ++i) {
        edges(i % 2 == 0, i % 3 == 0);
        world.advance(std::chrono::microseconds{700 * i});
    }
    edges(false, true);
    EXPECT_TRUE(rows_become(*imp1, {edge2}));
    EXPECT_EQ(step(), "in force: xmpps2snodes has " + edge2);
}

TEST_F(Provisioning, ACertificateForAnotherNameIsRefusedUnlessAsked) {
    dns.address("alias.test", "10.0.0.1");
    edges(true, false);
    const PublisherStatus status = add("alias.test");
    EXPECT_EQ(status.code, "axl-tls");
    EXPECT_NE(status.reason.find("the certificate is not for alias.test"), std::string::npos) << status.reason;
    EXPECT_EQ(change({{}, {}, false}, "alias.test").code, "") << "any certificate is accepted";
    EXPECT_FALSE(provisioner->list()[0].tls_verify);
    EXPECT_EQ(change({{}, {}, true}, "alias.test").code, "axl-tls") << "and judged again";
    EXPECT_EQ(change({"nobody", {}, false}, "alias.test").code, "axl-unauthorized") << "another user";
    restart();
    edges(true, false);
    EXPECT_FALSE(provisioner->list()[0].tls_verify) << "it is stored";
    EXPECT_EQ(provisioner->list()[0].username, "nobody");
    ASSERT_TRUE(provisioner->remove("alias.test"));
    ASSERT_TRUE(provisioner->add("10.0.0.1", "axl", password, false, [](const PublisherStatus&) {}));
    EXPECT_TRUE(rows_become(*imp1, {edge1}));
}

TEST_F(Provisioning, RefusesWhatCannotWork) {
    const auto add_code = [&](const std::string& address, const std::string& user, const std::string& secret,
                              bool verify) {
        const auto added = provisioner->add(address, user, secret, verify, [](const PublisherStatus&) {});
        return added ? std::string{} : added.error().code;
    };
    EXPECT_EQ(add_code("", "axl", "x", true), "publisher-malformed");
    EXPECT_EQ(add_code("a:99999", "axl", "x", true), "publisher-malformed");
    EXPECT_EQ(add_code("imp1.test", "", "x", true), "publisher-malformed");
    EXPECT_EQ(add_code("imp1.test", "a:b", "x", true), "publisher-malformed");
    EXPECT_EQ(add_code("imp1.test", "axl", "", true), "publisher-malformed");
    EXPECT_EQ(add_code("10.0.0.1", "axl", "x", true), "publisher-malformed");
    EXPECT_EQ(add_code("IMP1.test", "axl", "x", true), "");
    EXPECT_EQ(add_code("imp1.test:8443", "axl", "x", true), "publisher-exists");
    EXPECT_EQ(provisioner->remove("imp9.test").error().code, "publisher-unknown");
    const auto change_code = [&](const std::string& address, const PublisherChange& wanted) {
        const auto done = provisioner->change(address, wanted, [](const PublisherStatus&) {});
        return done ? std::string{} : done.error().code;
    };
    EXPECT_EQ(change_code("imp9.test", {{}, "x", {}}), "publisher-unknown");
    EXPECT_EQ(change_code("imp1.test", {{}, "", {}}), "publisher-malformed");
    EXPECT_EQ(change_code("imp1.test", {"", {}, {}}), "publisher-malformed");
    ASSERT_EQ(add_code("10.0.0.1", "axl", "x", false), "");
    EXPECT_EQ(change_code("10.0.0.1", {{}, {}, true}), "publisher-malformed") << "an address is in no certificate";
    EXPECT_EQ(provisioner->refresh("imp9.test", [](const auto&) {}).error().code, "publisher-unknown");
}

TEST_F(Provisioning, ThePasswordIsNotInTheDatabaseFile) {
    add();
    std::stringstream all;
    for (const char* name : {"/provision.db", "/provision.db-wal"}) {
        const std::ifstream file{folder + name, std::ios::binary};
        all << file.rdbuf();
    }
    EXPECT_NE(all.str().find("imp1.test"), std::string::npos);
    EXPECT_EQ(all.str().find(password), std::string::npos);
}

TEST_F(Provisioning, ARemovedPublisherTellsWhichRowsStay) {
    edges(true, false);
    add();
    EXPECT_EQ(*provisioner->remove("imp1.test"), Ids{edge1});
    EXPECT_TRUE(provisioner->list().empty());
}

}  // namespace
}  // namespace sallyport::provision
