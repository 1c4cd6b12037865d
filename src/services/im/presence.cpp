// Presence (RFC 6121 4): what a client says of itself goes to those who may see it; what others say goes to the user's
// clients. Directed presence is remembered, so that who got it hears of the end too (4.6).
#include <charconv>

#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

using xmpp::StanzaCondition;
namespace ns = xmpp::ns;

namespace {

/// One that goes to all who may see the user is written for each of them. What clients say is below 2 KiB.
constexpr std::size_t longest_presence = 16384;

/// RFC 6121 4.7.2.3: -128 to 127; absent is 0; nothing: not a priority.
std::optional<int> priority_of(const xml::Element& tree) {
    const xml::Element* element = tree.child(ns::client, "priority");
    if (element == nullptr) return 0;
    const std::string text = element->text();
    int value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || value < -128 || value > 127) return std::nullopt;
    return value;
}

xml::Element plain_presence(std::string_view type) {
    xml::Element tree{std::string{ns::client}, "presence"};
    if (!type.empty()) tree.set("type", std::string{type});
    return tree;
}

xmpp::Jid contact_of(const io::StoredContact& contact) { return xmpp::Jid::parse(contact.jid).value_or(xmpp::Jid{}); }

}  // namespace

void Inside::presence_of_client(Session& session, xml::Element tree, const routing::Ticket& ticket) {
    const bool addressed = tree.has_attribute("to");
    const std::string type{tree.attribute("type")};
    const xmpp::Jid own = session.account->bare;
    const xmpp::Jid to = addressed ? xmpp::Jid::parse(tree.attribute("to")).value_or(own) : own;
    if (const auto managing = c2s::managing(type); managing && addressed) {
        // RFC 6121 3.1.1: subscriptions are between users, not clients.
        const SharedLetter letter = Letter::from_tree(std::move(tree), own, bare(to), ticket);
        const bool taken = with(own, {}, [this, managing, letter](const Found& found) {
            if (!found) return refuse(letter, store_failed(letter->from().text(), found.error()));
            if (*found != nullptr) return subscription_out(**found, *managing, letter);
            settle(letter);
        });
        if (!taken) refuse(letter, StanzaCondition::resource_constraint);
        return;
    }
    if (type == "error" && addressed) return route(Letter::from_tree(std::move(tree), session.full, to, ticket));
    if (type == "probe" || type == "error") return context_.shard.settle(ticket);
    if (!type.empty() && type != "unavailable") {
        return refuse_client(session, std::move(tree), to, StanzaCondition::bad_request, ticket);
    }
    if (addressed) return direct(session, std::move(tree), to, ticket);
    const SharedLetter said = Letter::from_tree(tree, session.full, own, {});
    if (said->bytes().size() > longest_presence) {
        return refuse_client(session, std::move(tree), to, StanzaCondition::policy_violation, ticket);
    }
    if (type == "unavailable") {
        become_unavailable(session, &tree);
    } else if (const auto priority = priority_of(tree)) {
        const bool kept_before = session.available && session.priority >= 0;
        const bool arrives = !session.available;
        session.available = true;
        session.priority = *priority;
        session.presence = said;
        broadcast(session, std::move(tree));
        if (arrives) arrive(session);
        if (session.priority >= 0 && !kept_before) deliver_kept(session);
    } else {
        return refuse_client(session, std::move(tree), to, StanzaCondition::bad_request, ticket);
    }
    context_.shard.settle(ticket);
}

/// To contacts who may see it, and to the user's own clients (RFC 6121 4.2.2, 4.4.2, 4.5.2).
void Inside::broadcast(Session& session, xml::Element tree) {
    const Account& account = *session.account;
    const auto tell = [&](const xmpp::Jid& to) { return Letter::from_tree(tree, session.full, to, {}); };
    for (const auto& other : account.sessions) {
        const bool itself = other.get() == &session;
        if (other->available || itself) to_session(*other, tell(other->full));
    }
    std::vector<xmpp::Jid> seen_by;
    for (const auto& [jid, contact] : account.contacts) {
        if (c2s::seen_by_contact(static_cast<c2s::Subscription>(contact.state))) seen_by.push_back(contact_of(contact));
    }
    for (const xmpp::Jid& contact : seen_by) route(tell(contact));
    if (session.stream != nullptr) session.stream->pay_for(seen_by.size(), tell(account.bare)->bytes().size());
}

