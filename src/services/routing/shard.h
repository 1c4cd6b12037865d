// One shard: a thread with its own loop, network, resolver and ticket desk; and the bus on which shards exchange
// batches. Nothing here is shared but the bus's bounded mailboxes (ARCHITECTURE.md, Threads, shards, bus, tickets).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "base/log.h"
#include "io/dns/resolver.h"
#include "io/loop/loop.h"
#include "io/net/stream.h"
#include "proto/xmpp/stanza.h"
#include "services/routing/ticket.h"

namespace sallyport::routing {

/// A stanza handed to another shard.
struct Forwarded {
    xmpp::OwnedStanza stanza;
    Ticket ticket;
    /// For a link of the other shard: since when it waits, and what is held against it (proto/link/send_window.h).
    TimePoint since{};
    std::uint8_t strikes = 0;
    bool apart = false;
};
using BusMessage = std::variant<Forwarded, Ticket, std::function<void()>>;

class Bus;

/// What every service of a shard stands on. Values and references only; made by the node.
struct Shard {
    std::uint32_t index = 0;
    std::uint32_t count = 1;
    io::Loop& loop;
    io::Network& network;
    io::Resolver& resolver;
    LogSink& log;
    TicketDesk desk;
    Bus& bus;
    std::function<std::string()> fresh_id;  ///< >= 128 random bits
    std::function<std::uint64_t(std::uint64_t below)> random;

    /// The ticket's stanza is done, wherever its source lives.
    void settle(const Ticket& ticket);
    [[nodiscard]] Logger logger(LogModule module) const { return {log, module}; }
};

/// n x n bounded mailboxes; messages of one turn travel in one batch, in order.
class Bus {
public:
    /// In flight to one shard; beyond it forward() refuses and the caller bounces.
    static constexpr std::size_t capacity = 1 << 16;
    using OnForwarded = std::function<void(Forwarded)>;

    explicit Bus(std::uint32_t shards) : ends_(shards) {}

    /// Called once a shard, on its thread or before it runs.
    void attach(Shard& shard, OnForwarded on_forwarded);
    /// From `from`'s thread. False: the mailbox is full.
    [[nodiscard]] bool forward(Shard& from, std::uint32_t to, Forwarded message);
    /// Settlements are never refused: each belongs to a stanza that was admitted.
    void settle(Shard& from, const Ticket& ticket);
    /// Runs `work` on a shard's thread; before what has been forwarded to it in this turn.
    void run_on(std::uint32_t shard, std::function<void()> work);
    /// From `from`'s thread: runs `work` on a shard's thread, after all that `from` has forwarded to it. Never refused.
    void run_behind(Shard& from, std::uint32_t to, std::function<void()> work);
    [[nodiscard]] std::uint32_t shards() const { return static_cast<std::uint32_t>(ends_.size()); }

private:
    struct End {
        Shard* shard = nullptr;
        OnForwarded on_forwarded;
        std::atomic<std::size_t> waiting{0};
        std::vector<std::vector<BusMessage>> outgoing;  // of this shard's thread, by destination
        bool flush_deferred = false;
    };
    void enqueue(Shard& from, std::uint32_t to, BusMessage message);
    void flush(std::uint32_t from);
    void receive(std::uint32_t at, std::vector<BusMessage> batch);

    std::vector<End> ends_;
};

/// The shard that owns the outbound stream of a pair.
[[nodiscard]] std::uint32_t owner(std::string_view local, std::string_view remote, std::uint32_t shards);

/// Where stanzas go. Each node has its own.
class Router {
public:
    virtual ~Router() = default;
    /// Takes a validated stanza; bounces it when it cannot go anywhere. Views are valid during the call only.
    virtual void route(const xmpp::Stanza& stanza, const Ticket& ticket) = 0;
};

}  // namespace sallyport::routing
