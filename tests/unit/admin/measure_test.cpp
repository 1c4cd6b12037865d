// What somebody who may only read can ask of a node: its shards, its control thread and its disk serve everybody else
// too (threat T80).
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "admin/rest/rest_service.h"
#include "fake_node.h"
#include "io/store/event_store.h"
#include "support/sim_world.h"

namespace sallyport::test {
namespace {

namespace json = boost::json;

/// Runs the node's loop until it is so.
void until(FakeNode& node, const std::function<bool()>& done) {
    bool expired = false;
    const auto timer = node.real_loop().timer([&] { expired = true; });
    timer->arm(node.real_loop().now() + std::chrono::seconds{20});
    node.real_loop().run_until([&] { return expired || done(); });
    ASSERT_FALSE(expired) << "waited in vain";
}

TEST(Measure, TheShardsAreAskedOnceForAllWhoAskAtOnce) {
    FakeNode node;
    node.share_status();
    constexpr std::size_t many = 100;
    std::size_t answered = 0;
    std::vector<std::shared_ptr<admin::Call>> calls;
    for (std::size_t n = 0; n < many; ++n) {
        const char* verb = n % 3 == 0 ? "status" : n % 3 == 1 ? "peers.list" : "metrics";
        calls.push_back(admin::Call::start(node, {"reader"}, *admin::find_verb(verb), {}, std::nullopt,
                                           [&](const json::object& answer, bool) {
                                               EXPECT_TRUE(answer.at("ok").as_bool());
                                               ++answered;
                                           }));
    }
    until(node, [&] { return answered == many; });
    EXPECT_LE(node.gathered, 2U);
}

class EventsOnDisk : public testing::Test {
protected:
    /// So many entries hold the word "edge", and only the oldest names the peer "e".
    void fill(std::size_t rows) {
        auto store = io::EventStore::open(node.folder.path() + "/events.db", 200'000, std::chrono::milliseconds{0});
        ASSERT_TRUE(store);
        std::vector<io::StoredEvent> events;
        for (std::size_t n = 1; n <= rows; ++n) {
            const std::string peer = n == 1 ? "e" : "edge" + std::to_string(n) + ".test";
            events.push_back({n, node.real_loop().wall(), LogLevel::info, "s2s", "s2s.one",
                              json::serialize(json::object{{"peer", peer}})});
        }
        ASSERT_TRUE(store->append(events));
        node.add_diagnostics();
    }
    FakeNode node;
};

TEST_F(EventsOnDisk, AreLookedAtInPartsWhateverPasses) {
    fill(50'000);
    std::string arguments = R"({"peer":"e"})";
    std::size_t parts = 0;
    for (; parts < 10; ++parts) {
        const auto answer = node.ask("events", arguments);
        ASSERT_TRUE(answer.as_object().contains("events")) << json::serialize(answer);
        if (!answer.as_object().contains("before")) {
            EXPECT_EQ(answer.at("events").as_array().size(), 1U);
            break;
        }
        EXPECT_TRUE(answer.at("events").as_array().empty());
        arguments = R"({"peer":"e","before":)" + json::serialize(answer.at("before")) + "}";
    }
    EXPECT_EQ(parts, 2U) << "of 20,000 at most";
    const auto latest = node.ask("events", R"({"limit":10})");
    EXPECT_EQ(latest.at("events").as_array().size(), 10U);
    EXPECT_EQ(text_at(latest.as_object(), "before"), "49991") << "there are more";
}

TEST_F(EventsOnDisk, AreReadBesideAndOfOneWhoAsksFewAtATime) {
    std::vector<std::pair<std::function<void()>, std::function<void()>>> beside;
    node.reading = [&](std::function<void()> work, std::function<void()> then) {
        beside.emplace_back(std::move(work), std::move(then));
        return true;
    };
    fill(100);
    std::vector<std::string> codes;
    std::vector<std::shared_ptr<admin::Call>> calls;
    const auto ask = [&](const std::string& who) {
        calls.push_back(
            admin::Call::start(node, {who}, *admin::find_verb("events"), {}, std::nullopt,
                               [&](const json::object& answer, bool) { codes.push_back(code_of(answer)); }));
    };
    for (int n = 0; n < 10; ++n) ask("reader");
    EXPECT_EQ(codes, std::vector<std::string>(6, "events-busy")) << "the others wait for the disk, and nobody for them";
    ask("anna");
    EXPECT_EQ(beside.size(), 5U) << "others are not concerned";
    for (const auto& [work, then] : beside) {
        work();
        then();
    }
    EXPECT_EQ(std::count(codes.begin(), codes.end(), ""), 5);
    ask("reader");
    EXPECT_EQ(beside.size(), 6U);
}

TEST(SharedStatus, IsGatheredAfterTheQuestionAndNotTooOften) {
    SimWorld world;
    std::vector<TimePoint> began;
    std::vector<std::unique_ptr<io::Timer>> shards;
    admin::SharedStatus status{world.loop(), [&](std::function<void(admin::NodeStatus)> then) {
                                   began.push_back(world.loop().now());
                                   shards.push_back(world.loop().timer([then, at = began.back()] {
                                       admin::NodeStatus found;
                                       found.now = at;
                                       then(found);
                                   }));
                                   shards.back()->arm(world.loop().now() + std::chrono::milliseconds{5});
                               }};
    const TimePoint start = world.loop().now();
    std::size_t answered = 0;
    for (int n = 0; n < 1000; ++n) {
        const TimePoint asked = world.loop().now();
        status.ask([&answered, asked](const admin::NodeStatus& found) {
            EXPECT_GE(found.now, asked) << "nothing that was gathered before";
            ++answered;
        });
        if (n == 0) {
            EXPECT_EQ(began.size(), 1U) << "the first waits for nothing";
        }
        world.advance(std::chrono::milliseconds{1});
    }
    EXPECT_LE(began.size(), 11U) << "within a second";
    world.advance(std::chrono::seconds{1});
    EXPECT_EQ(answered, 1000U);
    EXPECT_LE(world.loop().now() - start, std::chrono::seconds{3});
}

/// Answers that a test looks at.
class KeptAnswer final : public io::HttpExchange {
public:
    explicit KeptAnswer(std::optional<io::HttpResponse>& slot) : slot_{slot} {}
    void respond(io::HttpResponse response) override { slot_ = std::move(response); }
    [[nodiscard]] std::unique_ptr<io::HttpStream> stream(io::HttpResponse, io::HttpStreamEvents) override {
        return nullptr;
    }

private:
    std::optional<io::HttpResponse>& slot_;
};

class Rest : public testing::Test {
protected:
    std::string token(const std::string& name) {
        return *node.people->add_token({name, admin::Access::read, {}, std::chrono::hours{1}}, "anna");
    }
    unsigned get(const std::string& path, const std::string& token) {
        io::HttpRequest request;
        request.method = "GET";
        request.target = path;
        request.fields = {{"Host", "edge1.b.test"}, {"Authorization", "Bearer " + token}};
        request.remote = {*IpAddress::parse("192.0.2.9"), 40000};
        const io::HttpAdmission admission = service.admit(request);
        if (admission.refusal) {
            retry_after = admission.refusal->field("Retry-After");
            return admission.refusal->status;
        }
        std::optional<io::HttpResponse> answer;
        service.handle(request, std::make_shared<KeptAnswer>(answer));
        until(node, [&] { return answer.has_value(); });
        return answer ? answer->status : 0;
    }
    static admin::AccessDesk& small_measure(FakeNode& node) {
        node.add_access();
        node.node_file.admin.limits.answer_bytes_per_second = 1 << 12;  // an answer is worth sixteen seconds of it
        return *node.people;
    }
    FakeNode node;
    admin::RestService service{
        node, small_measure(node), {{"edge1.b.test"}, false, "test"}, Logger{node.log, LogModule::admin}};
    std::string retry_after;
};

TEST_F(Rest, AnswersNobodyMoreThanHisMeasure) {
    const std::string reader = token("reader"), other = token("other");
    node.current.name.assign(1 << 16, 'x');
    unsigned good = 0, status = 200;
    for (; good < 50 && status == 200; ++good) status = get("/api/v1/status", reader);
    EXPECT_EQ(status, 429U);
    EXPECT_FALSE(retry_after.empty());
    EXPECT_EQ(get("/metrics", reader), 429U);
    EXPECT_EQ(get("/api/v1/alarms", other), 200U) << "others are not concerned";
}

}  // namespace
}  // namespace sallyport::test
