// Hand-over: who is believed, by whom, how far, and how often. An attacker here has a certificate of the router link
// with its key (a node that was taken), or a browser, or what travelled before.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "admin/access/handover_desk.h"
#include "io/loop/asio_loop.h"
#include "io/loop/random.h"
#include "io/tls/signature.h"
#include "proto/link/neighbour.h"
#include "support/sim_log.h"
#include "support/test_pki.h"

namespace sallyport::admin {
namespace {

using namespace std::chrono_literals;

/// The time of this host, moved by the test.
struct MovedClock final : Clock {
    [[nodiscard]] TimePoint now() const override { return TimePoint{} + 1h + moved; }
    [[nodiscard]] WallTime wall() const override {
        return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()) +
               std::chrono::duration_cast<std::chrono::microseconds>(moved + set);
    }
    Duration moved{};
    Duration set{};  ///< the wall clock alone, by somebody who sets it
};

/// A node of the desk with accounts of its own.
class DeskOf {
    test::TemporaryFolder folder_;
    io::AsioLoop loop_;
    MovedClock& clock_;

public:
    DeskOf(const test::TestPki& pki, const std::string& name, Role role, MovedClock& clock) : clock_{clock} {
        file.node.name = name;
        file.role = role;
        file.link.trust = pki.trust_file();
        give_certificate(pki, name, role);
        auto opened =
            AccessDesk::open({folder_.path(), file.admin.limits, [](std::size_t n) { return io::random_bytes(n); }},
                             loop_, Logger{log, LogModule::admin});
        if (!opened) std::abort();
        access = std::move(*opened);
    }
    void give_certificate(const test::TestPki& pki, const std::string& name, Role role) {
        io::CertificateRequest request = test::TestPki::request(name);
        request.uris = {link::role_uri(role)};
        const io::TlsIdentity identity = pki.write(file.node.name + "-link", pki.issue(request));
        file.link.certificate = identity.certificate_file;
        file.link.key = identity.key_file;
    }
    void knows(const DeskOf& other, std::optional<config::HandOver> accept = std::nullopt) {
        file.admin.nodes.push_back({other.file.node.name, other.file.role, origin_of(other),
                                    accept.value_or(config::usual_hand_over(other.file.role))});
    }
    static std::string origin_of(const DeskOf& node) { return "https://" + node.file.node.name + ":9443"; }
    void add(const std::string& name, Access role) {
        bool done = false;
        access->add(name, role, "a long password", [&](const Result<void>& added) {
            EXPECT_TRUE(added);
            done = true;
        });
        loop_.run_until([&] { return done; });
    }
    /// After the time in which it takes nothing, for it may have forgotten what was used.
    void start() {
        clock_.moved -= 1min;
        desk = std::make_unique<HandoverDesk>(
            file, *access, clock_, [](std::size_t n) { return io::random_bytes(n); }, Logger{log, LogModule::admin});
        clock_.moved += 1min;
    }
    Principal sign_in(const std::string& name, bool codes = false) {
        return *access->holder_of(access->sessions().open(name, from, {.codes = codes}).id);
    }
    std::string issue(const Principal& who, const DeskOf& to) {
        const auto issued = desk->issue(who, to.file.node.name, from);
        EXPECT_TRUE(issued) << issued.error().text;
        return issued ? issued->token : std::string{};
    }
    /// The code of the refusal; "taken" where there is none.
    std::string come(const std::string& token, const DeskOf& from_node) {
        last = desk->accept(token, origin_of(from_node), from);
        return last.taken ? "taken" : last.error.code;
    }
    /// A token with any claim at all, signed with the key of this node's certificate.
    std::string sign(const HandoverClaim& claim) const {
        HandoverToken token{write(claim), {}, contents(file.link.certificate)};
        token.signature = io::sign(contents(file.link.key), HandoverDesk::context, token.claim).value();
        return write(token);
    }
    static std::string contents(const std::string& path) {
        std::ifstream in{path};
        return {std::istreambuf_iterator<char>{in}, {}};
    }

