// The history across restarts and disks that do not work: what is found, what is lost, and how large the file gets.
#include "services/history/history.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/sim_log.h"
#include "support/sim_world.h"
#include "support/test_pki.h"

namespace sallyport::history {
namespace {

using namespace std::chrono_literals;

class Remembered : public testing::Test {
protected:
    std::unique_ptr<History> make() {
        Options options;
        options.file = file;
        options.peers = 4;
        options.disk = disk;
        return std::make_unique<History>(std::move(options), world.loop(), Logger{log, LogModule::node});
    }
    /// Ten seconds in which so many stanzas came from a.test.
    void look(History& history, std::uint64_t stanzas = 0) {
        all_ += stanzas;
        Reading reading;
        reading.wall = world.loop().wall();
        reading.now = world.loop().now();
        reading.node[NodeFigure::stanzas_in] = static_cast<double>(all_);
        reading.streams = {{"in 0 1 a.test", "a.test", all_, 0, 0, 0}};
        reading.peers["a.test"][PeerFigure::available] = reading.peers["a.test"][PeerFigure::streams_in] = 1;
        reading.refusals["allow_list"] = refused;
        history.take(std::move(reading), {});
        world.advance(History::interval);
    }
    /// The points of the last two hours.
    std::vector<Line> ask(History& history, const Subject& subject, std::size_t ring = 0) {
        Question question;
        question.subject = subject;
        question.ring = ring;
        question.step = rings[ring].step;
        const std::int64_t now =
            std::chrono::duration_cast<std::chrono::seconds>(world.loop().wall().time_since_epoch()).count();
        question.points = static_cast<std::size_t>(rings[ring].slots);
        question.from = now - now % question.step + question.step - rings[ring].seconds();
        std::vector<Line> lines;
        history.find(question, [&](Result<std::vector<Line>> found) {
            EXPECT_TRUE(found) << found.error().text;
            if (found) lines = std::move(*found);
        });
        return lines;
    }
    static std::vector<double> known(const std::vector<Line>& lines, std::string_view name) {
        std::vector<double> values;
        for (const Line& line : lines) {
            if (line.figure->name != name) continue;
            for (const Point& point : line.points) {
                if (point.known()) values.push_back(point.mean);
            }
        }
        return values;
    }

