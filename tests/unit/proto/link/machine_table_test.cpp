// The link's stream phase by phase, at both ends: each element where it belongs and where it does not, what a header
// may say, the timers, and ends from every phase.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/hash.h"
#include "support/link_machine_end.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using link::Blame;
using link::End;
using xmpp::StreamCondition;

const std::string header_of_dialler =
    "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
    "xmlns:sp='urn:sallyport:link:0' to='edge-test' from='core-test' version='1.0' sp:node='n1'>";
const std::string header_of_listener =
    "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
    "xmlns:sp='urn:sallyport:link:0' from='edge-test' id='stream' version='1.0' sp:node='n2' sp:shard='1' "
    "sp:shards='4'>";

const std::map<std::string, std::string>& elements() {
    static const std::map<std::string, std::string> all{
        {"features", "<stream:features/>"},
        {"handshake", "<handshake>" + to_hex(sha1("streamsecret")) + "</handshake>"},
        {"enable", "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"},
        {"enabled", "<enabled xmlns='urn:xmpp:sm:3' id='0-s' resume='true'/>"},
        {"resume", "<resume xmlns='urn:xmpp:sm:3' previd='0-s' h='0'/>"},
        {"resumed", "<resumed xmlns='urn:xmpp:sm:3' previd='0-s' h='0'/>"},
        {"failed", "<failed xmlns='urn:xmpp:sm:3'/>"},
        {"bind", "<bind xmlns='urn:xmpp:component:0'><hostname>b.test</hostname></bind>"},
        {"r", "<r xmlns='urn:xmpp:sm:3'/>"},
        {"a", "<a xmlns='urn:xmpp:sm:3' h='0'/>"},
        {"done", "<done xmlns='urn:sallyport:link:0' n='1'/>"},
        {"peer", "<peer xmlns='urn:sallyport:link:0' local='b.test' remote='p.test' direction='in'/>"},
        {"node", "<node xmlns='urn:sallyport:link:0' name='edge1.b.test' role='edge'/>"},
        {"foreign", "<x xmlns='urn:x'/>"},
    };
    return all;
}

struct Where {
    End end;
    std::string phase;
    std::set<std::string> takes;
};
const std::vector<Where>& phases() {
    static const std::vector<Where> all{
        {End::dialler, "header", {}},
        {End::dialler, "features", {"features"}},
        {End::dialler, "handshake", {"handshake"}},
        {End::dialler, "session", {"enabled", "resumed", "failed"}},
        {End::dialler, "open", {"bind", "r", "a", "done", "peer", "node"}},
        {End::listener, "header", {}},
        {End::listener, "handshake", {"handshake"}},
        {End::listener, "session", {"enable", "resume"}},
        {End::listener, "open", {"bind", "r", "a", "done", "node"}},
    };
    return all;
}

/// An end that has come as far as `phase`; what it said and told on the way is forgotten.
std::unique_ptr<EndOfLink> in_phase(End end, const std::string& phase) {
    auto made = std::make_unique<EndOfLink>(end, "secret");
    link::Actions actions;
    made->machine.on_connected(actions);
    const std::vector<std::string> way = end == End::dialler
                                             ? std::vector<std::string>{"header", "features", "handshake", "session"}
                                             : std::vector<std::string>{"header", "handshake", "session"};
    for (const std::string& passed : way) {
        if (passed == phase) break;
        if (passed == "header") made->hear(end == End::dialler ? header_of_listener : header_of_dialler);
        if (passed == "features" || passed == "handshake") made->hear(elements().at(passed));
        if (passed == "session" && end == End::dialler) made->hear(elements().at("enabled"));
        if (passed == "session" && end == End::listener) made->machine.enabled("0-s", actions);
    }
    EXPECT_EQ(made->machine.open(), phase == "open");
    made->out.clear();
    made->events.clear();
    return made;
}

/// A reader that has seen the header reads elements; one that has not is given them as they are.
void hear_element(EndOfLink& end, const std::string& phase, const std::string& bytes) {
    if (phase != "header") return end.hear(bytes);
    link::Actions actions;
    xml::Reader reader{Limits{}.after_auth};
    const std::string text = header_of_dialler + bytes;
    reader.feed(text);
    while (reader.next() != xml::Kind::element) {
    }
    end.machine.on_element(reader.tree(), end.now, actions);
    end.take(actions);
}

