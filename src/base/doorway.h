// Who has come to an inner listener and has not yet shown who he is: bounded for each address and for all strangers
// together, with room of their own for neighbours, so that a stranger who reaches the listener keeps nobody out.
// Neighbours are the addresses that the operator named, and those from which somebody has proved himself. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/endpoint.h"

namespace sallyport {

struct DoorwayBounds {
    std::size_t per_stranger = 16;    ///< unproven connections of one address (IPv6: of one /64)
    std::size_t strangers = 64;       ///< of all that are no neighbours; of these one /48 of IPv6 has half
    std::size_t per_neighbour = 256;  ///< of one neighbour: a link for each of its shards
    std::size_t proven = 64;          ///< addresses that are remembered to have proved themselves

    /// A site has 65,536 subscribers' networks, and not all the room for that.
    [[nodiscard]] std::size_t per_site() const { return std::max(per_stranger, strangers / 2); }
};

class Doorway {
public:
    explicit Doorway(std::vector<IpNetwork> neighbours, DoorwayBounds bounds = {});

    /// One connection's place; it is given back with the object.
    class Place {
    public:
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        /// Who came has shown who he is: he takes no room any more, and his address is a neighbour's.
        void prove();

    private:
        friend class Doorway;
        struct Books;
        Place(std::shared_ptr<Books> books, const IpAddress& address, bool stranger);
        void give_back();
        std::shared_ptr<Books> books_;
        IpAddress address_, account_, site_;
        bool stranger_, taken_ = true;
    };

    /// Null: there is no room for one more from there.
    [[nodiscard]] std::unique_ptr<Place> enter(const IpAddress& address);
    /// It is a neighbour's.
    [[nodiscard]] bool knows(const IpAddress& address) const;
    /// Somebody has proved himself from there, in another life of the node perhaps.
    void remember(const IpAddress& address);
    /// For connections from now on; those who proved themselves stay known.
    void replace_neighbours(std::vector<IpNetwork> neighbours);
    [[nodiscard]] std::size_t strangers() const;
    [[nodiscard]] std::uint64_t refused() const;

private:
    std::shared_ptr<Place::Books> books_;
};

}  // namespace sallyport
