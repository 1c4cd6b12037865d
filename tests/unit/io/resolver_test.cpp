// The resolver against a DNS server on loopback: kinds of answers, cache, cancelling, limits (RFC 2782, RFC 2308).
#include "io/dns/resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <thread>

#include "io/dns/answer.h"
#include "support/test_pki.h"
#include "unit/io/dns_server.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class ResolverTest : public testing::Test {
protected:
    void start(Duration timeout = 10s) {
        settings.servers = {server.endpoint()};
        settings.timeout = timeout;
        auto made = io::make_resolver_service(settings);
        ASSERT_TRUE(made) << made.error().text;
        service = std::move(*made);
        resolver = service->resolver(loop);
    }
    DnsAnswer srv(const std::string& name) {
        answer.reset();
        const auto lookup = resolver->srv(name, {}, [this](const DnsAnswer& got) { answer = got; });
        return wait();
    }
    DnsAnswer addresses(const std::string& name, bool v6 = false) {
        answer.reset();
        const auto lookup = resolver->addresses(name, v6, {}, [this](const DnsAnswer& got) { answer = got; });
        return wait();
    }
    DnsAnswer wait() {
        loop.run_until([this] { return answer.has_value(); });
        return *answer;
    }

    io::AsioLoop loop;
    DnsServer server{loop};
    io::DnsSettings settings;
    std::unique_ptr<io::ResolverService> service;
    std::unique_ptr<io::Resolver> resolver;
    std::optional<DnsAnswer> answer;
};

TEST_F(ResolverTest, ReadsSrvRecords) {
    server.srv("_xmpp-server._tcp.vngtp.lab", 5, 10, 5269, "XMPP1.vngtp.lab");
    server.srv("_xmpp-server._tcp.vngtp.lab", 20, 0, 5270, "xmpp2.vngtp.lab");
    start();
    const DnsAnswer got = srv("_xmpp-server._tcp.vngtp.lab");
    EXPECT_EQ(got.status, DnsStatus::ok);
    ASSERT_EQ(got.srv.size(), 2U);
    std::vector<SrvRecord> sorted = got.srv;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted[0], (SrvRecord{5, 10, 5269, "xmpp1.vngtp.lab"}));
    EXPECT_EQ(sorted[1], (SrvRecord{20, 0, 5270, "xmpp2.vngtp.lab"}));
    EXPECT_GT(got.took.count(), 0);
    EXPECT_EQ(got.ttl, 60s);
    EXPECT_FALSE(got.secure);
}

TEST_F(ResolverTest, ReadsAServiceThatIsDeclaredAbsent) {
    server.srv("_xmpp-server._tcp.none.lab", 0, 0, 0, ".");
    start();
    const DnsAnswer got = srv("_xmpp-server._tcp.none.lab");
    ASSERT_EQ(got.srv.size(), 1U);
    EXPECT_EQ(got.srv[0].target, ".");
}

TEST_F(ResolverTest, ReadsAddressesOfBothFamilies) {
    server.address("host.lab", "192.0.2.5");
    server.address("host.lab", "2001:db8::5");
    start();
    EXPECT_EQ(addresses("host.lab").addresses, std::vector{*IpAddress::parse("192.0.2.5")});
    EXPECT_EQ(addresses("host.lab", true).addresses, std::vector{*IpAddress::parse("2001:db8::5")});
}

TEST_F(ResolverTest, FollowsAliases) {
    server.cname("alias.lab", "real.lab");
    server.address("real.lab", "192.0.2.6");
    start();
    EXPECT_EQ(addresses("alias.lab").addresses, std::vector{*IpAddress::parse("192.0.2.6")});
}

TEST_F(ResolverTest, AsksForNamesThatResolversLikeToAnswerThemselves) {
    for (const char* name : {"xmpp.test", "host.local", "host.home.arpa", "host.internal", "5.2.0.10.in-addr.arpa"}) {
        server.address(name, "192.0.2.7");
    }
    start();
    for (const char* name : {"xmpp.test", "host.local", "host.home.arpa", "host.internal", "5.2.0.10.in-addr.arpa"}) {
        EXPECT_EQ(addresses(name).status, DnsStatus::ok) << name;
    }
}

TEST_F(ResolverTest, TellsTheKindsOfNoApart) {
    server.address("only-v4.lab", "192.0.2.8");
    server.fail("broken.lab", 2);
    start();
    EXPECT_EQ(addresses("absent.lab").status, DnsStatus::no_name);
    EXPECT_EQ(addresses("only-v4.lab", true).status, DnsStatus::no_data);
    EXPECT_EQ(srv("only-v4.lab").status, DnsStatus::no_data);
    EXPECT_EQ(addresses("broken.lab").status, DnsStatus::failed);
}

