// Where a stanza goes: from a client out, from elsewhere in, by the rules of RFC 6120 8.1 and 10 and RFC 6121 8. An
// error is never answered, and who asks for a user that does not exist hears the same as who is refused.
#include <tuple>

#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

using xmpp::StanzaCondition;
using xmpp::StanzaKind;

namespace {

/// RFC 6120 8.2.3.
bool good_iq(const xml::Element& tree) {
    const std::string_view type = tree.attribute("type");
    if (tree.attribute("id").empty()) return false;
    if (type == "result" || type == "error") return true;
    unsigned children = 0;
    for (const auto& child : tree.children) children += std::holds_alternative<xml::Element>(child) ? 1 : 0;
    return (type == "get" || type == "set") && children == 1;
}

bool holds_stream_element(const xml::Element& root) {
    std::vector<const xml::Element*> waiting{&root};
    while (!waiting.empty()) {
        const xml::Element& element = *waiting.back();
        waiting.pop_back();
        if (element.space == xmpp::ns::streams) return true;
        for (const auto& child : element.children) {
            if (const auto* inner = std::get_if<xml::Element>(&child)) waiting.push_back(inner);
        }
    }
    return false;
}

xml::Element error_element(StanzaCondition condition) {
    xml::Element error{std::string{xmpp::ns::client}, "error"};
    error.set("type", std::string{xmpp::error_type(condition)});
    error.add({std::string{xmpp::ns::stanza_errors}, std::string{xmpp::text(condition)}});
    return error;
}

Rule rule_of(StanzaCondition condition) {
    switch (condition) {
        case StanzaCondition::service_unavailable:
        case StanzaCondition::item_not_found: return Rule::no_user;
        case StanzaCondition::resource_constraint: return Rule::busy;
        case StanzaCondition::bad_request:
        case StanzaCondition::jid_malformed: return Rule::malformed;
        case StanzaCondition::not_acceptable: return Rule::client_refused;
        default: return Rule::other;
    }
}

}  // namespace

void Inside::from_client(Session& session, xml::Element tree) {
    ++session.stanzas_in;
    routing::Ticket ticket = session.source;
    ticket.sequence = session.received.receive();
    // RFC 6120 8.1.2.1: a client may name itself and nobody else.
    if (tree.has_attribute("from")) {
        const auto from = xmpp::Jid::parse(tree.attribute("from"));
        if (!from || (*from != session.full && *from != session.account->bare)) {
            return session.stream->end(xmpp::StreamCondition::invalid_from,
                                       "a stanza from an address that is not the client's");
        }
    }
    const bool addressed = tree.has_attribute("to");
    auto to = addressed ? xmpp::Jid::parse(tree.attribute("to")) : Result<xmpp::Jid>{session.account->bare};
    if (!to) return refuse_as_given(session, tree, StanzaCondition::jid_malformed, ticket);
    if (holds_stream_element(tree)) {
        return refuse_client(session, std::move(tree), *to, StanzaCondition::bad_request, ticket);
    }
    if (tree.name == "presence") return presence_of_client(session, std::move(tree), ticket);
    if (tree.name == "iq" && !good_iq(tree)) {
        return refuse_client(session, std::move(tree), *to, StanzaCondition::bad_request, ticket);
    }
    const SharedLetter letter = Letter::from_tree(std::move(tree), session.full, *to, ticket);
    if (letter->kind() == StanzaKind::message) {
        copy_sent(session, letter);
        return route(letter);
    }
    if (*to != session.account->bare) return route(letter);
    // RFC 6120 10.3.3: to the user's own account, named or not.
    const bool taken = with(*to, {}, [this, letter, serial = session.serial](const Found& found) {
        if (!found || *found == nullptr) return at_account(found, letter);
        Account& account = **found;
        query_at_account(this->session(account.bare.text(), serial), account, letter);
    });
    if (!taken) refuse(letter, StanzaCondition::resource_constraint);
}

void Inside::refuse_unread(Session& session, const xml::Shell& shell, StanzaCondition condition) {
    ++session.stanzas_in;
    routing::Ticket ticket = session.source;
    ticket.sequence = session.received.receive();
    xml::Element tree{std::string{xmpp::ns::client}, std::string{shell.name}};
    for (const auto& [name, present, raw] : {std::tuple{"to", shell.has_to, shell.to},
                                             {"id", shell.has_id, shell.id},
                                             {"type", shell.has_type, shell.type}}) {
        if (present) tree.set(name, xml::attribute_value(raw));
    }
    log_.write_for(session.account->bare.text(), LogLevel::info, "im.excess",
                   {{"user", session.full.text()}, {"condition", std::string{xmpp::text(condition)}}});
    refuse_as_given(session, tree, condition, ticket);
}

/// To the client itself, from the address that it wrote (RFC 6120 8.3.1).
void Inside::refuse_as_given(Session& session, const xml::Element& tree, StanzaCondition condition,
                             const routing::Ticket& ticket) {
    context_.shard.settle(ticket);
    const std::string_view type = tree.attribute("type");
    if (type == "error" || (type == "result" && tree.name == "iq") || !has_room(session)) return;
    xml::Element answer{std::string{xmpp::ns::client}, tree.name};
    if (!tree.attribute("to").empty()) answer.set("from", std::string{tree.attribute("to")});
    answer.set("to", session.full.text()).set("type", "error");
    if (tree.has_attribute("id")) answer.set("id", std::string{tree.attribute("id")});
    answer.add(error_element(condition));
    send(session, {xml::write(answer, xmpp::ns::client)});
}

