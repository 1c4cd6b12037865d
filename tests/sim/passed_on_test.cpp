// What one hop lets in, the next takes (docs/protocol/link.md section 7): stanzas at every limit, between two
// organisations and from a presence node. Links stay up, others' stanzas pass, and each stanza arrives or comes back.
#include <gtest/gtest.h>

#include "support/raw_partner.h"
#include "support/repeat.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

struct Case {
    std::string attributes, content;
};

/// Everything that `most` lets in at the most.
std::vector<Case> at_the_limits(const XmlLimits& most) {
    std::vector<Case> all;
    Case many, spaces;
    for (std::size_t i = 0; i < most.attributes - 3; ++i) many.attributes += " a" + std::to_string(i) + "=''";
    all.push_back(std::move(many));
    for (const char* quoted : {"'", "&quot;'", ">", "\t"}) {
        std::string value = repeated(quoted, most.attribute_bytes / std::string_view{quoted}.size());
        all.push_back({" a=\"" + std::move(value) + "\"", {}});
    }
    for (std::size_t i = 0; i < most.namespaces; ++i) {
        spaces.attributes += " xmlns:p" + std::to_string(i) + "='urn:" + std::to_string(i) + "'";
        spaces.content += "<p" + std::to_string(i) + ":x/>";
    }
    spaces.content = repeated(spaces.content, 20);
    all.push_back(std::move(spaces));
    all.push_back({{}, repeated("<x>", most.depth) + repeated("</x>", most.depth)});
    all.push_back({{}, repeated("<x/>", most.elements - 1)});
    all.push_back({" xmlns:a='" + std::string(most.attribute_bytes, 'u') + "'", repeated("<a:x/>", most.elements - 1)});
    const std::size_t room = most.element_bytes - 200;
    all.push_back({{}, "<x>" + std::string(room, 'x') + "</x>"});
    all.push_back({{}, "<x>" + std::string(room, '>') + "</x>"});
    all.push_back({{}, "<x><![CDATA[" + std::string(room, '&') + "]]></x>"});
    all.push_back({{}, "<größe xmlns='urn:x'/>"});
    return all;
}

class PassedOnByNodes : public testing::TestWithParam<bool> {
protected:
    /// `sender` says each of `cases` to `receiver`, as it may be passed on or (the parameter) so that it is written
    /// afresh.
    void say(SimUser& sender, SimUser& receiver, const std::vector<Case>& cases) {
        const std::string name = (GetParam() ? "ROMEO@" : "romeo@") + sender.domain();
        for (std::size_t i = 0; i < cases.size(); ++i) {
            const std::string id = sender.domain() + std::to_string(i);
            sender.say("<message from='" + name + "' to='juliet@" + receiver.domain() + "' id='" + id + "'" +
                       cases[i].attributes + ">" + cases[i].content + "</message>");
            sender.message("mercutio@" + sender.domain(), "tybalt@" + receiver.domain(), id + "-other");
            ASSERT_TRUE(f.world.run_until([&] { return told(sender, receiver, id); }))
                << "neither arrived nor back: " << i;
            ASSERT_TRUE(f.world.run_until([&] { return receiver.got(id + "-other"); }))
                << (sender.got(id + "-other") ? "turned back: " : "held up: ") << i;
            EXPECT_EQ(sender.with_id(id).size() + receiver.with_id(id).size(), 1U) << i;
            arrived += receiver.with_id(id).size();
        }
    }
    static bool told(const SimUser& sender, const SimUser& receiver, const std::string& id) {
        return sender.got(id) || receiver.got(id);
    }
    void expect_links_up() {
        for (const MemorySink* log : {&f.a.core_log, &f.a.edge_log, &f.a.presence_log, &f.b.core_log, &f.b.edge_log}) {
            EXPECT_EQ(log->count("link.down"), 0U);
        }
        if (HasFailure()) std::fputs(f.logs().substr(0, 20000).c_str(), stderr);
    }
    void SetUp() override {
        f.a.limits = open_profile(f.a.limits);
        f.b.limits = open_profile(f.b.limits);
    }
    static XmlLimits lifted() { return {unlimited, unlimited, unlimited, unlimited, unlimited, unlimited}; }

    Federation f{1, true};
    std::size_t arrived = 0;
};
INSTANTIATE_TEST_SUITE_P(AsTheyCameOrAfresh, PassedOnByNodes, testing::Bool());

TEST_P(PassedOnByNodes, WhatTheDefaultsLetInArrivesAcrossEveryLink) {
    // The partner takes what we have written: all that stands between is ours.
    f.b.limits.after_auth = lifted();
    ASSERT_TRUE(f.start()) << f.logs();
    const std::vector<Case> cases = at_the_limits(Limits{}.after_auth);
    say(f.a.user(), f.b.user(), cases);
    EXPECT_EQ(arrived, cases.size()) << "from the core to the edge";
    say(f.a.imp_user, f.b.user(), cases);
    EXPECT_EQ(arrived, 2 * cases.size()) << "from the presence node to the core";
    say(f.a.user(), f.a.imp_user, cases);
    EXPECT_EQ(arrived, 3 * cases.size()) << "from the core to the presence node";
    expect_links_up();
}