TEST_F(ResolverTest, RefusesANameThatCannotBeAsked) {
    start();
    EXPECT_EQ(addresses(std::string(300, 'a')).status, DnsStatus::failed);
    EXPECT_EQ(addresses("double..dot").status, DnsStatus::failed);
}

TEST_F(ResolverTest, GivesUpAfterItsTimeout) {
    server.ignore("slow.lab");
    start(50ms);
    const DnsAnswer got = addresses("slow.lab");
    EXPECT_EQ(got.status, DnsStatus::timed_out);
    EXPECT_GE(got.took, 50ms);
}

TEST_F(ResolverTest, AnswersTheSecondTimeFromItsCache) {
    server.address("cached.lab", "192.0.2.9");
    start();
    EXPECT_EQ(addresses("cached.lab").status, DnsStatus::ok);
    const int asked = server.questions;
    EXPECT_EQ(addresses("cached.lab").status, DnsStatus::ok);
    EXPECT_EQ(server.questions, asked);
}

/// Answers of a name server that says nothing any more, when the cache has forgotten them.
class Forgotten : public ResolverTest {
protected:
    void SetUp() override {
        server.raw("known.lab", 1, "\xC0\x01\x02\x03", 0);
        start();
        ASSERT_EQ(ask().status, DnsStatus::ok);
        ASSERT_EQ(ask(v6).status, DnsStatus::no_data);
        const auto cached = loop.timer([this] { forgotten = true; });
        cached->arm(loop.now() + 7s);  // the cache keeps it for five seconds, and counts whole ones
        loop.run_until([this] { return forgotten; });
    }
    static constexpr bool v6 = true;
    DnsAnswer ask(bool six = false, io::Asker::Kind kind = io::Asker::Kind::users) {
        answer.reset();
        const auto lookup =
            resolver->addresses("known.lab", six, {kind, "", ""}, [this](const DnsAnswer& got) { answer = got; });
        return wait();
    }
    bool forgotten = false;
};

TEST_F(Forgotten, AnswersServeOnWhileNobodyAnswers) {
    server.ignore("known.lab");
    for (const Duration soon : {Duration{3s}, Duration{300ms}}) {
        const DnsAnswer got = ask();
        EXPECT_EQ(got.status, DnsStatus::ok);
        EXPECT_EQ(got.addresses, std::vector{*IpAddress::parse("192.1.2.3")});
        EXPECT_LT(got.took, soon);  // the second time nobody waits
        EXPECT_NE(got.detail, "");
    }
    TableFills all;
    service->tables(all);
    ASSERT_EQ(all.front().name, "dns.questions");
    EXPECT_EQ(all.front().entries, 1U) << "the question goes on, and counts";
    EXPECT_EQ(all.back().name, "dns.known");
    EXPECT_EQ(ask(v6).status, DnsStatus::no_data);
}

TEST_F(Forgotten, AnswersServeOnWhileNameServersFail) {
    server.fail("known.lab", 2);
    EXPECT_EQ(ask().status, DnsStatus::ok);
    EXPECT_EQ(ask(false, io::Asker::Kind::node).status, DnsStatus::failed) << "an administrator wants to know";
}

TEST_F(Forgotten, AnswersGiveWayToNewOnes) {
    server.fail("known.lab", 3);
    EXPECT_EQ(ask().status, DnsStatus::no_name);
}

TEST_F(ResolverTest, KeepsTtlsWithinItsBounds) {
    server.raw("brief.lab", 1, "\xC0\x01\x02\x03", 0);
    server.raw("eternal.lab", 1, "\xC0\x01\x02\x03", 604800);
    start();
    EXPECT_EQ(addresses("brief.lab").ttl, 5s);
    EXPECT_EQ(addresses("eternal.lab").ttl, 3600s);
}

TEST_F(ResolverTest, CallsNobodyAfterALookUpIsCancelled) {
    server.address("host.lab", "192.0.2.5");
    start();
    bool called = false;
    auto lookup = resolver->addresses("host.lab", false, {}, [&](const DnsAnswer&) { called = true; });
    lookup.reset();
    EXPECT_EQ(addresses("host.lab").status, DnsStatus::ok);
    EXPECT_FALSE(called);
}

TEST_F(ResolverTest, CanLoseALookUpWithinItsOwnCallback) {
    server.address("host.lab", "192.0.2.5");
    start();
    std::unique_ptr<io::Lookup> lookup;
    bool called = false;
    lookup = resolver->addresses("host.lab", false, {}, [&](const DnsAnswer&) {
        lookup.reset();
        called = true;
    });
    loop.run_until([&] { return called; });
}

