// Requests of the admin socket: what is strict JSON with known words is run, everything else is refused by name.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "fake_node.h"

namespace sallyport::test {
namespace {

std::string code_for(const std::string& request) {
    FakeNode node;
    const auto lines = node.run(request);
    return lines.size() == 1 ? code_of(lines.front()) : "lines: " + std::to_string(lines.size());
}

TEST(Call, RefusesWhatIsNotAJsonObject) {
    EXPECT_EQ(code_for("status"), "request-malformed");
    EXPECT_EQ(code_for("[]"), "request-malformed");
    EXPECT_EQ(code_for(R"({"verb":"status"} trailing)"), "request-malformed");
    EXPECT_EQ(code_for(R"({"verb":"status",})"), "request-malformed");
    EXPECT_EQ(code_for(R"({"verb":"status","args":{"a":[[[[[[[[[[1]]]]]]]]]]}})"), "request-malformed");
}

TEST(Call, RefusesMembersAndVerbsThatItDoesNotKnow) {
    EXPECT_EQ(code_for(R"({"verb":"status","force":true})"), "request-malformed");
    EXPECT_EQ(code_for(R"({"args":{}})"), "request-malformed");
    EXPECT_EQ(code_for(R"({"verb":7})"), "request-malformed");
    EXPECT_EQ(code_for(R"({"verb":"status","args":[]})"), "request-malformed");
    EXPECT_EQ(code_for(R"({"verb":"peers.lst"})"), "verb-unknown");
}

TEST(Call, SuggestsTheVerbThatWasMeant) {
    FakeNode node;
    const auto answer = node.ask("peers.lst");
    EXPECT_NE(text_at(answer.as_object().at("error"), "text").find("peers.list"), std::string::npos);
}

TEST(Call, NamesTheArgumentAtFault) {
    FakeNode node;
    const auto unknown = node.ask("peers.show", R"({"domain":"a.test","fast":true})");
    EXPECT_EQ(code_of(unknown), "argument-unknown");
    EXPECT_EQ(field_of(unknown), "fast");
    const auto missing = node.ask("peers.show");
    EXPECT_EQ(code_of(missing), "argument-missing");
    EXPECT_EQ(field_of(missing), "domain");
    const auto wrong = node.ask("events", R"({"limit":"many"})");
    EXPECT_EQ(code_of(wrong), "argument-malformed");
    EXPECT_EQ(field_of(wrong), "limit");
    EXPECT_EQ(code_of(node.ask("events", R"({"limit":-1})")), "argument-malformed");
    EXPECT_EQ(code_of(node.ask("allow.add", R"({"domain":[]})")), "argument-missing");
    EXPECT_EQ(code_of(node.ask("allow.add", R"({"domain":["a.test",7]})")), "argument-malformed");
    EXPECT_EQ(field_of(node.ask("peers.show", R"({"domain":"a..test"})")), "domain");
}

TEST(Call, RefusesAuthorsThatCouldForgeALogLine) {
    EXPECT_EQ(code_for("{\"verb\":\"status\",\"author\":\"anna\\nbert\"}"), "request-malformed");
    EXPECT_EQ(code_for(R"({"verb":"status","author":""})"), "request-malformed");
    EXPECT_EQ(code_for(R"({"verb":"status","author":")" + std::string(65, 'a') + R"("})"), "request-malformed");
}

TEST(Call, KnowsTheAuthorFromTheSocketAndNotFromTheRequest) {
    FakeNode node;
    const auto change = [&](const std::string& author, const std::string& value) {
        (void)node.run(R"({"verb":"config.set",)" + author + R"("args":{"name":"federation.security_mode","value":")" +
                       value + R"("}})");
        return node.log.last("settings.changed", "author");
    };
    EXPECT_EQ(change("", "tls_optional"), "anna");
    EXPECT_EQ(change(R"("author":"bert",)", "no_tls"), "anna (bert)");
    EXPECT_EQ(change(R"("author":"anna",)", "tls_required"), "anna");
}

TEST(Call, AnswersOnceWithTheResult) {
    FakeNode node;
    const auto lines = node.run(R"({"verb":"config.get","args":{"name":"federation.enabled"}})");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_TRUE(lines.front().as_object().at("ok").as_bool());
    EXPECT_EQ(text_at(lines.front().as_object().at("result"), "value"), "true");
}

TEST(Call, StandsInTheAuditOnceForAFileInPieces) {
    FakeNode node;
    node.add_access();
    node.add_diagnostics();
    const std::string bytes(500'000, 'x');
    std::filesystem::create_directories(node.parts->captures.shelf().folder());
    std::ofstream{node.parts->captures.shelf().path_of("big"), std::ios::binary} << bytes;
    const auto rows = [&] {
        std::size_t count = 0;
        const auto all = node.people->audit(100, {});
        for (const io::AuditRow& row : *all) count += row.verb == "capture.get" ? 1 : 0;
        return count;
    };
    const auto bring = [&](std::size_t from) {
        unsigned pieces = 0;
        for (std::size_t at = from; at < bytes.size(); ++pieces) {
            const auto piece = node.ask("capture.get", R"({"name":"big","offset":)" + std::to_string(at) + "}");
            std::string got;
            EXPECT_TRUE(base64_decode(text_at(piece, "bytes"), got)) << boost::json::serialize(piece).substr(0, 200);
            if (got.empty()) break;
            at += got.size();
        }
        return pieces;
    };
    EXPECT_GT(bring(0), 2u);
    EXPECT_EQ(rows(), 1u);
    EXPECT_GT(bring(1), 2u);
    EXPECT_EQ(rows(), 2u) << "without the first byte it is a download too";
    EXPECT_EQ(code_of(node.ask("capture.get", R"({"name":"absent"})")), "name-unknown");
    EXPECT_EQ(rows(), 3u) << "what was refused is told";
}

}  // namespace
}  // namespace sallyport::test