TEST(LinkTable, TakesEachElementInItsPhaseAndAtItsEndOnly) {
    for (const Where& where : phases()) {
        for (const auto& [name, bytes] : elements()) {
            SCOPED_TRACE((where.end == End::dialler ? "dialler " : "listener ") + where.phase + " " + name);
            const auto end = in_phase(where.end, where.phase);
            hear_element(*end, where.phase, bytes);
            if (where.takes.contains(name)) {
                EXPECT_FALSE(end->machine.closed());
                continue;
            }
            EXPECT_TRUE(end->machine.closed());
            ASSERT_EQ(end->events.size(), 1U) << "nothing is granted on the way out";
            const auto* closed = end->last<link::Close>();
            ASSERT_NE(closed, nullptr);
            ASSERT_TRUE(closed->error);
            const bool strange = where.phase == "session" || where.phase == "open";
            EXPECT_EQ(closed->error->condition,
                      strange ? StreamCondition::unsupported_stanza_type : StreamCondition::not_authorized);
            EXPECT_EQ(closed->blame, Blame::none) << "our own word";
        }
    }
}

TEST(LinkTable, EndsFromEveryPhaseOnceAndForGood) {
    const std::string error =
        "<stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    for (const Where& where : phases()) {
        for (const std::string way : {"error", "footer", "header", "problem", "time", "ours"}) {
            SCOPED_TRACE((where.end == End::dialler ? "dialler " : "listener ") + where.phase + " " + way);
            if (way == "header" && where.phase == "header") continue;  // it is due
            const auto end = in_phase(where.end, where.phase);
            link::Actions actions;
            xml::Reader second{Limits{}.after_auth};
            second.feed(header_of_dialler);
            ASSERT_EQ(second.next(), xml::Kind::header);
            if (way == "error") hear_element(*end, where.phase, error);
            if (way == "footer") end->machine.on_footer(actions);
            if (way == "header") end->machine.on_header(second.header(), end->now, actions);
            if (way == "problem") end->machine.on_problem(xml::Problem::not_well_formed, actions);
            if (way == "ours") end->machine.close(std::nullopt, "shutting down", actions);
            for (int step = 0; way == "time" && step < 100 && !end->machine.closed(); ++step) {
                ASSERT_NE(end->machine.deadline(), never);
                end->now = std::max(end->now, end->machine.deadline());
                end->machine.on_deadline(end->now, actions);
            }
            end->take(actions);
            EXPECT_TRUE(end->machine.closed());
            EXPECT_EQ(end->machine.deadline(), never);
            std::size_t closes = 0;
            for (const link::Action& event : end->events) closes += std::holds_alternative<link::Close>(event) ? 1 : 0;
            EXPECT_EQ(closes, 1U);
            // Nothing that comes later, from the far side or the service, is heard or said.
            end->out.clear();
            end->events.clear();
            end->machine.on_header(second.header(), end->now, actions);
            hear_element(*end, "header", elements().at("enable"));
            hear_element(*end, "header", error);
            end->machine.on_footer(actions);
            end->machine.on_deadline(end->now + 1h, actions);
            end->machine.enabled("0-late", actions);
            end->machine.resumed("0-late", 0, actions);
            end->machine.close(std::nullopt, "again", actions);
            end->take(actions);
            EXPECT_TRUE(end->out.empty() && end->events.empty());
            EXPECT_TRUE(end->machine.closed());
        }
    }
}

TEST(LinkTable, CarriesStanzasInAnOpenSessionOnly) {
    for (const Where& where : phases()) {
        const auto end = in_phase(where.end, where.phase);
        link::Actions actions;
        EXPECT_EQ(end->machine.may_carry(actions), where.phase == "open") << where.phase;
        EXPECT_EQ(end->machine.closed(), where.phase != "open");
    }
}

TEST(LinkHeader, TellsTheDiallerWhereItCameOut) {
    const auto end = in_phase(End::dialler, "features");
    EXPECT_EQ(end->machine.far_realm(), "edge-test") << "the one that was dialled";
    EXPECT_EQ(end->machine.far_node(), "n2");
    EXPECT_EQ(end->machine.far_shard(), 1U);
    EXPECT_EQ(end->machine.far_shards(), 4U);
}

TEST(LinkHeader, NamesTheListenersFarSideOnlyWhereNoCertificateDid) {
    EXPECT_EQ(in_phase(End::listener, "handshake")->machine.far_realm(), "core-test");
    EndOfLink met{End::listener, "wrong"};
    link::Actions actions;
    met.machine.meet("core-b-test", "secret");
    met.machine.on_connected(actions);
    met.hear(header_of_dialler);
    EXPECT_EQ(met.machine.far_realm(), "core-b-test");
    met.hear(elements().at("handshake"));
    EXPECT_FALSE(met.machine.closed()) << "the secret of that core";
}

