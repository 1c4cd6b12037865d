// `sallyport backup` and `sallyport restore` on the files of a node: what comes back, what is refused, and that a
// refusal changes nothing.
#include "nodes/ctl/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>

#include "io/loop/asio_loop.h"
#include "io/net/local_socket.h"
#include "io/store/settings_store.h"
#include "io/store/user_store.h"
#include "nodes/ctl/node_data.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

namespace fs = std::filesystem;

const std::string passphrase = "correct horse battery staple";

std::string text_of(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

struct Said {
    int status = -1;
    std::string out, err;
};

/// Every file below a folder with its contents.
using Tree = std::map<std::string, std::string>;
Tree tree_of(const std::string& folder) {
    Tree tree;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        if (entry.is_regular_file()) tree[entry.path().string()] = text_of(entry.path().string());
    }
    return tree;
}

/// An edge that has run, in a folder of its own.
class Backup : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(etc);
        fs::create_directories(data);
        static_cast<void>(pki.write("s2s", pki.issue(TestPki::request("edge1.b.test"))));
        for (const char* name : {"ca.pem", "s2s.pem", "s2s.key"})
            fs::copy_file(pki.folder() + "/" + name, etc + "/" + name);
        fs::permissions(etc + "/s2s.pem", fs::perms{0644});
        fs::permissions(etc + "/ca.pem", fs::perms{0644});
        fs::permissions(etc + "/s2s.key", fs::perms{0600});
        write_file("edge1.b.test");
        auto settings = io::SettingsStore::open(data + "/settings.db");
        ASSERT_TRUE(settings);
        ASSERT_TRUE(settings->commit({{"federation.enabled", "false", "true", false, false}}, "anna", "cli", {}));
        fs::permissions(file, fs::perms{0640});
        std::ofstream{data + "/secrets.key"} << "a key\n";
        std::ofstream{data + "/settings.json"} << "{}";
        std::ofstream{data + "/events.db"} << "a log";
        std::ofstream{pki.folder() + "/passphrase"} << passphrase << "\n";
    }
    void write_file(const std::string& name) const {
        std::ofstream{file}
            << "[node]\nname = \"" << name << "\"\ndata = \"../data\"\n[s2s]\nlisten = [\"0.0.0.0:5269\"]\n"
            << "[tls]\ntrust = \"" << pki.folder() << "/ca.pem\"\n[[tls.identity]]\ndomains = [\"b.test\"]\n"
            << "certificate = \"s2s.pem\"\nkey = \"s2s.key\"\n[link]\nlisten = [\"127.0.0.1:7400\"]\n"
            << "certificate = \"s2s.pem\"\nkey = \"s2s.key\"\ntrust = \"ca.pem\"\nrequire_roles = true\n"
            << "[[link.accept]]\nname = \"core1.b.test\"\nrole = \"core\"\nsecret = \"0123456789abcdef\"\n";
    }
    Said backup(ctl::BackupRequest request = {}, const std::string& typed = {}, bool interactive = false) const {
        if (request.file.empty()) request.file = path;
        if (request.node_file.empty()) request.node_file = file;
        if (typed.empty()) request.passphrase_file = pki.folder() + "/passphrase";
        std::istringstream in{typed};
        std::ostringstream out, err;
        const WallTime now{std::chrono::seconds{1'796'000'000}};
        const int status = ctl::run_backup(request, {}, {in, out, err, interactive, "anna"}, now);
        return {status, out.str(), err.str()};
    }
    Said restore(ctl::RestoreRequest request = {}, const std::string& typed = {}) const {
        if (request.file.empty()) request.file = path;
        if (typed.empty()) request.passphrase_file = pki.folder() + "/passphrase";
        std::istringstream in{typed};
        std::ostringstream out, err;
        const int status = ctl::run_restore(request, {}, {in, out, err, false, "anna"});
        return {status, out.str(), err.str()};
    }
    /// A backup that says of itself what `change` wants.
    void forge(const std::function<void(io::BackupIndex&)>& change) const {
        io::BackupIndex index{"9.9.9", "edge", "edge1.b.test", file, data, {}, {}};
        index.files = {{io::BackupFile::Place::named, true, false, 0, 0, file},
                       {io::BackupFile::Place::data, true, true, 1, 0, "settings.db"}};
        change(index);
        const auto table = index.encode();
        ASSERT_TRUE(table);
        std::string head(4, '\0');
        head[2] = static_cast<char>(table->size() >> 8U);
        head[3] = static_cast<char>(table->size());
        auto out = io::SealedWriter::create(path, passphrase, 4 + table->size(), io::SealedHeader::least_cost);
        ASSERT_TRUE(out && out->write(head + *table) && out->finish());
    }
    void lose_the_node() const {
        fs::remove_all(etc);
        fs::remove_all(data);
    }

    TestPki pki;
    std::string place = fs::canonical(pki.folder()).string() + "/host";
    std::string etc = place + "/etc", data = place + "/data", file = etc + "/edge.toml";
    std::string path = pki.folder() + "/edge.backup";
};

TEST_F(Backup, BringsBackTheNodeWhereItWas) {
    const Tree before = tree_of(etc);
    const Said made = backup();
    ASSERT_EQ(made.status, 0) << made.err;
    EXPECT_NE(made.out.find("Backup of the edge edge1.b.test: " + path), std::string::npos) << made.out;
    EXPECT_NE(made.out.find("of the system: " + pki.folder() + "/ca.pem"), std::string::npos) << made.out;
    EXPECT_FALSE(fs::exists(data + "/backup-in-progress"));
    lose_the_node();
    const Said back = restore();
    ASSERT_EQ(back.status, 0) << back.err;
    EXPECT_NE(back.out.find("Restored the edge edge1.b.test, made 2026-11-30"), std::string::npos) << back.out;
    EXPECT_EQ(back.out.find("The old files"), std::string::npos) << back.out;
    EXPECT_EQ(tree_of(etc), before);
    EXPECT_EQ(text_of(data + "/secrets.key"), "a key\n");
    EXPECT_FALSE(fs::exists(data + "/events.db")) << "a log";
    EXPECT_FALSE(fs::exists(data + "/settings.json"));
    auto settings = io::SettingsStore::open(data + "/settings.db");
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->load()->values["federation.enabled"], "true");
    EXPECT_EQ(settings->history(10, "")->size(), 1U);
    const auto mode = [](const std::string& name) {
        struct stat facts {};
        return ::stat(name.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0U;
    };
    EXPECT_EQ(mode(etc + "/s2s.pem"), 0644U);
    EXPECT_EQ(mode(etc + "/s2s.key"), 0600U);
    EXPECT_EQ(mode(file), 0600U);
    EXPECT_EQ(mode(data), 0700U);
    EXPECT_EQ(mode(data + "/settings.db"), 0600U);
}

TEST_F(Backup, IsVerifiedWithoutWritingAnything) {
    ASSERT_EQ(backup().status, 0);
    lose_the_node();
    const Tree before = tree_of(pki.folder());
    const Said checked = restore({.check = true});
    EXPECT_EQ(checked.status, 0) << checked.err;
    EXPECT_NE(checked.out.find("Good backup of the edge edge1.b.test"), std::string::npos) << checked.out;
    EXPECT_EQ(tree_of(pki.folder()), before);
    EXPECT_FALSE(fs::exists(etc));
    const Said json = restore({.check = true, .json = true});
    EXPECT_NE(json.out.find("\"restored\": false"), std::string::npos) << json.out;
}

TEST_F(Backup, ReplacesANodeOnlyIfTold) {
    ASSERT_EQ(backup().status, 0);
    auto settings = io::SettingsStore::open(data + "/settings.db");
    ASSERT_TRUE(settings);
    ASSERT_TRUE(settings->commit({{"federation.enabled", "true", "false", false, false}}, "anna", "cli", {}));
    ASSERT_TRUE(io::UserStore::open(data + "/users.db", "secret")) << "a database that the backup does not have";
    std::ofstream{etc + "/s2s.key"} << "another key";
    fs::permissions(etc + "/s2s.key", fs::perms{0600});
    const Tree before = tree_of(place);
    const Said refused = restore();
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("would be replaced"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
    EXPECT_EQ(tree_of(place), before);

    const Said done = restore({.force = true});
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_NE(done.out.find(data + "/before-restore"), std::string::npos) << done.out;
    EXPECT_EQ(text_of(etc + "/before-restore/s2s.key"), "another key");
    EXPECT_EQ(text_of(etc + "/s2s.key"), text_of(pki.folder() + "/s2s.key"));
    EXPECT_FALSE(fs::exists(etc + "/before-restore/edge.toml")) << "it was the same";
    EXPECT_FALSE(fs::exists(data + "/users.db"));
    EXPECT_TRUE(fs::exists(data + "/before-restore/users.db"));
    EXPECT_TRUE(fs::exists(data + "/before-restore/settings.json")) << "it would contradict what was restored";
    EXPECT_EQ(text_of(data + "/events.db"), "a log") << "logs stay";
    for (const auto& entry : fs::directory_iterator{data})
        EXPECT_FALSE(entry.path().string().ends_with("-wal")) << "a journal of another database: " << entry.path();
    auto restored = io::SettingsStore::open(data + "/settings.db");
    ASSERT_TRUE(restored) << restored.error().text;
    EXPECT_EQ(restored->load()->values["federation.enabled"], "true");
}

TEST_F(Backup, IsNotRestoredOverARunningNode) {
    ASSERT_EQ(backup().status, 0);
    io::AsioLoop loop;
    io::TcpNetwork network{loop};
    const auto listener = io::listen_local(network, data + "/admin.sock", [](auto, const auto&) {});
    ASSERT_TRUE(listener) << listener.error().text;
    const Said refused = restore({.force = true});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("stop it first"), std::string::npos) << refused.err;
    EXPECT_FALSE(fs::exists(data + "/before-restore"));
}

TEST_F(Backup, IsNotRestoredOverAnotherNode) {
    ASSERT_EQ(backup().status, 0);
    write_file("edge2.b.test");
    const Said refused = restore({.force = true});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("is the file of the edge edge2.b.test, and the backup is of the edge edge1.b.test"),
              std::string::npos)
        << refused.err;
    std::ofstream{file} << "[node]\nname = \"edge1.b.test\"\n[[link.dial]]\naddress = \"10.0.0.1:7400\"\n"
                        << "name = \"e\"\nrole = \"edge\"\n";
    const Said other_role = restore({.force = true});
    EXPECT_EQ(other_role.status, 1);
    EXPECT_NE(other_role.err.find("is the file of the core edge1.b.test"), std::string::npos) << other_role.err;
}

