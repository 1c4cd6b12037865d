// Subscriptions (RFC 6121 3), by the tables of proto/c2s. A change is on the disk before anybody hears of it.
#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"
#include "services/im/requests.h"

namespace sallyport::im {

using c2s::Managing;
using c2s::Subscription;
using xmpp::StanzaCondition;

namespace {

io::StoredContact contact_or_new(const Account& account, const xmpp::Jid& jid) {
    const auto at = account.contacts.find(jid.text());
    if (at != account.contacts.end()) return at->second;
    io::StoredContact fresh;
    fresh.jid = jid.text();
    return fresh;
}

}  // namespace

void Inside::subscription_out(Account& account, Managing type, const SharedLetter& letter) {
    const xmpp::Jid contact = letter->to();
    if (contact == account.bare) return settle(letter);
    io::StoredContact next = contact_or_new(account, contact);
    const Subscription before = static_cast<Subscription>(next.state);
    const c2s::Transition step = c2s::outbound(before, type);
    const bool lists = !next.listed && (type == Managing::subscribe || (type == Managing::subscribed && step.passed));
    if (step.next == before && !lists) return step.passed ? route(letter) : settle(letter);
    if (!next.listed && account.listed() >= context_.limits.roster_items) {
        log_.write_for(account.bare.text(), LogLevel::warn, "im.limit",
                       {{"limit", "roster_items"}, {"user", account.bare.text()}});
        return refuse(letter, StanzaCondition::resource_constraint);
    }
    next.state = static_cast<std::int64_t>(step.next);
    next.listed = next.listed || lists;
    if (!c2s::asked(step.next)) next.request.clear();
    change(account, {}, std::move(next), [this, letter, before, step](Account& there, const Result<void>& done) {
        if (!done) return refuse(letter, store_failed(there.bare.text(), done.error()));
        const xmpp::Jid to = letter->to();
        step.passed ? route(letter) : settle(letter);
        if (!c2s::seen_by_contact(before) && c2s::seen_by_contact(step.next)) show(there, to, true);
        if (c2s::seen_by_contact(before) && !c2s::seen_by_contact(step.next)) show(there, to, false);
    });
}

void Inside::subscription_in(Account& account, Managing type, const SharedLetter& letter) {
    const xmpp::Jid contact = bare(letter->from());
    if (contact == account.bare || contact.local().empty()) return settle(letter);
    io::StoredContact next = contact_or_new(account, contact);
    const Subscription before = static_cast<Subscription>(next.state);
    const c2s::Transition step = c2s::inbound(before, type);
    if (!step.passed) {
        const bool is_friend = type == Managing::subscribe && c2s::seen_by_contact(before);
        return is_friend ? answer_friend(account, letter) : settle(letter);
    }
    const bool request = type == Managing::subscribe;
    if (request && !next.listed &&
        !has_room_for_request(account.contacts, contact, context_.limits.subscription_requests)) {
        log_.write_for(account.bare.text(), LogLevel::warn, "im.limit",
                       {{"limit", "subscription_requests"}, {"user", account.bare.text()}});
        return refuse(letter, StanzaCondition::resource_constraint);
    }
    // RFC 6121 3.1.3, 3.1.6: to the user, from the user, whatever clients were named. A request is kept in brief.
    const xml::Element brief = request ? brief_request(letter->tree()) : xml::Element{};
    const bool whole = !request || letter->bytes().size() <= longest_shown_request;
    const SharedLetter between = Letter::from_tree(whole ? letter->tree() : brief, contact, account.bare, {});
    next.state = static_cast<std::int64_t>(step.next);
    if (request) next.request = Letter::from_tree(brief, contact, account.bare, {})->bytes();
    if (!c2s::asked(step.next)) next.request.clear();
    change(account, payer_of(letter), std::move(next),
           [this, letter, between, contact, type, before, step](Account& there, const Result<void>& done) {
               if (!done) return refuse(letter, store_failed(there.bare.text(), done.error()));
               settle(letter);
               for (const auto& session : there.sessions) {
                   const bool wanted = type == Managing::subscribe ? session->available : session->interested;
                   if (wanted && has_room(*session)) send(*session, {between->bytes()});
               }
               if (c2s::seen_by_contact(before) && !c2s::seen_by_contact(step.next)) show(there, contact, false);
           });
}

void Inside::send_managing(const Account& account, Managing type, const xmpp::Jid& contact) {
    xml::Element tree{std::string{xmpp::ns::client}, "presence"};
    tree.set("type", std::string{c2s::text(type)});
    route(Letter::from_tree(std::move(tree), account.bare, contact, {}));
}

/// RFC 6121 2.5: taking a contact off the roster ends what was between the two.
void Inside::remove_contact(Account& account, const io::StoredContact& contact, const SharedLetter& letter) {
    const auto before = static_cast<Subscription>(contact.state);
    io::StoredContact none;
    none.jid = contact.jid;
    change(account, {}, std::move(none),
           [this, letter, before, jid = contact.jid](Account& there, const Result<void>& done) {
               if (!done) return refuse(letter, store_failed(there.bare.text(), done.error()));
               answer(letter, {});
               const auto to = xmpp::Jid::parse(jid);
               if (!to) return;
               if (c2s::sees_contact(before) || c2s::asks(before)) send_managing(there, Managing::unsubscribe, *to);
               if (c2s::seen_by_contact(before) || c2s::asked(before))
                   send_managing(there, Managing::unsubscribed, *to);
               if (c2s::seen_by_contact(before)) show(there, *to, false);
           });
}

}  // namespace sallyport::im