    config::NodeFile file;
    test::MemorySink log;
    std::unique_ptr<AccessDesk> access;
    std::unique_ptr<HandoverDesk> desk;
    HandoverDesk::Arrival last;
    IpAddress from = *IpAddress::parse("192.0.2.9");
};

class Handover : public testing::Test {
protected:
    Handover() {
        core.knows(edge);
        edge.knows(core);
        for (DeskOf* node : {&core, &edge}) {
            node->add("anna", Access::administer);
            node->add("otto", Access::operate);
            node->start();
        }
    }
    /// As the core would write it now.
    HandoverClaim claim() {
        return read_claim(read_token(core.issue(core.sign_in("anna"), edge)).value().claim).value();
    }
    MovedClock clock;
    test::TestPki pki;
    DeskOf core{pki, "core1.b.test", Role::core, clock};
    DeskOf edge{pki, "edge1.b.test", Role::edge, clock};
};

TEST_F(Handover, BringsSomebodyFromTheCoreToTheEdgeOnce) {
    const std::string token = core.issue(core.sign_in("anna"), edge);
    ASSERT_EQ(edge.come(token, core), "taken");
    EXPECT_EQ(edge.last.taken->opened.session.name, "anna");
    EXPECT_EQ(edge.last.taken->role, Access::administer);
    const auto holder = edge.access->holder_of(edge.last.taken->opened.id);
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->access, Access::administer);
    EXPECT_EQ(edge.access->sessions().list().front().terms.by, "core1.b.test");
    EXPECT_EQ(edge.come(token, core), "handover-replayed");
    const auto rows = edge.access->audit(10, {}).value();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].outcome, "handover-replayed");
    EXPECT_EQ(rows[1].verb, "handover.accept");
    EXPECT_EQ(rows[1].author, "anna");
    EXPECT_EQ(rows[1].outcome, "ok");
    EXPECT_EQ(core.access->audit(10, {}).value().front().verb, "handover.issue");
}

TEST_F(Handover, LeadsFromNoEdgeToTheCoreUnlessTheOperatorSaysSo) {
    EXPECT_EQ(core.come(edge.issue(edge.sign_in("anna"), core), edge), "handover-direction");
    EXPECT_TRUE(core.last.known_site);
    EXPECT_EQ(core.last.user, "anna") << "the sign-in page has the name";
    EXPECT_TRUE(core.access->sessions().list().empty());
    core.file.admin.nodes.front().accept = config::HandOver::operate;
    ASSERT_EQ(core.come(edge.issue(edge.sign_in("anna"), core), edge), "taken");
    EXPECT_EQ(core.last.taken->role, Access::operate) << "an edge says administrator, and is not believed that far";
    EXPECT_EQ(core.access->holder_of(core.last.taken->opened.id)->access, Access::operate);
}

TEST_F(Handover, GivesNoMoreThanTheAccountHasOnEitherNode) {
    core.add("rita", Access::read);
    edge.add("rita", Access::administer);
    ASSERT_EQ(edge.come(core.issue(core.sign_in("rita"), edge), core), "taken");
    EXPECT_EQ(edge.last.taken->role, Access::read) << "read-only there";
    HandoverClaim wanted = claim();
    wanted.user = "otto";
    wanted.role = Access::administer;
    ASSERT_EQ(edge.come(core.sign(wanted), core), "taken");
    EXPECT_EQ(edge.last.taken->role, Access::operate) << "operator here";
}

TEST_F(Handover, TakesNobodyWhoHasNoAccountOrNoCodeHere) {
    core.add("clara", Access::administer);
    EXPECT_EQ(edge.come(core.issue(core.sign_in("clara"), edge), core), "handover-account");
    ASSERT_TRUE(edge.access->begin_totp("anna"));
    EXPECT_EQ(edge.come(core.issue(core.sign_in("anna"), edge), core), "handover-code");
    ASSERT_EQ(edge.come(core.issue(core.sign_in("anna", true), edge), core), "taken");
    EXPECT_TRUE(edge.access->sessions().list().back().terms.codes);
}

