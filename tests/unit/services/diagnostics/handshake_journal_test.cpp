// Handshakes across restarts: what is kept, how much, and what a damaged file does.
#include "services/diagnostics/handshake_journal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "services/diagnostics/handshake_text.h"
#include "support/sim_log.h"
#include "support/sim_world.h"
#include "support/test_pki.h"

namespace sallyport::services {
namespace {

using namespace std::chrono_literals;

record::Handshake attempt(const std::string& peer, bool good, bool inbound = false) {
    record::Handshake one;
    one.peer = peer;
    one.local = "b.test";
    one.inbound = inbound;
    one.address = "192.0.2.7:5269";
    one.started = WallTime{std::chrono::seconds{1'700'000'000}};
    one.took = 48ms;
    one.shard = 1;
    one.good = good;
    one.failed_at = good ? Stage::none : Stage::tls;
    one.result = good ? "dialback" : "certificate has expired";
    one.verdict_id = good ? "" : "v-0123456789ab";
    one.steps = {{1ms, "dns.srv", true, {{"status", "ok"}, {"ttl", "300"}}},
                 {2ms, "tls", good, {{"subject", "CN=\xff\xfe\"<x>\n"}}}};
    one.left_out = 3;
    return one;
}

class Journal : public testing::Test {
protected:
    std::unique_ptr<HandshakeJournal> make() {
        return std::make_unique<HandshakeJournal>(file, limits, world.loop(), Logger{log, LogModule::node});
    }
    static std::vector<std::string> results(const HandshakeJournal& journal, const std::string& peer) {
        std::vector<std::string> all;
        for (const auto& one : journal.archive().list(peer, SIZE_MAX)) all.push_back(one->id);
        return all;
    }

    test::TemporaryFolder folder;
    std::string file = folder.path() + "/handshakes.db";
    test::SimWorld world;
    test::MemorySink log;
    Limits limits;
};

TEST(HandshakeText, GivesBackWhatItWasMadeOf) {
    for (const bool good : {true, false}) {
        record::Handshake before = attempt("a.test", good, !good);
        before.id = "h-7";
        before.proven_only = good;
        const auto after = read_handshake(handshake_text(before));
        ASSERT_TRUE(after);
        EXPECT_EQ(handshake_text(*after), handshake_text(before));
        EXPECT_EQ(after->steps[1].facts, before.steps[1].facts) << "names in certificates hold anything";
        EXPECT_EQ(after->started, before.started);
        EXPECT_EQ(after->took, before.took);
        EXPECT_EQ(after->inbound, before.inbound);
        EXPECT_EQ(after->proven_only, before.proven_only);
    }
    for (const char* broken : {"", "{}", "[]", "null", R"({"id":7})", "{\"id\":\"h-1\""}) {
        EXPECT_FALSE(read_handshake(broken)) << broken;
    }
}

TEST_F(Journal, BeginsWithTheLastGoodOneAndTheLatestFailures) {
    auto journal = make();
    for (int i = 0; i < 2; ++i) journal->add(attempt("a.test", true));
    for (int i = 0; i < 5; ++i) journal->add(attempt("a.test", false));
    journal->add(attempt("a.test", false, true));
    world.advance(3s);
    journal->add(attempt("c.test", true));  // not yet written when it ends
    journal.reset();
    journal = make();
    EXPECT_EQ(results(*journal, "a.test"), (std::vector<std::string>{"h-8", "h-7", "h-6", "h-5", "h-2"}));
    EXPECT_EQ(results(*journal, "c.test"), std::vector<std::string>{"h-9"});
    const auto failed = journal->archive().find("h-7");
    ASSERT_NE(failed, nullptr);
    EXPECT_EQ(failed->steps.size(), 2U);
    ASSERT_NE(journal->archive().good_before(*failed), nullptr);
    EXPECT_EQ(journal->archive().good_before(*failed)->id, "h-2");
    journal->add(attempt("c.test", false));
    EXPECT_EQ(results(*journal, "c.test").front(), "h-10") << "ids go on where they ended";
}

TEST_F(Journal, IsForTheNodesEyesOnly) {
    auto journal = make();
    journal->add(attempt("a.test", true));
    world.advance(3s);
    struct stat status {};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Journal, KeepsPartnersRatherThanStrangersWithinItsBytes) {
    limits.recorder_file_bytes = 65536;
    auto journal = make();
    journal->add(attempt("partner.test", true));
    for (int i = 0; i < 1000; ++i) {
        journal->add(attempt("stranger" + std::to_string(i) + ".test", false, true));
        if (i % 50 == 0) world.advance(3s);
    }
    journal.reset();
    journal = make();
    EXPECT_NE(journal->archive().last("partner.test", true), nullptr);
    EXPECT_NE(journal->archive().last("stranger999.test", false), nullptr);
    EXPECT_EQ(journal->archive().last("stranger1.test", false), nullptr);
    EXPECT_LT(journal->archive().peers(), 400U);
    EXPECT_GT(journal->archive().peers(), 50U);
}

TEST_F(Journal, PutsADamagedFileAsideAndBeginsEmpty) {
    std::ofstream{file} << std::string(20000, 'x');
    auto journal = make();
    EXPECT_EQ(log.count("handshakes.damaged"), 1U);
    EXPECT_EQ(journal->archive().peers(), 0U);
    EXPECT_TRUE(std::filesystem::exists(file + ".damaged"));
    journal->add(attempt("a.test", true));
    world.advance(3s);
    journal.reset();
    journal = make();
    EXPECT_EQ(log.count("handshakes.damaged"), 1U) << "the new one is sound";
    EXPECT_NE(journal->archive().last("a.test", true), nullptr);
}

TEST_F(Journal, RecordsInMemoryWhereThereIsNoDisk) {
    std::filesystem::create_directory(file);
    auto journal = make();
    EXPECT_EQ(log.count("handshakes.unwritten"), 1U);
    journal->add(attempt("a.test", true));
    world.advance(1min);
    EXPECT_NE(journal->archive().last("a.test", true), nullptr);
}

TEST_F(Journal, ReadsWhatItCanOfRowsThatSomebodyTouched) {
    auto journal = make();
    journal->add(attempt("a.test", true));
    journal->add(attempt("c.test", true));
    journal.reset();
    {
        auto database = io::Database::open(file, io::Durability::normal);
        ASSERT_TRUE(database);
        ASSERT_TRUE(database->run("UPDATE handshake SET text = '{}' WHERE peer = 'a.test'"));
    }
    journal.reset();
    journal = make();
    EXPECT_EQ(log.count("handshakes.damaged"), 1U);
    EXPECT_EQ(journal->archive().last("a.test", true), nullptr);
    EXPECT_NE(journal->archive().last("c.test", true), nullptr);
}

}  // namespace
}  // namespace sallyport::services
