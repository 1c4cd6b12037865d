// From stanza to letter and back.
#include "services/im/letter.h"

#include "proto/xml/reader.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::im {

namespace {

bool read_kind(std::string_view name, xmpp::StanzaKind& kind) {
    for (const auto candidate : {xmpp::StanzaKind::message, xmpp::StanzaKind::presence, xmpp::StanzaKind::iq}) {
        if (xmpp::text(candidate) != name) continue;
        kind = candidate;
        return true;
    }
    return false;
}

std::string_view domain_in(std::string_view address, const xmpp::Jid& jid) {
    return address.substr(jid.local().empty() ? 0 : jid.local().size() + 1, jid.domain().text().size());
}

/// The parts are prepared already, so this cannot fail.
xmpp::Jid again(const std::string& text) { return xmpp::Jid::parse(text).value_or(xmpp::Jid{}); }

}  // namespace

SharedLetter Letter::from_stanza(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    auto tree = xml::parse(stanza.bytes, passed_on_limits, xmpp::ns::client);
    auto to = xmpp::Jid::parse(stanza.to);
    auto from = xmpp::Jid::parse(stanza.from);
    if (!tree || !to || !from) return nullptr;
    auto letter = std::make_shared<Letter>();
    letter->tree_ = std::move(*tree);
    letter->bytes_ = stanza.bytes;
    letter->to_text_ = stanza.to;
    letter->from_text_ = stanza.from;
    letter->id_ = stanza.id;
    letter->type_ = stanza.type;
    letter->to_ = std::move(*to);
    letter->from_ = std::move(*from);
    letter->kind_ = stanza.kind;
    letter->ticket_ = ticket;
    return letter;
}

SharedLetter Letter::from_tree(xml::Element tree, const xmpp::Jid& from, const xmpp::Jid& to,
                               const routing::Ticket& ticket) {
    auto letter = std::make_shared<Letter>();
    if (!read_kind(tree.name, letter->kind_)) return nullptr;
    letter->to_ = to;
    letter->from_ = from;
    letter->to_text_ = to.text();
    letter->from_text_ = from.text();
    tree.set("to", letter->to_text_).set("from", letter->from_text_);
    letter->id_ = xml::escaped(tree.attribute("id"));
    letter->type_ = xml::escaped(tree.attribute("type"));
    letter->bytes_ = xml::write(tree, xmpp::ns::client);
    letter->tree_ = std::move(tree);
    letter->ticket_ = ticket;
    return letter;
}

xmpp::Stanza Letter::stanza() const {
    xmpp::Stanza stanza;
    stanza.bytes = bytes_;
    stanza.kind = kind_;
    stanza.to = to_text_;
    stanza.from = from_text_;
    stanza.to_domain = domain_in(stanza.to, to_);
    stanza.from_domain = domain_in(stanza.from, from_);
    stanza.id = id_;
    stanza.type = type_;
    return stanza;
}

std::string Letter::with(std::string_view element) const {
    const std::string_view name = xmpp::text(kind_);
    std::string out = bytes_;
    if (out.ends_with("/>")) {
        out.resize(out.size() - 2);
        return out.append(">").append(element).append("</").append(name).append(">");
    }
    return out.insert(out.rfind("</"), element);
}

std::string Letter::enclosed() const {
    std::string out = bytes_;
    std::string declared{" xmlns='"};
    declared.append(xmpp::ns::client).append("'");
    return out.insert(1 + xmpp::text(kind_).size(), declared);
}

SharedLetter without_ticket(const SharedLetter& letter) {
    return Letter::from_tree(letter->tree(), letter->from(), letter->to(), {});
}

xmpp::Jid bare(const xmpp::Jid& jid) {
    if (jid.resource().empty()) return jid;
    return again(jid.local().empty() ? jid.domain().text() : jid.local() + "@" + jid.domain().text());
}

xmpp::Jid host(const xmpp::Jid& jid) {
    if (jid.local().empty() && jid.resource().empty()) return jid;
    return again(jid.domain().text());
}

}  // namespace sallyport::im
