// Messages and frames: what is written can be read, and nothing else can.
#include "proto/replication/message.h"

#include <gtest/gtest.h>

namespace sallyport::replication {
namespace {

const Hello edge{Role::edge, "edge1.b.test", "edge1-b-test", "cm-2_s2scp-1.edge1-b-test", "i1"};

TEST(ReplicationMessage, SurvivesWritingAndReading) {
    const std::vector<Message> all{
        edge,
        Held{7, std::string(64, 'a')},
        Held{},
        Update{9, {}, std::string(64, 'b'), {{"federation.enabled", "true"}, {"x", "\"\\u0000 \\\" z\""}}},
        Update{9, 8, std::string(64, 'b'), {}},
        Ack{9},
        Refusal{9, "setting-value", "no such domain", true},
        Report{{{"row", StepState::in_force}}, {}},
        Report{{{"row", StepState::failed, {"401", "change it"}}}, {{"axl.unauthorized", "im1", "401 Unauthorized"}}},
        Report{{{"row", StepState::failed, {"401", "change it"}, "axl.unauthorized im1"}},
               {{"axl.unauthorized", "im1", "401 Unauthorized", "error", "change it"}}},
        Ping{},
        Pong{},
        Bye{"name", "who are you"},
    };
    for (const Message& message : all) {
        const auto read = parse(write(message));
        ASSERT_TRUE(read) << write(message) << read.error().text;
        EXPECT_EQ(*read, message) << write(message);
    }
}

TEST(ReplicationMessage, RefusesWhatItDoesNotKnow) {
    for (const char* text : {
             "",
             "[]",
             "7",
             "{}",
             R"({"type":"gossip"})",
             R"({"type":"ack"})",
             R"({"type":"ack","revision":-1})",
             R"({"type":"ack","revision":"1"})",
             R"({"type":"ack","revision":1,"more":1})",
             R"({"type":"held","revision":1,"digest":"zz"})",
             R"({"type":"update","revision":1,"digest":"","values":{}})",
             R"({"type":"ping","x":[[[[[[1]]]]]]})",
             R"({"type":"report","steps":[{"step":"row","state":"odd","reason":""}],"alarms":[]})",
             R"({"type":"hello","version":1,"role":"edge","node":"a\nb","realm":"x","component":"","instance":"i"})",
             R"({"type":"hello","role":"edge","node":"a","realm":"x","component":"","instance":"i"})",
         }) {
        EXPECT_FALSE(parse(text)) << text;
    }
    const auto later =
        parse(R"({"type":"hello","version":2,"role":"edge","node":"a","realm":"a","component":"","instance":"i"})");
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, "version");
}

TEST(ReplicationMessage, BoundsEveryText) {
    const std::string long_text(Bounds::text_bytes + 1, 'x');
    EXPECT_FALSE(parse(R"({"type":"bye","code":"c","text":")" + long_text + R"("})"));
    EXPECT_TRUE(parse(write(Refusal{1, long_text, long_text, false}))) << "our own are cut";
    Values many;
    for (std::size_t i = 0; i <= Bounds::names; ++i) many[std::to_string(i)] = "1";
    EXPECT_FALSE(parse(write(Update{1, {}, std::string(64, 'a'), many})));
}

TEST(ReplicationFrame, ComesOutAsItWentInWhereverItIsCut) {
    const std::string bytes = frame("one") + frame("") + frame(std::string(300, 'x'));
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        FrameReader reader;
        std::vector<std::string> found;
        std::string text;
        const auto take = [&] {
            for (;;) {
                const auto next = reader.next(text);
                ASSERT_TRUE(next);
                if (!*next) return;
                found.push_back(text);
            }
        };
        reader.add(bytes.substr(0, cut));
        take();
        reader.add(bytes.substr(cut));
        take();
        EXPECT_EQ(found, (std::vector<std::string>{"one", "", std::string(300, 'x')})) << cut;
    }
}

TEST(ReplicationFrame, IsRefusedByItsLengthAlone) {
    FrameReader reader;
    reader.add(std::string{"\x00\x00\x10\x01", 4});
    std::string text;
    EXPECT_EQ(reader.next(text).error().code, "frame-size") << "4097 bytes before the greeting";
    FrameReader later;
    later.limit(Bounds::frame_bytes);
    later.add(std::string{"\xff\xff\xff\xff", 4});
    EXPECT_EQ(later.next(text).error().code, "frame-size");
}

TEST(ReplicationDigest, TellsNamesAndValuesApart) {
    EXPECT_NE(digest({{"ab", "c"}}), digest({{"a", "bc"}}));
    EXPECT_NE(digest({{"a", "1"}}), digest({{"a", "1"}, {"b", ""}}));
    EXPECT_EQ(digest({{"a", "1"}}), digest({{"a", "1"}}));
    EXPECT_EQ(digest({}).size(), 64u);
}

}  // namespace
}  // namespace sallyport::replication