TEST(LinkHeader, IsRefusedWithoutAnIdOrInAnotherNamespace) {
    for (const auto& [from, to, condition] : std::vector<std::tuple<std::string, std::string, StreamCondition>>{
             {" id='stream'", "", StreamCondition::improper_addressing},
             {"jabber:component:accept", "jabber:server", StreamCondition::invalid_namespace}}) {
        std::string bytes = header_of_listener;
        bytes.replace(bytes.find(from), from.size(), to);
        const auto end = in_phase(End::dialler, "header");
        end->hear(bytes);
        ASSERT_TRUE(end->machine.closed());
        EXPECT_EQ(end->last<link::Close>()->error->condition, condition);
    }
    const auto listener = in_phase(End::listener, "header");
    std::string bytes = header_of_dialler;
    bytes.replace(bytes.find("jabber:component:accept"), 23, "jabber:client");
    listener->hear(bytes);
    EXPECT_TRUE(listener->machine.closed());
    EXPECT_TRUE(listener->out.starts_with("<?xml") || listener->out.starts_with("<stream:stream"))
        << "RFC 6120 4.9.1.2: a header stands before the error";
}

TEST(LinkHeader, BelievesNoShardsBeyondTheBound) {
    for (const std::string said : {"0x4", "-1", "1025", "99999999999"}) {
        std::string bytes = header_of_listener;
        bytes.replace(bytes.find("sp:shards='4'"), 13, "sp:shards='" + said + "'");
        const auto end = in_phase(End::dialler, "header");
        end->hear(bytes);
        EXPECT_EQ(end->machine.far_shards(), 1U) << said;
    }
}

TEST(LinkSession, ThatCannotBeResumedBeginsAnew) {
    const auto dialler = in_phase(End::dialler, "session");
    dialler->hear(elements().at("failed"));
    EXPECT_NE(dialler->out.find("<enable "), std::string::npos);
    EXPECT_FALSE(dialler->machine.open());
    dialler->hear(elements().at("enabled"));
    EXPECT_TRUE(dialler->machine.open());
    const auto listener = in_phase(End::listener, "session");
    for (const std::string wrong :
         {"<resume xmlns='urn:xmpp:sm:3' previd='0-s' h='-1'/>",
          "<resume xmlns='urn:xmpp:sm:3' previd='0-s' h='4294967296'/>", "<resume xmlns='urn:xmpp:sm:3' h='1'/>"}) {
        listener->out.clear();
        listener->hear(wrong);
        EXPECT_NE(listener->out.find("item-not-found"), std::string::npos) << wrong;
        EXPECT_EQ(listener->last<link::SessionWanted>(), nullptr);
    }
    listener->hear("<enable xmlns='urn:xmpp:sm:3' resume='true' xmlns:sp='urn:sallyport:link:0' sp:given-up='0-old'/>");
    ASSERT_NE(listener->last<link::SessionWanted>(), nullptr);
    EXPECT_EQ(listener->last<link::SessionWanted>()->given_up, "0-old");
    EXPECT_TRUE(listener->last<link::SessionWanted>()->previous.empty());
}

TEST(LinkSession, NamesTheOneThatWasGivenUp) {
    const auto end = in_phase(End::dialler, "session");
    link::Actions actions;
    end->machine.enable("0-old", actions);
    end->take(actions);
    EXPECT_NE(end->out.find("sp:given-up='0-old'"), std::string::npos);
}

TEST(LinkSession, EndsAtACountThatIsNone) {
    for (const auto& [phase, bytes] : std::vector<std::pair<std::string, std::string>>{
             {"session", "<resumed xmlns='urn:xmpp:sm:3' previd='0-s'/>"},
             {"session", "<resumed xmlns='urn:xmpp:sm:3' previd='0-s' h='1x'/>"},
             {"open", "<a xmlns='urn:xmpp:sm:3'/>"},
             {"open", "<done xmlns='urn:sallyport:link:0' n='3-1'/>"},
             {"open", "<done xmlns='urn:sallyport:link:0'/>"}}) {
        const auto end = in_phase(End::dialler, phase);
        end->hear(bytes);
        ASSERT_TRUE(end->machine.closed()) << bytes;
        EXPECT_EQ(end->last<link::Close>()->error->condition, StreamCondition::bad_format) << bytes;
    }
}

TEST(LinkBind, ReadsWhatTheOtherEndWrites) {
    link::Serves serves;
    serves.domains = {xmpp::Domain::parse("b.test").value(), xmpp::Domain::parse("rooms.b.test").value()};
    serves.realms = {"edge1-b-test", "<&'>"};
    serves.components = {"cm-2_s2scp-1.edge1-b-test"};
    const auto from = in_phase(End::dialler, "open"), to = in_phase(End::listener, "open");
    link::Actions actions;
    from->machine.bind(serves, actions);
    from->take(actions);
    to->hear(from->out);
    ASSERT_NE(to->last<link::Bound>(), nullptr);
    EXPECT_EQ(to->last<link::Bound>()->serves, serves);
    to->hear("<bind xmlns='urn:xmpp:component:0'><hostname>a b</hostname><hostname>b.test</hostname>text</bind>");
    ASSERT_NE(to->last<link::Bound>(), nullptr);
    EXPECT_EQ(to->last<link::Bound>()->serves.domains, std::vector{serves.domains.front()})
        << "names it cannot read are not served";
}