TEST_F(Backup, OfANewerVersionIsRefused) {
    lose_the_node();
    const struct {
        std::function<void(io::BackupIndex&)> change;
        const char* what;
    } cases[] = {
        {[](io::BackupIndex& index) { index.files[1].schema = 99; }, "its settings.db has schema 99"},
        {[](io::BackupIndex& index) { index.files[1].name = "routes.db"; }, "knows no routes.db"},
        {[](io::BackupIndex& index) { index.files[1].name = "events.db"; }, "knows no events.db"},
        {[](io::BackupIndex& index) { index.role = "bridge"; }, "knows no role bridge"},
    };
    for (const auto& one : cases) {
        forge(one.change);
        for (const bool check : {true, false}) {
            const Said refused = restore({.check = check});
            EXPECT_EQ(refused.status, 2) << one.what;
            EXPECT_NE(refused.err.find(one.what), std::string::npos) << refused.err;
            EXPECT_NE(refused.err.find("was made by Sallyport 9.9.9"), std::string::npos) << refused.err;
        }
    }
    forge([](io::BackupIndex& index) { index.files[1].bytes = 10; });
    EXPECT_NE(restore().err.find("not as long as its table of contents says"), std::string::npos);
    EXPECT_FALSE(fs::exists(data));
}

TEST_F(Backup, ThatIsDamagedOrOpenedWronglyChangesNothing) {
    ASSERT_EQ(backup().status, 0);
    lose_the_node();
    const std::string sound = text_of(path);
    const struct {
        std::string bytes, typed;
        const char* what;
    } cases[] = {
        {sound, "not the passphrase\n", "the passphrase is wrong"},
        {sound.substr(0, sound.size() - 1), {}, "not copied whole"},
        {sound.substr(0, sound.size() - 1) + static_cast<char>(sound.back() ^ 1), {}, "changed or damaged"},
        {"PK\x03\x04 a zip", {}, "is not a backup of Sallyport"},
        {sound.substr(0, 17) + '\x07' + sound.substr(18), {}, "has format 7, and this program reads format 1"},
    };
    for (const auto& one : cases) {
        std::ofstream{path, std::ios::binary} << one.bytes;
        const Said refused = restore({.force = true}, one.typed);
        EXPECT_EQ(refused.status, 2) << one.what;
        EXPECT_NE(refused.err.find(path + ": "), std::string::npos) << refused.err;
        EXPECT_NE(refused.err.find(one.what), std::string::npos) << refused.err;
        EXPECT_EQ(refused.err.find(passphrase), std::string::npos);
        EXPECT_FALSE(fs::exists(etc)) << one.what;
        EXPECT_FALSE(fs::exists(data)) << one.what;
    }
}

