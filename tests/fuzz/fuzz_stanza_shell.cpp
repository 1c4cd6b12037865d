// Any bytes as the stanzas of a stream: what the intake passes on must, for expat in any content namespace, be the tree
// that was received with canonical addresses (threats T42, T45, T46).
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "fuzz/check.h"
#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stanza.h"
#include "support/expat_oracle.h"

using namespace sallyport;

namespace {

constexpr std::array<std::string_view, 3> headers = {
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
    "xmlns:db='jabber:server:dialback' xmlns:x='urn:x'>",
    "<stream xmlns='http://etherx.jabber.org/streams' xmlns:s='jabber:server'>",
    "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:component:accept'>",
};

/// Moves the content namespace as the intake does: below elements of other namespaces it stays.
void move_content(xml::Element& element, const std::string& from, const std::string& to) {
    if (element.space != from) return;
    element.space = to;
    for (xml::Element::Child& child : element.children) {
        if (auto* const inner = std::get_if<xml::Element>(&child)) move_content(*inner, from, to);
    }
}

bool holds_stream_element(const xml::Element& element) {
    if (element.space == xmpp::ns::streams) return true;
    for (const xml::Element::Child& child : element.children) {
        const auto* const inner = std::get_if<xml::Element>(&child);
        if (inner != nullptr && holds_stream_element(*inner)) return true;
    }
    return false;
}

std::string canonical(std::string_view address) {
    const auto jid = xmpp::Jid::parse(address);
    fuzz::check(jid.has_value(), "a stanza with a malformed address");
    return jid->text();
}

bool same(xml::Element a, xml::Element b) {
    // Attributes have no order.
    const auto sort = [](xml::Element& element, const auto& self) -> void {
        std::sort(element.attributes.begin(), element.attributes.end(),
                  [](const xml::Attribute& x, const xml::Attribute& y) {
                      return std::pair{x.space.text(), x.name} < std::pair{y.space.text(), y.name};
                  });
        for (xml::Element::Child& child : element.children) {
            if (auto* const inner = std::get_if<xml::Element>(&child)) self(*inner, self);
        }
    };
    sort(a, sort);
    sort(b, sort);
    return a == b;
}

/// What is passed on is at most so many times as long as what came (element.h), and the next hop takes it as one
/// stanza, in its own content namespace.
void check_next_hop(std::string_view received, std::string_view passed_on) {
    fuzz::check(passed_on.size() <= 6 * received.size() + 512, "a stanza that grew");
    const std::string stream =
        "<s:stream xmlns='jabber:component:accept' xmlns:s='http://etherx.jabber.org/streams' "
        "xmlns:sp='urn:sallyport:link:0'>" +
        std::string{passed_on};
    xml::Reader next{passed_on_limits};
    next.feed(stream);
    fuzz::check(next.next() == xml::Kind::header && next.next() == xml::Kind::element, "the next hop cannot read it");
    xmpp::StanzaIntake intake;
    xmpp::Stanza out;
    xmpp::StanzaProblem problem;
    fuzz::check(intake.read(next, {}, out, problem), "the next hop does not take it");
    const bool own = passed_on.find("jabber:component:accept") != std::string_view::npos;
    fuzz::check(own || out.bytes == passed_on, "the next hop takes another stanza");
    fuzz::check(next.next() == xml::Kind::need_more, "the next hop finds more than one stanza");
}

void check_stanza(const xml::Reader& reader, const xmpp::Stanza& stanza, bool language_added) {
    // A content namespace that no input holds, so that nothing received can be in it already.
    const std::string content = "urn:content:of:the:next:stream";
    const std::string wrapped = "<w xmlns='" + content + "'>" + std::string{stanza.bytes} + "</w>";
    fuzz::check(test::expat_takes(wrapped), "a name that the next parser refuses");
    const auto outer = test::parse_with_expat(wrapped);
    fuzz::check(outer && outer->children.size() == 1 && outer->first_child() != nullptr, "not one stanza for expat");
    xml::Element expected = reader.tree();
    move_content(expected, std::string{expected.space.text()}, content);
    expected.set("to", canonical(expected.attribute("to"))).set("from", canonical(expected.attribute("from")));
    if (language_added) expected.attributes.push_back({std::string{xmpp::ns::xml}, "lang", "en"});
    fuzz::check(same(*outer->first_child(), expected), "another stanza than was received");
    fuzz::check(!holds_stream_element(expected), "an element of the stream within a stanza");
    fuzz::check(stanza.to == expected.attribute("to") && stanza.from == expected.attribute("from"), "other addresses");
    fuzz::check(xmpp::Jid::parse(stanza.to)->domain().text() == stanza.to_domain, "another domain in to");
    fuzz::check(xmpp::Jid::parse(stanza.from)->domain().text() == stanza.from_domain, "another domain in from");
    fuzz::check(
        stanza.type == xml::escaped(expected.attribute("type")) || stanza.type.find('&') == std::string_view::npos,
        "a type in disguise");
    check_next_hop(reader.slice(), stanza.bytes);
    const std::string answer = xmpp::bounce(stanza, {xmpp::StanzaCondition::gone, {}});
    if (answer.empty()) return;
    const auto bounced = test::parse_with_expat(answer);
    fuzz::check(bounced && bounced->children.size() == 1, "a bounce that is no stanza");
    fuzz::check(bounced->attribute("id") == expected.attribute("id"), "a bounce with another id");
    fuzz::check(bounced->attribute("to") == expected.attribute("from"), "a bounce to somebody else");
}

/// Whatever was refused, its sender is told with one stanza that is XML.
void check_answer(const xmpp::Stanza& stanza, const xmpp::StanzaProblem& problem) {
    const xmpp::OwnedStanza owned{stanza};
    const std::string answer = xmpp::bounce(owned.view(), xmpp::refusal(problem));
    fuzz::check(answer == xmpp::bounce(stanza, xmpp::refusal(problem)), "another answer after a queue");
    if (answer.empty()) return;
    const auto bounced = test::parse_with_expat(answer);
    fuzz::check(bounced && bounced->children.size() == 1, "an answer that is no stanza");
    fuzz::check(bounced->attribute("to") == (stanza.from.empty() ? stanza.from_domain : stanza.from), "to nobody");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string stream =
        std::string{headers[bytes[0] % headers.size()]} + std::string{fuzz::as_text(bytes + 1, size - 1)};
    const std::string_view lang = (bytes[0] & 0x80) != 0 ? "en" : "";
    xml::Reader reader{XmlLimits{8192, 64, 16, 32, 4096, 8}};
    xmpp::StanzaIntake intake;
    reader.pass_over_excess();
    reader.feed(stream);
    for (xml::Kind kind = reader.next(); kind != xml::Kind::need_more && kind != xml::Kind::problem;
         kind = reader.next()) {
        if (kind != xml::Kind::element && kind != xml::Kind::excess) continue;
        xmpp::Stanza stanza;
        xmpp::StanzaProblem problem;
        const bool good = intake.read(reader, lang, stanza, problem);
        fuzz::check(good || problem.stream || problem.stanza, "refused without a condition");
        fuzz::check(!good || kind == xml::Kind::element, "a stanza that was read past is good");
        if (good) check_stanza(reader, stanza, !lang.empty() && !reader.shell().has_lang);
        if (!good && problem.stanza) check_answer(stanza, problem);
    }
    return 0;
}
