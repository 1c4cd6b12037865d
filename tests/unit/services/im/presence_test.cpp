// Presence, subscriptions and the roster (RFC 6121 2 to 4), within a domain and with others.
#include <gtest/gtest.h>

#include "proto/xmpp/namespaces.h"
#include "unit/services/im/im_world.h"

namespace sallyport::test {
namespace {

namespace ns = xmpp::ns;

std::string presence(const std::string& from, const std::string& to, const std::string& type = {}) {
    return "<presence from='" + from + "' to='" + to + "'" + (type.empty() ? "" : " type='" + type + "'") + "/>";
}

/// `type from→to` of everything that left.
std::vector<std::string> all_left(ImWorld& world) {
    world.settle();
    std::vector<std::string> all;
    while (!world.outside.gone.empty()) {
        const auto stanza = world.left();
        const std::string type{stanza->attribute("type")};
        all.push_back((type.empty() ? "available" : type) + " " + std::string{stanza->attribute("from")} + " " +
                      std::string{stanza->attribute("to")});
    }
    return all;
}

const xml::Element* item_of(const std::optional<xml::Element>& iq) {
    if (!iq) return nullptr;
    const xml::Element* query = iq->child(ns::roster, "query");
    return query == nullptr ? nullptr : query->child(ns::roster, "item");
}
std::string item_text(const std::optional<xml::Element>& iq) {
    const xml::Element* item = item_of(iq);
    if (item == nullptr) return "none";
    std::string text = std::string{item->attribute("jid")} + " " + std::string{item->attribute("subscription")};
    if (item->has_attribute("ask")) text += " asks";
    return text;
}

using Strings = std::vector<std::string>;

TEST(ImPresence, IsNegotiatedWithAnotherDomainStepByStep) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("balcony"));
    juliet.say("<presence to='nurse@other.example' type='subscribe'/>");
    EXPECT_EQ(item_text(juliet.next("iq", "set")), "nurse@other.example none asks");
    EXPECT_EQ(all_left(world), (Strings{"subscribe juliet@corp.example nurse@other.example"}));

    (void)world.from_outside(presence("nurse@other.example", "juliet@corp.example", "subscribed"));
    EXPECT_EQ(item_text(juliet.next("iq", "set")), "nurse@other.example to");
    EXPECT_TRUE(juliet.next("presence", "subscribed"));

    (void)world.from_outside(presence("nurse@other.example", "juliet@corp.example", "subscribe"));
    const auto request = juliet.next("presence", "subscribe");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->attribute("from"), "nurse@other.example");
    juliet.say("<presence to='nurse@other.example' type='subscribed'/>");
    while (true) {
        const auto push = juliet.next("iq", "set");
        ASSERT_TRUE(push);
        if (item_text(push) == "nurse@other.example both") break;
    }
    EXPECT_EQ(all_left(world), (Strings{"subscribed juliet@corp.example nurse@other.example",
                                        "available juliet@corp.example/balcony nurse@other.example"}));

    juliet.say("<presence><show>away</show></presence>");
    EXPECT_EQ(all_left(world), (Strings{"available juliet@corp.example/balcony nurse@other.example"}));

    juliet.say(
        "<iq type='set' id='rm'><query xmlns='jabber:iq:roster'><item jid='nurse@other.example' "
        "subscription='remove'/></query></iq>");
    EXPECT_EQ(item_text(juliet.next("iq", "set")), "nurse@other.example remove");
    EXPECT_EQ(all_left(world), (Strings{"unsubscribe juliet@corp.example nurse@other.example",
                                        "unsubscribed juliet@corp.example nurse@other.example",
                                        "unavailable juliet@corp.example/balcony nurse@other.example"}));
}

TEST(ImPresence, BetweenTwoUsersOfOneDomain) {
    ImWorld world;
    Client juliet{world, "juliet"}, romeo{world, "romeo"};
    ASSERT_TRUE(juliet.online("balcony"));
    ASSERT_TRUE(romeo.online("orchard"));
    juliet.say("<presence to='romeo@corp.example' type='subscribe'/>");
    ASSERT_TRUE(romeo.next("presence", "subscribe"));
    romeo.say("<presence to='juliet@corp.example' type='subscribed'/>");
    ASSERT_TRUE(juliet.next("presence", "subscribed"));
    const auto seen = juliet.next("presence", "");
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->attribute("from"), "romeo@corp.example/orchard");
    romeo.cut();
    const auto gone = juliet.next("presence", "unavailable");
    ASSERT_TRUE(gone);
    EXPECT_EQ(gone->attribute("from"), "romeo@corp.example/orchard");
}

TEST(ImPresence, KeepsARequestForAnAbsentUser) {
    ImWorld world;
    (void)world.from_outside(presence("nurse@other.example", "juliet@corp.example", "subscribe"));
    world.settle();
    for (int i = 0; i < 2; ++i) {  // until it is answered (RFC 6121 3.1.3)
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.login());
        const auto roster = juliet.ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
        EXPECT_EQ(item_of(roster), nullptr) << "a mere request is shown";
        juliet.say("<presence/>");
        EXPECT_TRUE(juliet.next("presence", "subscribe"));
        if (i == 1) juliet.say("<presence to='nurse@other.example' type='unsubscribed'/>");
        world.settle();
        juliet.cut();
    }
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    EXPECT_TRUE(juliet.silent("presence"));
}

