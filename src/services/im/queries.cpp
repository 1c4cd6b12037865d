// Requests that the server answers: for itself, and on behalf of users (RFC 6121 8.5.2.1.3, XEP-0030, XEP-0092,
// XEP-0199, XEP-0280). Each is a row; what no row names is service-unavailable, for everybody alike.
#include <array>

#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

using xmpp::StanzaCondition;
namespace ns = xmpp::ns;

namespace {

using Elements = std::vector<xml::Element>;

xml::Element element(std::string_view space, std::string_view name) {
    return xml::Element{std::string{space}, std::string{name}};
}

Elements describe(std::string_view category, std::string_view type, std::initializer_list<std::string_view> features) {
    xml::Element query = element(ns::disco_info, "query");
    xml::Element identity = element(ns::disco_info, "identity");
    identity.set("category", std::string{category}).set("type", std::string{type}).set("name", "Sallyport");
    query.add(std::move(identity));
    for (const std::string_view feature : features) {
        xml::Element row = element(ns::disco_info, "feature");
        row.set("var", std::string{feature});
        query.add(std::move(row));
    }
    return {std::move(query)};
}

Elements of_server() {
    return describe(
        "server", "im",
        {ns::disco_info, ns::disco_items, ns::ping, ns::version, ns::vcard, ns::carbons, "msgoffline", ns::roster});
}
Elements of_account() {
    return describe("account", "registered", {ns::disco_info, ns::disco_items, ns::ping, ns::vcard});
}
Elements no_items() { return {element(ns::disco_items, "query")}; }
Elements nothing() { return {}; }

struct PublicRow {
    std::string_view space, name;
    Elements (*answer)();
    std::string_view says;
};
constexpr std::array at_server{
    PublicRow{ns::disco_info, "query", &of_server, "XEP-0030 3.1"},
    PublicRow{ns::disco_items, "query", &no_items, "XEP-0030 4.1"},
    PublicRow{ns::ping, "ping", &nothing, "XEP-0199 4.2"},
};
/// For the user and those who may see the user's presence.
constexpr std::array for_friends{
    PublicRow{ns::disco_info, "query", &of_account, "XEP-0030 3.1"},
    PublicRow{ns::disco_items, "query", &no_items, "XEP-0030 4.1"},
    PublicRow{ns::ping, "ping", &nothing, "XEP-0199 4.2"},
};

template <typename Rows>
const PublicRow* find(const Rows& rows, const xml::Element& asked) {
    for (const PublicRow& row : rows) {
        if (asked.is(row.space, row.name)) return &row;
    }
    return nullptr;
}

}  // namespace

void Inside::answer(const SharedLetter& letter, Elements payload) {
    xml::Element tree = element(ns::client, "iq");
    tree.set("type", "result").set("id", std::string{letter->tree().attribute("id")});
    for (xml::Element& child : payload) tree.add(std::move(child));
    settle(letter);
    route(Letter::from_tree(std::move(tree), letter->to(), letter->from(), {}));
}

void Inside::query_at_server(const SharedLetter& letter) {
    const std::string_view type = letter->type();
    if (type == "result" || type == "error") return settle(letter);
    const xml::Element* asked = letter->tree().first_child();
    if (asked == nullptr || !letter->to().resource().empty() || type != "get") {
        return refuse(letter, StanzaCondition::service_unavailable);
    }
    if (asked->is(ns::version, "query")) {
        xml::Element query = element(ns::version, "query");
        for (const auto& [name, text] : {std::pair{"name", std::string{"Sallyport"}}, {"version", context_.version}}) {
            query.add(element(ns::version, name).add_text(text));
        }
        return answer(letter, {std::move(query)});
    }
    const PublicRow* row = find(at_server, *asked);
    if (row == nullptr) return refuse(letter, StanzaCondition::service_unavailable);
    // XEP-0030 3.3: there are no nodes.
    if (!asked->attribute("node").empty()) return refuse(letter, StanzaCondition::item_not_found);
    answer(letter, row->answer());
}

void Inside::query_at_account(Session* session, Account& account, const SharedLetter& letter) {
    const std::string_view type = letter->type();
    if (type == "result" || type == "error") return settle(letter);
    const xml::Element* asked = letter->tree().first_child();
    if (asked == nullptr) return refuse(letter, StanzaCondition::bad_request);
    const bool get = type == "get";
    if (session != nullptr) {
        if (asked->is(ns::roster, "query")) {
            return get ? roster_get(*session, account, letter) : roster_set(*session, account, letter);
        }
        const bool on = asked->is(ns::carbons, "enable");
        if (!get && (on || asked->is(ns::carbons, "disable"))) {
            session->carbons = on;
            return answer(letter, {});
        }
        if (!get && asked->is(ns::vcard, "vCard")) return vcard_set(account, letter);
    }
    if (get && asked->is(ns::vcard, "vCard")) return vcard_get(session, account, letter);
    const bool own = bare(letter->from()) == account.bare;
    const PublicRow* row = get ? find(for_friends, *asked) : nullptr;
    if (row == nullptr || !(own || c2s::seen_by_contact(account.subscription(bare(letter->from()))))) {
        return refuse(letter, StanzaCondition::service_unavailable);
    }
    answer(letter, row->answer());
}

}  // namespace sallyport::im