TEST_F(Handover, BelievesNoTakenEdgeThatCallsItselfTheCore) {
    core.file.admin.nodes.front().accept = config::HandOver::operate;
    DeskOf presence{pki, "presence1.b.test", Role::presence, clock};
    presence.knows(core);
    presence.add("anna", Access::administer);
    presence.start();
    HandoverClaim forged = claim();
    forged.audience = "presence1.b.test";
    EXPECT_EQ(presence.come(edge.sign(forged), core), "handover-signature") << "its own name";
    // A certificate with the core's name that says it is an edge's.
    edge.give_certificate(pki, "core1.b.test", Role::edge);
    EXPECT_EQ(presence.come(edge.sign(forged), core), "handover-signature") << "another role";
    // The core's name and role, by an authority that nobody here trusts.
    test::TestPki other;
    edge.give_certificate(other, "core1.b.test", Role::core);
    EXPECT_EQ(presence.come(edge.sign(forged), core), "handover-signature") << "another authority";
    // In its own name it is nobody here.
    edge.give_certificate(pki, "edge1.b.test", Role::edge);
    forged.issuer = "edge1.b.test";
    EXPECT_EQ(presence.come(edge.sign(forged), edge), "handover-issuer");
    EXPECT_TRUE(presence.access->sessions().list().empty());
    EXPECT_EQ(presence.come(core.sign(claim()), core), "handover-audience");
    forged.issuer = "core1.b.test";
    EXPECT_EQ(presence.come(core.sign(forged), core), "taken");
}

TEST_F(Handover, NoticesEveryChangeOfWhatWasSigned) {
    const HandoverToken good = read_token(core.issue(core.sign_in("otto"), edge)).value();
    const auto changed = [&](const std::string& from, const std::string& to) {
        HandoverToken token = good;
        const std::size_t at = token.claim.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        token.claim.replace(at, from.size(), to);
        return edge.come(write(token), core);
    };
    EXPECT_EQ(changed("role=operator", "role=administrator"), "handover-signature");
    EXPECT_EQ(changed("user=otto", "user=anna"), "handover-signature");
    EXPECT_EQ(changed("codes=no", "codes=yes"), "handover-signature");
    EXPECT_EQ(changed("session=", "session=x"), "handover-signature");
    HandoverToken token = good;
    token.chain = DeskOf::contents(edge.file.link.certificate);
    EXPECT_EQ(edge.come(write(token), core), "handover-signature") << "another certificate than the key's";
    token = good;
    token.signature.back() = static_cast<char>(token.signature.back() ^ 1);
    EXPECT_EQ(edge.come(write(token), core), "handover-signature");
    // A handshake of TLS 1.3 signs with the same key: its context is another.
    token = good;
    token.signature =
        io::sign(DeskOf::contents(core.file.link.key), "TLS 1.3, server CertificateVerify", token.claim).value();
    EXPECT_EQ(edge.come(write(token), core), "handover-signature");
    ASSERT_EQ(edge.come(write(good), core), "taken") << "as it was signed";
    for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(changed("user=otto", "user=anna"), "handover-signature");
    EXPECT_EQ(edge.come(write(good), core), "login-throttled") << "whoever tries so often waits";
}

TEST_F(Handover, HasItsTimeAndNoMore) {
    const HandoverClaim good = claim();
    const auto at = [&](auto change) {
        HandoverClaim other = good;
        other.nonce = fresh_secret([](std::size_t n) { return io::random_bytes(n); });
        change(other);
        return edge.come(core.sign(other), core);
    };
    EXPECT_EQ(at([](HandoverClaim& c) { c.issued -= 20s, c.expires -= 20s; }), "taken") << "ten seconds are left";
    EXPECT_EQ(at([](HandoverClaim& c) { c.issued -= 36s, c.expires -= 36s; }), "handover-expired");
    EXPECT_EQ(at([](HandoverClaim& c) { c.issued -= 33s, c.expires -= 33s; }), "taken") << "clocks may differ a little";
    EXPECT_EQ(at([](HandoverClaim& c) { c.issued += 3s, c.expires += 3s; }), "taken") << "either way";
    EXPECT_EQ(at([](HandoverClaim& c) { c.issued += 8s, c.expires += 8s; }), "handover-clock");
    EXPECT_EQ(at([](HandoverClaim& c) { c.expires = c.issued + 31s; }), "handover-malformed");
    EXPECT_EQ(at([](HandoverClaim& c) { c.expires = c.issued; }), "handover-malformed");
    EXPECT_EQ(at([](HandoverClaim& c) { c.until = c.issued - 1s; }), "handover-expired") << "no session there any more";
}

