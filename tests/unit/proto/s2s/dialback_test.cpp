// Dialback keys against the published vectors and their near misses (security catalogue 4.1, threat T05).
#include "proto/s2s/dialback.h"

#include <gtest/gtest.h>

namespace sallyport::s2s {
namespace {

TEST(DialbackKey, MatchesTheDocuments) {
    struct Vector {
        std::string_view secret, receiving, originating, id, key;
    };
    for (const Vector& v : {Vector{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F",
                                   "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643"},
                            Vector{"s3cr3tf0rd14lb4ck", "montague.example", "capulet.example", "D60000229F",
                                   "b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3"},
                            Vector{"d14lb4ck43v3r", "capulet.example", "montague.example", "417GAF25",
                                   "225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d"},
                            Vector{"s3cr3tf0rd14lb4ck", "vngtp.lab", "coluc.com", "05E295A2B",
                                   "b0a0778c31c88ce57cc5998050df7ea6bc10cb345503eba777301355bd3756e4"},
                            Vector{"d14lb4ck43v3r", "vngtp.lab", "coluc.com", "05E295A2B",
                                   "fe5e403e2003b9e5f4d718a5f48751b06a025acee46c9e9270e604d573dd7d0d"},
                            Vector{"s3cr3tf0rd14lb4ck", "bücher.example", "example.org", "D60000229F",
                                   "0900fc21cd31f1a249eb2a29f46aa612fdf8473149a0bb1cf3a14623bae71444"},
                            Vector{"s3cr3tf0rd14lb4ck", "xn--bcher-kva.example", "example.org", "D60000229F",
                                   "d1e0a06bbf4660049f8889714d6ba17d087edb42818c59d46df253633c7177d1"}}) {
        EXPECT_EQ(dialback_key(v.secret, v.receiving, v.originating, v.id), v.key) << v.receiving;
    }
}

TEST(DialbackKey, IsNoneOfItsNearMisses) {
    const std::string key = dialback_key("s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F");
    for (const char* wrong : {"4530485cd3f519a56e49b11b294b990ee9697dddaa9e95949e4cb0e64e9f017f",
                              "a51531271182f5b50847d7ba8f946e8c00ba58e53d9617dc9b9bde17557e75ec",
                              "dd4ce6bd8a73f40633f0c190e3ece7c1cb550aa738a82bcccd8306c339c3f576",
                              "79ae16fac3f5e5dda25e109606c804af0611789ef36c326b7917441f5f333692",
                              "07335aa400436780596e1102ba010c85129ea50e13e58ab8830a523a8706b575"}) {
        EXPECT_NE(key, wrong);
    }
}

TEST(DialbackKey, KeepsFieldsApart) {  // CVE-2016-0756
    EXPECT_EQ(dialback_key("s3cr3tf0rd14lb4ck", "example.in", "form.example.org", "1"),
              "7107697f6e7a8b20a58812674783b18267301031b5335a8f5e561babbe277289");
    EXPECT_EQ(dialback_key("s3cr3tf0rd14lb4ck", "example.info", "rm.example.org", "1"),
              "e64e99e1ce63f296c7fc5b8bfa59e90ff795535084be064813413b0eeee29826");
}

TEST(DialbackKey, IsCutForLogs) {
    EXPECT_EQ(cut_key("d780f198ac34a6dbd795fcdaf8762eaf52ea9b03"), "d780f198");
    EXPECT_EQ(cut_key("ab"), "ab");
}

}  // namespace
}  // namespace sallyport::s2s
