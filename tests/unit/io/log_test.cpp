// Lines stay lines whatever is in them (threat T81); levels change at run time; the event log is bounded.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "io/log/node_log.h"
#include "support/test_pki.h"

namespace sallyport::io {
namespace {

class FixedClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return {}; }
    [[nodiscard]] WallTime wall() const override {
        return WallTime{std::chrono::microseconds{1795327200'123456}};  // 2026-11-22T06:00:00.123456Z
    }
};

LogRecord record_with(std::string value) {
    return {
        LogModule::s2s, LogLevel::info, "s2s.verify.sent", std::source_location::current(), {{"to", std::move(value)}}};
}

const LogOrigin origin{"edge1", "sallyport-edge", 42};

TEST(LogText, IsTheLineThatReadersOfTheEventLogKnow) {
    const std::string line = text_line(origin, FixedClock{}.wall(), record_with("vngtp.lab"));
    EXPECT_EQ(line.substr(0, line.find(" CodeLocation")),
              "2026-11-22T06:00:00.123456Z edge1 sallyport-edge[42]: UTCTime=\"2026-11-22 06:00:00,123\" "
              "Module=\"developer.xcp.federation\" Level=\"INFO \"");
    EXPECT_NE(line.find("CodeLocation=\"log_test.cpp:"), std::string::npos);
    EXPECT_EQ(line.substr(line.find(" Event")), " Event=\"s2s.verify.sent\" to=\"vngtp.lab\"");
}

TEST(LogText, NamesLevelsAsXcpGatewaysDo) {
    LogRecord record = record_with("vngtp.lab");
    const std::pair<LogLevel, std::string_view> names[] = {{LogLevel::trace, "VBOSE"},
                                                           {LogLevel::debug, "DEBUG"},
                                                           {LogLevel::info, "INFO "},
                                                           {LogLevel::warn, "WARN "},
                                                           {LogLevel::error, "ERROR"}};
    for (const auto& [level, name] : names) {
        record.level = level;
        EXPECT_NE(text_line(origin, FixedClock{}.wall(), record).find("Level=\"" + std::string{name} + '"'),
                  std::string::npos);
    }
}

TEST(LogText, LeavesAnElementInADetailWhole) {
    const std::string packet = "<stream:stream from='vngtp.lab'" + std::string(500, ' ') + "/>";
    LogRecord record = record_with(packet);
    EXPECT_EQ(text_line(origin, FixedClock{}.wall(), record).find("/>"), std::string::npos) << "other values are cut";
    record.facts = {{"Detail", packet}};
    EXPECT_NE(text_line(origin, FixedClock{}.wall(), record).find(" Detail=\"" + packet + '"'), std::string::npos);
    EXPECT_NE(json_line(origin, FixedClock{}.wall(), record).find("\"Detail\":\"" + packet + '"'), std::string::npos);
}

TEST(LogText, EscapesWhatWouldEndAValueOrALine) {
    EXPECT_EQ(escape_log_value("a\"b\\c"), "a\\\"b\\\\c");
    EXPECT_EQ(escape_log_value("a\r\nb\t\x1b[31m\x7f"), "a\\u000d\\u000ab\\u0009\\u001b[31m\\u007f");
    EXPECT_EQ(escape_log_value("\xC2\x85\xE2\x80\xA8\xE2\x80\xA9"), "\\u0085\\u2028\\u2029");
    EXPECT_EQ(escape_log_value(std::string_view{"a\0b", 3}), "a\\u0000b");
    EXPECT_EQ(escape_log_value("Zürich 日本 😀"), "Zürich 日本 😀");
}

TEST(LogText, EscapesWhatTurnsOrHidesText) {
    // Every kind, first and last of the table that base/deceptive.h stands for.
    for (const auto& [raw, shown] :
         {std::pair{"\xE2\x80\xAE", "\\u202e"}, std::pair{"\xE2\x80\xAA", "\\u202a"},
          std::pair{"\xE2\x81\xA6", "\\u2066"}, std::pair{"\xE2\x81\xA9", "\\u2069"},
          std::pair{"\xE2\x80\x8E", "\\u200e"}, std::pair{"\xE2\x80\x8F", "\\u200f"}, std::pair{"\xD8\x9C", "\\u061c"},
          std::pair{"\xE2\x80\x8B", "\\u200b"}, std::pair{"\xE2\x81\xA0", "\\u2060"},
          std::pair{"\xEF\xBB\xBF", "\\ufeff"}, std::pair{"\xC2\xAD", "\\u00ad"}, std::pair{"\xE1\xA0\x8E", "\\u180e"},
          std::pair{"\xF3\xA0\x80\x81", "\\udb40\\udc01"}, std::pair{"\xF3\xA0\x81\xBF", "\\udb40\\udc7f"}}) {
        EXPECT_EQ(escape_log_value("ann" + std::string{raw} + "a@x"), "ann" + std::string{shown} + "a@x");
    }
    EXPECT_EQ(escape_log_value("\xE2\x80\xA7 \xE2\x80\xB0 \xE2\x80\x8A"), "\xE2\x80\xA7 \xE2\x80\xB0 \xE2\x80\x8A")
        << "neighbours";
}

TEST(LogText, ReplacesInvalidUtf8) {
    EXPECT_EQ(escape_log_value("a\xFFz"), "a\xEF\xBF\xBDz");
    EXPECT_EQ(escape_log_value("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
    EXPECT_EQ(escape_log_value("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
    EXPECT_EQ(escape_log_value("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // cut off
}

TEST(LogEvents, KeepWholeCharactersOfLongValues) {
    FixedClock clock;
    const test::TemporaryFolder folder;
    LogSettings settings;
    settings.file = folder.path() + "/node.log";
    const auto log = NodeLog::open(settings, clock);
    ASSERT_TRUE(log);
    std::string umlauts = "x";
    for (int i = 0; i < 200; ++i) umlauts += "ü";
    (*log)->write(record_with(umlauts));
    (*log)->write(record_with("a\xFFz"));
    const auto events = (*log)->events(0, 2);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].facts.front().second, umlauts.substr(0, 255));
    EXPECT_EQ(events[1].facts.front().second, "a\xEF\xBF\xBDz");
}

TEST(LogText, CapsValuesAtACharacter) {
    EXPECT_EQ(escape_log_value(std::string(256, 'x')), std::string(256, 'x'));
    EXPECT_EQ(escape_log_value(std::string(1'000'000, 'x')), std::string(256, 'x') + "…");
    std::string umlauts = "x";
    for (int i = 0; i < 200; ++i) umlauts += "ü";
    const std::string capped = escape_log_value(umlauts);
    EXPECT_EQ(capped.size(), 255 + std::string_view{"…"}.size());
    EXPECT_EQ(capped.find("\xEF\xBF\xBD"), std::string::npos);
}

TEST(LogText, CannotBeForgedByAPeer) {
    const std::string line =
        text_line(origin, FixedClock{}.wall(), record_with("x\"\r\n2026-11-22 Level=\"INFO \" Detail=\"fake\""));
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(line.find(" Detail=\"fake\""), std::string::npos);
}

TEST(LogText, HasAJsonForm) {
    const std::string line = json_line(origin, FixedClock{}.wall(), record_with("a\"b\n"));
    EXPECT_EQ(line.front(), '{');
    EXPECT_NE(line.find(R"("Event":"s2s.verify.sent","to":"a\"b\u000a"})"), std::string::npos) << line;
}

TEST(LogText, HasASyslogFormThatStaysOneShortLine) {
    const std::string line = syslog_line(origin, FixedClock{}.wall(), record_with("x\"\n<11>1 forged"));
    EXPECT_EQ(line.find("<30>1 2"), 0u) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_NE(line.find(" s2s.verify.sent - Event=\"s2s.verify.sent\" Module=\"XMPPFederation\""), std::string::npos)
        << line;
    LogRecord full = record_with("");
    std::string accents;
    for (int i = 0; i < 100; ++i) accents += "é";
    for (int i = 0; i < 20; ++i) full.facts.push_back({"key", accents});
    const std::string cut = syslog_line(origin, FixedClock{}.wall(), full);
    EXPECT_LE(cut.size(), 2048u);
    EXPECT_GE(cut.size(), 2044u);
    EXPECT_EQ(escape_log_value(cut.substr(cut.size() - 100)).find("\xEF\xBF\xBD", 6), std::string::npos)
        << "cut between characters";
}

class NodeLogTest : public testing::Test {
protected:
    void SetUp() override {
        LogSettings settings;
        settings.origin = origin;
        settings.file = folder.path() + "/log";
        auto opened = NodeLog::open(settings, clock);
        ASSERT_TRUE(opened) << opened.error().text;
        log = std::move(*opened);
    }
    std::string contents() const {
        log->flush();
        std::stringstream text;
        text << std::ifstream{folder.path() + "/log"}.rdbuf();
        return text.str();
    }
    test::TemporaryFolder folder;
    FixedClock clock;
    std::unique_ptr<NodeLog> log;
};

TEST_F(NodeLogTest, ChangesTheLevelOfOneModuleAtRunTime) {
    const Logger s2s{*log, LogModule::s2s};
    const Logger dns{*log, LogModule::dns};
    s2s.debug("s2s.before", {});
    log->set_level(LogModule::s2s, LogLevel::debug);
    s2s.debug("s2s.after", {});
    dns.debug("dns.silent", {});
    s2s.info("s2s.last", {});
    EXPECT_EQ(contents().find("s2s.before"), std::string::npos);
    EXPECT_NE(contents().find("s2s.after"), std::string::npos);
    EXPECT_EQ(contents().find("dns.silent"), std::string::npos);
    EXPECT_EQ(log->level(LogModule::dns), LogLevel::info);
    s2s.info("s2s.braces", {{"text", "{} {0} {"}});
    EXPECT_NE(contents().find("text=\"{} {0} {\""), std::string::npos);
}

TEST_F(NodeLogTest, KeepsTheLatestEvents) {
    const Logger s2s{*log, LogModule::s2s};
    const Logger dns{*log, LogModule::dns};
    log->set_levels(LogLevel::debug);
    s2s.debug("s2s.detail", {});
    dns.info("dns.answer", {});
    for (std::size_t i = 0; i < NodeLog::events_kept + 5; ++i) s2s.info("s2s.open", {{"i", std::to_string(i)}});
    const std::vector<LogEvent> all = log->events(0, 100000);
    ASSERT_EQ(all.size(), NodeLog::events_kept);
    EXPECT_EQ(all.front().number, 6U);
    EXPECT_EQ(all.back().facts.front().second, std::to_string(NodeLog::events_kept + 4));
    EXPECT_EQ(log->events(all.back().number - 3, 100).size(), 3U);
    EXPECT_EQ(log->events(0, 2).front().number, all.back().number - 1);
}

TEST(NodeLogFile, SaysWhichFileCannotBeOpened) {
    const FixedClock clock;
    LogSettings settings;
    settings.file = "/proc/nowhere/log";
    const auto opened = NodeLog::open(settings, clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "log-file");
    EXPECT_NE(opened.error().text.find("/proc/nowhere/log"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::io