/// The first presence of a client: it learns who else is there, what was asked of its user meanwhile (RFC 6121 3.1.3,
/// 4.2.2, 4.3).
void Inside::arrive(Session& session) {
    const Account& account = *session.account;
    for (const auto& other : account.sessions) {
        if (other.get() == &session || !other->available || !other->presence) continue;
        to_session(session, Letter::from_tree(other->presence->tree(), other->full, session.full, {}));
    }
    std::vector<SharedLetter> probes;
    // However many there are, the session has to bear them: the rest is shown when these are answered.
    std::uint64_t room = context_.limits.subscription_requests;
    for (const auto& [jid, contact] : account.contacts) {
        const auto state = static_cast<c2s::Subscription>(contact.state);
        if (c2s::asked(state) && !contact.request.empty() && room > 0 && has_room_in_window(session)) {
            send(session, {contact.request});
            --room;
        }
        if (c2s::sees_contact(state)) {
            probes.push_back(Letter::from_tree(plain_presence("probe"), account.bare, contact_of(contact), {}));
        }
    }
    for (const SharedLetter& probe : probes) route(probe);
    if (session.stream != nullptr) session.stream->pay_for(probes.size(), 0);
}

/// `tree`: what the client said at the end; null: it said nothing.
void Inside::become_unavailable(Session& session, const xml::Element* tree) {
    const xml::Element said = tree == nullptr ? plain_presence("unavailable") : *tree;
    const std::set<std::string> directed = std::exchange(session.directed, {});
    if (session.available) {
        session.available = false;
        session.presence.reset();
        if (tree == nullptr) {  // the client is gone: it needs no echo
            const Account& account = *session.account;
            for (const auto& other : account.sessions) {
                if (other->available) to_session(*other, Letter::from_tree(said, session.full, other->full, {}));
            }
            std::vector<xmpp::Jid> seen_by;
            for (const auto& [jid, contact] : account.contacts) {
                if (c2s::seen_by_contact(static_cast<c2s::Subscription>(contact.state))) {
                    seen_by.push_back(contact_of(contact));
                }
            }
            for (const xmpp::Jid& contact : seen_by) route(Letter::from_tree(said, session.full, contact, {}));
        } else {
            broadcast(session, said);
        }
    }
    for (const std::string& to : directed) {
        if (const auto jid = xmpp::Jid::parse(to)) route(Letter::from_tree(said, session.full, *jid, {}));
    }
}

void Inside::direct(Session& session, xml::Element tree, const xmpp::Jid& to, const routing::Ticket& ticket) {
    const SharedLetter letter = Letter::from_tree(std::move(tree), session.full, to, ticket);
    if (letter->type() == "unavailable") {
        session.directed.erase(to.text());
    } else if (!(session.available && c2s::seen_by_contact(session.account->subscription(bare(to))))) {
        if (session.directed.size() >= context_.limits.client_directed && !session.directed.contains(to.text())) {
            log_.write_for(session.account->bare.text(), LogLevel::warn, "im.limit",
                           {{"limit", "client_directed"}, {"user", session.full.text()}});
            return refuse(letter, StanzaCondition::resource_constraint);
        }
        session.directed.insert(to.text());
    }
    route(letter);
}

/// From others (RFC 6121 8.5.2.1.2, 8.5.3).
void Inside::presence(Account& account, const SharedLetter& letter) {
    const std::string_view type = letter->type();
    if (const auto managing = c2s::managing(type)) {
        // A letter to a client of the user means the user (RFC 6121 8.5.3.2.2).
        return subscription_in(account, *managing, letter);
    }
    if (type == "probe") return answer_probe(&account, letter);
    if (!letter->to().resource().empty()) {
        Session* session = account.find(letter->to().resource());
        if (session == nullptr) return settle(letter);
        return to_session(*session, letter);
    }
    if (type.empty() || type == "unavailable") {
        for (const auto& session : account.sessions) {
            if (session->available && has_room(*session)) send(*session, {letter->bytes()});
        }
    }
    settle(letter);
}

std::vector<SharedLetter> Inside::shown(const Account& account, const xmpp::Jid& contact, bool available) const {
    std::vector<SharedLetter> letters;
    for (const auto& session : account.sessions) {
        if (!session->available || !session->presence) continue;
        letters.push_back(Letter::from_tree(available ? session->presence->tree() : plain_presence("unavailable"),
                                            session->full, contact, {}));
    }
    return letters;
}

void Inside::show(Account& account, const xmpp::Jid& contact, bool available) {
    for (const SharedLetter& letter : shown(account, contact, available)) route(letter);
}

}  // namespace sallyport::im
