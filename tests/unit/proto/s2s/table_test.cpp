// The tables as data: every state against every event; what no row names is refused; the feature table offers nothing
// but starttls before required TLS; the event table has no doubles.
#include <gtest/gtest.h>

#include <set>

#include "proto/s2s/events.h"
#include "proto/s2s/features.h"
#include "proto/s2s/inbound_state.h"
#include "proto/s2s/outbound_state.h"
#include "proto/xml/reader.h"
#include "support/test_rules.h"

namespace sallyport::s2s {
namespace {

using testing::certificate_for;
using testing::pair_of;
using testing::TestRules;
using testing::tls_with;

/// One element of each kind that a peer could send.
const std::vector<std::pair<On, std::string>>& elements() {
    static const std::vector<std::pair<On, std::string>> all{
        {On::starttls, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
        {On::proceed, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
        {On::tls_failure, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
        {On::auth, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>"},
        {On::challenge, "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"},
        {On::response, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"},
        {On::abort, "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"},
        {On::success, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"},
        {On::sasl_failure, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"},
        {On::result,
         "<db:result xmlns:db='jabber:server:dialback' from='partner.example' to='corp.example'>k</db:result>"},
        {On::result_answer,
         "<db:result xmlns:db='jabber:server:dialback' from='partner.example' to='corp.example' type='valid'/>"},
        {On::verify,
         "<db:verify xmlns:db='jabber:server:dialback' from='partner.example' to='corp.example' id='i'>k</db:verify>"},
        {On::verify_answer,
         "<db:verify xmlns:db='jabber:server:dialback' from='partner.example' to='corp.example' id='i' type='valid'/>"},
        {On::bidi, "<bidi xmlns='urn:xmpp:bidi'/>"},
        {On::enable, "<enable xmlns='urn:xmpp:sm:3'/>"},
        {On::enabled, "<enabled xmlns='urn:xmpp:sm:3'/>"},
        {On::sm_failed, "<failed xmlns='urn:xmpp:sm:3'/>"},
        {On::resume, "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>"},
        {On::resumed, "<resumed xmlns='urn:xmpp:sm:3' previd='x' h='0'/>"},
        {On::ack_request, "<r xmlns='urn:xmpp:sm:3'/>"},
        {On::ack, "<a xmlns='urn:xmpp:sm:3' h='0'/>"},
        {On::compress, "<compress xmlns='http://jabber.org/protocol/compress'/>"},
        {On::features, "<features xmlns='http://etherx.jabber.org/streams'/>"},
        {On::stream_error, "<error xmlns='http://etherx.jabber.org/streams'/>"},
        {On::foreign, "<x xmlns='urn:x'/>"},
    };
    return all;
}

xml::Header header(bool with_id) {
    xml::Reader reader{Limits{}.before_auth};
    reader.feed(with_id ? "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='p' "
                          "from='partner.example' to='corp.example' version='1.0'>"
                        : "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
                          "from='partner.example' to='corp.example' version='1.0'>");
    EXPECT_EQ(reader.next(), xml::Kind::header);
    return reader.header();
}

xml::Element element(const std::string& text) {
    return xml::parse(text, Limits{}.before_auth, "jabber:server").value();
}

bool declared(const std::vector<RowText>& rows, std::string_view in, On on) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const RowText& row) { return row.in == in && row.on == text(on); });
}

const Close* close_of(const Actions& actions) {
    for (const Action& action : actions) {
        if (const auto* close = std::get_if<Close>(&action)) return close;
    }
    return nullptr;
}

/// Brings a fresh inbound stream into the state.
std::unique_ptr<Inbound> inbound_in(std::string_view state, const TestRules& rules) {
    Actions ignored;
    InboundSettings settings;
    settings.fresh_id = [] { return std::string{"id"}; };
    settings.direct_tls = state != "opening";
    auto machine = std::make_unique<Inbound>(settings, rules, TimePoint{});
    if (state == "opening" || state == "securing") return machine;
    machine->on_tls(tls_with(certificate_for("partner.example")), {}, ignored);
    machine->on_header(header(false), {}, ignored);
    if (state == "offering") return machine;
    machine->on_element(element(elements()[9].second), 0, {}, ignored);
    if (state == "closing") machine->shut({xmpp::StreamCondition::reset, {}, {}, {}}, {}, ignored);
    return machine;
}

TEST(InboundTable, RefusesWhatItDoesNotDeclare) {
    const TestRules rules;
    const auto rows = inbound_table();
    for (const std::string_view state : {"opening", "securing", "offering", "open", "closing"}) {
        for (const auto& [on, bytes] : elements()) {
            SCOPED_TRACE(std::string{state} + " " + std::string{text(on)});
            ASSERT_EQ(classify(element(bytes)), on);
            auto machine = inbound_in(state, rules);
            ASSERT_EQ(machine->state(), state);
            const std::size_t pairs = machine->pairs().size();
            Actions actions;
            machine->on_element(element(bytes), 0, {}, actions);
            if (declared(rows, state, on)) continue;
            if (state == "closing") {
                EXPECT_TRUE(actions.empty());
                continue;
            }
            const Close* close = close_of(actions);
            ASSERT_NE(close, nullptr);
            EXPECT_TRUE(close->error || close->silent || on == On::starttls);
            EXPECT_LE(machine->pairs().size(), pairs);
        }
    }
}

std::unique_ptr<Outbound> outbound_in(std::string_view state, const TestRules& rules) {
    Actions ignored;
    OutboundSettings settings;
    settings.direct_tls = state == "authenticating" || state == "securing";
    auto machine =
        std::make_unique<Outbound>(settings, rules, pair_of("corp.example", "partner.example"), false, TimePoint{});
    if (state == "fresh") return machine;
    machine->on_connected({}, ignored);
    if (state == "opening" || state == "securing") return machine;
    if (state == "authenticating") {
        machine->on_tls(tls_with(certificate_for("partner.example")), {}, ignored);
        machine->on_header(header(true), {}, ignored);
        machine->on_element(
            element("<features xmlns='http://etherx.jabber.org/streams'><mechanisms "
                    "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>"
                    "</features>"),
            0, {}, ignored);
        return machine;
    }
    machine->on_header(header(true), {}, ignored);
    if (state == "offered") return machine;
    machine->on_element(element(state == "asking-tls" ? "<features xmlns='http://etherx.jabber.org/streams'><starttls "
                                                        "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></features>"
                                                      : "<features xmlns='http://etherx.jabber.org/streams'/>"),
                        0, {}, ignored);
    if (state == "asking-tls" || state == "proving") return machine;
    machine->on_element(element(elements()[10].second), 0, {}, ignored);
    return machine;
}

TEST(OutboundTable, RefusesWhatItDoesNotDeclare) {
    TestRules rules;
    rules.everyone.security = SecurityMode::tls_optional;
    const auto rows = outbound_table();
    for (const std::string_view state :
         {"fresh", "opening", "offered", "asking-tls", "securing", "authenticating", "proving", "open"}) {
        for (const auto& [on, bytes] : elements()) {
            SCOPED_TRACE(std::string{state} + " " + std::string{text(on)});
            auto machine = outbound_in(state, rules);
            ASSERT_EQ(machine->state(), state);
            Actions actions;
            machine->on_element(element(bytes), 0, {}, actions);
            if (declared(rows, state, on)) continue;
            EXPECT_NE(close_of(actions), nullptr);
            EXPECT_FALSE(machine->ready(pair_of("corp.example", "partner.example")));
        }
    }
}

TEST(Tables, NameASectionInEveryRow) {
    for (const auto& rows : {inbound_table(), outbound_table()}) {
        for (const RowText& row : rows) {
            EXPECT_TRUE(row.says.starts_with("RFC ") || row.says.starts_with("XEP-")) << row.in << " " << row.on;
            EXPECT_FALSE(row.next.empty());
        }
    }
}

TEST(Features, OfferOnlyStarttlsBeforeRequiredTls) {  // threat T18: for every combination of what else holds
    for (unsigned bits = 0; bits <= every_fact.bits(); ++bits) {
        const Facts facts = Facts::of_bits(bits);
        if (facts.meets({Fact::secured, Fact::channel_ok}) || !facts.contains({Fact::tls_wanted, Fact::tls_required}))
            continue;
        std::string names;
        ASSERT_EQ(offer_features({facts, 1, 1}, names),
                  "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
                  "</stream:features>");
    }
}

TEST(Features, NeverOfferStarttlsTwiceNorSaslInClear) {
    for (unsigned bits = 0; bits <= every_fact.bits(); ++bits) {
        const Facts facts = Facts::of_bits(bits);
        std::string names;
        const std::string offered = offer_features({facts, 1, 1}, names);
        if (facts.has(Fact::secured)) {
            ASSERT_EQ(offered.find("starttls"), std::string::npos);
        } else {
            ASSERT_EQ(offered.find("mechanism"), std::string::npos);
        }
        if (!facts.has(Fact::certified)) {
            ASSERT_EQ(offered.find("EXTERNAL"), std::string::npos);
        }
    }
}

TEST(Streams, AreSmall) {  // beside this: one pair, the certificate's names, the id
    EXPECT_LT(sizeof(Inbound::State), 1024U);
    EXPECT_LT(sizeof(Outbound::State), 1024U);
    EXPECT_LT(sizeof(PairState), 256U);
}

TEST(Events, HaveNamesOfTheirOwnAndHelp) {
    std::set<std::string_view> names;
    for (const EventRow& row : event_rows) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_TRUE(row.name.starts_with("s2s.")) << row.name;
        EXPECT_FALSE(row.help.empty());
        EXPECT_NE(row.stage, Stage::none) << row.name;
        EXPECT_EQ(stage_of(row.name), row.stage);
    }
}

TEST(Events, BelongToAStageOfTheHandshake) {
    EXPECT_EQ(stage_of(event::tls_failed), Stage::tls);
    EXPECT_EQ(stage_of(event::sasl_failure), Stage::sasl);
    EXPECT_EQ(stage_of(event::dialback_timeout), Stage::dialback);
    EXPECT_EQ(stage_of(event::stream_error_received), Stage::stream);
}

}  // namespace
}  // namespace sallyport::s2s
