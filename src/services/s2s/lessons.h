// What failures have taught, for a while: targets that were of no use, partners that refused our certificate. It
// outlives the streams that learned it, so it is bounded: what is over goes first, then what has the shortest time
// left.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/tables.h"
#include "proto/xmpp/errors.h"

namespace sallyport::s2s {

/// Keys begin with a domain; peers may choose them, so the map is an ordered one (threat T63).
template <typename Value>
class Lessons {
public:
    /// `on_learned` after each: somebody has to sweep.
    Lessons(std::uint64_t most, Duration holds, std::function<void()> on_learned = {})
        : most_{most}, holds_{holds}, on_learned_{std::move(on_learned)} {}

    void learn(const std::string& key, Value value, TimePoint now) { learn(key, std::move(value), now, holds_); }
    void learn(const std::string& key, Value value, TimePoint now, Duration holds) {
        if (known_.size() >= most_ && known_.find(key) == known_.end()) make_room(now);
        known_[key] = {now + holds, std::move(value)};
        if (on_learned_) on_learned_();
    }
    /// Null when nothing is known, or it is over.
    [[nodiscard]] const Value* recall(const std::string& key, TimePoint now) {
        const auto at = known_.find(key);
        if (at == known_.end()) return nullptr;
        if (now < at->second.until) return &at->second.value;
        known_.erase(at);
        return nullptr;
    }
    void unlearn(const std::string& key) { known_.erase(key); }
    /// All keys of a domain: itself, and those that begin with it and a space.
    void unlearn_domain(const std::string& domain) {
        const std::string pairs = domain + ' ';
        auto at = known_.lower_bound(domain);
        while (at != known_.end() && (at->first == domain || at->first.starts_with(pairs))) at = known_.erase(at);
    }
    void sweep(TimePoint now) {
        std::erase_if(known_, [now](const auto& entry) { return entry.second.until <= now; });
    }
    void clear() { known_.clear(); }
    [[nodiscard]] std::size_t size() const { return known_.size(); }
    [[nodiscard]] std::uint64_t bound() const { return most_; }

private:
    struct Known {
        TimePoint until{};
        Value value{};
    };
    void make_room(TimePoint now) {
        sweep(now);
        if (known_.size() < most_) return;
        known_.erase(std::min_element(known_.begin(), known_.end(),
                                      [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
    }

    std::uint64_t most_;
    Duration holds_;
    std::function<void()> on_learned_;
    std::map<std::string, Known> known_;
};

/// All lessons of one shard.
struct Learned {
    struct Unreachable {
        xmpp::StanzaCondition condition{};
        std::string why;
    };
    /// What a partner did when we showed our certificate.
    enum class Refusal : std::uint8_t {
        doubtful,     ///< once the stream ended at SASL EXTERNAL, in a way that may have had another cause
        of_external,  ///< it ended the stream at SASL EXTERNAL
        in_tls,       ///< it broke TLS, and did not when none was shown
    };
    Learned(std::uint64_t most, const std::function<void()>& on_learned)
        : targets{most, std::chrono::minutes{10}, on_learned},
          certificates{most, std::chrono::hours{1}, on_learned},
          unreachable{most, std::chrono::seconds{30}, on_learned} {}

    Lessons<bool> targets;          ///< of no use before authentication: tried last
    Lessons<Refusal> certificates;  ///< pairs
    Lessons<Unreachable>
        unreachable;  ///< authoritative servers that could not be asked (threat T13): domains, or pairs

    /// A stream of the pair has ended at SASL EXTERNAL: `sure` when the peer ended it for that, else its connection
    /// broke or it fell silent, which means something only when it happens twice, and is not believed for long.
    void ended_at_external(const std::string& pair, bool sure, TimePoint now) {
        constexpr Duration doubt_holds = std::chrono::minutes{10};
        if (sure) return certificates.learn(pair, Refusal::of_external, now);
        const bool again = certificates.recall(pair, now) != nullptr;
        certificates.learn(pair, again ? Refusal::of_external : Refusal::doubtful, now, doubt_holds);
    }
    /// What is sure enough to go by.
    [[nodiscard]] std::optional<Refusal> refusal_of(const std::string& pair, TimePoint now) {
        const Refusal* known = certificates.recall(pair, now);
        if (known == nullptr || *known == Refusal::doubtful) return std::nullopt;
        return *known;
    }

    /// The domain can be reached: questions about it need not wait.
    void reached(const std::string& domain) { unreachable.unlearn_domain(domain); }

    [[nodiscard]] std::size_t size() const { return targets.size() + certificates.size() + unreachable.size(); }
    void tables(TableFills& all) const {
        all.push_back({"s2s.useless-targets", targets.size(), targets.bound()});
        all.push_back({"s2s.refused-certificates", certificates.size(), certificates.bound()});
        all.push_back({"s2s.unreachable", unreachable.size(), unreachable.bound()});
    }
    void sweep(TimePoint now) {
        targets.sweep(now);
        certificates.sweep(now);
        unreachable.sweep(now);
    }
    /// What failed under the old settings and certificates may work under the new ones.
    void clear() {
        targets.clear();
        certificates.clear();
        unreachable.clear();
    }
};

}  // namespace sallyport::s2s
