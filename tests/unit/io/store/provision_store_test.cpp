// What a core keeps of IM&P servers, and that a password on its disk is none to read.
#include "io/store/provision_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "io/store/folder.h"
#include "io/store/seal.h"
#include "io/store/verifier.h"

namespace sallyport::io {
namespace {

using Texts = std::vector<std::string>;

class Provision : public testing::Test {
protected:
    Provision() {
        std::string name = (std::filesystem::temp_directory_path() / "sallyport-provision-XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~Provision() override { std::filesystem::remove_all(folder); }
    std::string folder;
};

TEST_F(Provision, KeepsPublishersNodesAndRows) {
    {
        auto store = ProvisionStore::open(folder + "/provision.db");
        ASSERT_TRUE(store) << store.error().text;
        ASSERT_TRUE(store->put_publisher({"imp1.test:8443", "axl", "sealed", true}));
        ASSERT_TRUE(store->set_nodes("imp1.test:8443", {"imp1.test", "imp2.test"}));
        ASSERT_TRUE(store->remember("imp1.test:8443", "cm-2_s2scp-1.b"));
        ASSERT_TRUE(store->remember("imp1.test:8443", "cm-2_s2scp-1.a"));
        ASSERT_TRUE(store->remember("imp1.test:8443", "cm-2_s2scp-1.a"));
        ASSERT_TRUE(store->put_publisher({"imp1.test:8443", "other", "sealed2", false}));
    }
    auto store = ProvisionStore::open(folder + "/provision.db");
    const auto all = store->publishers();
    ASSERT_EQ(all->size(), 1U);
    EXPECT_EQ((*all)[0].username, "other");
    EXPECT_FALSE((*all)[0].tls_verify);
    EXPECT_EQ(*store->nodes("imp1.test:8443"), (Texts{"imp1.test", "imp2.test"})) << "a new password keeps them";
    EXPECT_EQ(*store->provisioned("imp1.test:8443"), (Texts{"cm-2_s2scp-1.a", "cm-2_s2scp-1.b"}));
    ASSERT_TRUE(store->forget("imp1.test:8443", "cm-2_s2scp-1.a"));
    EXPECT_EQ(*store->provisioned("imp1.test:8443"), Texts{"cm-2_s2scp-1.b"});
    ASSERT_TRUE(store->remove_publisher("imp1.test:8443"));
    EXPECT_TRUE(store->publishers()->empty());
    EXPECT_TRUE(store->provisioned("imp1.test:8443")->empty());
}

TEST_F(Provision, KnowsWhichRowsATableWasSeenToHave) {
    const std::string imp = "imp1.test:8443";
    {
        auto store = ProvisionStore::open(folder + "/provision.db");
        ASSERT_TRUE(store) << store.error().text;
        ASSERT_TRUE(store->put_publisher({imp, "axl", "sealed", true}));
        EXPECT_TRUE(store->told(imp)->empty()) << "what is to be put there is not there yet";
        ASSERT_TRUE(store->set_told(imp, {"a", "b"}));
        ASSERT_TRUE(store->set_told(imp, {"b", "c"}));
    }
    auto store = ProvisionStore::open(folder + "/provision.db");
    EXPECT_EQ(*store->told(imp), (std::vector<ToldRow>{{"a", false}, {"b", true}, {"c", true}}));
    ASSERT_TRUE(store->remove_publisher(imp));
    EXPECT_TRUE(store->told(imp)->empty());
}

TEST_F(Provision, ASealedSecretIsReadBackOnlyWithItsKeyAndItsRow) {
    const auto seal = Seal::open(folder + "/secrets.key");
    ASSERT_TRUE(seal) << seal.error().text;
    struct stat status {};
    ASSERT_EQ(stat((folder + "/secrets.key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    const auto sealed = seal->seal("pass word", "imp1");
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->find("pass"), std::string::npos);
    EXPECT_NE(*seal->seal("pass word", "imp1"), *sealed) << "each has a nonce of its own";
    EXPECT_EQ(*Seal::open(folder + "/secrets.key")->unseal(*sealed, "imp1"), "pass word");
    EXPECT_EQ(seal->unseal(*sealed, "imp2").error().code, "seal-broken");
    EXPECT_EQ(Seal::open(folder + "/another.key")->unseal(*sealed, "imp1").error().code, "seal-broken");
    for (std::size_t i = 3; i < sealed->size(); i += 5) {
        std::string damaged = *sealed;
        damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(seal->unseal(damaged, "imp1")) << i;
    }
    EXPECT_FALSE(seal->unseal("", "imp1"));
    EXPECT_FALSE(seal->unseal("v1$AAAA", "imp1"));
    EXPECT_EQ(*seal->unseal(*seal->seal("", "x"), "x"), "");
}

TEST_F(Provision, AMalformedKeyFileIsRefused) {
    ASSERT_TRUE(write_whole(folder + "/secrets.key", "short"));
    EXPECT_EQ(Seal::open(folder + "/secrets.key").error().code, "seal-key");
}

TEST(Verifier, FitsItsPasswordOnly) {
    const auto verifier = make_verifier("correct horse");
    ASSERT_TRUE(verifier);
    EXPECT_EQ(verifier->find("correct"), std::string::npos);
    EXPECT_NE(*make_verifier("correct horse"), *verifier) << "each has a salt of its own";
    EXPECT_TRUE(verifies(*verifier, "correct horse"));
    EXPECT_FALSE(verifies(*verifier, "correct horses"));
    EXPECT_FALSE(verifies(*verifier, ""));
    EXPECT_FALSE(verifies("", "correct horse"));
    EXPECT_FALSE(verifies("$scrypt$ln=14,r=8,p=1$$", ""));
}

}  // namespace
}  // namespace sallyport::io
