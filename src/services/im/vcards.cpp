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
    const std::uint64_t most = context_.limits.vcard_bytes_per_minute;
    const std::uint64_t most_of_domain =
        most >= unlimited / strangers_of_a_domain ? unlimited : most * strangers_of_a_domain;
    const std::string& domain = stranger.domain().text();
    const std::string asker = bare(stranger).text();
    if (!vcards_by_domain_.may_spend(domain, bytes, most_of_domain, now())) return false;
    // A domain that invents askers must not keep those of others out: its own budget holds it.
    const bool counted = vcards_by_stranger_.has_place(asker, now());
    if (counted && !vcards_by_stranger_.spend(asker, bytes, most, now())) return false;
    if (!vcards_timer_) vcards_timer_ = context_.shard.loop.timer([this] { forget_strangers(); });
    if (vcards_by_domain_.size() == 0) vcards_timer_->arm(now() + Spending::window);
    return vcards_by_domain_.spend(domain, bytes, most_of_domain, now());
}

void Inside::forget_strangers() {
    vcards_by_stranger_.forget(now());
    vcards_by_domain_.forget(now());
    if (vcards_by_domain_.size() + vcards_by_stranger_.size() != 0) vcards_timer_->arm(now() + Spending::window);
}

/// XEP-0054 3.1 and 3.3. Who asks for a user without one hears the same as for a user that does not exist.
void Inside::vcard_get(Session* session, Account& account, const SharedLetter& letter) {
    const bool known = session != nullptr || serves(letter->from().domain().text()) ||
                       c2s::seen_by_contact(account.subscription(bare(letter->from())));
    context_.storage.vcard(
        account.name, [this, own = session != nullptr, known, letter](const Result<std::string>& stored) {
            if (!stored) {
                log_.error("im.store.failed", {{"code", stored.error().code}, {"why", stored.error().text}});
                return refuse(letter, StanzaCondition::internal_server_error);
            }
            if (stored->empty()) {
                if (own) return answer(letter, {xml::Element{std::string{ns::vcard}, "vCard"}});
                return refuse(letter, StanzaCondition::service_unavailable);
            }
            if (!known && !spend_vcard(letter->from(), stored->size())) {
                log_.write_for(letter->from().domain().text(), LogLevel::info, "im.limit",
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
        log_.warn("im.limit", {{"limit", "vcard_bytes"}, {"user", account.bare.text()}});
        return refuse(letter, StanzaCondition::not_acceptable);
    }
    Storage::Work work = [user = account.name, text = std::move(text)](io::UserStore& store) {
        return store.put_vcard(user, text);
    };
    commit(account, std::move(work), [this, letter](Account&, const Result<void>& done) {
        if (!done) return refuse(letter, StanzaCondition::internal_server_error);
        answer(letter, {});
    });
}

}  // namespace sallyport::im
