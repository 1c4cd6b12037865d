// What users hear when their database does not work, who may make it work, and what a stop puts on it.
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/xmpp/namespaces.h"
#include "support/counted_sqlite.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

std::string message(const std::string& from, const std::string& to, const std::string& id = "m") {
    return "<message from='" + from + "' to='" + to + "' id='" + id + "' type='chat'><body>" + id + "</body></message>";
}
std::string answer_of(const std::optional<xml::Element>& stanza) {
    if (!stanza) return "nothing";
    const xml::Element* error = stanza->child(xmpp::ns::client, "error");
    return error == nullptr ? "type " + std::string{stanza->attribute("type")} : error->first_child()->name;
}

TEST(ImDisk, ThatCannotBeReadIsNoNewsAboutAUser) {
    ImWorld world;
    {
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.online());
        (void)world.from_outside("<presence from='nurse@other.example' to='juliet@corp.example' type='subscribe'/>");
        ASSERT_TRUE(juliet.next("presence", "subscribe"));
        juliet.say("<presence type='subscribed' to='nurse@other.example'/>");
        world.settle();
        juliet.cut();
    }
    world.settle();
    world.outside.gone.clear();
    world.break_disk(true);
    struct Row {
        std::string stanza, wanted;
    };
    for (const Row& row :
         {Row{message("nurse@other.example", "juliet@corp.example"), "internal-server-error"},
          Row{"<iq from='nurse@other.example' to='juliet@corp.example' id='q' type='get'><query "
              "xmlns='http://jabber.org/protocol/disco#info'/></iq>",
              "internal-server-error"},
          Row{"<presence from='nurse@other.example' to='juliet@corp.example' type='subscribe'/>",
              "internal-server-error"},
          Row{"<presence from='nurse@other.example' to='juliet@corp.example' type='probe'/>", "nothing"},
          Row{"<presence from='nurse@other.example/x' to='juliet@corp.example'/>", "nothing"}}) {
        const auto delivery = world.from_outside(row.stanza);
        EXPECT_EQ(answer_of(world.left()), row.wanted) << row.stanza;
        EXPECT_TRUE(delivery->settled) << row.stanza;
        EXPECT_TRUE(world.outside.gone.empty()) << row.stanza;
    }
    Client juliet{world, "juliet"};
    juliet.connect();
    juliet.header();
    juliet.secure();
    juliet.header();
    juliet.authenticate();
    ASSERT_EQ(juliet.failure, "");
    juliet.header();
    EXPECT_EQ(juliet.error_of("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"),
              "internal-server-error");
    EXPECT_EQ(world.troubles, std::vector<std::string>{"store-failed"}) << "told once";
    EXPECT_GE(world.log.count("im.store.failed"), 5U);

    world.break_disk(false);
    EXPECT_TRUE(juliet.bind("desk")) << "the same stream goes on";
    juliet.cut();
    world.settle();
    (void)world.from_outside("<presence from='nurse@other.example' to='juliet@corp.example' type='probe'/>");
    EXPECT_EQ(answer_of(world.left()), "type unavailable") << "the subscription is still there";
    (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", "later"));
    world.world.advance(std::chrono::seconds{70});
    EXPECT_EQ(world.troubles, (std::vector<std::string>{"store-failed", "well"}));
    Client again{world, "juliet"};
    ASSERT_TRUE(again.online());
    EXPECT_EQ(again.next("message")->attribute("id"), "later");
}

