// Places of which everybody may have as many as there are, until they are all taken: then whoever has most makes way
// for whoever has fewer, his oldest first. So nobody keeps others out, however many places he can take, and nobody is
// refused while there is room. No thread of its own: the ledger's mutex guards it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace sallyport::routing {

class OwnedPlaces {
public:
    using Leave = std::function<void()>;

    explicit OwnedPlaces(std::uint64_t most) : most_{most} {}

    /// A place for `owner`; `number` tells it from others and grows with time. False: all are taken, and nobody has
    /// more than he would have with it. `displaced` is what the place was taken from, if from anybody: it no longer
    /// counts, and is to be told.
    [[nodiscard]] bool take(const std::string& owner, std::uint64_t number, Leave leave, Leave& displaced);
    /// False: it has made way before.
    bool give_back(std::string_view owner, std::uint64_t number);
    /// It is told in another way to make way. False: as above.
    [[nodiscard]] bool replace(std::string_view owner, std::uint64_t number, const Leave& leave);
    [[nodiscard]] std::uint64_t size() const { return taken_; }
    [[nodiscard]] std::uint64_t most() const { return most_; }

private:
    using Places = std::map<std::uint64_t, Leave>;
    using Owners = std::map<std::string, Places, std::less<>>;
    void count_again(Owners::iterator owner, std::size_t before);

    const std::uint64_t most_;
    std::uint64_t taken_ = 0;
    Owners owners_;                                             ///< who has any
    std::set<std::pair<std::size_t, std::string_view>> ranks_;  ///< of them, by what they have; the names are above
};

}  // namespace sallyport::routing
