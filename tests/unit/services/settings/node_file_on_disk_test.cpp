// The node's file with the real disk under it.
#include "services/settings/node_file_on_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sallyport::services {
namespace {

using testing::HasSubstr;

class NodeFileOnDisk : public testing::Test {
protected:
    NodeFileOnDisk() {
        std::string name = (std::filesystem::temp_directory_path() / "sallyport-file-XXXXXX").string();
        folder = mkdtemp(name.data());
        put("edge.pem", "-----BEGIN CERTIFICATE-----\n", 0644);
        put("edge.key", "-----BEGIN PRIVATE KEY-----\n", 0600);
        put("edge.toml",
            "[node]\nname = \"edge.b.test\"\ndata = \"data\"\n[s2s]\nlisten = [\"127.0.0.1:0\"]\n[link]\n"
            "listen = [\"127.0.0.1:0\"]\ncertificate = \"edge.pem\"\nkey = \"edge.key\"\ntrust = \"edge.pem\"\n"
            "secret = \"0123456789abcdef\"\n",
            0644);
    }
    ~NodeFileOnDisk() override { std::filesystem::remove_all(folder); }
    [[nodiscard]] std::string at(const std::string& name) const { return folder + "/" + name; }
    void put(const std::string& name, const std::string& text, mode_t mode) const {
        std::ofstream{at(name)} << text;
        EXPECT_EQ(chmod(at(name).c_str(), mode), 0);
    }
    [[nodiscard]] std::vector<std::string> sentences(const std::string& name) {
        std::vector<std::string> all;
        for (const auto& error : read_node_file(at(name), config::Role::edge, file)) all.push_back(error.sentence());
        return all;
    }
    std::string folder;
    config::NodeFile file;
};

TEST_F(NodeFileOnDisk, IsReadWithThePathsThatItNames) {
    EXPECT_THAT(sentences("edge.toml"), testing::IsEmpty());
    EXPECT_EQ(file.link.key, at("edge.key"));
}

TEST_F(NodeFileOnDisk, WarnsOfKeysThatEverybodyCanRead) {
    put("edge.key", "-----BEGIN PRIVATE KEY-----\n", 0644);
    EXPECT_TRUE(read_node_file(at("edge.toml"), config::Role::edge, file).empty());
    EXPECT_THAT(file.warnings, testing::ElementsAre(HasSubstr("link.key: " + at("edge.key") + " is readable")));
}

TEST_F(NodeFileOnDisk, SaysWhichFileIsMissing) {
    EXPECT_THAT(sentences("core.toml"), testing::ElementsAre(HasSubstr("core.toml does not exist; `sallyport init`")));
    std::filesystem::remove(at("edge.pem"));
    std::filesystem::create_directory(at("edge.pem"));
    EXPECT_THAT(sentences("edge.toml"), testing::Each(HasSubstr("edge.pem is not a file")));
}

}  // namespace
}  // namespace sallyport::services