TEST(ImDisk, ThatIsSlowHasRoomForOthersBesideAStranger) {
    ImWorld world;
    world.stop_service();
    world.reading_is_stuck = true;
    world.limits.account_jobs = 20;
    world.start_service();
    // To one account: half of what may wait; to others of our domain he has room of his own.
    for (int n = 0; n < 40; ++n)
        (void)world.from_outside(message("a@evil.example/" + std::to_string(n), "juliet@corp.example"));
    world.settle();
    EXPECT_EQ(world.outside.gone.size(), 30U);
    EXPECT_EQ(answer_of(world.left()), "resource-constraint");
    world.outside.gone.clear();
    (void)world.from_outside(message("nurse@other.example", "juliet@corp.example"));
    EXPECT_EQ(answer_of(world.left()), "nothing") << "there is room for somebody else";
    // To very many: half of what the disk may have to do.
    for (int n = 0; n < 11000; ++n) {
        (void)world.from_outside(message("a@evil.example", "u" + std::to_string(n) + "@corp.example"));
    }
    world.settle();
    EXPECT_GE(world.outside.gone.size(), 11000 - im::Storage::most_waiting / 2 - 1);
    EXPECT_LE(world.storage->waiting(), im::Storage::most_waiting / 2 + 2);
    world.outside.gone.clear();
    (void)world.from_outside(message("nurse@other.example", "romeo@corp.example"));
    EXPECT_EQ(answer_of(world.left()), "nothing");
    Client romeo{world, "romeo"};
    romeo.connect();
    romeo.header();
    romeo.secure();
    romeo.header();
    romeo.authenticate();
    EXPECT_EQ(romeo.failure, "nothing") << "it is looked up, not turned away";
    // Once the disk gets on, all of that is forgotten.
    for (int batch = 0; batch < 2; ++batch) {
        world.elsewhere.advance(std::chrono::seconds{1});
        world.world.advance(std::chrono::seconds{5});
    }
    TableFills all;
    world.service->tables(all);
    for (const TableFill& table : all) {
        EXPECT_LE(table.entries, table.bound) << table.name;
        if (table.name == "users.accounts" || table.name == "users.disk") {
            EXPECT_EQ(table.entries, 0U) << table.name;
        }
    }
}

/// A transaction may wait for a lock for two seconds: twenty in a row would be forty.
TEST(ImDisk, ThatIsSlowIsWaitedForOnceByAllThatGathers) {
    ImWorld world;
    world.stop_service();
    world.disk_is_stuck = true;
    world.start_service();
    std::vector<std::shared_ptr<ImWorld::Delivery>> all;
    for (int n = 0; n < 20; ++n) {
        const std::string to = n % 2 == 0 ? "juliet" : "romeo";
        all.push_back(world.from_outside(message("nurse@other.example", to + "@corp.example", std::to_string(n))));
        world.settle();
    }
    const auto settled = [&] {
        return std::count_if(all.begin(), all.end(), [](const auto& delivery) { return delivery->settled; });
    };
    EXPECT_EQ(world.stuck_disk.posts, 1U);
    EXPECT_EQ(settled(), 0);
    world.elsewhere.settle();
    world.settle();
    EXPECT_EQ(settled(), 1);
    world.elsewhere.settle();
    world.settle();
    EXPECT_EQ(settled(), 20);
    EXPECT_EQ(world.stuck_disk.posts, 2U);
    EXPECT_TRUE(world.outside.gone.empty());
}

TEST(ImDisk, ThatFailsForOneUserFailsForNobodyElse) {
    ImWorld world;
    world.stop_service();
    world.disk_is_stuck = true;
    world.start_service();
    world.break_disk_for("romeo");
    // The first keeps the disk busy: the others are written together.
    for (const char* to : {"juliet", "juliet", "romeo", "juliet"}) {
        (void)world.from_outside(message("nurse@other.example", std::string{to} + "@corp.example", to));
        world.settle();
    }
    for (int round = 0; round < 2; ++round) {
        world.elsewhere.settle();
        world.settle();
    }
    EXPECT_EQ(world.stuck_disk.posts, 2U);
    const auto back = world.left();
    EXPECT_EQ(answer_of(back), "internal-server-error");
    EXPECT_EQ(back->attribute("id"), "romeo");
    EXPECT_EQ(answer_of(world.left()), "nothing");
    world.stop_service();
    world.disk_is_stuck = false;
    world.start_service();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    for (int n = 0; n < 3; ++n) EXPECT_TRUE(juliet.next("message")) << n;
}

