// Whether DNS answers: asks it every few seconds for a name that no cache has, because caches hide for a while that
// nobody answers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "admin/api/node_control.h"

namespace sallyport::admin {

class DnsWatch {
public:
    /// From one look to the next; what has no answer by then is still waited for, as long as the resolver does.
    static constexpr auto interval = std::chrono::seconds{4};
    /// Looks in a row without an answer: one may be lost.
    static constexpr unsigned most_misses = 2;

    /// `node` must outlive it.
    explicit DnsWatch(NodeControl& node) : node_{node} {}
    DnsWatch(const DnsWatch&) = delete;
    DnsWatch& operator=(const DnsWatch&) = delete;

    /// Called often; keeps `dead_dns` of the node's HostFacts.
    void look(TimePoint now);

private:
    struct Question {
        bool asked = false;
        std::unique_ptr<io::Lookup> lookup;  ///< null: it has its answer
        std::optional<DnsStatus> status;
        std::string why;
    };
    void ask(Question& question, const std::string& name);
    void hear(Question& question, const DnsAnswer& answer);
    void forget();

    NodeControl& node_;
    TimePoint next_{};
    std::optional<xmpp::Domain> domain_;  ///< that is asked about
    /// A name below a domain of ours, and one below the root. The servers of the one may be in trouble, and a network
    /// of its own may not reach those of the other; a resolver that answers neither is dead.
    Question own_, root_;
    unsigned misses_ = 0;
    std::uint64_t questions_ = 0;
};

}  // namespace sallyport::admin