TEST_F(Handover, FromBeforeItsStartIsNotTakenForItMayHaveBeenUsed) {
    const std::string token = core.issue(core.sign_in("anna"), edge);
    edge.desk = std::make_unique<HandoverDesk>(
        edge.file, *edge.access, clock, [](std::size_t n) { return io::random_bytes(n); },
        Logger{edge.log, LogModule::admin});
    EXPECT_EQ(edge.come(token, core), "handover-expired");
    clock.moved += 6s;
    EXPECT_EQ(edge.come(core.issue(core.sign_in("anna"), edge), core), "taken");
}

TEST_F(Handover, EndsWithTheSessionItCameFrom) {
    HandoverClaim brief = claim();
    brief.until = brief.issued + 10min;
    ASSERT_EQ(edge.come(core.sign(brief), core), "taken");
    const Session& session = edge.last.taken->opened.session;
    EXPECT_EQ(session.expires, brief.until);
    EXPECT_LE(session.ends - session.opened, 10min + 1min);
}

TEST_F(Handover, ToAndFroLeavesOneSession) {
    const Principal anna = core.sign_in("anna");
    for (unsigned i = 0; i < 5; ++i) {
        clock.moved += 1s;
        ASSERT_EQ(edge.come(core.issue(anna, edge), core), "taken");
    }
    EXPECT_EQ(edge.access->sessions().list().size(), 1U);
    ASSERT_EQ(edge.come(core.issue(core.sign_in("anna"), edge), core), "taken");
    EXPECT_EQ(edge.access->sessions().list().size(), 2U) << "that of another browser is another";
}

TEST_F(Handover, ComesFromThePagesOfWhoSignedIt) {
    const std::string token = core.issue(core.sign_in("anna"), edge);
    for (const char* origin : {"", "null", "https://evil.test", "https://core1.b.test", "http://core1.b.test:9443",
                               "https://core1.b.test:9443.evil.test"}) {
        const auto arrival = edge.desk->accept(token, origin, edge.from);
        EXPECT_EQ(arrival.error.code, "handover-origin") << origin;
        EXPECT_FALSE(arrival.known_site) << origin;
        EXPECT_TRUE(arrival.user.empty()) << "nothing of it is shown";
    }
    EXPECT_EQ(edge.come(token, core), "taken") << "and it was not used up";
}

TEST_F(Handover, IsOffWhereTheFileSaysSo) {
    const std::string token = core.issue(core.sign_in("anna"), edge);
    edge.file.admin.handover = core.file.admin.handover = false;
    EXPECT_EQ(edge.come(token, core), "handover-off");
    EXPECT_EQ(core.desk->issue(core.sign_in("anna"), "edge1.b.test", core.from).error().code, "handover-off");
}

TEST_F(Handover, IsForPeopleAndForNodesOfTheFile) {
    const Principal script{"deploy", "token deploy", Access::administer, {}, {}};
    EXPECT_EQ(core.desk->issue(script, "edge1.b.test", core.from).error().code, "session-none");
    EXPECT_EQ(core.desk->issue(core.sign_in("anna"), "edge2.b.test", core.from).error().code, "handover-node");
}

TEST_F(Handover, RemembersABoundedNumberOfUsedOnes) {
    edge.file.admin.limits.handovers = 8;
    const auto come = [&] { return edge.come(core.issue(core.sign_in("anna"), edge), core); };
    EXPECT_EQ(come(), "taken");
    EXPECT_EQ(come(), "taken");
    EXPECT_EQ(come(), "handover-busy");
    clock.moved += 41s;
    EXPECT_EQ(come(), "taken");
    EXPECT_EQ(edge.desk->used(), 1U);
}

/// An edge that is believed as operator must not get on, through the core, to nodes that do not believe it.
TEST_F(Handover, GoesOneStepAndNoFurther) {
    core.file.admin.nodes.front().accept = config::HandOver::operate;
    ASSERT_EQ(core.come(edge.issue(edge.sign_in("anna"), core), edge), "taken");
    const Principal brought = core.access->holder_of(core.last.taken->opened.id).value();
    const auto on = core.desk->issue(brought, "edge1.b.test", core.from);
    ASSERT_FALSE(on);
    EXPECT_EQ(on.error().code, "handover-brought");
    EXPECT_NE(on.error().text.find("edge1.b.test"), std::string::npos) << "by whom: " << on.error().text;
    EXPECT_NE(core.access->audit(1, {}).value().front().verb, "handover.issue");
    EXPECT_FALSE(core.issue(core.sign_in("anna"), edge).empty()) << "who signs in here may go on";
}

