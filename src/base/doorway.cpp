// Books of an inner listener.
#include "base/doorway.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/networks.h"

namespace sallyport {

struct Doorway::Place::Books {
    std::vector<IpNetwork> neighbours;
    DoorwayBounds bounds;
    std::map<IpAddress, std::size_t> open;   ///< account -> its unproven connections; no longer than they are many
    std::map<IpAddress, std::size_t> sites;  ///< /48 -> its strangers' connections; as long
    std::deque<IpAddress> proven;            ///< the latest last
    std::size_t strangers = 0;
    std::uint64_t refused = 0;

    [[nodiscard]] bool is_neighbour(const IpAddress& address) const {
        const auto holds = [&](const IpNetwork& network) { return network.contains(address); };
        return std::any_of(neighbours.begin(), neighbours.end(), holds) ||
               std::find(proven.begin(), proven.end(), address) != proven.end();
    }
    void remember(const IpAddress& address) {
        if (const auto at = std::find(proven.begin(), proven.end(), address); at != proven.end()) proven.erase(at);
        proven.push_back(address);
        if (proven.size() > bounds.proven) proven.pop_front();
    }
};

namespace {

/// Strangers of IPv6 are counted by /64: one subscriber has that many addresses. A neighbour is one host of it.
IpAddress account_of(const IpAddress& address, bool stranger) {
    return stranger ? subscriber_network(address) : address;
}

bool has_site(const IpAddress& address, bool stranger) { return stranger && address.v6; }

std::size_t count_in(const std::map<IpAddress, std::size_t>& counts, const IpAddress& key) {
    const auto at = counts.find(key);
    return at == counts.end() ? 0 : at->second;
}

void one_less(std::map<IpAddress, std::size_t>& counts, const IpAddress& key) {
    const auto at = counts.find(key);
    if (--at->second == 0) counts.erase(at);
}

}  // namespace

Doorway::Place::Place(std::shared_ptr<Books> books, const IpAddress& address, bool stranger)
    : books_{std::move(books)},
      address_{address},
      account_{account_of(address, stranger)},
      site_{site_network(address)},
      stranger_{stranger} {
    ++books_->open[account_];
    if (has_site(address_, stranger_)) ++books_->sites[site_];
    if (stranger_) ++books_->strangers;
}

Doorway::Place::~Place() { give_back(); }

void Doorway::Place::give_back() {
    if (!std::exchange(taken_, false)) return;
    if (stranger_) --books_->strangers;
    one_less(books_->open, account_);
    if (has_site(address_, stranger_)) one_less(books_->sites, site_);
}

void Doorway::Place::prove() {
    give_back();
    books_->remember(address_);
}

Doorway::Doorway(std::vector<IpNetwork> neighbours, DoorwayBounds bounds)
    : books_{std::make_shared<Place::Books>(Place::Books{std::move(neighbours), bounds, {}, {}, {}, 0, 0})} {}

std::unique_ptr<Doorway::Place> Doorway::enter(const IpAddress& address) {
    Place::Books& books = *books_;
    const bool stranger = !books.is_neighbour(address);
    const std::size_t open = count_in(books.open, account_of(address, stranger));
    const bool site_full =
        has_site(address, stranger) && count_in(books.sites, site_network(address)) >= books.bounds.per_site();
    const bool full = stranger
                          ? site_full || open >= books.bounds.per_stranger || books.strangers >= books.bounds.strangers
                          : open >= books.bounds.per_neighbour;
    if (full) {
        ++books.refused;
        return nullptr;
    }
    return std::unique_ptr<Place>{new Place{books_, address, stranger}};
}

bool Doorway::knows(const IpAddress& address) const { return books_->is_neighbour(address); }

void Doorway::remember(const IpAddress& address) { books_->remember(address); }

void Doorway::replace_neighbours(std::vector<IpNetwork> neighbours) { books_->neighbours = std::move(neighbours); }

std::size_t Doorway::strangers() const { return books_->strangers; }

std::uint64_t Doorway::refused() const { return books_->refused; }

}  // namespace sallyport