TEST_F(Backup, AsksForThePassphraseTwiceAndRefusesAShortOne) {
    const Said differing = backup({}, "one long passphrase\nanother passphrase\n", true);
    EXPECT_EQ(differing.status, 2);
    EXPECT_NE(differing.err.find("passphrase again: "), std::string::npos) << differing.err;
    EXPECT_FALSE(fs::exists(path));
    EXPECT_NE(backup({}, "too short\n").err.find("from 12 to 1024 bytes"), std::string::npos);
    EXPECT_EQ(backup({}, "typed passphrase\ntyped passphrase\n", true).status, 0);
    EXPECT_EQ(restore({.check = true}, "typed passphrase\n").status, 0);
}

TEST_F(Backup, ReplacesAFileOnlyIfTold) {
    std::ofstream{path} << "something else";
    const Said refused = backup();
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("already exists"), std::string::npos) << refused.err;
    EXPECT_EQ(text_of(path), "something else");
    EXPECT_EQ(backup({.force = true}).status, 0);
}

TEST_F(Backup, OfANodeFileWithMistakesIsRefused) {
    std::ofstream{file, std::ios::app} << "[nonsense]\n";
    const Said refused = backup();
    EXPECT_EQ(refused.status, 2);
    EXPECT_NE(refused.err.find("check-config"), std::string::npos) << refused.err;
}