TEST_F(Handover, EndsNoSessionOfALogInHereWhoeverIsBelieved) {
    const auto logged_in = edge.sign_in("anna");
    for (unsigned i = 0; i < 63; ++i) (void)edge.access->sessions().open("n" + std::to_string(i), edge.from);
    for (unsigned i = 0; i < 5; ++i) ASSERT_EQ(edge.come(core.issue(core.sign_in("anna"), edge), core), "taken");
    EXPECT_NE(edge.access->sessions().look(logged_in.session), nullptr) << "neither for her own";
    const auto brought = [&](const std::string& by) {
        const auto all = edge.access->sessions().list();
        return std::ranges::count_if(all, [&](const Session& session) { return session.terms.by == by; });
    };
    EXPECT_EQ(brought("core1.b.test"), static_cast<long>(Sessions::brought_per_account));
    // As many accounts as anybody likes.
    for (unsigned i = 0; i < 40; ++i) {
        (void)edge.access->sessions().open("m" + std::to_string(i), edge.from, {.by = "core1.b.test"});
    }
    EXPECT_EQ(brought("core1.b.test"), 16);
    (void)edge.access->sessions().open("anna", edge.from, {.by = "imp1.b.test"});
    EXPECT_EQ(brought("core1.b.test"), 16) << "nor does one node that vouches end those of another";
    EXPECT_EQ(brought(""), 64);
}

TEST_F(Handover, HasAShareOfTheTableForEachIssuer) {
    DeskOf presence{pki, "imp1.b.test", Role::presence, clock};
    edge.knows(presence, config::HandOver::operate);
    presence.knows(edge);
    presence.add("otto", Access::operate);
    presence.start();
    edge.file.admin.limits.handovers = 8;
    const auto come = [&](DeskOf& by) { return edge.come(by.issue(by.sign_in("otto"), edge), by); };
    EXPECT_EQ(come(presence), "taken");
    EXPECT_EQ(come(presence), "taken");
    EXPECT_EQ(come(presence), "handover-busy");
    EXPECT_EQ(come(core), "taken") << "and the core is let in";
    const std::size_t rows = edge.access->audit(100, {}).value().size();
    for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(come(presence), "handover-busy");
    EXPECT_EQ(edge.access->audit(100, {}).value().size(), rows) << "the audit has one of them a minute";
    for (unsigned i = 0; i < 4; ++i) (void)come(presence);
    EXPECT_EQ(come(core), "login-throttled") << "they count as attempts of that address";
}

TEST_F(Handover, IsNotUsedAgainWhenTheClockIsSetBack) {
    const std::string token = core.issue(core.sign_in("anna"), edge);
    ASSERT_EQ(edge.come(token, core), "taken");
    clock.moved += 60s;
    EXPECT_EQ(edge.come(core.issue(core.sign_in("otto"), edge), core), "taken");
    EXPECT_EQ(edge.desk->used(), 1U) << "the first one is forgotten";
    clock.set -= 60s;
    EXPECT_EQ(edge.come(token, core), "handover-clock");
    clock.set += 60s;
    clock.moved += 1s;
    EXPECT_EQ(edge.come(core.issue(core.sign_in("otto"), edge), core), "taken");
}

TEST_F(Handover, IsTakenSoonAfterAStartWithAWrongClock) {
    clock.set += 1h;
    edge.desk = std::make_unique<HandoverDesk>(
        edge.file, *edge.access, clock, [](std::size_t n) { return io::random_bytes(n); },
        Logger{edge.log, LogModule::admin});
    clock.set -= 1h;
    EXPECT_EQ(edge.come(core.issue(core.sign_in("anna"), edge), core), "handover-expired");
    clock.moved += HandoverDesk::remembered;
    EXPECT_EQ(edge.come(core.issue(core.sign_in("anna"), edge), core), "taken");
}

TEST_F(Handover, IsSignedOnceASecondForASession) {
    const Principal anna = core.sign_in("anna");
    EXPECT_FALSE(core.issue(anna, edge).empty());
    for (unsigned i = 0; i < 50; ++i) {
        EXPECT_EQ(core.desk->issue(anna, "edge1.b.test", core.from).error().code, "handover-often");
    }
    EXPECT_EQ(core.access->audit(100, {}).value().size(), 1U);
    EXPECT_FALSE(core.issue(core.sign_in("anna"), edge).empty()) << "another browser has its own";
    clock.moved += 1s;
    EXPECT_FALSE(core.issue(anna, edge).empty());
}

