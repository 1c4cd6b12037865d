// XEP-0114, the accepting side (threat T73): the digest of this stream's id and this component's secret, and nothing
// else.
#include "proto/link/component.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/limits.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::link {
namespace {

/// What the machine does after a header for comp.b.test on a stream with this id, and this handshake.
struct Attached {
    explicit Attached(const std::string& stream_id, const std::string& handshake,
                      const std::string& domain = "comp.b.test")
        : machine{stream_id,
                  [](const xmpp::Domain& asked) -> std::optional<std::string> {
                      if (asked.text() == "comp.b.test") return "secret of comp";
                      if (asked.text() == "irc.b.test") return "secret of irc";
                      if (asked.text() == "cm-1.jabber") return "secret";
                      return std::nullopt;
                  },
                  std::chrono::seconds{10}, TimePoint{}} {
        xml::Reader reader{Limits{}.before_auth};
        const std::string bytes =
            "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='" +
            domain + "'><handshake>" + handshake + "</handshake>";
        reader.feed(bytes);
        EXPECT_EQ(reader.next(), xml::Kind::header);
        machine.on_header(reader.header(), actions);
        if (machine.closed()) return;
        EXPECT_EQ(reader.next(), xml::Kind::element);
        machine.on_element(reader.tree(), actions);
    }
    ComponentAccept machine;
    Actions actions;
};

std::string digest(const std::string& stream_id, const std::string& secret) { return to_hex(sha1(stream_id + secret)); }

std::string upper(std::string text) {
    for (char& c : text) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

TEST(ComponentAccept, TakesTheHandshakeOfItsStreamAndSecretOnly) {
    EXPECT_TRUE(Attached("3BF96D32", digest("3BF96D32", "secret of comp")).machine.attached());
    const std::string good = digest("3BF96D32", "secret of comp");
    for (const std::string& bad :
         {digest("3BF96D33", "secret of comp"), digest("3BF96D32", "secret of irc"), digest("3BF96D32", ""),
          std::string{"secret of comp"}, std::string{}, good.substr(1), good + "0", upper(good)}) {
        Attached refused{"3BF96D32", bad};
        EXPECT_FALSE(refused.machine.attached()) << bad;
        ASSERT_FALSE(refused.actions.empty());
        const auto* close = std::get_if<Close>(&refused.actions.back());
        ASSERT_NE(close, nullptr) << bad;
        ASSERT_TRUE(close->error);
        EXPECT_EQ(close->error->condition, xmpp::StreamCondition::not_authorized);
    }
}

/// How the stream has ended: by an error, or "" without one; nothing: it has not.
std::optional<std::string> ended(const Actions& actions) {
    for (const Action& action : actions) {
        const auto* close = std::get_if<Close>(&action);
        if (close == nullptr) continue;
        return close->error ? std::string{xmpp::text(close->error->condition)} : std::string{};
    }
    return std::nullopt;
}

xml::Element element(std::string_view space, const std::string& name) { return xml::Element{std::string{space}, name}; }

TEST(ComponentAccept, EndsAtWhatHasNoPlaceInItsPhase) {
    const std::string good = digest("id", "secret of comp");
    const xml::Header second{};
    {
        Attached comp{"id", good};
        Actions out;
        comp.machine.on_header(second, out);
        EXPECT_EQ(ended(out), "bad-format");
    }
    {
        Attached comp{"id", good};
        Actions out;
        comp.machine.on_element(element(xmpp::ns::component, "handshake"), out);
        EXPECT_EQ(ended(out), "unsupported-stanza-type") << "it is attached";
    }
    ComponentAccept fresh{"id", [](const xmpp::Domain&) { return std::nullopt; }, std::chrono::seconds{10}, {}};
    Actions out;
    fresh.on_element(element(xmpp::ns::component, "handshake"), out);
    EXPECT_EQ(ended(out), "not-authorized") << "before the header";
    EXPECT_EQ(fresh.deadline(), never);
    out.clear();
    fresh.on_footer(out);
    EXPECT_EQ(ended(out), std::nullopt) << "it has ended once";
}

TEST(ComponentAccept, EndsWithoutAnErrorWhenTheComponentGoes) {
    for (const bool error : {false, true}) {
        Attached comp{"id", digest("id", "secret of comp")};
        Actions out;
        error ? comp.machine.on_element(element(xmpp::ns::streams, "error"), out) : comp.machine.on_footer(out);
        EXPECT_EQ(ended(out), "") << error;
        EXPECT_TRUE(comp.machine.closed());
    }
}

/// An XCP component in xmpptrace's testWx2RequestMessageXMPPtoWx2.pcap (github.com/balthorium/xmpptrace, fbd9e93).
TEST(ComponentAccept, TakesTheHandshakeOfAPublicCapture) {
    EXPECT_TRUE(Attached("5331A2E8", "a9df8033f119827b164224a28b5d1323f2f63d60", "cm-1.jabber").machine.attached());
}

TEST(ComponentAccept, KnowsItsDomainsOnly) {
    Attached other{"id", digest("id", ""), "other.b.test"};
    EXPECT_TRUE(other.machine.closed());
    Attached comp{"id", digest("id", "secret of comp")};
    Actions actions;
    EXPECT_TRUE(comp.machine.admits("comp.b.test", actions));
    EXPECT_FALSE(comp.machine.admits("irc.b.test", actions));
    EXPECT_TRUE(comp.machine.closed());
}

}  // namespace
}  // namespace sallyport::link