void Inside::from_elsewhere(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    const SharedLetter letter = Letter::from_stanza(stanza, ticket);
    if (!letter) return context_.bounce(stanza, {StanzaCondition::bad_request, {}, Rule::malformed}, ticket);
    if (serves(letter->from().domain().text())) {  // nobody else speaks for our users
        log_.write_for(letter->to().domain().text(), LogLevel::warn, "im.forged",
                       {{"from", letter->from().text()}, {"to", letter->to().text()}});
        return settle(letter);
    }
    if (!serves(letter->to().domain().text())) return refuse(letter, StanzaCondition::item_not_found);
    // Before the disk is asked who that is.
    const bool is_probe = letter->kind() == StanzaKind::presence && letter->type() == "probe";
    if (is_probe && asked_again(letter, Probes::Asks::presence)) return settle(letter);
    route(letter);
}

void Inside::route(const SharedLetter& letter) {
    if (!serves(letter->to().domain().text())) {
        // What clients say is written afresh, and may have grown.
        if (letter->bytes().size() > passed_on_bytes) return refuse(letter, StanzaCondition::policy_violation);
        return context_.router->route(letter->stanza(), letter->ticket());
    }
    if (letter->to().local().empty()) {
        if (letter->kind() == StanzaKind::iq) return query_at_server(letter);
        // RFC 6121 8.5.1 by analogy: nobody reads messages to the server; presence to it means nothing.
        if (letter->kind() == StanzaKind::message) return refuse(letter, StanzaCondition::service_unavailable);
        return settle(letter);
    }
    if (!with(letter->to(), payer_of(letter), [this, letter](const Found& found) { at_account(found, letter); })) {
        log_.write_for(bare(letter->to()).text(), LogLevel::warn, "im.limit",
                       {{"limit", "account_jobs"}, {"user", bare(letter->to()).text()}, {"from", payer_of(letter)}});
        refuse(letter, StanzaCondition::resource_constraint);
    }
}

/// Nothing is known of the user: whoever waits for an answer is told to try again, and nobody hears anything of the
/// user that might be wrong.
void Inside::without_account(const Error& error, const SharedLetter& letter) {
    const StanzaCondition condition = store_failed(bare(letter->to()).text(), error);
    const std::string_view type = letter->type();
    // Who is not in memory has no clients, so that presence would reach nobody; a probe has no answer that is true.
    const bool about_presence = letter->kind() == StanzaKind::presence && !c2s::managing(type);
    about_presence ? settle(letter) : refuse(letter, condition);
}

void Inside::at_account(const Found& found, const SharedLetter& letter) {
    if (!found) return without_account(found.error(), letter);
    Account* const account = *found;
    if (account == nullptr) {  // RFC 6121 8.5.1
        if (letter->kind() == StanzaKind::message) return message_to_nobody(letter);
        if (letter->kind() == StanzaKind::iq) return refuse(letter, StanzaCondition::service_unavailable);
        if (letter->type() == "probe") return answer_probe(nullptr, letter);
        return settle(letter);
    }
    switch (letter->kind()) {
        case StanzaKind::message: return message(*account, letter);
        case StanzaKind::presence: return presence(*account, letter);
        case StanzaKind::iq: break;
    }
    if (letter->to().resource().empty()) return query_at_account(nullptr, *account, letter);
    Session* session = account->find(letter->to().resource());
    if (session == nullptr) return refuse(letter, StanzaCondition::service_unavailable);
    to_session(*session, letter);
}

void Inside::settle(const SharedLetter& letter) { context_.shard.settle(letter->ticket()); }

void Inside::refuse(const SharedLetter& letter, StanzaCondition condition) {
    if (!serves(letter->from().domain().text())) {
        return context_.bounce(letter->stanza(), {condition, {}, rule_of(condition)}, letter->ticket());
    }
    settle(letter);
    if (!letter->stanza().may_be_answered()) return;
    xml::Element tree{std::string{xmpp::ns::client}, std::string{xmpp::text(letter->kind())}};
    if (letter->tree().has_attribute("id")) tree.set("id", std::string{letter->tree().attribute("id")});
    tree.set("type", "error");
    tree.add(error_element(condition));
    route(Letter::from_tree(std::move(tree), letter->to(), letter->from(), {}));
}

void Inside::refuse_client(Session& session, xml::Element tree, const xmpp::Jid& to, StanzaCondition condition,
                           const routing::Ticket& ticket) {
    refuse(Letter::from_tree(std::move(tree), session.full, to, ticket), condition);
}

void Inside::to_session(Session& session, const SharedLetter& letter) {
    if (has_room(session) && !puts_down(letter)) {
        return send(session, {letter->bytes(), std::make_shared<Copies>(Copies{letter})});
    }
    if (letter->kind() == StanzaKind::presence) return settle(letter);
    refuse(letter, StanzaCondition::resource_constraint);
}

}  // namespace sallyport::im
