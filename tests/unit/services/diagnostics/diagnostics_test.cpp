// Levels for a while, the event log on disk, diagnostic logs across restarts, files on their shelf.
#include "services/diagnostics/diagnostics.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "io/capture/pcap_file.h"
#include "io/capture/pcapng.h"
#include "io/loop/asio_loop.h"
#include "support/sim_world.h"
#include "support/test_pki.h"

namespace sallyport::services {
namespace {

using namespace std::chrono_literals;

std::string content(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A loop whose time stands still until a test moves it.
class Parts : public testing::Test {
protected:
    Parts() {
        io::LogSettings settings;
        settings.origin = {"host", "sallyport-edge", 7};
        settings.file = folder.path() + "/node.log";
        log = std::move(*io::NodeLog::open(settings, loop));
        board = std::make_unique<AlarmBoard>(loop, Logger{*log, LogModule::node});
    }
    std::unique_ptr<Diagnostics> make() {
        JournalOptions options;
        options.file = folder.path() + "/events.db";
        options.rows = rows;
        options.disk = disk;
        auto made = std::make_unique<Diagnostics>(options, folder.path(), std::set<std::uint16_t>{5269, 7400}, "test",
                                                  DiagnosticsSeams{loop, *log, *board});
        made->levels.configure(LogLevel::info, {}, {});
        return made;
    }
    void say(std::string_view event, const std::string& value = "x", LogLevel level = LogLevel::info) {
        Logger{*log, LogModule::s2s}.write(level, event, {{"pair", value}});
    }
    void pass(Duration time) { world.advance(time); }
    /// What a search finds at once.
    static Result<std::vector<io::LogEvent>> find(EventJournal& journal, const EventSearch& search, std::size_t most) {
        std::optional<Result<std::vector<io::LogEvent>>> all;
        journal.find(search, most, "anna", [&](const Result<EventsFound>& found) {
            found ? all.emplace(found->events) : all.emplace(found.error());
        });
        return *all;
    }

    test::TemporaryFolder folder;
    test::SimWorld world;
    io::Loop& loop = world.loop();
    unsigned rows = 1000;
    std::function<bool(std::function<void()>, std::function<void()>)> disk;
    std::unique_ptr<io::NodeLog> log;
    std::unique_ptr<AlarmBoard> board;
};

/// The system's clock, set ahead.
class SetAhead final : public io::Loop {
public:
    explicit SetAhead(io::Loop& loop) : loop_{loop} {}
    [[nodiscard]] TimePoint now() const override { return loop_.now(); }
    [[nodiscard]] WallTime wall() const override { return loop_.wall() + ahead; }
    [[nodiscard]] std::unique_ptr<io::Timer> timer(std::function<void()> on_expiry) override {
        return loop_.timer(std::move(on_expiry));
    }
    void post(std::function<void()> work) override { loop_.post(std::move(work)); }
    void defer(std::function<void()> work) override { loop_.defer(std::move(work)); }
    std::chrono::hours ahead{0};

private:
    io::Loop& loop_;
};

TEST_F(Parts, AClockThatWasSetAheadEmptiesNoEventLog) {
    SetAhead clock{loop};
    JournalOptions options;
    options.file = folder.path() + "/events.db";
    options.days = 1;
    EventJournal journal{options, clock, *log, *board};
    const auto kept = [&] {
        EventSearch search;
        search.code_prefix = "the.event";
        const auto found = find(journal, search, 10);
        return found ? found->size() : 99;
    };
    say("the.event");
    pass(5s);
    clock.ahead = std::chrono::hours{24 * 365};
    pass(2h);
    EXPECT_EQ(kept(), 1U);
    clock.ahead = std::chrono::hours{0};
    pass(25h);
    EXPECT_EQ(kept(), 0U) << "when its time has come it goes";
}

TEST_F(Parts, ALevelForAWhileGoesBackByItself) {
    const auto parts = make();
    parts->levels.set(LogModule::dns, LogLevel::debug, 60s);
    EXPECT_EQ(log->level(LogModule::dns), LogLevel::debug);
    EXPECT_EQ(parts->levels.row(LogModule::dns).origin, LogLevels::Origin::run_time);
    EXPECT_EQ(parts->levels.row(LogModule::dns).left, Duration{60s});
    pass(61s);
    EXPECT_EQ(log->level(LogModule::dns), LogLevel::info);
    EXPECT_EQ(parts->levels.row(LogModule::dns).origin, LogLevels::Origin::standard);
}

TEST_F(Parts, TheLatestKindOfWordCounts) {
    const auto parts = make();
    parts->levels.configure(LogLevel::warn, {{"s2s", LogLevel::error}}, {{"s2s", LogLevel::info}});
    EXPECT_EQ(parts->levels.row(LogModule::s2s).origin, LogLevels::Origin::setting);
    EXPECT_EQ(parts->levels.row(LogModule::link).level, LogLevel::warn);
    EXPECT_EQ(parts->levels.row(LogModule::link).origin, LogLevels::Origin::file);
    parts->levels.set(LogModule::s2s, LogLevel::off, Duration{0});
    parts->levels.configure(LogLevel::info, {}, {});
    EXPECT_EQ(log->level(LogModule::s2s), LogLevel::off)
        << "a change of settings does not end what was said at run time";
    parts->levels.reset(LogModule::s2s);
    EXPECT_EQ(log->level(LogModule::s2s), LogLevel::info);
}

TEST_F(Parts, VerboseLevelsThatStayAreAnAlarm) {
    const auto parts = make();
    parts->levels.set(LogModule::s2s, LogLevel::debug, 2h);
    parts->levels.set(LogModule::tls, LogLevel::trace, Duration{0});
    pass(LogLevels::patience - 1s);
    EXPECT_FALSE(board->stands(AlarmCode::log_verbose, "tls"));
    pass(2s);
    EXPECT_TRUE(board->stands(AlarmCode::log_verbose, "tls"));
    EXPECT_FALSE(board->stands(AlarmCode::log_verbose, "s2s")) << "it goes back by itself";
    parts->levels.set(LogModule::tls, LogLevel::info, Duration{0});
    EXPECT_FALSE(board->stands(AlarmCode::log_verbose, "tls"));
}

TEST_F(Parts, AcknowledgementsOutliveARestartAndEndWithTheirAlarm) {
    const auto restart = [this] {
        board = std::make_unique<AlarmBoard>(loop, Logger{*log, LogModule::node});
        return make();
    };
    auto parts = make();
    for (const char* key : {"a", "b", "c"}) board->raise(AlarmCode::ssh_down, key, "no answer");
    for (std::uint64_t number : {1U, 2U}) ASSERT_TRUE(board->acknowledge(number, "anna", "the cable is ordered"));
    const WallTime known = board->standing().at(0).acknowledged;
    pass(5s);
    parts.reset();
    parts = restart();
    for (const char* key : {"a", "b", "c"}) board->raise(AlarmCode::ssh_down, key, "no answer");
    EXPECT_EQ(board->standing().at(0).acknowledged_by, "anna");
    EXPECT_EQ(board->standing().at(0).note, "the cable is ordered");
    EXPECT_EQ(board->standing().at(0).acknowledged, known);
    EXPECT_EQ(board->standing().at(0).count, 2u);
    EXPECT_EQ(board->standing().at(2).acknowledged_by, "");
    board->lower(AlarmCode::ssh_down, "a");
    parts.reset();
    parts = restart();
    board->raise(AlarmCode::ssh_down, "a", "no answer");
    EXPECT_EQ(board->standing().at(0).acknowledged_by, "") << "its cause was gone meanwhile";
    pass(AlarmBoard::settling + 2s);
    parts.reset();
    parts = restart();
    board->raise(AlarmCode::ssh_down, "b", "no answer");
    EXPECT_EQ(board->standing().at(0).acknowledged_by, "") << "nobody raised it after the start before this one";
}

TEST_F(Parts, EventsOutliveARestartWithTheirNumbers) {
    std::uint64_t number = 0;
    {
        const auto parts = make();
        say("s2s.first", "a.test:b.test");
        number = log->events(0, 1).back().number;
    }
    log = std::move(*io::NodeLog::open(
        {{"host", "sallyport-edge", 8}, io::LogForm::text, LogLevel::info, folder.path() + "/two.log"}, loop));
    board = std::make_unique<AlarmBoard>(loop, Logger{*log, LogModule::node});
    const auto parts = make();
    say("s2s.second", "a.test:c.test", LogLevel::warn);
    auto found = find(parts->journal, {}, 10);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 2u);
    EXPECT_EQ((*found)[0].event, "s2s.second");
    EXPECT_EQ((*found)[1].number, number);
    EXPECT_EQ((*found)[0].number, number + 1);
    EXPECT_EQ((*found)[1].facts.at(0).second, "a.test:b.test");
    EventSearch search;
    search.least_level = LogLevel::warn;
    EXPECT_EQ(find(parts->journal, search, 10)->size(), 1u);
    search = {};
    search.contains = "b.test";
    EXPECT_EQ(find(parts->journal, search, 10)->at(0).event, "s2s.first");
    search = {};
    search.code_prefix = "s2s.sec";
    EXPECT_EQ(find(parts->journal, search, 10)->size(), 1u);
    search = {};
    search.since = loop.wall() + 1s;
    EXPECT_TRUE(find(parts->journal, search, 10)->empty());
}

TEST_F(Parts, TheEventLogOnDiskIsBounded) {
    rows = 10;
    const auto parts = make();
    for (int i = 0; i < 50; ++i) say("s2s.many", std::to_string(i));
    const auto found = find(parts->journal, {}, 100);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->size(), 10u);
    EXPECT_EQ(found->front().facts.at(0).second, "49");
}

TEST_F(Parts, TheEventLogIsFoundWholeWhileItsDiskIsSlow) {
    std::function<void()> work, then;
    disk = [&](std::function<void()> given, std::function<void()> rest) {
        work = std::move(given);
        then = std::move(rest);
        return true;
    };
    const auto parts = make();
    const auto numbers = [&] {
        std::vector<std::string> all;
        EventSearch search;
        search.code_prefix = "s2s.";
        const auto found = find(parts->journal, search, 100);
        EXPECT_TRUE(found);
        for (const io::LogEvent& event : *found) all.push_back(event.facts.at(0).second);
        return all;
    };
    for (int i = 0; i < 5; ++i) say("s2s.slow", std::to_string(i));
    const std::vector<std::string> five{"4", "3", "2", "1", "0"};
    EXPECT_EQ(numbers(), five) << "asked for, and not written";
    ASSERT_TRUE(work);
    std::exchange(work, nullptr)();
    EXPECT_EQ(numbers(), five) << "written, and not yet told so";
    then();
    say("s2s.slow", "5");
    EXPECT_EQ(numbers(), (std::vector<std::string>{"5", "4", "3", "2", "1", "0"})) << "on disk and in memory";
    if (work) work();
    then();
    // A disk that is away for longer than memory holds: what is missing is told.
    for (std::size_t i = 0; i < io::NodeLog::events_kept + 100; ++i) say("s2s.many");
    pass(2s);
    std::exchange(work, nullptr)();
    then();
    const auto events = log->events(0, 1);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events.front().event, "events.lost");
    EXPECT_EQ(events.front().facts.at(0).second, "100");
    disk = nullptr;
}