TEST_F(Handover, TakesNothingFromStrangersIntoItsTable) {
    for (unsigned i = 0; i < 5; ++i) (void)edge.come(edge.sign(claim()), core);
    EXPECT_EQ(edge.desk->used(), 0U);
    EXPECT_TRUE(edge.access->audit(10, {}).value().empty()) << "nor into the audit, which forgets what is old";
}

TEST(HandoverClaimText, IsReadAsItIsWrittenAndInNoOtherWay) {
    HandoverClaim claim{"core1.b.test", "edge1.b.test", "anna",       Access::operate, true,
                        WallTime{1s},   WallTime{2s},   WallTime{3s}, "nonce",         "session-1"};
    const std::string text = write(claim);
    EXPECT_EQ(read_claim(text).value(), claim);
    const auto without = [&](const std::string& from, const std::string& to) {
        std::string other = text;
        const std::size_t at = other.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        other.replace(at, from.size(), to);
        return read_claim(other).error().code;
    };
    for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
             {"hand-over 1", "hand-over 2"},
             {"user=anna", "user="},
             {"user=anna\n", ""},
             {"user=anna\n", "user=anna\nuser=otto\n"},
             {"user=anna\nrole=operator", "role=operator\nuser=anna"},
             {"user=anna", "user=an na"},
             {"user=anna", "user=anna\r"},
             {"role=operator", "role=root"},
             {"codes=yes", "codes=true"},
             {"issued=1000", "issued=01000"},
             {"issued=1000", "issued=-1"},
             {"issued=1000", "issued=99999999999999999999"},
             {"issued=1000", "issued=1000 "},
             {"session=session-1\n", "session=session-1"},
             {"session=session-1\n", "session=session-1\nmore=1\n"},
         }) {
        EXPECT_EQ(without(from, to), "handover-malformed") << from << " -> " << to;
    }
    EXPECT_FALSE(read_claim(""));
    EXPECT_FALSE(read_claim(std::string(100'000, '\n')));
    for (const char* token : {"", ".", "..", "YQ.YQ", "YQ.YQ.", "YQ.YQ.YQ.YQ", "Y Q.YQ.YQ", "YQ==.YQ.YQ", "YR.YQ.YQ"}) {
        EXPECT_FALSE(read_token(token)) << token;
    }
    EXPECT_TRUE(read_token("YQ.YQ.YQ"));
}

TEST(Signatures, AreOfOneKeyOneContextAndOneText) {
    const test::TestPki pki;
    for (const io::KeyKind kind : {io::KeyKind::ec_p256, io::KeyKind::rsa_2048}) {
        io::CertificateRequest request = test::TestPki::request("core1.b.test");
        request.key = kind;
        const io::PemPair pair = pki.issue(request), other = pki.issue(request);
        const std::string& trust = pki.authority().certificate;
        const std::string signature = io::sign(pair.key, "one", "text").value();
        const auto good = io::verify(pair.certificate, trust, "one", "text", signature);
        ASSERT_TRUE(good);
        EXPECT_TRUE(good->chain_valid) << good->chain_error;
        EXPECT_EQ(io::verify(pair.certificate, trust, "two", "text", signature).error().code, "signature-wrong");
        EXPECT_EQ(io::verify(pair.certificate, trust, "one", "texT", signature).error().code, "signature-wrong");
        EXPECT_EQ(io::verify(other.certificate, trust, "one", "text", signature).error().code, "signature-wrong");
        EXPECT_EQ(io::verify(pair.certificate, trust, "one", "text", "").error().code, "signature-wrong");
        const test::TestPki stranger;
        const auto untrusted = io::verify(pair.certificate, stranger.authority().certificate, "one", "text", signature);
        ASSERT_TRUE(untrusted);
        EXPECT_FALSE(untrusted->chain_valid);
    }
    EXPECT_EQ(io::sign("no key", "one", "text").error().code, "tls-key");
    EXPECT_EQ(io::signed_text("c", "t").size(), 64U + 1 + 1 + 1);
}

}  // namespace
}  // namespace sallyport::admin
