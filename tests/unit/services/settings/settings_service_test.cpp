// Settings in operation: first values, changes with their log lines, snapshots, and life without the database.
#include "services/settings/settings_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "io/store/folder.h"
#include "support/full_disk.h"

namespace sallyport::services {
namespace {

using config::Change;
using testing::HasSubstr;
using testing::StartsWith;

class FixedClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return {}; }
    [[nodiscard]] WallTime wall() const override { return WallTime{std::chrono::seconds{1'000'000}}; }
};

class Lines final : public LogSink {
public:
    [[nodiscard]] bool wants(LogModule, LogLevel) const override { return true; }
    void write(LogRecord record) override { records.push_back(std::move(record)); }
    [[nodiscard]] std::vector<std::string> facts(std::string_view event, std::string_view key) const {
        std::vector<std::string> found;
        for (const LogRecord& record : records) {
            if (record.event != event) continue;
            for (const LogFact& fact : record.facts) {
                if (fact.key == key) found.push_back(fact.value);
            }
        }
        return found;
    }
    [[nodiscard]] bool holds(const std::string& text) const {
        for (const LogRecord& record : records) {
            for (const LogFact& fact : record.facts) {
                if (fact.value.find(text) != std::string::npos) return true;
            }
        }
        return false;
    }
    std::vector<LogRecord> records;
};

class Settings : public testing::Test {
protected:
    Settings() {
        std::string name = (std::filesystem::temp_directory_path() / "sallyport-settings-XXXXXX").string();
        top = mkdtemp(name.data());
        folder = top + "/data";
    }
    ~Settings() override { std::filesystem::remove_all(top); }

    SettingsService service(std::map<std::string, std::string> first = {}) {
        SettingsService::Options options{folder, std::move(first), "edge.toml", {}, {}, std::chrono::milliseconds{0}};
        options.random_bytes = [this](std::size_t count) {
            return std::string(count, static_cast<char>(next_random++));
        };
        return {std::move(options), clock, Logger{lines, LogModule::settings}};
    }
    [[nodiscard]] std::string database() const { return folder + "/settings.db"; }
    [[nodiscard]] std::string copy() const { return folder + "/settings.json"; }
    void damage_database() const {
        for (const char* end : {"-wal", "-shm"}) std::filesystem::remove(database() + end);
        std::ofstream{database(), std::ios::trunc} << std::string(8192, 'x');
    }

    std::string top;
    std::string folder;
    FixedClock clock;
    Lines lines;
    int next_random = 1;
};

TEST_F(Settings, StartWithDefaultsAndASecretOfTheirOwn) {
    auto settings = service();
    const auto opened = settings.open();
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_FALSE(settings.snapshot()->enabled);
    EXPECT_EQ(settings.snapshot()->privacy_mode, config::PrivacyMode::allow_list);
    std::string wanted;
    for (int i = 0; i < 32; ++i) wanted += "01";
    EXPECT_EQ(settings.snapshot()->dialback_secret, wanted) << "256 bits in hex";
    EXPECT_TRUE(settings.snapshot()->previous_dialback_secret.empty());
    EXPECT_FALSE(lines.holds(wanted)) << "no secret in the log";

    auto again = service();
    ASSERT_TRUE(again.open());
    EXPECT_EQ(again.snapshot()->dialback_secret, wanted) << "made once";
}

TEST_F(Settings, TakeFirstValuesOnlyForWhatTheDatabaseLacks) {
    const std::map<std::string, std::string> first{{"federation.enabled", "true"}, {"federation.bidi", "\"off\""}};
    {
        auto settings = service(first);
        ASSERT_TRUE(settings.open());
        EXPECT_TRUE(settings.snapshot()->enabled);
        EXPECT_EQ(settings.history(10, "federation.enabled")->front().author, "edge.toml");
        ASSERT_TRUE(settings.set({{"federation.enabled", "false"}}, "root"));
    }
    auto settings = service(
        {{"federation.enabled", "true"}, {"federation.bidi", "\"on\""}, {"federation.domains", "[\"b.test\"]"}});
    ASSERT_TRUE(settings.open());
    EXPECT_FALSE(settings.snapshot()->enabled) << "the database has a value";
    EXPECT_FALSE(settings.snapshot()->bidi) << "a first value that equals the default counts as one";
    EXPECT_EQ(settings.snapshot()->domains.size(), 1U);
}

TEST_F(Settings, RefuseToStartWithFirstValuesThatDoNotFit) {
    auto settings = service({{"federation.enabled", "7"}});
    EXPECT_EQ(settings.open().error().code, "setting-type");
}