TEST(ImPresence, AnswersAFriendOfBefore) {  // RFC 6121 3.1.3
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("balcony"));
    (void)world.from_outside(presence("nurse@other.example", "juliet@corp.example", "subscribe"));
    ASSERT_TRUE(juliet.next("presence", "subscribe"));
    juliet.say("<presence to='nurse@other.example' type='subscribed'/>");
    (void)all_left(world);
    (void)world.from_outside(presence("nurse@other.example", "juliet@corp.example", "subscribe"));
    EXPECT_EQ(all_left(world), (Strings{"subscribed juliet@corp.example nurse@other.example",
                                        "available juliet@corp.example/balcony nurse@other.example"}));
}

TEST(ImPresence, AnswersProbesOfFriendsAndTellsOthersNothing) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("balcony"));
    for (const char* user : {"juliet", "nobody"}) {
        const std::string address = std::string{user} + "@corp.example";
        (void)world.from_outside(presence("spy@other.example", address, "probe"));
        EXPECT_EQ(all_left(world), (Strings{"unsubscribed " + address + " spy@other.example"}));
    }
    (void)world.from_outside(presence("nurse@other.example", "juliet@corp.example", "subscribe"));
    juliet.say("<presence to='nurse@other.example' type='subscribed'/>");
    (void)all_left(world);
    (void)world.from_outside(presence("nurse@other.example", "juliet@corp.example", "probe"));
    EXPECT_EQ(all_left(world), (Strings{"available juliet@corp.example/balcony nurse@other.example"}));
    juliet.say("</stream:stream>");
    (void)all_left(world);
    (void)world.from_outside(presence("nurse@other.example", "juliet@corp.example", "probe"));
    EXPECT_EQ(all_left(world), (Strings{"unavailable juliet@corp.example nurse@other.example"}));
}

TEST(ImPresence, ProbesThoseWhomTheUserSees) {
    ImWorld world;
    {
        Client juliet{world, "juliet"};
        ASSERT_TRUE(juliet.online());
        juliet.say("<presence to='nurse@other.example' type='subscribe'/>");
        world.settle();
        (void)world.from_outside(presence("nurse@other.example", "juliet@corp.example", "subscribed"));
        world.settle();
        juliet.cut();
        (void)all_left(world);
    }
    Client again{world, "juliet"};
    ASSERT_TRUE(again.online());
    EXPECT_EQ(all_left(world), (Strings{"probe juliet@corp.example nurse@other.example"}));
}

TEST(ImPresence, TellsThoseWhoGotDirectedPresenceOfTheEnd) {  // RFC 6121 4.6.3
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online("balcony"));
    juliet.say(
        "<presence to='room@rooms.example/juliet'/><presence to='stranger@other.example'/>"
        "<presence to='stranger@other.example' type='unavailable'/>");
    (void)all_left(world);
    juliet.cut();
    EXPECT_EQ(all_left(world), (Strings{"unavailable juliet@corp.example/balcony room@rooms.example/juliet"}));
}

TEST(ImPresence, IgnoresForgedAnswers) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    for (const char* type : {"subscribed", "unsubscribed", "unsubscribe"}) {
        const auto delivery = world.from_outside(presence("nurse@other.example", "juliet@corp.example", type));
        EXPECT_TRUE(juliet.silent()) << type;
        EXPECT_TRUE(delivery->settled);
    }
    EXPECT_EQ(all_left(world), Strings{});
}

TEST(ImRoster, IsKeptPushedAndVersioned) {
    ImWorld world;
    Client desk{world, "juliet"}, phone{world, "juliet"};
    ASSERT_TRUE(desk.online("desk"));
    ASSERT_TRUE(phone.online("phone"));
    const auto answer = desk.ask(
        "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='Nurse@Other.example' "
        "name='Nurse &amp; co'><group>Servants</group></item></query></iq>");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->attribute("type"), "result");
    const auto push = phone.next("iq", "set");
    EXPECT_EQ(item_text(push), "nurse@other.example none");
    world.stop_service();
    world.start_service();
    Client again{world, "juliet"};
    ASSERT_TRUE(again.login());
    const auto roster = again.ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster' ver=''/></iq>");
    const xml::Element* item = item_of(roster);
    ASSERT_NE(item, nullptr);
    EXPECT_EQ(item->attribute("name"), "Nurse & co");
    EXPECT_EQ(item->child(ns::roster, "group")->text(), "Servants");
    const std::string version{roster->child(ns::roster, "query")->attribute("ver")};
    EXPECT_EQ(push->child(ns::roster, "query")->attribute("ver"), version);
    const auto same = again.ask("<iq type='get' id='v'><query xmlns='jabber:iq:roster' ver='" + version + "'/></iq>");
    EXPECT_EQ(same->first_child(), nullptr);
}

