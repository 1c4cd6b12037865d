// What names were last known to be, for when nobody answers (RFC 8767). An answer is kept beside the cache, past its
// TTL; whoever asks in vain gets it after a moment, while the question goes on. So partners stay reachable while DNS is
// not. What is known of names that were not there is older news sooner, and counts later: somebody may just have made
// one. No thread of its own: its owner guards it.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/dns_records.h"
#include "base/tables.h"

namespace sallyport::io {

class KnownAnswers {
public:
    static constexpr std::size_t most = 4096;
    /// For so long an answer is of use (RFC 8767 section 5: one to three days).
    static constexpr Duration lives = std::chrono::hours{24};
    static constexpr Duration negative_lives = std::chrono::hours{1};
    /// So long a question has before it serves.
    static constexpr Duration patience = std::chrono::milliseconds{300};
    static constexpr Duration negative_patience = std::chrono::seconds{2};

    /// `type` of record, RFC 1035 3.2.2.
    using Name = std::pair<int, std::string>;

    /// Name servers have said this; what is no answer changes nothing.
    void learn(const Name& name, const DnsAnswer& answer, TimePoint now);
    struct Known {
        DnsAnswer answer;
        Duration patience;
    };
    [[nodiscard]] std::optional<Known> recall(const Name& name, TimePoint now) const;

    /// "dns.known".
    void tables(TableFills& all) const;

private:
    struct Entry {
        Name name;
        DnsAnswer answer;
        TimePoint learnt{};
    };
    [[nodiscard]] static bool is_negative(const DnsAnswer& answer);

    std::list<Entry> entries_;  ///< the one learnt last is the last one
    std::map<Name, std::list<Entry>::iterator> by_name_;
};

}  // namespace sallyport::io
