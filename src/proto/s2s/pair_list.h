// The domain pairs of one stream: few, searched with the eyes on the last hit (most stanzas come for the pair of the
// one before).
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "proto/s2s/rules.h"
#include "proto/xmpp/jid.h"

namespace sallyport::s2s {

struct PairState {
    xmpp::DomainPair domains;
    Method method = Method::none;         ///< none: not authenticated
    bool pending = false;                 ///< a verification or a request is under way
    Method asked = Method::dialback;      ///< what method becomes when that ends well
    TimePoint deadline = never;           ///< of what is under way
    std::string wire_local, wire_remote;  ///< as the peer wrote them, while pending
};

class PairList {
public:
    [[nodiscard]] PairState* find(const xmpp::DomainPair& domains) {
        const auto at =
            std::find_if(pairs_.begin(), pairs_.end(), [&](const PairState& p) { return p.domains == domains; });
        return at == pairs_.end() ? nullptr : &*at;
    }
    /// The fast path: is (local, remote) authenticated?
    [[nodiscard]] bool ready(std::string_view local, std::string_view remote) {
        if (last_ < pairs_.size() && matches(pairs_[last_], local, remote)) return true;
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            if (matches(pairs_[i], local, remote)) return last_ = i, true;
        }
        return false;
    }
    [[nodiscard]] bool any_ready() const {
        return std::any_of(pairs_.begin(), pairs_.end(), [](const PairState& p) { return p.method != Method::none; });
    }
    [[nodiscard]] std::size_t pending() const {
        return static_cast<std::size_t>(
            std::count_if(pairs_.begin(), pairs_.end(), [](const PairState& p) { return p.pending; }));
    }
    [[nodiscard]] bool knows_remote(std::string_view remote) const {
        return std::any_of(pairs_.begin(), pairs_.end(), [&](const PairState& p) {
            return p.method != Method::none && p.domains.remote.text() == remote;
        });
    }
    /// Of ours, one that `remote` has proved itself to; empty: none.
    [[nodiscard]] std::string_view local_for(std::string_view remote) const {
        for (const PairState& p : pairs_) {
            if (p.method != Method::none && p.domains.remote.text() == remote) return p.domains.local.text();
        }
        return {};
    }
    PairState& add(const xmpp::DomainPair& domains) {
        pairs_.push_back({});
        pairs_.back().domains = domains;
        return pairs_.back();
    }
    void remove(const xmpp::DomainPair& domains) {
        std::erase_if(pairs_, [&](const PairState& p) { return p.domains == domains; });
    }
    void clear() { std::vector<PairState>{}.swap(pairs_); }
    [[nodiscard]] TimePoint deadline() const {
        TimePoint first = never;
        for (const PairState& p : pairs_) first = std::min(first, p.deadline);
        return first;
    }
    [[nodiscard]] const std::vector<PairState>& all() const { return pairs_; }

private:
    static bool matches(const PairState& p, std::string_view local, std::string_view remote) {
        return p.method != Method::none && p.domains.local.text() == local && p.domains.remote.text() == remote;
    }
    std::vector<PairState> pairs_;
    std::size_t last_ = 0;
};

}  // namespace sallyport::s2s
