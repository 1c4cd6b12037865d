// vCards (XEP-0054): the user's own, and those of others. Strangers are given so much a minute: a short question must
// not fetch long answers without measure.
#include "proto/xml/reader.h"
#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

using xmpp::StanzaCondition;
namespace ns = xmpp::ns;

namespace {

/// A domain may ask for several of its users.
constexpr std::uint64_t strangers_of_a_domain = 8;

}  // namespace

bool Inside::spend_vcard(const xmpp::Jid& stranger, std::size_t bytes) {
    forget_strangers_later();
    return vcards_spent_.spend(bare(stranger).text(), stranger.domain().text(), bytes,
                               context_.limits.vcard_bytes_per_minute, strangers_of_a_domain, now());
}

/// XEP-0054 3.1 and 3.3. Who asks for a user without one hears the same as for a user that does not exist.
void Inside::vcard_get(Session* session, Account& account, const SharedLetter& letter) {
    const bool known = session != nullptr || serves(letter->from().domain().text()) ||
                       c2s::seen_by_contact(account.subscription(bare(letter->from())));
    const bool own = session != nullptr;
    context_.storage.vcard(account.name, own ? std::string{} : payer_of(letter),
                           [this, own, known, user = account.bare.text(), letter](const Result<std::string>& stored) {
                               if (!stored) return refuse(letter, store_failed(user, stored.error()));
                               if (stored->empty()) {
                                   if (own) return answer(letter, {xml::Element{std::string{ns::vcard}, "vCard"}});
                                   return refuse(letter, StanzaCondition::service_unavailable);
                               }
                               if (!known && !spend_vcard(letter->from(), stored->size())) {
                                   log_.write_for(
                                       letter->from().domain().text(), LogLevel::info, "im.limit",
                                       {{"limit", "vcard_bytes_per_minute"}, {"user", bare(letter->from()).text()}});
                                   return refuse(letter, StanzaCondition::resource_constraint);
                               }
                               auto card = xml::parse(*stored, passed_on_limits);
                               if (!card) return refuse(letter, StanzaCondition::service_unavailable);
                               answer(letter, {std::move(*card)});
                           });
}

void Inside::vcard_set(Account& account, const SharedLetter& letter) {
    const xml::Element& card = *letter->tree().first_child();
    std::string text = card.children.empty() ? std::string{} : xml::write(card, {});
    if (text.size() > context_.limits.vcard_bytes) {
        log_.write_for(account.bare.text(), LogLevel::warn, "im.limit",
                       {{"limit", "vcard_bytes"}, {"user", account.bare.text()}});
        return refuse(letter, StanzaCondition::not_acceptable);
    }
    Storage::Work work = [user = account.name, text = std::move(text)](io::UserStore& store) {
        return store.put_vcard(user, text);
    };
    commit(account, {}, std::move(work), [this, letter](Account& there, const Result<void>& done) {
        if (!done) return refuse(letter, store_failed(there.bare.text(), done.error()));
        answer(letter, {});
    });
}

}  // namespace sallyport::im