TEST_F(ResolverTest, EndsWithQuestionsStillOpen) {
    server.ignore("slow.lab");
    start();
    std::vector<std::unique_ptr<io::Lookup>> lookups;
    for (int i = 0; i < 20; ++i) lookups.push_back(resolver->addresses("slow.lab", false, {}, [](const DnsAnswer&) {}));
    loop.run_until([&] { return server.questions > 0; });
    resolver.reset();
    service.reset();
}

std::size_t descriptors() {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Each silent name holds a socket of its own, until the library gives it up.
class SilentServers : public ResolverTest {
protected:
    /// Asks for names that nobody answers for; how many were refused at once.
    std::size_t ask(const io::Asker& asker, int number) {
        for (int n = 0; n < number; ++n) {
            const std::string name = "n" + std::to_string(++names) + ".dead.lab";
            server.ignore(name);
            lookups.push_back(resolver->addresses(name, false, asker, [this](const DnsAnswer& got) {
                if (got.status == DnsStatus::busy) ++refused;
            }));
        }
        bool told = false;  // those that were refused: they hear of it in their order
        loop.post([&] { told = true; });
        loop.run_until([&] { return told; });
        return refused;
    }
    /// Nothing: it took longer than five seconds. The library gives up a silent name after many more.
    std::optional<DnsAnswer> ask_in_time(const std::string& name, const io::Asker& asker) {
        std::optional<DnsAnswer> got;
        bool late = false;
        const auto limit = loop.timer([&] { late = true; });
        limit->arm(loop.now() + 5s);
        const auto lookup = resolver->addresses(name, false, asker, [&](const DnsAnswer& one) { got = one; });
        loop.run_until([&] { return got || late; });
        return got;
    }

    std::vector<std::unique_ptr<io::Lookup>> lookups;
    std::size_t refused = 0;
    int names = 0;
};

TEST_F(SilentServers, KeepNobodyElseWaiting) {
    server.address("one.lab", "192.0.2.5");
    server.address("two.lab", "192.0.2.6");
    settings.questions = 512;
    start();
    const std::size_t before = descriptors();
    for (const auto& [number, name] : {std::pair{64, "one.lab"}, std::pair{192, "two.lab"}}) {
        EXPECT_EQ(ask({}, number), 0U);
        const auto got = ask_in_time(name, {});
        ASSERT_TRUE(got) << "after " << names << " silent names";
        EXPECT_EQ(got->status, DnsStatus::ok);
    }
    EXPECT_LE(descriptors(), before + 2 * settings.questions);
    resolver.reset();
    service.reset();
    EXPECT_LT(descriptors(), before);
}

TEST_F(SilentServers, TakeNoMoreThanTheShareOfWhoeverAsks) {
    server.address("one.lab", "192.0.2.5");
    settings.questions = 64;
    start();
    const io::Asker stranger{io::Asker::Kind::strangers, "192.0.2.1", "dead.lab"};
    EXPECT_EQ(ask(stranger, 64), 64U - 6U) << "a fifth of the half that strangers have";
    for (const auto kind : {io::Asker::Kind::strangers, io::Asker::Kind::users, io::Asker::Kind::node}) {
        const auto got = ask_in_time("one.lab", {kind, "192.0.2.2", "lab"});
        ASSERT_TRUE(got);
        EXPECT_EQ(got->status, DnsStatus::ok);
    }
    TableFills all;
    service->tables(all);
    ASSERT_EQ(all.front().name, "dns.questions");
    EXPECT_EQ(all.front().entries, 6U);
    EXPECT_EQ(all.front().bound, 64U);
}

/// With its asker gone it goes on: the library cannot cancel it.
TEST_F(SilentServers, CountForAsLongAsTheLibraryAsksThem) {
    settings.questions = 64;
    start();
    const io::Asker stranger{io::Asker::Kind::strangers, "192.0.2.1", "dead.lab"};
    EXPECT_EQ(ask(stranger, 20), 14U);
    lookups.clear();
    refused = 0;
    EXPECT_EQ(ask(stranger, 20), 20U);
}

TEST_F(SilentServers, AreNotAskedAgainForAWhile) {
    server.ignore("slow.lab");
    start(1s);
    const io::Asker user{io::Asker::Kind::users, "romeo@a.lab", "lab"};
    const auto first = ask_in_time("slow.lab", user);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status, DnsStatus::timed_out);
    EXPECT_EQ(first->detail, "");
    const auto second = ask_in_time("slow.lab", user);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->status, DnsStatus::timed_out);
    EXPECT_NE(second->detail, "");
    const auto operators = ask_in_time("slow.lab", {});
    ASSERT_TRUE(operators);
    EXPECT_EQ(operators->detail, "") << "it was asked";
}

