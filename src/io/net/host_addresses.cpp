// getifaddrs(3).
#include "io/net/host_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

#include "io/net/socket.h"

namespace sallyport::io {

std::optional<std::vector<IpAddress>> host_addresses() {
    struct Free {
        void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
    };
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return std::nullopt;
    const std::unique_ptr<ifaddrs, Free> list{first};
    std::vector<IpAddress> all;
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr) continue;
        const int family = one->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        SocketAddress address;
        address.size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        std::memcpy(&address.storage, one->ifa_addr, address.size);
        all.push_back(endpoint_of(address).address);
    }
    return all;
}

}  // namespace sallyport::io
