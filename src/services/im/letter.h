// A stanza within the service: its bytes, its tree, its parsed addresses, and the ticket of whoever waits for it.
// Shared, since a letter may wait for the disk, lie in a session's window and be copied to several clients.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "proto/xml/element.h"
#include "proto/xmpp/stanza.h"
#include "services/routing/ticket.h"

namespace sallyport::im {

class Letter;
using SharedLetter = std::shared_ptr<const Letter>;

class Letter {
public:
    /// A stanza that came from elsewhere; null when its bytes cannot be read (then nobody could have passed it on).
    static SharedLetter from_stanza(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    /// A stanza that begins here: `tree` in jabber:client with canonical `to` and `from`.
    static SharedLetter from_tree(xml::Element tree, const xmpp::Jid& from, const xmpp::Jid& to,
                                  const routing::Ticket& ticket);

    [[nodiscard]] const xml::Element& tree() const { return tree_; }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    [[nodiscard]] const xmpp::Jid& to() const { return to_; }
    [[nodiscard]] const xmpp::Jid& from() const { return from_; }
    [[nodiscard]] xmpp::StanzaKind kind() const { return kind_; }
    [[nodiscard]] std::string_view type() const { return tree_.attribute("type"); }
    [[nodiscard]] const routing::Ticket& ticket() const { return ticket_; }
    /// Valid as long as the letter.
    [[nodiscard]] xmpp::Stanza stanza() const;

    /// The bytes with `element` (already written) as their last child.
    [[nodiscard]] std::string with(std::string_view element) const;
    /// The bytes to be put into an element of another namespace.
    [[nodiscard]] std::string enclosed() const;

private:
    xml::Element tree_;
    std::string bytes_, to_text_, from_text_, id_, type_;
    xmpp::Jid to_, from_;
    xmpp::StanzaKind kind_ = xmpp::StanzaKind::message;
    routing::Ticket ticket_;
};

/// The same, and nobody waits for it: he has been told.
[[nodiscard]] SharedLetter without_ticket(const SharedLetter& letter);
/// Without the resource.
[[nodiscard]] xmpp::Jid bare(const xmpp::Jid& jid);
/// The domain alone.
[[nodiscard]] xmpp::Jid host(const xmpp::Jid& jid);

}  // namespace sallyport::im
