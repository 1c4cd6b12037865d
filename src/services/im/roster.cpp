// The roster (RFC 6121 2): got as a whole unless the client's version is ours (2.6), changed item by item, pushed to
// every client that asked for it.
#include <algorithm>
#include <set>

#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

using c2s::Subscription;
using xmpp::StanzaCondition;
namespace ns = xmpp::ns;

namespace {

constexpr std::size_t longest_name = 1023;
constexpr std::size_t most_groups = 32;

xml::Element item_of(const io::StoredContact& contact, bool removed) {
    const auto state = static_cast<Subscription>(contact.state);
    xml::Element item{std::string{ns::roster}, "item"};
    item.set("jid", contact.jid);
    if (removed) return std::move(item.set("subscription", "remove"));
    if (!contact.name.empty()) item.set("name", contact.name);
    item.set("subscription", std::string{c2s::roster_text(state)});
    if (c2s::asks(state)) item.set("ask", "subscribe");
    for (const std::string& group : contact.groups) {
        xml::Element element{std::string{ns::roster}, "group"};
        element.add_text(group);
        item.add(std::move(element));
    }
    return item;
}

/// RFC 6121 2.3.3: nothing, or why the item is refused.
std::optional<StanzaCondition> read_groups(const xml::Element& item, std::vector<std::string>& groups) {
    std::set<std::string> seen;
    for (const auto& child : item.children) {
        const auto* element = std::get_if<xml::Element>(&child);
        if (element == nullptr || !element->is(ns::roster, "group")) continue;
        std::string name = element->text();
        if (name.empty() || name.size() > longest_name) return StanzaCondition::not_acceptable;
        if (!seen.insert(name).second) return StanzaCondition::bad_request;
        groups.push_back(std::move(name));
    }
    if (groups.size() > most_groups) return StanzaCondition::not_acceptable;
    return std::nullopt;
}

}  // namespace

void Inside::roster_get(Session& session, Account& account, const SharedLetter& letter) {
    session.interested = true;
    const xml::Element& asked = *letter->tree().first_child();
    const std::string version = std::to_string(account.version);
    if (asked.has_attribute("ver") && asked.attribute("ver") == version) return answer(letter, {});
    xml::Element query{std::string{ns::roster}, "query"};
    query.set("ver", version);
    std::size_t bytes = 0;
    for (const auto& [jid, contact] : account.contacts) {
        if (!contact.listed) continue;
        bytes += jid.size() + contact.name.size();
        for (const std::string& group : contact.groups) bytes += group.size();
        query.add(item_of(contact, false));
    }
    answer(letter, {std::move(query)});
    if (session.stream != nullptr) session.stream->pay_for(1, bytes);
}

void Inside::roster_set(Session&, Account& account, const SharedLetter& letter) {
    const xml::Element& query = *letter->tree().first_child();
    const xml::Element* item = query.child(ns::roster, "item");
    const auto elements = std::count_if(query.children.begin(), query.children.end(),
                                        [](const auto& child) { return std::holds_alternative<xml::Element>(child); });
    if (item == nullptr || elements != 1) return refuse(letter, StanzaCondition::bad_request);
    const auto jid = xmpp::Jid::parse(item->attribute("jid"));
    if (!jid) return refuse(letter, StanzaCondition::jid_malformed);
    if (bare(*jid) == account.bare) return refuse(letter, StanzaCondition::not_allowed);
    const auto known = account.contacts.find(bare(*jid).text());
    if (item->attribute("subscription") == "remove") {
        if (known == account.contacts.end() || !known->second.listed) {
            return refuse(letter, StanzaCondition::item_not_found);
        }
        return remove_contact(account, known->second, letter);
    }
    io::StoredContact next;
    if (known != account.contacts.end()) next = known->second;
    next.jid = bare(*jid).text();
    next.name = item->attribute("name");
    next.listed = true;
    next.groups.clear();
    if (next.name.size() > longest_name) return refuse(letter, StanzaCondition::not_acceptable);
    if (const auto condition = read_groups(*item, next.groups)) return refuse(letter, *condition);
    if ((known == account.contacts.end() || !known->second.listed) &&
        account.listed() >= context_.limits.roster_items) {
        log_.write_for(account.bare.text(), LogLevel::warn, "im.limit",
                       {{"limit", "roster_items"}, {"user", account.bare.text()}});
        return refuse(letter, StanzaCondition::resource_constraint);
    }
    change(account, {}, std::move(next), [this, letter](Account& there, const Result<void>& done) {
        if (!done) return refuse(letter, store_failed(there.bare.text(), done.error()));
        answer(letter, {});
    });
}

/// RFC 6121 2.1.6.
void Inside::push(Account& account, const io::StoredContact& contact, bool removed) {
    for (const auto& session : account.sessions) {
        if (!session->interested || !has_room(*session)) continue;
        xml::Element query{std::string{ns::roster}, "query"};
        query.set("ver", std::to_string(account.version)).add(item_of(contact, removed));
        xml::Element tree{std::string{ns::client}, "iq"};
        tree.set("type", "set").set("id", context_.shard.fresh_id()).add(std::move(query));
        send(*session, {Letter::from_tree(std::move(tree), account.bare, session->full, {})->bytes()});
    }
}

}  // namespace sallyport::im