TEST_F(Settings, LogEachChangeWithOldAndNewValue) {
    auto settings = service();
    ASSERT_TRUE(settings.open());
    lines.records.clear();
    const std::uint64_t before = settings.snapshot()->revision;
    const auto revision = settings.set({{"federation.enabled", "true"},
                                        {"federation.security_mode", "\"no_tls\""},
                                        {"federation.allow_list", "[\"a.test\"]"},
                                        {"federation.dialback_secret", "\"a-new-secret-of-ours\""}},
                                       "anna");
    ASSERT_TRUE(revision);
    EXPECT_EQ(*revision, before + 1);
    EXPECT_THAT(lines.facts("settings.changed", "Detail"),
                testing::ElementsAre("xconfiguration xcpConfiguration is_federation_enabled - changed from: 0 to: 1",
                                     "xconfiguration federation.security_mode - changed from: tls_required to: no_tls",
                                     "xconfiguration federation.dialback_secret - changed from: ******** to: ********",
                                     "xconfiguration federation.allow_list - changed from: [] to: [\"a.test\"]"));
    EXPECT_THAT(lines.facts("settings.changed", "author"), testing::Each("anna"));
    EXPECT_THAT(lines.facts("settings.changed", "revision"), testing::Each(std::to_string(*revision)));
    EXPECT_FALSE(lines.holds("a-new-secret-of-ours"));
    const auto history = settings.history(10, "federation.dialback_secret");
    EXPECT_THAT(history->front().to, HasSubstr("****"));
}

TEST_F(Settings, NameTheOneThatIsAtFault) {
    auto settings = service();
    ASSERT_TRUE(settings.open());
    const config::Change good{"federation.enabled", "true"}, bad{"federation.bidi", "7"};
    ASSERT_FALSE(settings.set({good, bad}, "anna"));
    EXPECT_EQ(settings.at_fault({good, bad}), "federation.bidi");
    EXPECT_EQ(settings.at_fault({good, {"federation.domains", "[\"b.test\"]"}}), "") << "none of them";
    EXPECT_EQ(settings.at_fault({good}), "federation.enabled") << "there is no other";
    settings.guard([](const config::Settings&, const config::Settings& next) -> Result<void> {
        if (next.enabled) return Error{"not-now", "something else is in the way"};
        return {};
    });
    EXPECT_EQ(settings.at_fault({{"federation.domains", "[\"b.test\"]"}, good}), "federation.enabled");
}

TEST_F(Settings, PublishOneSnapshotPerChange) {
    auto settings = service();
    ASSERT_TRUE(settings.open());
    std::vector<config::Snapshot> seen;
    settings.subscribe([&](config::Snapshot snapshot) { seen.push_back(std::move(snapshot)); });
    ASSERT_EQ(seen.size(), 1U) << "the one in force comes at once";
    ASSERT_TRUE(settings.set({{"federation.enabled", "true"}, {"federation.bidi", "\"on\""}}, "root"));
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_FALSE(seen[0]->enabled) << "a snapshot never changes";
    EXPECT_TRUE(seen[1]->enabled);
    EXPECT_GT(seen[1]->revision, seen[0]->revision);
    const auto same = settings.set({{"federation.enabled", "true"}}, "root");
    EXPECT_EQ(*same, seen[1]->revision);
    EXPECT_EQ(seen.size(), 2U) << "nothing changed";
}

TEST_F(Settings, AreAsBeforeAfterARefusedChange) {
    auto settings = service();
    ASSERT_TRUE(settings.open());
    const auto before = settings.snapshot();
    lines.records.clear();
    const auto refused = settings.set({{"federation.enabled", "true"}, {"federation.domains", "[\"a b\"]"}}, "root");
    EXPECT_EQ(refused.error().code, "setting-value");
    EXPECT_THAT(refused.error().text, HasSubstr("federation.domains: entry 1"));
    EXPECT_EQ(settings.snapshot(), before);
    EXPECT_TRUE(lines.facts("settings.changed", "name").empty());
    EXPECT_EQ(lines.facts("settings.refused", "code"), std::vector<std::string>{"setting-value"});
    auto again = service();
    ASSERT_TRUE(again.open());
    EXPECT_FALSE(again.snapshot()->enabled);
}

TEST_F(Settings, StayInForceWhileTheDatabaseIsLocked) {
    auto settings = service();
    ASSERT_TRUE(settings.open());
    const auto before = settings.snapshot();
    auto other = io::Database::open(database(), io::Durability::full, std::chrono::milliseconds{0});
    {
        const auto lock = io::Transaction::begin(*other);
        ASSERT_TRUE(lock);
        EXPECT_EQ(settings.set({{"federation.enabled", "true"}}, "root").error().code, "store-locked");
        EXPECT_EQ(settings.snapshot(), before);
    }
    EXPECT_TRUE(settings.set({{"federation.enabled", "true"}}, "root"));
}

