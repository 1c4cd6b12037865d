// Published exchanges as they stand: XEP-0220 section 2 (capulet.example and montague.example), and the trace of
// coluc.com and vngtp.lab in all three roles that Expressway's article on chaining prints, with its 40-digit keys,
// repeated keys in answers and ids on initial headers.
#include <gtest/gtest.h>

#include "support/dialogue.h"
#include "support/words.h"

namespace sallyport::testing {
namespace {

using Outcome = s2s::Verified::Outcome;
using s2s::Method;

TestRules serving(std::string_view domain_name, std::string_view secret) {
    TestRules rules;
    rules.served = {std::string{domain_name}};
    rules.secret = secret;
    rules.everyone.security = s2s::SecurityMode::no_tls;
    return rules;
}

constexpr std::string_view capulet_key = "b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3";
constexpr std::string_view seed_key = "d780f198ac34a6dbd795fcdaf8762eaf52ea9b03";

TEST(Xep0220, InitiatingServer) {
    const auto make = [] {
        return Dialogue::outbound(serving("capulet.example", "s3cr3tf0rd14lb4ck"),
                                  pair_of("capulet.example", "montague.example"));
    };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.connected();
        with.our_header("from='capulet.example' to='montague.example'");
        with.peer(
            "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
            "xmlns:db='jabber:server:dialback' id='D60000229F' from='montague.example' to='capulet.example' "
            "version='1.0'>");
        with.peer(features(f_dialback));
        with.ours(result("capulet.example", "montague.example", capulet_key));
        with.peer(result_is("montague.example", "capulet.example", "valid"));
        with.expect_ready(pair_of("capulet.example", "montague.example"), Method::dialback);
        with.ours_nothing();
    });
}

TEST(Xep0220, AuthoritativeServer) {
    const auto make = [] { return Dialogue::inbound(serving("capulet.example", "s3cr3tf0rd14lb4ck")); };
    Dialogue::fail_each_step(make, [](Dialogue& with) {
        with.peer_header("montague.example", "capulet.example");
        with.our_header();
        with.ours(features(f_dialback, f_sm, f_limits));
        with.peer(verify("montague.example", "capulet.example", "D60000229F", capulet_key));
        with.ours(verify_is("capulet.example", "montague.example", "D60000229F", "valid"));
        with.peer(verify("montague.example", "capulet.example", "D60000229F", std::string(64, '0')));
        with.ours(verify_is("capulet.example", "montague.example", "D60000229F", "invalid"));
    });
}

TEST(Xep0220, ReceivingServerAsksTheAuthorityOnAStreamOfItsOwn) {
    Dialogue inbound = Dialogue::inbound(serving("montague.example", "d14lb4ck43v3r"));
    inbound.peer_header("capulet.example", "montague.example");
    inbound.our_header("from='montague.example' to='capulet.example' id='id-1'");
    inbound.ours(features(f_dialback, f_sm, f_limits));
    inbound.peer(result("capulet.example", "montague.example", capulet_key));
    const s2s::Verify request{pair_of("montague.example", "capulet.example"), "id-1", std::string{capulet_key}};
    inbound.expect_verify(request);

    Dialogue asking = Dialogue::outbound(serving("montague.example", "d14lb4ck43v3r"), request.pair, true);
    asking.verify(request);
    asking.connected();
    asking.our_header("from='montague.example' to='capulet.example'");
    asking.peer_header("capulet.example", "montague.example", "id='10'");
    asking.peer(features(f_dialback));
    asking.ours(verify("montague.example", "capulet.example", "id-1", capulet_key));
    asking.peer(verify_is("capulet.example", "montague.example", "id-1", "valid"));
    asking.expect_verified(request.pair, Outcome::valid);
    asking.ours(close_tag);

    inbound.verdict(request.pair, Outcome::valid);
    inbound.ours(result_is("montague.example", "capulet.example", "valid"));
    inbound.expect_ready(request.pair, Method::dialback);
}

