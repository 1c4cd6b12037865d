// The port policy for destinations that DNS names.
#include "model/route/ports.h"

#include <algorithm>
#include <iterator>

namespace sallyport::route {

namespace {

// Databases, remote shells and desktops, caches, brokers, cluster managers, proxies, and the ports of our own insides
// (2222, 7400, 8443, 9443). Sorted.
constexpr std::uint16_t blocked[] = {
    1080, 1433, 1434, 1521, 1723, 2049, 2181, 2222, 2375, 2376, 2379,  2380,  3128,  3306,  3389,
    4369, 5060, 5061, 5432, 5433, 5672, 5900, 5901, 5984, 5985, 5986,  6000,  6379,  6443,  6667,
    7400, 8443, 8500, 9042, 9090, 9092, 9100, 9200, 9300, 9443, 10250, 11211, 15672, 27017, 50070,
};
static_assert(std::is_sorted(std::begin(blocked), std::end(blocked)));

}  // namespace

bool is_permitted_port(std::uint16_t port) {
    if (port < 1024) return port == 443;
    return !std::binary_search(std::begin(blocked), std::end(blocked), port);
}

}  // namespace sallyport::route
