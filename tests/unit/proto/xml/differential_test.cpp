// The reader against expat, and against itself fed in other pieces: a corpus by hand and seeded mutations of it.
#include <gtest/gtest.h>

#include <random>

#include "support/expat_oracle.h"

namespace sallyport::xml {
namespace {

const XmlLimits limits{4096, 40, 10, 16, 512, 8};

const std::vector<std::string>& corpus() {
    static const std::vector<std::string> streams = [] {
        const std::string header =
            "<?xml version='1.0' encoding='UTF-8'?>\n<stream:stream xmlns='jabber:server' "
            "xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' from='a' to=\"b\">";
        std::vector<std::string> out;
        for (const char* content :
             {"<message to='u@b' from='v@a' id='1' type='chat' xml:lang='en'><body>Hi &lt;you&gt; "
              "&#x1F600;</body></message>",
              "<db:result from='a' to='b'>key</db:result><db:verify type='valid' id='x'/>",
              "<iq type='get'><query xmlns='urn:x' xmlns:p='urn:p' p:a='1' a='2'><p:item/>text</query></iq>\n",
              "<message><![CDATA[a]]b<&]]]]><![CDATA[>c]]></message>",
              "<a b='x\r\ny\tz\n&#10;'>\r\n\r\xC3\xA4</a>",
              "<a xmlns:p='u' p:b='c'><p:d xmlns:p='v'><p:e/></p:d><p:f/></a><b/>",
              "<a xmlns=''><b xmlns='urn:y'/></a>",
              "<a>]]&gt;]] ></a>",
              "<a><b/><c></c ><d\n/></a>",
              "<\xEB\x3C\x3E/>",
              "<a>\xEB\x3C\x3E</a>",
              "<message><stream:stream to='x'/></message>",
              "<a b='\"' c=\"'\"/>",
              "<a b = 'c'\td='e' ></a>",
              "<a xml:space='preserve'> <xml:b/></a>",
              "<a><!-- x --></a>",
              "<a>&amp;&quot;&apos;&x;</a>",
              "<a xmlns:a='u' xmlns:b='u' a:x='1' b:y='2'/>",
              "<größe ä='1' xmlns:ß='u' ß:ö='2'><ß:x\u0301/>é</größe>",
              "<\U00010400 \u0132='1'>\U00010400</\U00010400>"}) {
            out.push_back(header + content + "</stream:stream>");
        }
        out.push_back("<stream xmlns='http://etherx.jabber.org/streams'><message xmlns='jabber:server'/></stream>");
        out.push_back("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>");
        out.push_back("<s/>");
        return out;
    }();
    return streams;
}

std::string mutated(std::string bytes, std::mt19937& random) {
    constexpr std::string_view spice = "<>&;'\"=/:![]-? \t\r\nax1\xC3\xA4\xEB\xFF\x01#";
    const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
    for (std::size_t count = 1 + below(4); count > 0 && !bytes.empty(); --count) {
        const std::size_t at = below(bytes.size());
        switch (below(5)) {
            case 0: bytes.erase(at, 1 + below(4)); break;
            case 1: bytes.insert(at, 1, spice[below(spice.size())]); break;
            case 2: bytes[at] = spice[below(spice.size())]; break;
            case 3: bytes.insert(at, bytes.substr(below(bytes.size()), below(24))); break;
            default: bytes.resize(at); break;
        }
    }
    return bytes;
}

void expect_agreement(const std::string& bytes) {
    const test::Reading whole = test::read_with_reader(bytes, limits);
    EXPECT_EQ(test::disagreement(whole, test::read_with_expat(bytes)), "") << bytes;
    EXPECT_EQ(whole, test::read_with_reader(bytes, limits, [] { return 1; })) << bytes;
}

TEST(ReaderAndExpat, AgreeOnTheCorpus) {
    for (const std::string& bytes : corpus()) expect_agreement(bytes);
}

TEST(ReaderAndExpat, AgreeOnMutations) {
    std::mt19937 random{20240607};
    std::size_t accepted = 0;
    for (int round = 0; round < 6000; ++round) {
        const std::string bytes = mutated(corpus()[random() % corpus().size()], random);
        expect_agreement(bytes);
        accepted += test::read_with_reader(bytes, limits).refused ? 0 : 1;
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(accepted, 500U) << "mutations must not all be refused";
}

TEST(Reader, GivesTheSameAtEverySplit) {
    for (const std::string& bytes : corpus()) {
        const test::Reading whole = test::read_with_reader(bytes, limits);
        for (std::size_t at = 1; at < bytes.size(); ++at) {
            bool first = true;
            const test::Reading split =
                test::read_with_reader(bytes, limits, [&] { return std::exchange(first, false) ? at : 0; });
            ASSERT_EQ(whole, split) << bytes << " split at " << at;
        }
    }
}

}  // namespace
}  // namespace sallyport::xml
