// What is kept of a request, and how many.
#include "services/im/requests.h"

#include <algorithm>

#include "base/limits.h"
#include "proto/c2s/subscription.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::im {

namespace ns = xmpp::ns;

namespace {

constexpr std::string_view nick_space = "http://jabber.org/protocol/nick";

/// Whole characters of UTF-8.
std::string cut(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
    text.resize(end);
    return text;
}

void add_text(xml::Element& to, const xml::Element& from, std::string_view space, std::string_view name) {
    const xml::Element* const said = from.child(space, name);
    if (said == nullptr) return;
    std::string text = cut(said->text(), longest_request_text);
    if (text.empty()) return;
    xml::Element brief{std::string{space}, std::string{name}};
    to.add(std::move(brief.add_text(std::move(text))));
}

}  // namespace

xml::Element brief_request(const xml::Element& presence) {
    xml::Element brief{std::string{ns::client}, "presence"};
    for (const char* name : {"from", "to"}) brief.set(name, std::string{presence.attribute(name)});
    const std::string_view id = presence.attribute("id");
    if (!id.empty() && id.size() <= longest_request_id) brief.set("id", std::string{id});
    brief.set("type", "subscribe");
    add_text(brief, presence, ns::client, "status");
    add_text(brief, presence, nick_space, "nick");
    return brief;
}

std::string brief_request(const std::string& kept) {
    constexpr XmlLimits as_stored{unlimited, unlimited, 1024, unlimited, unlimited, unlimited};
    const auto presence = xml::parse(kept, as_stored, ns::client);
    return presence ? xml::write(brief_request(*presence), ns::client) : std::string{};
}

bool is_request(const io::StoredContact& contact) {
    return !contact.listed && c2s::asked(static_cast<c2s::Subscription>(contact.state));
}

bool has_room_for_request(const std::map<std::string, io::StoredContact>& contacts, const xmpp::Jid& from,
                          std::uint64_t most) {
    std::uint64_t all = 0, of_domain = 0;
    const std::string& domain = from.domain().text();
    for (const auto& [jid, contact] : contacts) {
        if (!is_request(contact)) continue;
        ++all;
        const std::size_t at = jid.find('@');
        of_domain += std::string_view{jid}.substr(at == std::string::npos ? 0 : at + 1) == domain ? 1 : 0;
    }
    return all < most && of_domain < std::max<std::uint64_t>(1, most / 2);
}

io::StoredContact without_request(io::StoredContact contact) {
    const auto state = static_cast<c2s::Subscription>(contact.state);
    if (c2s::asked(state)) {
        contact.state = static_cast<std::int64_t>(c2s::outbound(state, c2s::Managing::unsubscribed).next);
    }
    contact.request.clear();
    return contact;
}

}  // namespace sallyport::im
