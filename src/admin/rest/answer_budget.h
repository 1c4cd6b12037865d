// How much of the control thread one account or token has: what its answers weigh is counted, and beyond its measure it
// waits, so that nobody who may only read keeps the thread busy with large answers (threat T80). Pure arithmetic on
// given times; bounded: where too many are known, those who owe least are forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"

namespace sallyport::admin {

class AnswerBudget {
public:
    /// A request weighs as much at least.
    static constexpr std::uint64_t least_bytes = 4096;
    /// So many seconds' worth may be asked for at once: a page that opens asks for several things.
    static constexpr std::uint64_t burst_seconds = 8;
    static constexpr std::size_t most_authors = 512;

    explicit AnswerBudget(std::uint64_t bytes_per_second) : rate_{static_cast<double>(bytes_per_second)} {}

    /// How long `author` has to wait; zero: he may ask.
    [[nodiscard]] Duration wait(const std::string& author, TimePoint now) const;
    /// He got so much.
    void charge(const std::string& author, std::uint64_t bytes, TimePoint now);
    [[nodiscard]] std::size_t authors() const { return debts_.size(); }

private:
    struct Debt {
        double bytes = 0;
        TimePoint at{};
    };
    [[nodiscard]] double owed(const Debt& debt, TimePoint now) const;
    void make_room(TimePoint now);

    double rate_;
    std::map<std::string, Debt> debts_;
};

}  // namespace sallyport::admin
