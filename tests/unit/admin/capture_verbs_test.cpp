// `capture`, `diag` and `restart router`: what they answer and what they refuse, without a packet.
#include <gtest/gtest.h>

#include "fake_node.h"

namespace sallyport::test {
namespace {

namespace json = boost::json;

class CaptureVerbs : public testing::Test {
protected:
    CaptureVerbs() { node.add_diagnostics(); }
    FakeNode node;
};

TEST_F(CaptureVerbs, NameTheArgumentThatACaptureCannotHave) {
    const auto blamed = [&](const std::string& arguments) {
        const auto refusal = node.ask("capture.start", arguments);
        return code_of(refusal) + " " + field_of(refusal);
    };
    EXPECT_EQ(blamed(R"({"host":"somewhere"})"), "capture-address host");
    EXPECT_EQ(blamed(R"({"name":"../secrets"})"), "name-malformed name");
    EXPECT_EQ(blamed(R"({"port":1})"), "capture-port port");
}

TEST_F(CaptureVerbs, UnderstandTheWordsOfTheOtherCommandLine) {
    for (const char* words : {R"(["capture"])", R"(["trace","eth0"])", R"(["capture","eth0","count"])",
                              R"(["capture","eth0","count","many"])", R"(["capture","eth0","colour","red"])"}) {
        const auto refusal = node.ask("utils.network", R"({"words":)" + std::string{words} + "}");
        EXPECT_EQ(code_of(refusal), "argument-malformed") << words;
        EXPECT_EQ(field_of(refusal), "words") << words;
    }
    EXPECT_EQ(code_of(node.ask("utils.network", R"({"words":["capture","eth0","src","somewhere"]})")),
              "capture-address");
}

TEST_F(CaptureVerbs, SayThatThereIsNothingToStopOrRemove) {
    EXPECT_EQ(json::serialize(node.ask("capture.list")), R"({"running":null,"last":null,"files":[]})");
    EXPECT_EQ(code_of(node.ask("capture.stop")), "capture-none");
    EXPECT_EQ(code_of(node.ask("capture.remove", R"({"name":"absent"})")), "name-unknown");
    EXPECT_EQ(code_of(node.ask("diag.stop")), "diag-none");
    EXPECT_EQ(code_of(node.ask("diag.remove", R"({"name":"absent"})")), "name-unknown");
}

TEST_F(CaptureVerbs, FollowADiagnosticLogFromStartToEnd) {
    const auto started = node.ask("diag.start", R"({"name":"morning","levels":"dns=debug","seconds":60})");
    EXPECT_EQ(text_at(started, "state"), "running") << json::serialize(started);
    EXPECT_EQ(code_of(node.ask("diag.start")), "diag-running");
    EXPECT_EQ(text_at(node.ask("diag.marker", R"({"text":["now","it","fails"]})"), "markers"), "1");
    EXPECT_EQ(text_at(node.ask("diag.stop"), "state"), "stopped");
    EXPECT_EQ(text_at(node.ask("diag.list").at("latest"), "name"), "morning");
    EXPECT_EQ(field_of(node.ask("diag.start", R"({"levels":"dns=loud"})")), "levels");
    EXPECT_EQ(field_of(node.ask("diag.start", R"({"levels":"node=debug"})")), "levels") << "it has no such lines";
}

TEST(RestartRouter, BelongsToAPresenceNode) {
    FakeNode node;
    EXPECT_EQ(code_of(node.ask("restart.router")), "verb-role");
    EXPECT_EQ(code_of(node.ask("notifications")), "verb-role");
}

}  // namespace
}  // namespace sallyport::test