TEST_F(ResolverTest, ServesOtherLoopsFromTheSameCache) {
    server.address("host.lab", "192.0.2.5");
    start();
    std::optional<DnsAnswer> there;
    std::thread other{[&] {
        io::AsioLoop second;
        const auto handle = service->resolver(second);
        std::optional<DnsAnswer> got;
        const auto lookup = handle->addresses("host.lab", false, {}, [&](const DnsAnswer& a) { got = a; });
        second.run_until([&] { return got.has_value(); });
        loop.post([&, got] { there = got; });
    }};
    loop.run_until([&] { return there.has_value(); });
    other.join();
    EXPECT_EQ(there->status, DnsStatus::ok);
}

/// The thread that made the service, a node's control thread, stands still with a look-up of its own under way: those
/// of other loops are answered.
TEST(Resolver, WaitsForNoLoopThatStandsStill) {
    std::promise<Endpoint> listening;
    std::promise<io::ResolverService*> made;
    std::promise<DnsAnswer> answered;
    std::thread other{[&, service = made.get_future()]() mutable {
        io::AsioLoop loop;
        DnsServer server{loop};
        server.address("host.lab", "192.0.2.5");
        server.address("first.lab", "192.0.2.6");
        listening.set_value(server.endpoint());
        const auto resolver = service.get()->resolver(loop);
        std::optional<DnsAnswer> got;
        const auto lookup = resolver->addresses("host.lab", false, {}, [&](const DnsAnswer& answer) { got = answer; });
        loop.run_until([&] { return got.has_value() && server.questions == 2; });
        answered.set_value(*got);
    }};
    io::AsioLoop control;
    io::DnsSettings settings;
    settings.servers = {listening.get_future().get()};
    const auto service = io::make_resolver_service(settings);
    ASSERT_TRUE(service) << service.error().text;
    const auto here = (*service)->resolver(control);
    bool called = false;
    const auto lookup = here->addresses("first.lab", false, {}, [&](const DnsAnswer&) { called = true; });
    made.set_value(service->get());
    EXPECT_EQ(answered.get_future().get().status, DnsStatus::ok) << "while nothing of `control` has turned";
    EXPECT_FALSE(called);
    other.join();
    control.run_until([&] { return called; });
}

TEST_F(ResolverTest, ReadsNoMoreRecordsThanItsLimit) {
    for (unsigned i = 0; i < 70; ++i) {
        server.raw("many.lab", 1, std::string{"\xC0\x01\x02"} + static_cast<char>(i));
    }
    start();
    EXPECT_EQ(addresses("many.lab").addresses.size(), io::most_records);
}

TEST_F(ResolverTest, LooksIntoTheHostsFileFirst) {
    const TemporaryFolder folder;
    settings.hosts_file = folder.path() + "/hosts";
    std::ofstream{settings.hosts_file} << "192.0.2.33 pinned.lab\n192.0.2.34 pinned.home.test\n";
    server.address("pinned.lab", "192.0.2.44");
    server.address("pinned.home.test", "192.0.2.44");
    start();
    EXPECT_EQ(addresses("pinned.lab").addresses, std::vector{*IpAddress::parse("192.0.2.33")});
    EXPECT_EQ(addresses("pinned.home.test").addresses, std::vector{*IpAddress::parse("192.0.2.34")});
}

TEST(ResolverSettings, NamesWhatIsWrong) {
    io::AsioLoop loop;
    io::DnsSettings settings;
    settings.trust_anchor_file = "/nowhere/root.key";
    const auto made = io::make_resolver_service(settings);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, "dns-configuration");
    EXPECT_NE(made.error().text.find("/nowhere/root.key"), std::string::npos);
}

TEST(DnsAnswerData, RefusesMalformedRecords) {
    using namespace std::string_view_literals;
    EXPECT_FALSE(io::read_srv(""sv));
    EXPECT_FALSE(io::read_srv("\0\1\0\2\0\3"sv));
    EXPECT_FALSE(io::read_srv("\0\1\0\2\0\3\5abc\0"sv));    // label beyond the end
    EXPECT_FALSE(io::read_srv("\0\1\0\2\0\3\3abc"sv));      // no root label
    EXPECT_FALSE(io::read_srv("\0\1\0\2\0\3\3abc\0x"sv));   // something after it
    EXPECT_FALSE(io::read_srv("\0\1\0\2\0\3\3a.c\0"sv));    // a dot within a label
    EXPECT_FALSE(io::read_srv("\0\1\0\2\0\3\300\14\0"sv));  // compression
    EXPECT_EQ(io::read_srv("\0\1\0\2\0\3\3aBc\0"sv), (SrvRecord{1, 2, 3, "abc"}));
    EXPECT_FALSE(io::read_address("\1\2\3"sv, false));
    EXPECT_FALSE(io::read_address("\1\2\3\4"sv, true));
}

}  // namespace
}  // namespace sallyport::test
