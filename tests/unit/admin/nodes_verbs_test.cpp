// `nodes`: each node of a desk with its state, findings and pages, made of the file, of links and of what was heard.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "admin/api/desk_nodes.h"
#include "admin/diag/sentence.h"
#include "admin/print/print.h"
#include "fake_node.h"

namespace sallyport::test {
namespace {

/// The real loop with a clock that the test moves.
class MovedLoop final : public io::Loop {
public:
    explicit MovedLoop(io::Loop& real) : real_{real} {}
    [[nodiscard]] TimePoint now() const override { return real_.now() + moved; }
    [[nodiscard]] WallTime wall() const override { return real_.wall(); }
    [[nodiscard]] std::unique_ptr<io::Timer> timer(std::function<void()> on_expiry) override {
        return real_.timer(std::move(on_expiry));
    }
    void post(std::function<void()> work) override { real_.post(std::move(work)); }
    void defer(std::function<void()> work) override { real_.defer(std::move(work)); }
    Duration moved{};

private:
    io::Loop& real_;
};

class Nodes : public testing::Test {
protected:
    Nodes() { node.other_loop = &loop; }
    void begin(config::Role role, const std::string& name) {
        node.node_file.role = role;
        node.node_file.node.name = name;
        desk = std::make_unique<admin::DeskNodes>(
            node, "1.0", [this](std::vector<link::NodeNews> all, bool) { told = std::move(all); });
        node.desk = desk.get();
    }
    void link_to(const std::string& name, Role role, link::LinkState state = link::LinkState::open) {
        link::SessionStatus session;
        session.far_realm = realm_of(name);
        session.far_role = role;
        session.state = state;
        node.current.links.push_back(session);
    }
    void name(const std::string& name, Role role, const std::string& origin) {
        node.node_file.admin.nodes.push_back({name, role, origin, config::usual_hand_over(role)});
    }
    static link::NodeNews news(const std::string& name, Role role, std::vector<link::NodeFinding> findings = {}) {
        link::NodeNews made;
        made.name = name;
        made.role = role;
        made.version = "1.1";
        made.findings = std::move(findings);
        return made;
    }
    /// A member of the node's row; "none" where there is no row.
    std::string shown(const std::string& wanted, const char* member) {
        const auto answer = node.ask("nodes.list");
        for (const auto& row : answer.as_object().at("nodes").as_array()) {
            if (text_at(row, "name") == wanted) return text_at(row, member);
        }
        return "none";
    }
    /// What is told at the next look.
    const std::vector<link::NodeNews>& tells() {
        told.clear();
        node.real_loop().run_until([&] { return !told.empty(); });
        return told;
    }
    FakeNode node;
    MovedLoop loop{node.real_loop()};
    std::unique_ptr<admin::DeskNodes> desk;
    std::vector<link::NodeNews> told;
};

TEST_F(Nodes, OfACoreAreThoseOfItsFileAndWhatTheySayOfThemselves) {
    begin(config::Role::core, "core1.b.test");
    config::LinkDial dial;
    dial.name = "edge1.b.test";
    node.node_file.link.dial = {dial};
    EXPECT_EQ(shown("core1.b.test", "self"), "true");
    EXPECT_EQ(shown("edge1.b.test", "state"), "unreachable");
    link_to("edge1.b.test", Role::edge);
    EXPECT_EQ(shown("edge1.b.test", "state"), "unknown");
    desk->heard(news("edge1.b.test", Role::edge));
    EXPECT_EQ(shown("edge1.b.test", "state"), "good");
    desk->heard(news("edge1.b.test", Role::edge, {{false, "a warning", "a cure"}}));
    EXPECT_EQ(shown("edge1.b.test", "state"), "warning");
    desk->heard(news("edge1.b.test", Role::edge, {{true, "a fault", "a cure"}, {false, "a warning", ""}}));
    EXPECT_EQ(shown("edge1.b.test", "state"), "bad");
    desk->heard(news("stranger.test", Role::edge));
    EXPECT_EQ(shown("stranger.test", "state"), "none");
    link::NodeFinding typed{true, "a fault", "a cure", "link.down", "link.down", {{"key", "imp1"}}};
    desk->heard(news("edge1.b.test", Role::edge, {typed, {false, "a warning", ""}}));
    const auto answer = node.ask("nodes.list");
    const auto& findings = answer.as_object().at("nodes").as_array().at(1).as_object().at("findings").as_array();
    EXPECT_EQ(text_at(findings.at(0), "code"), "link.down");
    EXPECT_EQ(text_at(findings.at(0).as_object().at("values"), "key"), "imp1");
    EXPECT_TRUE(findings.at(1).as_object().at("code").is_null());
    node.current.links.clear();
    EXPECT_EQ(shown("edge1.b.test", "state"), "unreachable");
    std::ostringstream out;
    admin::print_nodes(node.ask("nodes.list"), out);
    EXPECT_NE(out.str().find("error: a fault -> a cure"), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("[[admin.node]]"), std::string::npos) << out.str();
}

TEST_F(Nodes, AreToldByACoreWithTheirPagesAndByOthersForThemselves) {
    begin(config::Role::core, "core1.b.test");
    name("edge1.b.test", Role::edge, "https://edge1.b.test:9443");
    name("imp1.b.test", Role::presence, "https://imp1.b.test:9443");
    link_to("edge1.b.test", Role::edge);
    desk->heard(news("edge1.b.test", Role::edge, {{true, "a fault", "a cure"}}));
    node.board.raise(services::AlarmCode::disk_low, "/data", "1 MiB is free");
    node.board.raise(services::AlarmCode::far_alarm, "edge1.b.test disk.low", "of another node");
    node.current.alarms = node.board.standing();
    const std::vector<link::NodeNews> all = tells();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].name, "core1.b.test");
    const auto says = [&](const char* words) {
        return std::ranges::count_if(all[0].findings, [&](const link::NodeFinding& finding) {
            return finding.text.find(words) != std::string::npos;
        });
    };
    EXPECT_EQ(says("1 MiB is free"), 1) << "its own alarm";
    EXPECT_TRUE(std::ranges::any_of(all[0].findings, [](const link::NodeFinding& finding) {
        const diag::Values values{{"key", "/data"}, {"detail", "1 MiB is free"}};
        return finding.code == "disk.low" && finding.remedy_code == "disk.low" && finding.values == values;
    })) << "others can say it in their language";
    EXPECT_EQ(says("of another node"), 0) << "and not that of another, which has a card of its own";
    EXPECT_EQ(all[1].name, "edge1.b.test");
    EXPECT_EQ(all[1].origin, "https://edge1.b.test:9443");
    EXPECT_TRUE(all[1].linked);
    EXPECT_EQ(all[1].findings.front().text, "a fault");
    EXPECT_EQ(all[2].name, "imp1.b.test");
    EXPECT_FALSE(all[2].linked);
    desk.reset();
    node.desk = nullptr;
    EXPECT_EQ(code_of(node.ask("nodes.list")), "nodes-none");
    begin(config::Role::edge, "edge1.b.test");
    desk->heard(news("core1.b.test", Role::core));
    EXPECT_EQ(tells().size(), 1U) << "what an edge has heard goes no further";
}