TEST_P(PassedOnByNodes, WhatAPartnerMayInArrivesAcrossEveryLink) {
    f.b.limits.after_auth = lifted();
    f.a.limits.after_auth = lifted();
    f.b.limits.after_auth.element_bytes = Limits{}.after_auth.element_bytes;
    ASSERT_TRUE(f.start()) << f.logs();
    const std::vector<Case> cases = at_the_limits(Limits{}.after_auth);
    say(f.b.user(), f.a.user(), cases);
    EXPECT_EQ(arrived, cases.size()) << "from the edge to the core";
    say(f.b.user(), f.a.imp_user, cases);
    EXPECT_EQ(arrived, 2 * cases.size()) << "and on to the presence node";
    expect_links_up();
}

TEST_P(PassedOnByNodes, WhatNoLimitHoldsBackArrivesOrComesBack) {
    f.a.limits.after_auth = lifted();
    f.b.limits.after_auth = lifted();
    f.a.limits.queue_bytes = f.b.limits.queue_bytes = std::uint64_t{64} << 20;
    ASSERT_TRUE(f.start()) << f.logs();
    const std::size_t most = largest_stanza.element_bytes;
    const std::vector<Case> cases{{{}, std::string(5 << 20, 'x')},  // more than a link took once
                                  {{}, "<![CDATA[" + std::string(most - 200, '&') + "]]>"},  // five times as long
                                  {" a=\"" + repeated("&quot;'", largest_stanza.attribute_bytes / 7) + "\"", {}}};
    say(f.a.imp_user, f.a.user(), cases);
    EXPECT_EQ(arrived, cases.size() - 1);
    expect_links_up();
}

/// A partner whom a row of federation.peers lets send and be sent more than everybody else.
class ExemptPartner : public testing::Test {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        config::PeerException exempt{*config::NamePattern::parse("c.test"), {}, {}, {}, {}, {}};
        exempt.limits = {{"stanza_bytes", largest_stanza.element_bytes}};
        f.a.settings.peers.push_back(exempt);
        f.a.start_edge();
        // The core lets its component send as much: at the edge it is the exception that counts.
        f.a.limits.after_auth.element_bytes = largest_stanza.element_bytes;
        f.a.start_core();
        f.a.attach_users();
        ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); })) << f.logs();
    }
    void TearDown() override {
        EXPECT_EQ(f.a.core_log.count("link.down") + f.a.edge_log.count("link.down"), 0U);
        if (HasFailure()) std::fputs(f.logs().substr(0, 20000).c_str(), stderr);
    }
    RawStream& opened(RawPartner& by) {
        RawStream& stream = by.open(f.a.edge_public, "a.test");
        EXPECT_TRUE(f.world.run_until([&] { return stream.ready(); })) << f.logs();
        return stream;
    }

    /// More than a link took once: as it is, and because it is written afresh.
    const std::vector<std::string> bodies{std::string(6 << 20, 'x'), "<![CDATA[" + std::string(6 << 18, '&') + "]]>"};
    Federation f;
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"}, d{f.world, f.dns, "d.test", "198.51.100.10"};
};

TEST_F(ExemptPartner, SendsLargeStanzasAcrossTheLink) {
    RawStream &stream = opened(c), &other = opened(d);
    for (std::size_t n = 0; n < bodies.size(); ++n) {
        const std::string id = std::to_string(n);
        stream.message("u@c.test", "romeo@a.test", id, bodies[n]);
        stream.message("u@c.test", "romeo@a.test", id + "-other");
        EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got(id + "-other"); }));
        ASSERT_TRUE(f.a.user().got(id));
        EXPECT_GT(f.a.user().with_id(id).front()->bytes.size(), 4U << 20);
    }
    EXPECT_TRUE(c.ids().empty()) << "nothing was returned";
    other.message("u@d.test", "romeo@a.test", "large", bodies.back());
    EXPECT_TRUE(f.world.run_until([&] { return d.got("large"); })) << "nobody else may";
    EXPECT_FALSE(f.a.user().got("large"));
}

TEST_F(ExemptPartner, GetsLargeStanzasAcrossTheLink) {
    for (std::size_t n = 0; n < bodies.size(); ++n) {
        const std::string id = std::to_string(n);
        f.a.user().message("romeo@a.test", "u@c.test", id, bodies[n]);
        f.a.user().message("romeo@a.test", "u@c.test", id + "-other");
        EXPECT_TRUE(f.world.run_until([&] { return c.got(id + "-other"); }));
        EXPECT_TRUE(c.got(id));
    }
    EXPECT_TRUE(f.a.user().received().empty());
    f.a.user().message("romeo@a.test", "u@d.test", "large", bodies.front());
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("large"); })) << "it is more than another's queue takes";
    EXPECT_FALSE(d.got("large"));
}

}  // namespace
}  // namespace sallyport::test
