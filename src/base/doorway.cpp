// Books of an inner listener.
#include "base/doorway.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace sallyport {

struct Doorway::Place::Books {
    std::vector<IpNetwork> neighbours;
    DoorwayBounds bounds;
    std::map<IpAddress, std::size_t> open;  ///< account -> its unproven connections; no longer than they are many
    std::deque<IpAddress> proven;           ///< the latest last
    std::size_t strangers = 0;
    std::uint64_t refused = 0;

    [[nodiscard]] bool is_neighbour(const IpAddress& address) const {
        const auto holds = [&](const IpNetwork& network) { return network.contains(address); };
        return std::any_of(neighbours.begin(), neighbours.end(), holds) ||
               std::find(proven.begin(), proven.end(), address) != proven.end();
    }
};

namespace {

/// Strangers of IPv6 are counted by /64: one subscriber has that many addresses. A neighbour is one host of it.
IpAddress account_of(IpAddress address, bool stranger) {
    if (stranger && address.v6) std::fill(address.bytes.begin() + 8, address.bytes.end(), std::uint8_t{0});
    return address;
}

}  // namespace

Doorway::Place::Place(std::shared_ptr<Books> books, const IpAddress& address, bool stranger)
    : books_{std::move(books)}, address_{address}, account_{account_of(address, stranger)}, stranger_{stranger} {
    ++books_->open[account_];
    if (stranger_) ++books_->strangers;
}

Doorway::Place::~Place() { give_back(); }

void Doorway::Place::give_back() {
    if (!std::exchange(taken_, false)) return;
    if (stranger_) --books_->strangers;
    const auto at = books_->open.find(account_);
    if (--at->second == 0) books_->open.erase(at);
}

void Doorway::Place::prove() {
    give_back();
    auto& proven = books_->proven;
    if (const auto at = std::find(proven.begin(), proven.end(), address_); at != proven.end()) proven.erase(at);
    proven.push_back(address_);
    if (proven.size() > books_->bounds.proven) proven.pop_front();
}

Doorway::Doorway(std::vector<IpNetwork> neighbours, DoorwayBounds bounds)
    : books_{std::make_shared<Place::Books>(Place::Books{std::move(neighbours), bounds, {}, {}, 0, 0})} {}

std::unique_ptr<Doorway::Place> Doorway::enter(const IpAddress& address) {
    Place::Books& books = *books_;
    const bool stranger = !books.is_neighbour(address);
    const auto at = books.open.find(account_of(address, stranger));
    const std::size_t open = at == books.open.end() ? 0 : at->second;
    const bool full = stranger ? open >= books.bounds.per_stranger || books.strangers >= books.bounds.strangers
                               : open >= books.bounds.per_neighbour;
    if (full) {
        ++books.refused;
        return nullptr;
    }
    return std::unique_ptr<Place>{new Place{books_, address, stranger}};
}

void Doorway::replace_neighbours(std::vector<IpNetwork> neighbours) { books_->neighbours = std::move(neighbours); }

std::size_t Doorway::strangers() const { return books_->strangers; }

std::uint64_t Doorway::refused() const { return books_->refused; }

}  // namespace sallyport
