// The table of refusals.
#include "services/record/verdicts.h"

#include "base/hash.h"

namespace sallyport::record {

namespace {

std::string fresh_id(std::string_view basis) { return "v-" + to_hex(sha256(basis)).substr(0, 12); }

}  // namespace

std::string_view text(Subject subject) {
    switch (subject) {
        case Subject::stanza: return "stanza";
        case Subject::stream: return "stream";
        case Subject::dialback: return "dialback";
        case Subject::connection: return "connection";
    }
    return "?";
}

const std::string& Verdicts::keep(const Refused& refused, WallTime wall) {
    basis_.clear();
    // A NUL can stand in no domain, so no two bases read alike.
    for (const std::string_view part : {refused.id, text(refused.rule), text(refused.what), refused.from, refused.to}) {
        basis_.append(part).push_back('\0');
    }
    ++by_rule_[refused.rule];
    if (refused.what == Subject::stanza) {
        count(refused.from);
        if (refused.to != refused.from) count(refused.to);
    }
    if (const auto at = known_.find(basis_); at != known_.end()) {
        Verdict& again = *at->second;
        ++again.count;
        again.last = wall;
        again.why = refused.why;
        again.remedy = refused.remedy;
        Order& order = order_of(again.what);
        order.splice(order.end(), order, at->second);
        return again.id;
    }
    if (known_.size() >= most_) make_room(refused.what);
    Verdict fresh{refused.id.empty() ? fresh_id(basis_) : std::string{refused.id},
                  refused.rule,
                  refused.what,
                  std::string{refused.from},
                  std::string{refused.to},
                  std::string{refused.why},
                  std::string{refused.remedy},
                  wall,
                  wall,
                  1};
    Order& order = order_of(fresh.what);
    order.push_back(std::move(fresh));
    known_[basis_] = std::prev(order.end());
    made_of_[order.back().id] = basis_;
    return order.back().id;
}

void Verdicts::count(std::string_view domain) {
    if (domain.empty()) return;
    auto at = by_domain_.find(domain);
    if (at == by_domain_.end()) {
        if (by_domain_.size() >= most_domains) by_domain_.clear();
        at = by_domain_.emplace(domain, 0).first;
    }
    ++at->second;
}

void Verdicts::make_room(Subject what) {
    const std::uint64_t half = most_ / 2;
    const bool too_many = what == Subject::stanza ? others_.size() > half : others_.size() >= half;
    Order& order = stanzas_.empty() || too_many ? others_ : stanzas_;
    const auto old = made_of_.find(order.front().id);
    if (old != made_of_.end()) {
        known_.erase(old->second);
        made_of_.erase(old);
    }
    order.pop_front();
}

std::optional<Verdict> Verdicts::find(std::string_view id) const {
    const auto basis = made_of_.find(std::string{id});
    if (basis == made_of_.end()) return std::nullopt;
    const auto at = known_.find(basis->second);
    return at == known_.end() ? std::nullopt : std::optional{*at->second};
}

}  // namespace sallyport::record