TEST(Seed, InitiatingServer) {
    Dialogue with = Dialogue::outbound(serving("coluc.com", "s3cr3tf0rd14lb4ck"), pair_of("coluc.com", "vngtp.lab"));
    with.connected();
    with.peer(
        "<stream:stream from='vngtp.lab' id='05E295A2B' version='1.0' xml:lang='en-US.UTF-8' xmlns='jabber:server' "
        "xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams'><stream:features/>");
    with.expect_note("s2s.result.sent", "key", "b0a0778c");
    with.expect_note("s2s.dialback.timeout-scheduled", "seconds", "30");
    with.peer("<db:result from='vngtp.lab' to='coluc.com' type='valid'>" + std::string{seed_key} + "</db:result>");
    with.expect_note("s2s.state", "from", "PENDING");
    with.expect_note("s2s.state", "to", "CONNECTED");
    with.expect_ready(pair_of("coluc.com", "vngtp.lab"), Method::dialback);
}

TEST(Seed, ReceivingServer) {
    const auto pair = pair_of("vngtp.lab", "coluc.com");
    Dialogue inbound = Dialogue::inbound(serving("vngtp.lab", "any"));
    inbound.peer(
        "<stream:stream from='coluc.com' id='34A9B60C8' to='vngtp.lab' version='1.0' xml:lang='en-US.UTF-8' "
        "xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
        "xmlns:stream='http://etherx.jabber.org/streams'>");
    inbound.peer(result("coluc.com", "vngtp.lab", seed_key));
    inbound.expect_note("s2s.result.received", "key", "d780f198");
    inbound.expect_verify({pair, "id-1", std::string{seed_key}});

    Dialogue asking = Dialogue::outbound(serving("vngtp.lab", "any"), pair, true);
    asking.verify({pair, "id-1", std::string{seed_key}});
    asking.connected();
    asking.peer(
        "<stream:stream from='coluc.com' id='94A9B60C8' version='1.0' xml:lang='en-US.UTF-8' xmlns='jabber:server' "
        "xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams'><stream:features/>");
    asking.expect_note("s2s.verify.sent", "id", "id-1");
    asking.peer("<db:verify from='coluc.com' id='id-1' to='vngtp.lab' type='valid'>" + std::string{seed_key} +
                "</db:verify>");
    asking.expect_note("s2s.verify.received", "type", "valid");
    asking.expect_verified(pair, Outcome::valid);

    inbound.verdict(pair, Outcome::valid);
    inbound.expect_note("s2s.result.answered", "type", "valid");
    inbound.expect_ready(pair, Method::dialback);
}

TEST(Seed, AuthoritativeServer) {
    Dialogue with = Dialogue::inbound(serving("coluc.com", "s3cr3tf0rd14lb4ck"));
    with.peer(
        "<stream:stream from='vngtp.lab' id='1327B794B' to='coluc.com' version='1.0' xml:lang='en-US.UTF-8' "
        "xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
        "xmlns:stream='http://etherx.jabber.org/streams'>");
    with.our_header();
    with.ours(features(f_dialback, f_sm, f_limits));
    with.expect_note("s2s.stream.opened", "peer-id", "1327B794B");
    with.peer(verify("vngtp.lab", "coluc.com", "05E295A2B", seed_key));  // another product's key: not ours
    with.ours(verify_is("coluc.com", "vngtp.lab", "05E295A2B", "invalid"));
    with.peer(verify("vngtp.lab", "coluc.com", "05E295A2B",
                     "b0a0778c31c88ce57cc5998050df7ea6bc10cb345503eba777301355bd3756e4"));
    with.ours(verify_is("coluc.com", "vngtp.lab", "05E295A2B", "valid"));
    with.peer(close_tag);
    with.expect_note("s2s.stream.closed-dialback-only");
}

}  // namespace
}  // namespace sallyport::testing
