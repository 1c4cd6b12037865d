// Keeping answers past their time.
#include "io/dns/known_answers.h"

#include <iterator>

namespace sallyport::io {

bool KnownAnswers::is_negative(const DnsAnswer& answer) { return answer.status != DnsStatus::ok; }

void KnownAnswers::learn(const Name& name, const DnsAnswer& answer, TimePoint now) {
    switch (answer.status) {
        case DnsStatus::ok:
        case DnsStatus::no_name:
        case DnsStatus::no_data: break;
        case DnsStatus::bogus:
        case DnsStatus::failed:
        case DnsStatus::timed_out:
        case DnsStatus::busy: return;
    }
    if (const auto at = by_name_.find(name); at != by_name_.end()) {
        at->second->answer = answer;
        at->second->learnt = now;
        entries_.splice(entries_.end(), entries_, at->second);
        return;
    }
    if (entries_.size() == most) {
        by_name_.erase(entries_.front().name);
        entries_.pop_front();
    }
    entries_.push_back({name, answer, now});
    by_name_.emplace(name, std::prev(entries_.end()));
}

std::optional<KnownAnswers::Known> KnownAnswers::recall(const Name& name, TimePoint now) const {
    const auto at = by_name_.find(name);
    if (at == by_name_.end()) return std::nullopt;
    const Entry& entry = *at->second;
    const bool negative = is_negative(entry.answer);
    if (now - entry.learnt > (negative ? negative_lives : lives)) return std::nullopt;
    Known known{entry.answer, negative ? negative_patience : patience};
    known.answer.ttl = std::chrono::seconds{0};
    known.answer.detail = "known from before: no name server has said anything yet";
    return known;
}

void KnownAnswers::tables(TableFills& all) const { all.push_back({"dns.known", entries_.size(), most}); }

}  // namespace sallyport::io