TEST_F(Settings, TellThatTheyCannotBeStoredUntilTheyCan) {
    auto settings = service();
    ASSERT_TRUE(settings.open());
    std::vector<std::string> told;
    settings.on_trouble([&] { told.push_back(settings.trouble()); });
    auto other = io::Database::open(database(), io::Durability::full, std::chrono::milliseconds{0});
    {
        const auto lock = io::Transaction::begin(*other);
        ASSERT_TRUE(lock);
        EXPECT_FALSE(settings.set({{"federation.enabled", "true"}}, "root"));
        ASSERT_EQ(told.size(), 1U);
        EXPECT_NE(told[0].find("locked"), std::string::npos) << told[0];
        settings.retry();
        EXPECT_EQ(told.size(), 1U) << "nothing has changed";
    }
    settings.retry();
    EXPECT_EQ(told, (std::vector<std::string>{told[0], ""}));
    EXPECT_TRUE(settings.set({{"federation.enabled", "true"}}, "root"));
    EXPECT_EQ(told.size(), 2U);
}

TEST_F(Settings, KeepTheOldSecretForAnOverlapAcrossRestarts) {
    {
        auto settings = service({{"federation.dialback_secret", "\"the-first-secret-of-all\""}});
        ASSERT_TRUE(settings.open());
        EXPECT_EQ(settings.snapshot()->previous_dialback_secret, "");
        ASSERT_TRUE(settings.set({{"federation.dialback_secret", "\"the-second-secret-of-all\""}}, "root"));
        EXPECT_EQ(settings.snapshot()->previous_dialback_secret, "the-first-secret-of-all");
    }
    {
        auto settings = service();
        ASSERT_TRUE(settings.open());
        EXPECT_EQ(settings.snapshot()->dialback_secret, "the-second-secret-of-all");
        EXPECT_EQ(settings.snapshot()->previous_dialback_secret, "the-first-secret-of-all");
        ASSERT_TRUE(settings.forget_previous_secret());
        EXPECT_EQ(settings.snapshot()->previous_dialback_secret, "");
    }
    auto settings = service();
    lines.records.clear();
    ASSERT_TRUE(settings.open());
    EXPECT_EQ(settings.snapshot()->previous_dialback_secret, "");
    EXPECT_TRUE(lines.facts("settings.ignored", "name").empty());
}

TEST_F(Settings, StartFromTheLastGoodCopyWhenTheDatabaseIsDamaged) {
    std::uint64_t revision = 0;
    {
        auto settings = service();
        ASSERT_TRUE(settings.open());
        revision =
            *settings.set({{"federation.enabled", "true"}, {"federation.domains", "[\"bücher.example\"]"}}, "root");
    }
    damage_database();
    auto settings = service({{"federation.enabled", "false"}});
    const auto opened = settings.open();
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_TRUE(settings.snapshot()->enabled);
    EXPECT_EQ(settings.snapshot()->domains.front().text(), "bücher.example");
    EXPECT_EQ(settings.snapshot()->revision, revision);
    EXPECT_EQ(settings.snapshot()->dialback_secret.size(), 64U);
    EXPECT_THAT(settings.trouble(), HasSubstr("settings.db"));
    EXPECT_EQ(lines.facts("settings.degraded", "code"), std::vector<std::string>{"store-corrupt"});
    EXPECT_EQ(settings.set({{"federation.enabled", "false"}}, "root").error().code, "store-corrupt");
    EXPECT_TRUE(settings.snapshot()->enabled);
    EXPECT_FALSE(settings.history(1));
}

TEST_F(Settings, ComeBackIntoANewDatabaseFromTheCopy) {
    {
        auto settings = service();
        ASSERT_TRUE(settings.open());
        ASSERT_TRUE(settings.set({{"federation.enabled", "true"}}, "root"));
    }
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(database() + end);
    next_random = 9;
    auto settings = service({{"federation.enabled", "false"}, {"federation.bidi", "\"on\""}});
    ASSERT_TRUE(settings.open());
    EXPECT_TRUE(settings.snapshot()->enabled);
    EXPECT_EQ(settings.snapshot()->dialback_secret.substr(0, 2), "01") << "the secret is the old one";
    EXPECT_EQ(lines.facts("settings.restored", "file"), std::vector<std::string>{copy()});
    EXPECT_TRUE(settings.set({{"federation.enabled", "false"}}, "root"));
}

TEST_F(Settings, DoNotStartWithoutDatabaseAndCopy) {
    std::filesystem::create_directories(folder);
    damage_database();
    auto settings = service();
    EXPECT_EQ(settings.open().error().code, "store-corrupt");
    std::ofstream{copy()} << "{\"revision\": 1";
    auto half = service();
    EXPECT_EQ(half.open().error().code, "store-corrupt");
}