TEST(LinkFacts, ReadWhatTheOtherEndWrites) {
    for (const link::PeerState state : {link::PeerState::opened, link::PeerState::open, link::PeerState::closed}) {
        const bool is_inbound = state != link::PeerState::open;
        link::PeerFacts facts{{xmpp::Domain::parse("b.test").value(), xmpp::Domain::parse("p.test").value()},
                              is_inbound ? Direction::inbound : Direction::outbound,
                              "external",
                              "TLSv1.3",
                              "a 'cipher' & <more>",
                              "192.0.2.7",
                              "v-1",
                              state};
        const auto from = in_phase(End::listener, "open"), to = in_phase(End::dialler, "open");
        link::Actions actions;
        from->machine.facts(facts, actions);
        from->take(actions);
        to->hear(from->out);
        ASSERT_NE(to->last<link::FactsReceived>(), nullptr);
        EXPECT_EQ(to->last<link::FactsReceived>()->facts, facts);
    }
}

TEST(LinkTimers, GiveUpANegotiationWhoeverTalks) {
    for (const End side : {End::dialler, End::listener}) {
        const auto end = in_phase(side, "session");
        link::Actions actions;
        const TimePoint due = end->machine.deadline();
        EXPECT_EQ(due, end->now + 10s);
        end->machine.on_bytes(due - 1ms);
        EXPECT_EQ(end->machine.deadline(), due) << "absolute";
        end->machine.on_deadline(due - 1ms, actions);
        EXPECT_TRUE(actions.empty());
        end->machine.on_deadline(due, actions);
        EXPECT_TRUE(end->machine.closed());
    }
}

TEST(LinkTimers, AskForTheClockAtOnceAndEveryFiveSecondsOfALiveSession) {
    const auto end = in_phase(End::dialler, "open");
    std::size_t asked = 0;
    const TimePoint begin = end->now;
    for (; end->now < begin + 1min; end->now += 1s) {
        end->machine.on_bytes(end->now);  // never silent
        link::Actions actions;
        end->machine.on_deadline(end->now, actions);
        asked += actions.size();
    }
    EXPECT_EQ(asked, 12U);
    EXPECT_FALSE(end->machine.closed());
}

TEST(LinkTimers, TestALifeByAQuestionIntoSilenceOnly) {
    const auto end = in_phase(End::dialler, "open");
    link::Actions actions;
    end->machine.on_deadline(end->now, actions);  // the clock's
    const TimePoint heard = end->now;
    EXPECT_EQ(end->machine.deadline(), heard + 5s);
    end->machine.on_deadline(heard + 5s, actions);
    EXPECT_EQ(end->machine.deadline(), heard + 10s);
    end->machine.on_bytes(heard + 9s);
    end->machine.on_deadline(heard + 10s, actions);
    EXPECT_FALSE(end->machine.closed()) << "it lives";
    end->machine.on_deadline(heard + 14s, actions);
    end->machine.on_deadline(heard + 18s, actions);
    EXPECT_FALSE(end->machine.closed());
    end->machine.on_deadline(heard + 19s, actions);
    EXPECT_TRUE(end->machine.closed());
}

TEST(LinkTimers, TellHowLongAnAnswerAboutTheClockTook) {
    const auto end = in_phase(End::dialler, "open");
    link::Actions actions;
    end->machine.ask(end->now, actions);
    end->now += 20ms;
    end->machine.ask(end->now, actions);  // the oldest question counts
    end->now += 30ms;
    end->hear("<a xmlns='urn:xmpp:sm:3' h='0' xmlns:sp='urn:sallyport:link:0' sp:time='1700000000123'/>");
    ASSERT_NE(end->last<link::ClockTold>(), nullptr);
    EXPECT_EQ(end->last<link::ClockTold>()->far, WallTime{1700000000123ms});
    EXPECT_EQ(end->last<link::ClockTold>()->round_trip, 50ms);
    for (const std::string wrong : {"-1", "253402300800000", "now", ""}) {
        end->events.clear();
        end->machine.ask(end->now, actions);
        end->hear("<a xmlns='urn:xmpp:sm:3' h='0' xmlns:sp='urn:sallyport:link:0' sp:time='" + wrong + "'/>");
        EXPECT_EQ(end->last<link::ClockTold>(), nullptr) << wrong;
        EXPECT_NE(end->last<link::Counted>(), nullptr) << "the count is good all the same";
    }
}

}  // namespace
}  // namespace sallyport::test
