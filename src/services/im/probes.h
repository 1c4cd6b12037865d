// Who has asked for whose presence just now (RFC 6121 4.3), so that asking again and again costs one answer in
// `interval`: the first is answered at once, those that follow within the interval are answered together, at its end.
// Nobody is left with what is no longer true, and nobody is told more often than he can use. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "proto/xmpp/jid.h"

namespace sallyport::im {

class Probes {
public:
    static constexpr Duration interval = std::chrono::seconds{3};
    static constexpr std::size_t most_pairs = 4096;  ///< remembered; beyond, the budgets of those who ask hold alone

    enum class Asks : std::uint8_t {
        presence,      ///< a probe
        subscription,  ///< once more, by a contact who has it: he is told so again (RFC 6121 3.1.3)
    };
    struct Asked {
        xmpp::Jid user, contact;  ///< `contact` as it asked, or bare where several of its resources have
        Asks asks = Asks::presence;
    };

    /// True: `asked` was answered within the interval; it is answered again at the end of it, by due().
    [[nodiscard]] bool waits(const Asked& asked, TimePoint now);
    /// `asked` is answered now.
    void answered(const Asked& asked, TimePoint now);
    /// What is to be answered now; what nobody asked for again is forgotten.
    [[nodiscard]] std::vector<Asked> due(TimePoint now);
    /// When to ask due() again; `never` while nothing is remembered.
    [[nodiscard]] TimePoint next() const;
    [[nodiscard]] std::size_t size() const { return pairs_.size(); }

private:
    using Key = std::pair<std::string, std::string>;  ///< both bare
    struct Pair {
        TimePoint at{};  ///< of the latest answer
        std::optional<Asked> again;
    };
    [[nodiscard]] static Key key_of(const Asked& asked);

    std::map<Key, Pair> pairs_;  ///< ordered: others choose the names (threat T63)
};

}  // namespace sallyport::im