TEST(ImDisk, GetsAtTheEndWhatWaitedBehindAWriteThatWasSlow) {
    ImWorld world;
    world.stop_service();
    world.disk_is_stuck = true;
    world.start_service();
    for (const char* id : {"one", "two"}) {
        (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", id));
        world.settle();
    }
    world.stop_service();
    world.elsewhere.settle();
    world.settle();
    world.disk_is_stuck = false;
    world.start_service();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    for (const char* id : {"one", "two"}) {
        const auto kept = juliet.next("message");
        ASSERT_TRUE(kept) << id;
        EXPECT_EQ(kept->attribute("id"), id);
    }
}

TEST(ImDisk, ThatCannotReadWhatIsKeptGivesItOnceItCan) {
    for (const bool acknowledges : {false, true}) {
        ImWorld world;
        for (const char* id : {"one", "two"}) {
            (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", id));
            world.settle();
        }
        world.break_kept(true);
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.login());
        if (acknowledges) {
            juliet.say("<enable xmlns='urn:xmpp:sm:3'/>");
            ASSERT_TRUE(juliet.next("enabled"));
        }
        juliet.say("<presence/>");
        EXPECT_TRUE(juliet.silent("message"));
        // What comes now does not wait for it, and does not make the disk try again each time.
        const std::size_t failed = world.log.count("im.store.failed");
        EXPECT_GE(failed, 1U);
        for (int n = 0; n < 20; ++n) {
            (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", "new"));
        }
        world.settle();
        EXPECT_LE(world.log.count("im.store.failed"), failed + 1);
        world.break_kept(false);
        world.world.advance(std::chrono::seconds{30});
        std::vector<std::string> got;
        for (const xml::Element& one : juliet.received) {
            if (one.name == "message" && one.attribute("id") != "new") got.emplace_back(one.attribute("id"));
        }
        EXPECT_EQ(got, (std::vector<std::string>{"one", "two"})) << "without another login";
    }
}

TEST(ImDisk, ThatCannotForgetWhatAClientHasGivesItNoSecondTime) {
    ImWorld world;
    (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", "one"));
    world.settle();
    world.break_forgetting(true);
    {
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.online());
        ASSERT_TRUE(juliet.next("message"));
        juliet.say("<presence><priority>-1</priority></presence><presence/>");
        EXPECT_TRUE(juliet.silent("message"));
        juliet.say("</stream:stream>");
        world.settle();
    }
    Client again{world, "juliet"};
    ASSERT_TRUE(again.online());
    EXPECT_TRUE(again.silent("message"));
    world.break_forgetting(false);
    world.world.advance(std::chrono::seconds{60});
    again.say("</stream:stream>");
    world.settle();
    world.stop_service();
    world.start_service();
    Client next{world, "juliet"};
    ASSERT_TRUE(next.online());
    EXPECT_TRUE(next.silent("message")) << "it is gone from the disk too";
    TableFills all;
    world.service->tables(all);
    for (const TableFill& table : all) {
        if (table.name == "users.accounts") {
            EXPECT_EQ(table.entries, 0U);
        }
    }
}

TEST(ImDisk, ThatIsFullForAUserIsNotAskedForEachOfItsMessages) {
    CountedSqlite counted;
    ImWorld world;
    world.stop_service();
    world.limits.offline_stanzas = 8;  // a stranger has two of them
    world.start_service();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login());
    const auto send = [&](const std::string& id) {
        (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", id));
        world.settle();
    };
    for (const char* id : {"one", "two", "over"}) send(id);
    EXPECT_EQ(answer_of(world.left()), "service-unavailable");
    const std::size_t asked = counted.statements("kept_sum ON");
    ASSERT_GE(asked, 3U) << "nothing is counted";
    for (int n = 0; n < 20; ++n) {
        send("more");
        EXPECT_EQ(answer_of(world.left()), "service-unavailable");
    }
    EXPECT_EQ(counted.statements("kept_sum ON"), asked);
    juliet.say("<presence/>");
    for (const char* id : {"one", "two"}) {
        const auto kept = juliet.next("message");
        ASSERT_TRUE(kept) << id;
        EXPECT_EQ(kept->attribute("id"), id);
    }
    juliet.say("<presence type='unavailable'/>");
    world.world.advance(std::chrono::seconds{2});
    send("later");
    EXPECT_EQ(answer_of(world.left()), "nothing") << "there is room again";
    EXPECT_EQ(counted.statements("kept_sum ON"), asked + 1);
}

TEST(ImDisk, IsReadOnceForAllClientsOfAUser) {
    CountedSqlite counted;
    ImWorld world;
    for (int n = 0; n < 5; ++n) {
        (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", std::to_string(n)));
    }
    world.settle();
    std::vector<std::unique_ptr<Client>> all;
    for (int n = 0; n < 10; ++n) {
        all.push_back(std::make_unique<Client>(world, "juliet"));
        ASSERT_TRUE(all.back()->online("r" + std::to_string(n), "<presence><priority>-1</priority></presence>"));
    }
    const auto readings = [&] { return counted.statements("SELECT id FROM kept WHERE user"); };
    ASSERT_EQ(readings(), 0U);
    for (const auto& client : all) client->say("<presence/>");
    world.settle();
    EXPECT_EQ(readings(), 1U);
    std::vector<std::string> got;
    for (const auto& client : all) {
        for (const xml::Element& one : client->received) {
            if (one.name == "message") got.emplace_back(one.attribute("id"));
        }
    }
    EXPECT_EQ(got, (std::vector<std::string>{"0", "1", "2", "3", "4"})) << "one of them, in order";
}

/// More than one reading takes: a client that acknowledges one at a time does not have all read again for each.
TEST(ImDisk, IsReadByTheWindowOfWhoTakesWhatIsKept) {
    CountedSqlite counted;
    ImWorld world;
    world.stop_service();
    world.limits.client_queue_stanzas = 40;
    world.limits.offline_stanzas = 400;
    world.start_service();
    for (int n = 0; n < 100; ++n) {
        (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", std::to_string(n)));
    }
    world.settle();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login());
    juliet.say("<enable xmlns='urn:xmpp:sm:3'/>");
    ASSERT_TRUE(juliet.next("enabled"));
    juliet.say("<presence/>");
    unsigned counted_by_client = 0;
    std::vector<std::string> got;
    while (const auto element = juliet.next()) {
        if (element->name != "message" && element->name != "presence") continue;
        ++counted_by_client;
        if (element->name == "message") got.emplace_back(element->attribute("id"));
        juliet.say("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(counted_by_client) + "'/>");
    }
    ASSERT_EQ(got.size(), 100U);
    for (std::size_t n = 0; n < got.size(); ++n) EXPECT_EQ(got[n], std::to_string(n));
    EXPECT_LE(counted.statements("SELECT id FROM kept WHERE user"), 25U);
    EXPECT_EQ(counted.statements("SELECT stanza, blame FROM kept WHERE id"), 100U) << "each is read once";
    EXPECT_EQ(world.directory->store()->list()->front().waiting, 0U);
}

/// A client without acknowledgements gets all of it, before what is new.
TEST(ImDisk, IsReadToItsEndBeforeWhatIsNew) {
    ImWorld world;
    world.stop_service();
    world.limits.client_queue_stanzas = 40;
    world.limits.offline_stanzas = 1000;
    world.start_service();
    for (int n = 0; n < 100; ++n) {
        (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", std::to_string(n)));
    }
    world.settle();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.login());
    juliet.say("<presence/>");
    ASSERT_TRUE(juliet.next("presence"));
    (void)world.from_outside(message("nurse@other.example", "juliet@corp.example", "100"));
    for (int n = 0; n <= 100; ++n) {
        const auto next = juliet.next("message");
        ASSERT_TRUE(next) << n;
        EXPECT_EQ(next->attribute("id"), std::to_string(n));
    }
}

TEST(ImStream, OfAClientThatDoesNotReadIsNotReadEither) {
    ImWorld world;
    world.stop_service();
    world.limits.client_bytes_per_second = world.limits.client_burst_bytes = 100 << 20;
    world.start_service();
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    juliet.say("<enable xmlns='urn:xmpp:sm:3'/>");
    ASSERT_TRUE(juliet.next("enabled"));
    juliet.read(false);
    std::string questions;
    while (questions.size() < 1 << 16) questions += "<r xmlns='urn:xmpp:sm:3'/><enable xmlns='urn:xmpp:sm:3'/>";
    for (int n = 0; n < 80; ++n) {
        juliet.say(questions);
        world.world.advance(std::chrono::milliseconds{50});
    }
    EXPECT_GT(juliet.unsent(), 2U << 20) << "what it asks waits where it comes from";
    juliet.read(true);
    EXPECT_TRUE(world.world.run_until([&] { return juliet.unsent() == 0; }, std::chrono::seconds{60}));
    juliet.received.clear();
    EXPECT_TRUE(juliet.ask("<iq type='get' id='r2'><query xmlns='jabber:iq:roster'/></iq>"));
}

TEST(ImStream, OfAClientThatWeDoNotReadIsNotTakenForDead) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    const std::string long_one = message("juliet@corp.example", "nurse@other.example", "held");
    juliet.say(long_one.substr(0, 40));
    world.settle();
    world.service->hold(true);
    juliet.say(long_one.substr(40));
    world.world.advance(std::chrono::minutes{20});
    EXPECT_FALSE(juliet.closed) << juliet.received.size();
    EXPECT_TRUE(world.outside.gone.empty());
    world.service->hold(false);
    const auto gone = world.left();
    ASSERT_TRUE(gone);
    EXPECT_EQ(gone->attribute("id"), "held");
    // From now on its time runs again: it is asked, and does not answer.
    world.world.advance(std::chrono::minutes{12});
    EXPECT_TRUE(juliet.closed);
}

/// The link is full now and then, and for a moment.
TEST(ImStream, OfASilentClientEndsHoweverOftenWeDoNotReadIt) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    for (int minute = 0; minute < 13; ++minute) {
        for (int n = 0; n < 4; ++n) {
            world.world.advance(std::chrono::seconds{14});
            world.service->hold(true);
            world.world.advance(std::chrono::seconds{1});
            world.service->hold(false);
        }
    }
    EXPECT_TRUE(juliet.closed);
}

TEST(ImStop, TurnsAwayWhoComesThen) {
    ImWorld world;
    world.service->put_down();
    Client juliet{world, "juliet"};
    EXPECT_FALSE(juliet.login());
    EXPECT_EQ(juliet.failure, "system-shutdown");
    EXPECT_TRUE(world.service->status().sessions.empty());
}

TEST(ImStop, PutsOnTheDiskWhatClientsHaveNotAcknowledged) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    juliet.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    ASSERT_TRUE(juliet.next("enabled"));
    const auto one = world.from_outside(message("nurse@other.example", "juliet@corp.example", "one"));
    const auto two = world.from_outside(message("nurse@other.example", "juliet@corp.example/desk", "two"));
    const auto query = world.from_outside(
        "<iq from='nurse@other.example' to='juliet@corp.example/desk' id='q' type='get'><x xmlns='urn:x'/></iq>");
    const auto presence = world.from_outside("<presence from='nurse@other.example' to='juliet@corp.example/desk'/>");
    world.settle();
    EXPECT_FALSE(one->settled || two->settled || query->settled || presence->settled);
    world.service->put_down();
    EXPECT_FALSE(world.service->put_down_done());
    EXPECT_FALSE(one->settled) << "not on the disk yet";
    world.settle();
    EXPECT_TRUE(world.service->put_down_done());
    EXPECT_TRUE(one->settled && two->settled && query->settled && presence->settled);
    EXPECT_EQ(answer_of(world.left()), "service-unavailable") << "the query, whose answer is not heard any more";
    // One of them is acknowledged after all: it does not come again.
    juliet.say("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    world.settle();
    // What comes now waits on the disk; what is returned to the client reaches it.
    const auto three = world.from_outside(message("nurse@other.example", "juliet@corp.example", "three"));
    world.settle();
    EXPECT_TRUE(three->settled);
    world.stop_service();
    world.start_service();
    Client again{world, "juliet"};
    ASSERT_TRUE(again.online());
    EXPECT_EQ(again.next("message")->attribute("id"), "two");
    EXPECT_EQ(again.next("message")->attribute("id"), "three");
    EXPECT_TRUE(again.silent("message")) << "nothing comes twice";
}

}  // namespace
}  // namespace sallyport::test