TEST_F(Nodes, OfAnEdgeAreWhatTheCoreTellsWhileItCanBeHeard) {
    begin(config::Role::edge, "edge1.b.test");
    name("core1.b.test", Role::core, "https://core1.b.test:9443");
    link_to("core1.b.test", Role::core);
    desk->heard(news("core1.b.test", Role::core));
    link::NodeNews other = news("imp1.b.test", Role::presence);
    other.origin = "https://imp1.b.test:9443";
    desk->heard(other);
    EXPECT_EQ(shown("imp1.b.test", "state"), "good");
    EXPECT_EQ(shown("imp1.b.test", "pages"), "https://imp1.b.test:9443");
    EXPECT_EQ(shown("imp1.b.test", "handover"), "false") << "only what its own file names";
    EXPECT_EQ(shown("core1.b.test", "handover"), "true");
    other.linked = false;
    desk->heard(other);
    EXPECT_EQ(shown("imp1.b.test", "state"), "unreachable");
    other.linked = true;
    desk->heard(other);
    link::NodeNews moved = news("core1.b.test", Role::core);
    moved.origin = "https://elsewhere.test";
    desk->heard(moved);
    EXPECT_EQ(shown("core1.b.test", "pages"), "https://core1.b.test:9443") << "the file knows best";
    node.current.links.clear();
    EXPECT_EQ(shown("imp1.b.test", "state"), "unreachable") << "nobody is heard any more";
    node.node_file.admin.handover = false;
    EXPECT_EQ(shown("core1.b.test", "handover"), "false");
    for (unsigned i = 0; i < 100; ++i) desk->heard(news("n" + std::to_string(i) + ".test", Role::edge));
    EXPECT_LE(node.ask("nodes.list").as_object().at("nodes").as_array().size(), admin::DeskNodes::most + 2);
}

TEST_F(Nodes, ThatSayNothingAnyMoreAreUnknown) {
    begin(config::Role::core, "core1.b.test");
    name("edge1.b.test", Role::edge, "https://edge1.b.test:9443");
    link_to("edge1.b.test", Role::edge);
    desk->heard(news("edge1.b.test", Role::edge, {{true, "a fault", "a cure"}}));
    loop.moved += admin::DeskNodes::of_now - std::chrono::seconds{20};
    EXPECT_EQ(shown("edge1.b.test", "state"), "bad");
    loop.moved += std::chrono::seconds{21};
    EXPECT_EQ(shown("edge1.b.test", "state"), "unknown");
    EXPECT_EQ(shown("edge1.b.test", "findings"), "[]") << "what it said then is not so now";
    EXPECT_EQ(shown("edge1.b.test", "version"), "null");
    EXPECT_EQ(shown("edge1.b.test", "pages"), "https://edge1.b.test:9443");
    desk->heard(news("edge1.b.test", Role::edge));
    EXPECT_EQ(shown("edge1.b.test", "state"), "good");
}

TEST_F(Nodes, ThatNoFileNamesAreForgottenWhenTheySayNothingAnyMore) {
    begin(config::Role::edge, "edge1.b.test");
    link_to("core1.b.test", Role::core);
    for (std::size_t i = 0; i < admin::DeskNodes::most; ++i) {
        desk->heard(news("old" + std::to_string(i) + ".test", Role::presence));
    }
    desk->heard(news("imp1.b.test", Role::presence));
    EXPECT_EQ(shown("imp1.b.test", "state"), "none") << "there is no place";
    loop.moved += admin::DeskNodes::of_now;
    EXPECT_EQ(shown("old0.test", "state"), "none");
    desk->heard(news("imp1.b.test", Role::presence));
    EXPECT_EQ(shown("imp1.b.test", "state"), "good") << "their places are free";
}

}  // namespace
}  // namespace sallyport::test
