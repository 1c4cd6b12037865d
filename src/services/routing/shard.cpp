// The bus between shards.
#include "services/routing/shard.h"

namespace sallyport::routing {

void Shard::settle(const Ticket& ticket) {
    if (!ticket.wanted()) return;
    if (ticket.shard == index) {
        desk.settle(ticket);
    } else {
        bus.settle(*this, ticket);
    }
}

void Bus::attach(Shard& shard, OnForwarded on_forwarded) {
    End& end = ends_.at(shard.index);
    end.shard = &shard;
    end.on_forwarded = std::move(on_forwarded);
    end.outgoing.resize(ends_.size());
}

bool Bus::forward(Shard& from, std::uint32_t to, Forwarded message) {
    if (ends_.at(to).waiting.load(std::memory_order_relaxed) >= capacity) return false;
    enqueue(from, to, std::move(message));
    return true;
}

void Bus::settle(Shard& from, const Ticket& ticket) { enqueue(from, ticket.shard, ticket); }

void Bus::run_on(std::uint32_t shard, std::function<void()> work) { ends_.at(shard).shard->loop.post(std::move(work)); }

void Bus::run_behind(Shard& from, std::uint32_t to, std::function<void()> work) { enqueue(from, to, std::move(work)); }

void Bus::enqueue(Shard& from, std::uint32_t to, BusMessage message) {
    End& end = ends_.at(from.index);
    ends_.at(to).waiting.fetch_add(1, std::memory_order_relaxed);
    end.outgoing.at(to).push_back(std::move(message));
    if (end.flush_deferred) return;
    end.flush_deferred = true;
    from.loop.defer([this, index = from.index] { flush(index); });
}

void Bus::flush(std::uint32_t from) {
    End& end = ends_[from];
    end.flush_deferred = false;
    for (std::uint32_t to = 0; to < ends_.size(); ++to) {
        if (end.outgoing[to].empty()) continue;
        std::vector<BusMessage> batch;
        batch.swap(end.outgoing[to]);
        // std::function wants a copyable callable, the batch is not worth copying.
        auto shared = std::make_shared<std::vector<BusMessage>>(std::move(batch));
        ends_[to].shard->loop.post([this, to, shared] { receive(to, std::move(*shared)); });
    }
}

void Bus::receive(std::uint32_t at, std::vector<BusMessage> batch) {
    End& end = ends_[at];
    end.waiting.fetch_sub(batch.size(), std::memory_order_relaxed);
    for (BusMessage& message : batch) {
        if (auto* ticket = std::get_if<Ticket>(&message)) {
            end.shard->desk.settle(*ticket);
        } else if (auto* work = std::get_if<std::function<void()>>(&message)) {
            (*work)();
        } else {
            end.on_forwarded(std::move(std::get<Forwarded>(message)));
        }
    }
}

std::uint32_t owner(std::string_view local, std::string_view remote, std::uint32_t shards) {
    if (shards <= 1) return 0;
    // Not keyed: only the spread over shards depends on it, and peers choose one half of the pair at most.
    const std::uint64_t mixed = sip_hash({1, 2}, local) * 31 + sip_hash({3, 4}, remote);
    return static_cast<std::uint32_t>((mixed >> 17) % shards);
}

}  // namespace sallyport::routing