TEST_F(Parts, ADiagnosisCopiesLinesAndRaisesLevels) {
    const auto parts = make();
    DiagnosisOrder order;
    order.name = "case-7";
    order.levels = {{"s2s", LogLevel::debug}};
    ASSERT_TRUE(parts->diagnosis.start(order, "anna"));
    EXPECT_EQ(parts->diagnosis.start(order, "anna").error().code, "diag-running");
    say("s2s.talkative", "within", LogLevel::debug);
    ASSERT_TRUE(parts->diagnosis.marker("now\nMarker 2", "anna"));
    const auto stopped = parts->diagnosis.stop();
    ASSERT_TRUE(stopped);
    EXPECT_EQ(stopped->end, "stopped");
    EXPECT_EQ(stopped->markers, 1u);
    say("s2s.later", "after");
    EXPECT_EQ(log->level(LogModule::s2s), LogLevel::info);
    const std::string lines = content(folder.path() + "/diagnostics/current.log");
    EXPECT_NE(lines.find("within"), std::string::npos);
    EXPECT_NE(lines.find(R"(DEBUG_MARKER="now\u000aMarker 2")"), std::string::npos) << lines;
    EXPECT_EQ(lines.find("after"), std::string::npos);
    struct stat facts {};
    ASSERT_EQ(::stat((folder.path() + "/diagnostics/current.log").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(Parts, ADiagnosisEndsByItself) {
    const auto parts = make();
    DiagnosisOrder order;
    order.seconds = 30;
    ASSERT_TRUE(parts->diagnosis.start(order, "anna"));
    pass(29s);
    EXPECT_EQ(parts->diagnosis.state()->end, "");
    pass(3s);
    EXPECT_EQ(parts->diagnosis.state()->end, "time");
}

TEST_F(Parts, ADiagnosisGoesOnAfterARestart) {
    DiagnosisOrder order;
    order.name = "long";
    order.levels = {{"dns", LogLevel::debug}};
    order.seconds = 600;
    {
        const auto parts = make();
        ASSERT_TRUE(parts->diagnosis.start(order, "anna"));
        say("s2s.before");
    }
    pass(10s);
    {
        const auto parts = make();
        const auto state = parts->diagnosis.state();
        ASSERT_TRUE(state);
        EXPECT_EQ(state->end, "");
        EXPECT_EQ(state->restarts, 1u);
        EXPECT_EQ(log->level(LogModule::dns), LogLevel::debug);
        say("s2s.between");
    }
    const std::string lines = content(folder.path() + "/diagnostics/current.log");
    EXPECT_NE(lines.find("s2s.before"), std::string::npos);
    EXPECT_NE(lines.find("s2s.between"), std::string::npos);
    pass(600s);
    const auto parts = make();
    EXPECT_EQ(parts->diagnosis.state()->end, "restart") << "its time was over while no node ran";
    EXPECT_EQ(log->level(LogModule::dns), LogLevel::info);
}

TEST(Shelf, NamesLeadNowhereElse) {
    const io::Shelf shelf{"/nowhere", ".pcapng"};
    for (const std::string_view name :
         std::initializer_list<std::string_view>{"", ".", "..", "../a", "a/b", "/etc/passwd", "a..b", ".hidden", "-x",
                                                 "a b", "a\nb", std::string_view{"a\0b", 3}})
        EXPECT_FALSE(shelf.name_of(name)) << name;
    EXPECT_FALSE(shelf.name_of(std::string(65, 'a')));
    EXPECT_EQ(*shelf.name_of("axl_inject.pcap"), "axl_inject");
    EXPECT_EQ(*shelf.name_of("a.b-c_1"), "a.b-c_1");
}

TEST(Shelf, KeepsTheEndingOfTheOtherKind) {
    const test::TemporaryFolder folder;
    const io::Shelf shelf{folder.path(), ".pcapng", ".pcap"};
    EXPECT_EQ(*shelf.name_of("axl_inject.pcap"), "axl_inject.pcap");
    EXPECT_EQ(*shelf.name_of("case-7.pcapng"), "case-7");
    EXPECT_EQ(shelf.path_of("axl_inject.pcap"), folder.path() + "/axl_inject.pcap");
    EXPECT_EQ(shelf.path_of("case-7"), folder.path() + "/case-7.pcapng");
    std::ofstream{shelf.path_of("axl_inject.pcap")} << "classic";
    std::ofstream{shelf.path_of("case-7")} << "new";
    ASSERT_EQ(shelf.list().size(), 2U);
    EXPECT_EQ(shelf.read("axl_inject.pcap", 0)->bytes, "classic");
    EXPECT_EQ(shelf.read("axl_inject", 0)->bytes, "classic") << "found without it, too";
    EXPECT_EQ(shelf.read("case-7.pcapng", 0)->bytes, "new");
    EXPECT_EQ(shelf.read("case-7.pcap", 0).error().code, "name-unknown") << "that is another file";
    EXPECT_TRUE(shelf.remove("axl_inject"));
    EXPECT_EQ(shelf.list().size(), 1U);
}

TEST(PcapFile, IsTheFormatOfOldTools) {
    const std::string file =
        io::pcap_file::header(113, 262144) + io::pcap_file::packet(1'500'000'000'250'000, "abc", 60);
    const auto number = [&](std::size_t at) {
        std::uint32_t value = 0;
        std::memcpy(&value, file.data() + at, sizeof value);
        return value;
    };
    ASSERT_EQ(file.size(), 24U + 16U + 3U);
    EXPECT_EQ(number(0), 0xA1B2C3D4U);
    EXPECT_EQ(number(4), 2U | (4U << 16U));
    EXPECT_EQ(number(16), 262144U);
    EXPECT_EQ(number(20), 113U);
    EXPECT_EQ(number(24), 1'500'000'000U);
    EXPECT_EQ(number(28), 250'000U);
    EXPECT_EQ(number(32), 3U);
    EXPECT_EQ(number(36), 60U);
    EXPECT_EQ(file.substr(40), "abc");
}

TEST(Shelf, DoesNotFollowLinks) {
    const test::TemporaryFolder folder;
    std::filesystem::create_symlink("/etc/hostname", folder.path() + "/link.pcapng");
    const io::Shelf shelf{folder.path(), ".pcapng"};
    EXPECT_TRUE(shelf.list().empty());
    EXPECT_FALSE(shelf.read("link", 0));
}

TEST(Pcapng, BlocksAreWholeWordsAndSayTheirLengthTwice) {
    using namespace io::pcapng;
    for (const std::string& block : {section_header("program"), interface_description(1, 96, "eth0", "tcp port 5269"),
                                     tls_secrets("CLIENT_RANDOM a b\n"),
                                     enhanced_packet(1'700'000'000'000'001, "odd", 3), interface_statistics(1, 2, 3)}) {
        std::uint32_t front = 0, back = 0;
        ASSERT_EQ(block.size() % 4, 0u);
        std::memcpy(&front, block.data() + 4, 4);
        std::memcpy(&back, block.data() + block.size() - 4, 4);
        EXPECT_EQ(front, block.size());
        EXPECT_EQ(back, block.size());
    }
}

TEST_F(Parts, ACaptureLooksAtPortsOfTheNodeOnly) {
    const auto parts = make();
    CaptureOrder order;
    order.port = 22;
    EXPECT_EQ(parts->captures.start(order, "anna").error().code, "capture-port");
    order.port = 0;
    order.host = "10.0.0.1 or host 10.0.0.2";
    EXPECT_EQ(parts->captures.start(order, "anna").error().code, "capture-address");
    order.host.clear();
    order.name = "../x";
    EXPECT_EQ(parts->captures.start(order, "anna").error().code, "name-malformed");
    order.name = "x";
    order.packets = CaptureDesk::most_packets + 1;
    EXPECT_EQ(parts->captures.start(order, "anna").error().code, "capture-bound");
}

}  // namespace
}  // namespace sallyport::services
