// Probes from elsewhere, and the answers to them: once in an interval, within a budget of the contact and of its
// domain. A probe is short; what it fetches is written once for every client of the user.
#include "services/im/probes.h"

#include <algorithm>

#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

using xmpp::StanzaCondition;

namespace {

/// Many users of a domain come back at once when its server does.
constexpr std::uint64_t contacts_of_a_domain = 16;
/// Between two looks at what is due.
constexpr Duration look_every = std::chrono::milliseconds{100};

xml::Element presence_of_type(std::string_view type) {
    xml::Element tree{std::string{xmpp::ns::client}, "presence"};
    tree.set("type", std::string{type});
    return tree;
}

}  // namespace

Probes::Key Probes::key_of(const Asked& asked) { return {bare(asked.user).text(), bare(asked.contact).text()}; }

bool Probes::waits(const Asked& asked, TimePoint now) {
    const auto at = pairs_.find(key_of(asked));
    if (at == pairs_.end() || now - at->second.at >= interval) return false;
    std::optional<Asked>& again = at->second.again;
    if (!again) {
        again = asked;
        return true;
    }
    if (again->contact != asked.contact) again->contact = bare(asked.contact);
    again->asks = std::max(again->asks, asked.asks);
    return true;
}

void Probes::answered(const Asked& asked, TimePoint now) {
    const Key key = key_of(asked);
    if (pairs_.size() >= most_pairs && !pairs_.contains(key)) return;
    pairs_[key] = {now, std::nullopt};
}

std::vector<Probes::Asked> Probes::due(TimePoint now) {
    std::vector<Asked> due;
    std::erase_if(pairs_, [&](auto& entry) {
        if (now - entry.second.at < interval) return false;
        if (entry.second.again) due.push_back(std::move(*entry.second.again));
        return true;
    });
    return due;
}

TimePoint Probes::next() const {
    TimePoint next = never;
    for (const auto& [key, pair] : pairs_) next = std::min(next, pair.at + interval);
    return next;
}

bool Inside::asked_again(const SharedLetter& letter, Probes::Asks asks) {
    if (serves(letter->from().domain().text())) return false;
    return probes_.waits({bare(letter->to()), letter->from(), asks}, now());
}

/// What they have asked for again, as if they asked now.
void Inside::answer_due_probes() {
    for (const Probes::Asked& asked : probes_.due(now())) {
        const bool probe = asked.asks == Probes::Asks::presence;
        route(Letter::from_tree(presence_of_type(probe ? "probe" : "subscribe"), asked.contact, asked.user, {}));
    }
    if (probes_.size() != 0) probes_timer_->arm(std::max(probes_.next(), now() + look_every));
}

void Inside::remember_probe(const SharedLetter& letter, Probes::Asks asks) {
    if (!probes_timer_) probes_timer_ = context_.shard.loop.timer([this] { answer_due_probes(); });
    if (probes_.size() == 0) probes_timer_->arm(now() + Probes::interval);
    probes_.answered({bare(letter->to()), letter->from(), asks}, now());
}

/// RFC 6121 4.3.2. Who may not see the user, and who asks for a user that does not exist, get the same answer.
void Inside::answer_probe(Account* account, const SharedLetter& letter) {
    if (asked_again(letter, Probes::Asks::presence)) return settle(letter);
    const xmpp::Jid contact = bare(letter->from());
    const xmpp::Jid user = bare(letter->to());
    const bool own = contact == user;
    std::vector<SharedLetter> answers;
    if (account == nullptr || !(own || c2s::seen_by_contact(account->subscription(contact)))) {
        answers.push_back(Letter::from_tree(presence_of_type("unsubscribed"), user, contact, {}));
    } else if (account->present()) {
        answers = shown(*account, letter->from(), true);
    } else {
        answers.push_back(Letter::from_tree(presence_of_type("unavailable"), user, letter->from(), {}));
    }
    answer_by_measure(letter, Probes::Asks::presence, answers);
}

/// RFC 6121 3.1.3: who is subscribed already is told so again; the other side has forgotten.
void Inside::answer_friend(Account& account, const SharedLetter& letter) {
    if (asked_again(letter, Probes::Asks::subscription)) return settle(letter);
    const xmpp::Jid contact = bare(letter->from());
    std::vector<SharedLetter> answers = shown(account, contact, true);
    answers.insert(answers.begin(), Letter::from_tree(presence_of_type("subscribed"), account.bare, contact, {}));
    answer_by_measure(letter, Probes::Asks::subscription, answers);
}

void Inside::answer_by_measure(const SharedLetter& letter, Probes::Asks asks,
                               const std::vector<SharedLetter>& answers) {
    const std::string& domain = letter->from().domain().text();
    if (!serves(domain)) {
        std::size_t bytes = 0;
        for (const SharedLetter& answer : answers) {
            bytes += std::max<std::size_t>(answer->bytes().size(), Spending::least);
        }
        forget_strangers_later();
        remember_probe(letter, asks);
        if (!presence_spent_.spend(bare(letter->from()).text(), domain, bytes,
                                   context_.limits.presence_bytes_per_minute, contacts_of_a_domain, now())) {
            log_.write_for(domain, LogLevel::info, "im.limit",
                           {{"limit", "presence_bytes_per_minute"}, {"user", bare(letter->from()).text()}});
            return refuse(letter, StanzaCondition::resource_constraint);
        }
    }
    settle(letter);
    for (const SharedLetter& answer : answers) route(answer);
}

}  // namespace sallyport::im
