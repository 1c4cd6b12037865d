// The Detail of each step of a dialback, for each of the three roles, as administrators search for it; no whole key.
#include "services/s2s/detail_text.h"

#include <gtest/gtest.h>

#include "proto/s2s/events.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {
namespace {

xmpp::DomainPair pair_of(const char* local, const char* remote) {
    return {*xmpp::Domain::parse(local), *xmpp::Domain::parse(remote)};
}

StreamName stream(Direction direction) {
    return {"0034A9B60", "1327B794B",
            direction == Direction::outbound ? pair_of("coluc.com", "vngtp.lab") : pair_of("vngtp.lab", "coluc.com"),
            direction};
}

std::string detail(Direction direction, std::string_view event, std::vector<LogFact> facts) {
    return detail_of(Note{LogLevel::info, event, std::move(facts)}, stream(direction), nullptr);
}

TEST(Detail, OfTheInitiatingServer) {
    EXPECT_EQ(detail(Direction::outbound, event::result_sent,
                     {{"from", "coluc.com"}, {"to", "vngtp.lab"}, {"key", "d780f198"}}),
              "xcoder=0034A9B60 sending:: <db:result from='coluc.com' to='vngtp.lab'>d780f198…</db:result>");
    EXPECT_EQ(detail(Direction::outbound, event::dialback_timeout_scheduled,
                     {{"pair", "coluc.com:vngtp.lab"}, {"seconds", "30"}}),
              "(1327B794B, coluc.com:vngtp.lab, OUT) xcoder=0034A9B60 Scheduling dialback timeout in 30 secs.");
    EXPECT_EQ(detail(Direction::outbound, event::result_received,
                     {{"from", "vngtp.lab"}, {"to", "coluc.com"}, {"type", "valid"}}),
              "xcoder=0034A9B60 received:: <db:result from='vngtp.lab' to='coluc.com' type='valid'/>");
    EXPECT_EQ(detail_of_ready(stream(Direction::outbound), stream(Direction::outbound).pair, Method::dialback),
              "Connection state change: PENDING->CONNECTED: coluc.com:vngtp.lab, OUT, " +
                  std::string{text(Method::dialback)});
}

TEST(Detail, OfTheReceivingServer) {
    EXPECT_EQ(detail(Direction::inbound, event::result_received,
                     {{"from", "coluc.com"}, {"to", "vngtp.lab"}, {"key", "d780f198"}}),
              "xcoder=0034A9B60 received:: <db:result from='coluc.com' to='vngtp.lab'>d780f198…</db:result>");
    EXPECT_EQ(detail(Direction::outbound, event::verify_sent,
                     {{"from", "vngtp.lab"}, {"to", "coluc.com"}, {"id", "05E295A2B"}, {"key", "d780f198"}}),
              "(05E295A2B, vngtp.lab:coluc.com, IN) DBVerify stream is open. Sending db:verify packet: <db:verify "
              "from='vngtp.lab' id='05E295A2B' to='coluc.com'>d780f198…</db:verify>");
    EXPECT_EQ(detail(Direction::outbound, event::verify_received,
                     {{"from", "coluc.com"}, {"to", "vngtp.lab"}, {"id", "05E295A2B"}, {"type", "valid"}}),
              "(05E295A2B, vngtp.lab:coluc.com, IN) DBVerify Packet Received <db:verify from='coluc.com' "
              "id='05E295A2B' to='vngtp.lab' type='valid'/>");
    EXPECT_EQ(detail(Direction::inbound, event::result_answered, {{"pair", "vngtp.lab:coluc.com"}, {"type", "valid"}}),
              "xcoder=0034A9B60 sending:: <db:result from='vngtp.lab' to='coluc.com' type='valid'/>");
}

TEST(Detail, OfTheAuthoritativeServer) {
    xml::Header header;
    header.space = xmpp::ns::streams;
    header.name = header.prefix = "stream";
    header.content_space = xmpp::ns::server;
    header.attributes = {{{}, "from", "vngtp.lab"},
                         {{}, "to", "coluc.com"},
                         {{}, "version", "1.0"},
                         {xmpp::ns::xml, "lang", "en-US.UTF-8"}};
    header.prefixes = {{"db", std::string{xmpp::ns::dialback}}, {"stream", std::string{xmpp::ns::streams}}};
    EXPECT_EQ(detail_of(Note{LogLevel::info, event::stream_opened, {}}, stream(Direction::inbound), &header),
              "xcoder=0034A9B60 onStreamOpen:: <stream:stream from='vngtp.lab' to='coluc.com' version='1.0' "
              "xml:lang='en-US.UTF-8' xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
              "xmlns:stream='http://etherx.jabber.org/streams'/>");
    EXPECT_EQ(detail(Direction::inbound, event::verify_received,
                     {{"from", "vngtp.lab"}, {"to", "coluc.com"}, {"id", "05E295A2B"}, {"key", "d780f198"}}),
              "xcoder=0034A9B60 received:: <db:verify from='vngtp.lab' id='05E295A2B' "
              "to='coluc.com'>d780f198…</db:verify>");
    EXPECT_EQ(
        detail(Direction::inbound, event::verify_answered,
               {{"from", "coluc.com"}, {"to", "vngtp.lab"}, {"id", "05E295A2B"}, {"type", "error item-not-found"}}),
        "xcoder=0034A9B60 sending:: <db:verify from='coluc.com' id='05E295A2B' to='vngtp.lab' type='error'/>");
    EXPECT_EQ(detail(Direction::inbound, event::stream_closed_dialback_only, {{"from", "vngtp.lab"}}),
              "xcoder=0034A9B60 closing stream used for dialback only");
}

TEST(Detail, SaysWhenAPairFailsAndNothingOfOtherEvents) {
    EXPECT_EQ(detail(Direction::outbound, event::state,
                     {{"pair", "coluc.com:vngtp.lab"}, {"from", "PENDING"}, {"to", "FAILED"}}),
              "Connection state change: PENDING->FAILED: coluc.com:vngtp.lab, OUT");
    EXPECT_EQ(detail(Direction::outbound, event::state, {{"from", "PENDING"}, {"to", "CONNECTED"}}), "");
    EXPECT_EQ(detail(Direction::outbound, event::tls, {{"version", "TLSv1.3"}}), "");
}

TEST(Detail, StaysAnElementWhateverAnIdIs) {
    const std::string hostile = "x'/><evil a='" + std::string(500, 'y');
    const std::string said = detail(Direction::inbound, event::verify_received,
                                    {{"from", "vngtp.lab"}, {"to", "coluc.com"}, {"id", hostile}, {"key", "d780f198"}});
    EXPECT_EQ(said.find("<evil"), std::string::npos) << said;
    EXPECT_NE(said.find("d780f198…</db:verify>"), std::string::npos) << said;
    EXPECT_LT(said.size(), 400U);
}

TEST(StreamReference, HasNineDigitsAndTellsShardsApart) {
    EXPECT_EQ(stream_reference(3, 0x4A9B60C), "034A9B60C");
    EXPECT_NE(stream_reference(1, 7), stream_reference(2, 7));
    EXPECT_EQ(stream_reference(300, 0xFFFFFFFF).size(), 9U);
}

}  // namespace
}  // namespace sallyport::s2s
