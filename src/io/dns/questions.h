// Which questions to DNS are under way, and which names were silent lately: who may ask another one. A name server that
// says nothing costs a socket for half a minute, and everybody's questions go out through the same sockets. So there is
// a bound, below the number of sockets, and nobody who is unlucky with names, or has chosen them for it, takes it all
// (threats T13, T67):
//
// - strangers have half of it at most, and the last sixteenth is the node's own;
// - whoever asks, and whoever owns the names that are asked for, may have a quarter of what is free at that moment. So
//   one alone has a fifth of all, each further one a fifth of the rest, and who has asked nothing finds room;
// - a name that got no answer in time is not asked again for a while, except for the node itself.
//
// A question counts until it is over for the library, however soon its asker has gone. No thread of its own: its owner
// guards it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/dns_records.h"
#include "base/tables.h"
#include "io/dns/resolver.h"

namespace sallyport::io {

class Questions {
public:
    /// Names that are remembered as silent.
    static constexpr std::uint64_t most_silent = 4096;
    /// Of all questions: what strangers may have, and what is the node's own.
    static constexpr std::uint64_t share_of_strangers = 2;
    static constexpr std::uint64_t share_of_node = 16;
    /// Of what is free: what one asker, or one owner of names, may have.
    static constexpr std::uint64_t share_of_one = 4;

    /// `most` at a time. `patience`: who has had no answer for so long has been told so, and for as long again the name
    /// is not asked.
    Questions(std::uint64_t most, Duration patience) : most_{most}, patience_{patience} {}

    struct Question {
        std::string name;
        int type = 0;  ///< of record, RFC 1035 3.2.2
        Asker asker;
        TimePoint since{};
    };
    /// Nothing: it may be asked, and counts until over(). Otherwise the answer at once, timed_out or busy.
    [[nodiscard]] std::optional<DnsAnswer> begin(const Question& question);
    /// Its asker has been told that there is no answer.
    void silent(const Question& question, TimePoint now);
    /// It no longer counts; `how` it ended.
    void over(const Question& question, DnsStatus how, TimePoint now);

    /// "dns.questions" and "dns.silent".
    void tables(TableFills& all, TimePoint now);

private:
    using Name = std::pair<int, std::string>;
    [[nodiscard]] bool has_room(const Asker& asker) const;
    void count(const Asker& asker, bool in);
    void forget(TimePoint now);

    const std::uint64_t most_;
    const Duration patience_;
    std::uint64_t open_ = 0, open_of_node_ = 0, open_of_strangers_ = 0;
    std::map<std::string, std::uint64_t> open_of_;     ///< by asker and by owner of the names, for each kind
    std::map<Name, TimePoint> silent_;                 ///< until when
    std::deque<std::pair<TimePoint, Name>> silences_;  ///< the same, soonest first; some are over before
};

}  // namespace sallyport::io
