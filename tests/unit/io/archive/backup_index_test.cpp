// The table of contents of a backup.
#include "io/archive/backup_index.h"

#include <gtest/gtest.h>

#include <functional>

namespace sallyport::io {
namespace {

using Place = BackupFile::Place;

BackupIndex sound() {
    BackupIndex index{"0.1.0",
                      "edge",
                      "edge1.example.org",
                      "/etc/sallyport/edge.toml",
                      "/var/lib/sallyport/edge",
                      WallTime{std::chrono::seconds{1'796'000'000}},
                      {}};
    index.files = {{Place::named, true, false, 0, 900, "/etc/sallyport/edge.toml"},
                   {Place::named, false, false, 0, 1200, "/etc/sallyport/s2s.pem"},
                   {Place::data, true, true, 3, std::uint64_t{5} << 32U, "settings.db"}};
    return index;
}

TEST(BackupIndex, IsReadAsItWasWritten) {
    const auto bytes = sound().encode();
    ASSERT_TRUE(bytes);
    const auto back = BackupIndex::decode(*bytes);
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_EQ(*back, sound());
    EXPECT_EQ(back->content_bytes(), 2100 + (std::uint64_t{5} << 32U));
}

TEST(BackupIndex, IsRefusedWhenItsEndIsMissingOrMoreFollows) {
    const auto bytes = sound().encode();
    ASSERT_TRUE(bytes);
    for (std::size_t size = 0; size < bytes->size(); ++size) {
        EXPECT_FALSE(BackupIndex::decode(std::string_view{*bytes}.substr(0, size))) << size;
    }
    EXPECT_FALSE(BackupIndex::decode(*bytes + "x"));
}

TEST(BackupIndex, LeadsNowhereElse) {
    const struct {
        const char* what;
        std::function<void(BackupIndex&)> change;
    } cases[] = {
        {"a step back in a path", [](BackupIndex& index) { index.files[1].name = "/etc/sallyport/../passwd"; }},
        {"a relative path", [](BackupIndex& index) { index.files[1].name = "s2s.pem"; }},
        {"an empty step", [](BackupIndex& index) { index.files[1].name = "/etc//s2s.pem"; }},
        {"the root", [](BackupIndex& index) { index.files[1].name = "/"; }},
        {"a line end in a path", [](BackupIndex& index) { index.files[1].name = "/etc/a\nb"; }},
        {"a zero in a path",
         [](BackupIndex& index) {
             index.files[1].name = std::string{"/etc/a\0b", 8};
         }},
        {"a path in the data folder", [](BackupIndex& index) { index.files[2].name = "../settings.db"; }},
        {"a hidden name", [](BackupIndex& index) { index.files[2].name = ".."; }},
        {"no name", [](BackupIndex& index) { index.files[2].name = ""; }},
        {"a file twice", [](BackupIndex& index) { index.files[1].name = index.files[0].name; }},
        {"no node's file", [](BackupIndex& index) { index.node_file = "/etc/other.toml"; }},
        {"a relative data folder", [](BackupIndex& index) { index.data = "data"; }},
        {"a schema of what is no database", [](BackupIndex& index) { index.files[0].schema = 1; }},
        {"an escape in a name", [](BackupIndex& index) { index.node = "edge1\x1b[2J"; }},
        {"a file that is too long", [](BackupIndex& index) { index.files[0].bytes = std::uint64_t{1} << 40U; }},
    };
    for (const auto& one : cases) {
        BackupIndex index = sound();
        one.change(index);
        const auto bytes = index.encode();
        ASSERT_TRUE(bytes) << one.what;
        const auto back = BackupIndex::decode(*bytes);
        ASSERT_FALSE(back) << one.what;
        EXPECT_EQ(back.error().code, "backup-index") << one.what;
    }
}

TEST(BackupIndex, HasBoundsWhenItIsWrittenToo) {
    BackupIndex index = sound();
    index.files[0].name = "/" + std::string(BackupIndex::longest_text, 'a');
    EXPECT_FALSE(index.encode());
    index = sound();
    for (std::size_t i = index.files.size(); i <= BackupIndex::most_files; ++i)
        index.files.push_back({Place::named, true, false, 0, 1, "/etc/" + std::to_string(i)});
    EXPECT_FALSE(index.encode());
}

}  // namespace
}  // namespace sallyport::io