TEST(ImRoster, RefusesWhatIsNoItem) {
    Limits limits;
    limits.roster_items = 16;
    ImWorld world{limits};
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    const auto set = [](const std::string& items) {
        return "<iq type='set' id='s'><query xmlns='jabber:iq:roster'>" + items + "</query></iq>";
    };
    EXPECT_EQ(juliet.error_of(set("")), "bad-request");
    EXPECT_EQ(juliet.error_of(set("<item jid='a@b.example'/><item jid='c@b.example'/>")), "bad-request");
    EXPECT_EQ(juliet.error_of(set("<item jid='@'/>")), "jid-malformed");
    EXPECT_EQ(juliet.error_of(set("<item jid='juliet@corp.example'/>")), "not-allowed");
    EXPECT_EQ(juliet.error_of(set("<item jid='a@b.example' subscription='remove'/>")), "item-not-found");
    EXPECT_EQ(juliet.error_of(set("<item jid='a@b.example'><group/></item>")), "not-acceptable");
    EXPECT_EQ(juliet.error_of(set("<item jid='a@b.example'><group>x</group><group>x</group></item>")), "bad-request");
    for (int i = 0; i < 16; ++i) {
        ASSERT_EQ(juliet.ask(set("<item jid='a" + std::to_string(i) + "@b.example'/>"))->attribute("type"), "result");
    }
    EXPECT_EQ(juliet.error_of(set("<item jid='more@b.example'/>")), "resource-constraint");
}

TEST(ImRoster, IsNobodyElsesBusiness) {
    ImWorld world;
    Client juliet{world, "juliet"}, romeo{world, "romeo"};
    ASSERT_TRUE(juliet.online());
    ASSERT_TRUE(romeo.online());
    for (const char* user : {"juliet", "nobody"}) {
        EXPECT_EQ(romeo.error_of("<iq type='get' id='r' to='" + std::string{user} +
                                 "@corp.example'><query xmlns='jabber:iq:roster'/></iq>"),
                  "service-unavailable");
    }
}

TEST(ImQueries, AreAnsweredForTheServerAndForFriends) {
    ImWorld world;
    Client juliet{world, "juliet"};
    ASSERT_TRUE(juliet.online());
    for (const char* space :
         {"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "jabber:iq:version"}) {
        for (const char* to : {"corp.example"}) {
            const auto answer =
                juliet.ask("<iq type='get' id='q' to='" + std::string{to} + "'><query xmlns='" + space + "'/></iq>");
            EXPECT_EQ(answer->attribute("type"), "result") << space;
        }
    }
    EXPECT_EQ(juliet.ask("<iq type='get' id='q'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
                  ->attribute("type"),
              "result");
    for (const char* to :
         {"romeo@corp.example", "nobody@corp.example", "romeo@corp.example/gone", "nobody@corp.example/gone"}) {
        for (const char* query :
             {"<query xmlns='http://jabber.org/protocol/disco#info'/>", "<ping xmlns='urn:xmpp:ping'/>",
              "<vCard xmlns='vcard-temp'/>", "<x xmlns='urn:example:x'/>"}) {
            EXPECT_EQ(juliet.error_of("<iq type='get' id='q' to='" + std::string{to} + "'>" + query + "</iq>"),
                      "service-unavailable")
                << to << query;
        }
    }
}

TEST(ImQueries, AnErrorIsNeverAnswered) {
    ImWorld world;
    for (const char* to : {"corp.example", "juliet@corp.example", "juliet@corp.example/x", "nobody@corp.example"}) {
        for (const char* type : {"error", "result"}) {
            const auto delivery = world.from_outside("<iq from='a@other.example' to='" + std::string{to} + "' type='" +
                                                     type + "' id='x'/>");
            EXPECT_FALSE(world.left()) << to << type;
            EXPECT_TRUE(delivery->settled);
        }
    }
}

TEST(ImQueries, KeepAndShowVcards) {
    Limits limits;
    limits.vcard_bytes = 8192;
    ImWorld world{limits};
    Client juliet{world, "juliet"}, romeo{world, "romeo"};
    ASSERT_TRUE(juliet.online());
    ASSERT_TRUE(romeo.online());
    EXPECT_EQ(
        juliet.ask("<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard></iq>")->attribute("type"),
        "result");
    const auto card = romeo.ask("<iq type='get' id='g' to='juliet@corp.example'><vCard xmlns='vcard-temp'/></iq>");
    ASSERT_NE(card->child(ns::vcard, "vCard"), nullptr);
    EXPECT_EQ(card->child(ns::vcard, "vCard")->child(ns::vcard, "FN")->text(), "Juliet");
    EXPECT_EQ(juliet.error_of("<iq type='set' id='v'><vCard xmlns='vcard-temp'><DESC>" + std::string(9000, 'x') +
                              "</DESC></vCard></iq>"),
              "not-acceptable");
    EXPECT_EQ(
        romeo.ask("<iq type='get' id='g'><vCard xmlns='vcard-temp'/></iq>")->child(ns::vcard, "vCard")->children.size(),
        0U);
}

}  // namespace
}  // namespace sallyport::test