    test::TemporaryFolder folder;
    std::string file = folder.path() + "/history.db";
    test::SimWorld world;
    test::MemorySink log;
    std::uint64_t refused = 0;
    std::function<bool(std::function<void()>, std::function<void()>)> disk;

private:
    std::uint64_t all_ = 0;
};

const Subject whole_node{Kind::node, ""}, known_peer{Kind::peer, "a.test"};

TEST_F(Remembered, OutlivesARestartWithAGapWhileTheNodeWasDown) {
    auto history = make();
    for (const std::uint64_t stanzas : {0U, 50U, 100U}) look(*history, stanzas);
    history.reset();
    world.advance(5min);
    history = make();
    for (const std::uint64_t stanzas : {0U, 20U}) look(*history, stanzas);
    const auto lines = ask(*history, whole_node);
    EXPECT_EQ(known(lines, "stanzas_in"), (std::vector<double>{5, 10, 2}));
    EXPECT_EQ(known(ask(*history, known_peer), "stanzas_in"), (std::vector<double>{5, 10, 2}));
    EXPECT_EQ(known(ask(*history, known_peer), "available"), (std::vector<double>{1, 1, 1}));
    EXPECT_FALSE(known(ask(*history, whole_node, 2), "stanzas_in").empty());
    EXPECT_TRUE(history->roster().keeps("a.test"));
}

TEST_F(Remembered, HasTheRefusalsOfEachRule) {
    auto history = make();
    look(*history);
    refused = 30;
    look(*history);
    const auto lines = ask(*history, {Kind::rule, ""});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines.front().rule, "allow_list");
    EXPECT_EQ(known(lines, "refused"), std::vector<double>{3});
}

TEST_F(Remembered, WaitsInMemoryWhileTheDiskDoesNotWorkAndIsWrittenThen) {
    std::filesystem::create_directory(file);  // no database can be made here
    auto history = make();
    EXPECT_FALSE(history->trouble().empty());
    look(*history);
    look(*history, 70);
    EXPECT_EQ(known(ask(*history, whole_node), "stanzas_in"), std::vector<double>{7});
    EXPECT_EQ(log.count("history.unwritten"), 1U) << "it is said once";
    std::filesystem::remove(file);
    world.advance(1min);
    look(*history);
    look(*history);
    EXPECT_TRUE(history->trouble().empty());
    EXPECT_EQ(history->lost(), 0U);
    history = make();
    EXPECT_EQ(known(ask(*history, whole_node), "stanzas_in").front(), 7);
}

TEST_F(Remembered, CountsWhatMemoryCannotHold) {
    std::filesystem::create_directory(file);
    auto history = make();
    for (std::size_t i = 0; i < History::most_waiting; ++i) look(*history, 1);
    EXPECT_GT(history->lost(), 0U);
    EXPECT_GT(log.count("history.lost"), 0U);
    for (const TableFill& table : history->tables()) EXPECT_LE(table.entries, table.bound) << table.name;
    EXPECT_FALSE(known(ask(*history, whole_node), "stanzas_in").empty()) << "the latest are there";
}

TEST_F(Remembered, AsksAndWritesBesideTheLoop) {
    std::vector<std::pair<std::function<void()>, std::function<void()>>> queue;
    disk = [&](std::function<void()> work, std::function<void()> then) {
        queue.emplace_back(std::move(work), std::move(then));
        return true;
    };
    auto history = make();
    look(*history);
    look(*history, 40);
    look(*history, 60);
    ASSERT_EQ(queue.size(), 1U) << "one write at a time";
    std::vector<Line> lines;
    Question question;
    question.subject = whole_node;
    question.step = 10;
    question.points = 720;
    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(world.loop().wall().time_since_epoch()).count();
    question.from = now - now % 10 - 7190;
    history->find(question, [&](Result<std::vector<Line>> found) { lines = std::move(*found); });
    EXPECT_TRUE(lines.empty()) << "it waits for the disk";
    for (std::size_t i = 0; i < queue.size(); ++i) {
        queue[i].first();
        queue[i].second();
    }
    EXPECT_EQ(known(lines, "stanzas_in"), (std::vector<double>{4, 6})) << "what was not written yet is among them";
    disk = [](auto, auto) { return false; };
    history = make();
    bool busy = false;
    history->find(question, [&](const Result<std::vector<Line>>& found) { busy = !found; });
    EXPECT_TRUE(busy);
}

TEST_F(Remembered, BeginsAnewWhenTheFileIsDamaged) {
    std::ofstream{file} << "this is no database, and never was one, however long anybody looks at it";
    auto history = make();
    EXPECT_EQ(log.count("history.damaged"), 1U);
    EXPECT_TRUE(std::filesystem::exists(file + ".damaged"));
    look(*history);
    look(*history, 10);
    EXPECT_EQ(known(ask(*history, whole_node), "stanzas_in"), std::vector<double>{1});
}

TEST_F(Remembered, HasNoMoreSlotsThanItsRings) {
    auto history = make();
    for (int i = 0; i < 900; ++i) look(*history, 3);  // two and a half hours
    history.reset();
    auto database = io::Database::open(file, io::Durability::normal);
    ASSERT_TRUE(database);
    auto most = database->prepare("SELECT max(slots) FROM (SELECT count(*) AS slots FROM slot GROUP BY subject, ring)");
    ASSERT_TRUE(most);
    ASSERT_TRUE(*most->step());
    EXPECT_EQ(most->number(0), 720);
}

TEST_F(Remembered, KeepsNothingOfAPeerThatGaveWay) {
    auto history = make();
    look(*history);
    look(*history, 10);
    std::set<std::string> named{"b.one", "c.two", "d.three", "e.four"};
    Reading reading;
    reading.wall = world.loop().wall();
    reading.now = world.loop().now();
    for (const std::string& name : named) reading.peers[name][PeerFigure::streams_in] = 1;
    history->take(std::move(reading), named);
    EXPECT_FALSE(history->roster().keeps("a.test"));
    history.reset();
    history = make();
    EXPECT_FALSE(history->roster().keeps("a.test"));
    EXPECT_TRUE(known(ask(*history, known_peer), "available").empty());
}

TEST_F(Remembered, CountsHandshakesOfPeersThatItKeeps) {
    auto history = make();
    look(*history);
    history->count_handshake("a.test", true);
    history->count_handshake("stranger.test", false);
    look(*history);
    EXPECT_EQ(known(ask(*history, known_peer), "handshakes_good"), std::vector<double>{0.1});
    EXPECT_EQ(known(ask(*history, {Kind::peer, "stranger.test"}), "handshakes_failed"), std::vector<double>{0});
}

}  // namespace
}  // namespace sallyport::history
