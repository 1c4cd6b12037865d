// A trace shows the stanzas of its pair, for its time, and never what is in them.
#include "services/s2s/stanza_trace.h"

#include <gtest/gtest.h>

namespace sallyport::s2s {
namespace {

/// As a node's log at level info.
class Lines final : public LogSink {
public:
    [[nodiscard]] bool wants(LogModule, LogLevel level) const override { return level >= LogLevel::info; }
    void write(LogRecord record) override { records.push_back(std::move(record)); }
    std::vector<LogRecord> records;
};

constexpr TimePoint first_moment{};
constexpr std::string_view body =
    "<message from='ana@b.test/x' to='victor@a.test' id='1' type='chat'><body>secret</body></message>";

xmpp::Domain domain(const char* name) { return *xmpp::Domain::parse(name); }

xmpp::Stanza message(std::string_view from, std::string_view to, std::string_view id = "1") {
    const auto domain_of = [](std::string_view address) { return address.substr(address.find('@') + 1); };
    return {body, xmpp::StanzaKind::message, to, from, domain_of(to), domain_of(from), id, "chat"};
}

class Trace : public testing::Test {
protected:
    Lines lines;
    Logger log{lines, LogModule::s2s};
    StanzaTrace trace;
    const xmpp::Stanza out = message("ana@b.test", "victor@a.test"), in = message("victor@a.test", "ana@b.test"),
                       other = message("ana@b.test", "eve@c.test"), sibling = message("bob@d.test", "victor@a.test");
};

TEST_F(Trace, IsOffUntilSomebodyAsks) { EXPECT_FALSE(trace.wants(out, first_moment)); }

TEST_F(Trace, IsOfOneDomainOrOneOfItsPairs) {
    trace.start({domain("a.test"), {}}, first_moment);
    EXPECT_TRUE(trace.wants(out, first_moment) && trace.wants(in, first_moment) && trace.wants(sibling, first_moment));
    EXPECT_FALSE(trace.wants(other, first_moment));
    trace.start({domain("a.test"), domain("b.test")}, first_moment);
    EXPECT_TRUE(trace.wants(out, first_moment) && trace.wants(in, first_moment));
    EXPECT_FALSE(trace.wants(sibling, first_moment));
}

TEST_F(Trace, EndsByItselfAndWhenAskedTo) {
    trace.start({domain("a.test"), {}, std::chrono::seconds{60}}, first_moment);
    EXPECT_TRUE(trace.wants(out, first_moment + std::chrono::seconds{59}));
    EXPECT_FALSE(trace.wants(out, first_moment + std::chrono::seconds{60}));
    trace.start({domain("a.test"), {}, std::chrono::hours{48}}, first_moment);
    EXPECT_FALSE(trace.wants(out, first_moment + StanzaTrace::longest)) << "no trace is for ever";
    trace.start({domain("a.test"), {}, std::chrono::seconds{0}}, first_moment);
    EXPECT_FALSE(trace.wants(out, first_moment));
}

TEST_F(Trace, EndsAfterSoManyStanzas) {
    trace.start({domain("a.test"), {}}, first_moment);
    unsigned told = 0;
    for (; trace.wants(out, first_moment); ++told) trace.tell(log, out, false, "000000001");
    EXPECT_EQ(told, StanzaTrace::most_stanzas);
}

TEST_F(Trace, ShowsTheShellAndNothingOfTheBody) {
    trace.start({domain("a.test"), {}}, first_moment);
    trace.tell(log, out, false, "034A9B60C");
    trace.tell(log, in, true, "034A9B60D");
    ASSERT_EQ(lines.records.size(), 2U) << "whatever the level of the module is";
    EXPECT_EQ(lines.records[0].level, LogLevel::trace);
    EXPECT_EQ(
        lines.records[0].facts[0].value,
        "xcoder=034A9B60C sending:: <message from='ana@b.test' to='victor@a.test' id='1' type='chat'>…</message>");
    EXPECT_EQ(lines.records[1].facts[0].value.substr(0, 40), "xcoder=034A9B60D received:: <message fro");
    for (const LogRecord& record : lines.records) {
        for (const LogFact& fact : record.facts) EXPECT_EQ(fact.value.find("secret"), std::string::npos);
    }
}

TEST_F(Trace, CutsWhatASenderChoosesTooLong) {
    const std::string id(5000, 'i');
    EXPECT_LT(shell_text(message("ana@b.test", "victor@a.test", id)).size(), 400U);
}

}  // namespace
}  // namespace sallyport::s2s