TEST_F(Settings, StartOnAFullDiskAndCanBeChangedWhenThereIsRoom) {
    {
        auto settings = service();
        ASSERT_TRUE(settings.open());
        ASSERT_TRUE(settings.set({{"federation.enabled", "true"}}, "root"));
    }
    auto settings = service({{"federation.bidi", "\"on\""}});
    std::vector<std::string> told;
    settings.on_trouble([&] { told.push_back(settings.trouble()); });
    {
        const test::FullDisk full;
        const auto opened = settings.open();
        ASSERT_TRUE(opened) << opened.error().text;
        EXPECT_TRUE(settings.snapshot()->enabled);
        EXPECT_TRUE(settings.snapshot()->bidi) << "what the file adds counts as well";
        EXPECT_THAT(settings.trouble(), HasSubstr("settings.db"));
        EXPECT_THAT(settings.set({{"federation.enabled", "false"}}, "root").error().code, StartsWith("store-"));
        EXPECT_TRUE(settings.snapshot()->enabled);
        EXPECT_EQ(settings.history(10)->size(), 2U) << "the history can be read";
        settings.retry();
        EXPECT_NE(settings.trouble(), "");
    }
    settings.retry();
    EXPECT_EQ(settings.trouble(), "");
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.back(), "");
    ASSERT_TRUE(settings.set({{"federation.enabled", "false"}}, "root"));
    auto again = service();
    ASSERT_TRUE(again.open());
    EXPECT_FALSE(again.snapshot()->enabled);
    EXPECT_TRUE(again.snapshot()->bidi) << "the value of the file was stored when there was room";
}

TEST_F(Settings, BeginOnAFullDiskWithTheInitialValues) {
    auto settings = service({{"federation.enabled", "true"}});
    std::string secret;
    {
        const test::FullDisk full;
        ASSERT_TRUE(settings.open());
        EXPECT_TRUE(settings.snapshot()->enabled);
        secret = settings.snapshot()->dialback_secret;
        EXPECT_EQ(secret.size(), 64U);
    }
    settings.retry();
    EXPECT_EQ(settings.trouble(), "");
    EXPECT_EQ(settings.snapshot()->dialback_secret, secret);
    auto again = service();
    ASSERT_TRUE(again.open());
    EXPECT_TRUE(again.snapshot()->enabled);
    EXPECT_EQ(again.snapshot()->dialback_secret, secret);
}

TEST_F(Settings, TakeTheCopyOnAFullDiskWhereTheDatabaseIsGone) {
    {
        auto settings = service();
        ASSERT_TRUE(settings.open());
        ASSERT_TRUE(settings.set({{"federation.enabled", "true"}}, "root"));
    }
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(database() + end);
    auto settings = service();
    {
        const test::FullDisk full;
        ASSERT_TRUE(settings.open());
        EXPECT_TRUE(settings.snapshot()->enabled);
    }
    ASSERT_TRUE(settings.set({{"federation.bidi", "\"on\""}}, "root")) << "a change tries again by itself";
    auto again = service();
    ASSERT_TRUE(again.open());
    EXPECT_TRUE(again.snapshot()->enabled);
    EXPECT_TRUE(again.snapshot()->bidi);
}

TEST_F(Settings, LeaveOutStoredValuesThatAreNotUnderstood) {
    {
        auto store = (std::filesystem::create_directories(folder), io::SettingsStore::open(database()));
        ASSERT_TRUE(store->commit({{"federation.enabled", "", "true", false, false},
                                   {"federation.bidi", "", "\"sideways\"", false, false},
                                   {"federation.future", "", "1", false, false}},
                                  "root", "cli", {}));
    }
    auto settings = service();
    ASSERT_TRUE(settings.open());
    EXPECT_TRUE(settings.snapshot()->enabled);
    EXPECT_FALSE(settings.snapshot()->bidi);
    EXPECT_THAT(lines.facts("settings.ignored", "name"), testing::ElementsAre("federation.bidi", "federation.future"));
}

TEST_F(Settings, ArePrivateOnDisk) {
    auto settings = service();
    ASSERT_TRUE(settings.open());
    const auto mode = [](const std::string& path) {
        struct stat status {};
        EXPECT_EQ(stat(path.c_str(), &status), 0);
        return status.st_mode & 07777;
    };
    EXPECT_EQ(mode(folder), 0700U);
    EXPECT_EQ(mode(database()), 0600U);
    EXPECT_EQ(mode(copy()), 0600U);
}

}  // namespace
}  // namespace sallyport::services