TEST_F(Backup, GoesBelowAnotherRoot) {
    ASSERT_EQ(backup().status, 0);
    const std::string root = pki.folder() + "/image";
    EXPECT_EQ(restore({.root = root}).status, 2) << "there is no such folder";
    fs::create_directory(root);
    const Said done = restore({.root = root + "/"});
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(text_of(root + file), text_of(file));
    EXPECT_TRUE(fs::exists(root + data + "/settings.db"));
    EXPECT_FALSE(fs::exists(data + "/before-restore"));
}

TEST_F(Backup, ShowsItsProgressAtATerminalOnly) {
    ASSERT_EQ(backup().err, "");
    std::istringstream in;
    std::ostringstream out, err;
    const ctl::RestoreRequest request{path, pki.folder() + "/passphrase", {}, true, false, false};
    ASSERT_EQ(ctl::run_restore(request, {}, {in, out, err, false, "anna", {}, true}), 0);
    EXPECT_NE(err.str().find("Verifying: "), std::string::npos) << err.str();
}

TEST(NodeData, NamesEachFileOnce) {
    for (const ctl::DataFile& row : ctl::data_files()) {
        EXPECT_EQ(ctl::find_data_file(row.name), &row) << row.name;
        EXPECT_EQ(row.newest_schema != nullptr, row.kind == ctl::DataFile::Kind::database) << row.name;
    }
    EXPECT_EQ(ctl::find_data_file("passwd"), nullptr);
}

}  // namespace
}  // namespace sallyport::test
