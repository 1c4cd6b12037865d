// One stanza and the clients of its user that have it. A message to the user goes to several of them, and so does what
// copies it (XEP-0280): the first that has it settles it, and nobody gets for the second time what was lost on the way
// to another.
#include <algorithm>
#include <utility>

#include "proto/xml/reader.h"
#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

std::optional<std::int64_t> Inside::has_got(Account& account, Copies& copies) {
    if (std::exchange(copies.acknowledged, true)) return std::nullopt;
    no_longer_laid_by(account, copies);
    tell(copies);
    copies.letter.reset();
    return std::exchange(copies.kept, std::nullopt);
}

/// What the client never confirmed, and no other client has, goes to the user's other clients or to the disk; requests
/// are answered.
void Inside::rescue(Account& account, std::deque<Unacknowledged> window) {
    bool was_kept = false;
    std::vector<std::shared_ptr<Copies>> lost;
    for (const Unacknowledged& entry : window) {
        if (entry.of) --entry.of->holders;
        const bool is_lost = entry.of && entry.of->holders == 0 && !entry.of->acknowledged;
        if (entry.blame >= most_blame || (is_lost && entry.of->blame >= most_blame)) {
            take_out(account, entry);
        } else if (is_lost) {
            no_longer_laid_by(account, *entry.of);
            if (entry.of->kept) {
                account.on_the_way.erase(*entry.of->kept);
                was_kept = true;
            }
            if (entry.of->letter) lost.push_back(entry.of);
        }
    }
    if (was_kept) account.read_kept_again = true;
    const auto other = std::find_if(account.sessions.begin(), account.sessions.end(),
                                    [](const auto& known) { return known->available && known->priority >= 0; });
    // Before what came later. At a stop it stays where it is.
    if (was_kept && other != account.sessions.end() && !putting_down_) deliver_kept(**other);
    for (const auto& copies : lost) {
        const SharedLetter letter = take_letter(*copies);
        if (letter->kind() == xmpp::StanzaKind::presence) {
            settle(letter);
        } else if (letter->kind() == xmpp::StanzaKind::iq) {
            refuse(letter, xmpp::StanzaCondition::service_unavailable);
        } else if (!with(account.bare, payer_of(letter), [this, letter, blame = copies->blame](const Found& found) {
                       if (!found || *found == nullptr) return at_account(found, letter);
                       if (!waits(**found, letter, true, blame)) message_to_user(**found, letter, blame);
                   })) {
            refuse(letter, xmpp::StanzaCondition::resource_constraint);
        }
    }
}

void Inside::take_out(Account& account, const Unacknowledged& stanza) {
    SharedLetter letter;
    Copies* const of = stanza.of.get();
    // Where another client has it, or may have it, it has reached its user, or will be heard of again.
    if (of != nullptr && of->holders == 0 && !of->acknowledged) {
        no_longer_laid_by(account, *of);
        letter = take_letter(*of);
        if (of->kept && stanza.is_wrapped) {
            // What it is a copy of has its blame on the disk, and is taken out when it is read from there.
            account.on_the_way.erase(*of->kept);
            account.read_kept_again = account.kept_while_there = true;
        } else if (of->kept) {
            forget_kept(account, {*of->kept});
            auto tree = xml::parse(stanza.bytes, passed_on_limits, xmpp::ns::client);
            const auto from = tree ? xmpp::Jid::parse(tree->attribute("from")) : Result<xmpp::Jid>{tree.error()};
            const auto to = tree ? xmpp::Jid::parse(tree->attribute("to")) : Result<xmpp::Jid>{tree.error()};
            if (from && to) letter = Letter::from_tree(std::move(*tree), *from, *to, {});
        }
    }
    log_.write_for(account.bare.text(), LogLevel::warn, "im.stanza.taken-out",
                   {{"user", account.bare.text()},
                    {"from", letter ? letter->from().text() : std::string{}},
                    {"bytes", std::to_string(stanza.bytes.size())}});
    if (letter) refuse(letter, xmpp::StanzaCondition::not_acceptable);
}

}  // namespace sallyport::im
