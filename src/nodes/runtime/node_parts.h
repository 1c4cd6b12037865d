// Steps that nodes take alike: joining what their shards know, asking all of them, and ending quietly.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "admin/api/node_control.h"
#include "nodes/runtime/runtime.h"
#include "proto/link/neighbour.h"
#include "services/s2s/pool_word.h"

namespace sallyport::nodes {

/// One status from the parts of the shards: lists appended, numbers added.
[[nodiscard]] admin::NodeStatus joined(std::vector<admin::NodeStatus> parts);
/// What one hub of a shard knows of its links; of a core, how its dials fare.
void take_status(const link::Hub& hub, admin::Depth depth, admin::NodeStatus& part);
/// Name, version, times, settings: what does not depend on the role.
void fill_common(Runtime& runtime, admin::Depth depth, admin::NodeStatus& status);
/// Who may dial this node's router link, and what certificates on it have to say.
[[nodiscard]] link::Neighbours neighbours_of(const config::NodeFile& file);
/// The end of a node, whatever others do: a second for what is under way, one for those that it knows to close, and a
/// little. Strangers are not waited for.
inline constexpr Duration longest_stop = std::chrono::milliseconds{2300};
/// Calls `on_quiet` on the control loop once `open(shard)` is 0 on every shard, or after `most`.
void watch_until_quiet(Runtime& runtime, std::function<std::size_t(std::size_t)> open, Duration most,
                       std::function<void()> on_quiet);

/// NodeControl::ping: on the shard that owns the pair, answered on the control loop. `shards` are the node's, by index.
template <typename Shards>
void ping_from(Runtime& runtime, Shards& shards, const xmpp::DomainPair& pair,
               std::function<void(Result<Duration>)> on_pinged) {
    const std::uint32_t at =
        routing::owner(pair.local.text(), pair.remote.text(), static_cast<std::uint32_t>(shards.size()));
    runtime.bus().run_on(at, [&runtime, &shards, at, pair, on_pinged = std::move(on_pinged)]() mutable {
        shards[at]->s2s().pool().ping(
            pair, [&runtime, on_pinged = std::move(on_pinged)](const Result<Duration>& result) mutable {
                // Moved: what it holds ends on the control thread.
                runtime.control().post([on_pinged = std::move(on_pinged), result] { on_pinged(result); });
            });
    });
}

/// NodeControl::verdict: whichever shard knows it; the newest of those.
template <typename Shards>
void find_verdict(Runtime& runtime, Shards& shards, const std::string& id,
                  std::function<void(std::optional<record::Verdict>)> on_verdict) {
    using Found = std::optional<record::Verdict>;
    runtime.gather<Found>([&shards, id](std::size_t index) { return shards[index]->records().verdicts().find(id); },
                          [on_verdict = std::move(on_verdict)](std::vector<Found> all) {
                              Found one;
                              std::uint64_t count = 0;
                              for (Found& found : all) {
                                  if (!found) continue;
                                  count += found->count;
                                  const WallTime first = one ? std::min(one->first, found->first) : found->first;
                                  if (!one || one->last < found->last) one = std::move(found);
                                  one->first = first;
                              }
                              if (one) one->count = count;
                              on_verdict(std::move(one));
                          });
}

/// NodeControl::refusal: every shard is asked, and the one that would take the message decides.
template <typename Shards>
void ask_pools(Runtime& runtime, Shards& shards, const s2s::AskedMessage& message,
               std::function<void(std::optional<xmpp::StanzaError>)> on_refusal) {
    runtime.gather<s2s::PoolWord>(
        [&shards, message](std::size_t index) { return shards[index]->word_on(message.view()); },
        [message, on_refusal = std::move(on_refusal)](std::vector<s2s::PoolWord> words) {
            on_refusal(s2s::refusal_among(words, message));
        });
}

/// NodeControl::close: on every shard, the sum on the control loop.
template <typename Shards>
void close_on_all(Runtime& runtime, Shards& shards, const xmpp::Domain& remote,
                  std::function<void(unsigned)> on_closed) {
    runtime.gather<unsigned>(
        [&shards, remote](std::size_t index) {
            return shards[index]->s2s().close(remote, "closed with `peers close`");
        },
        [on_closed = std::move(on_closed)](const std::vector<unsigned>& parts) {
            unsigned sum = 0;
            for (const unsigned part : parts) sum += part;
            on_closed(sum);
        });
}

/// NodeControl::trace: on every shard, answered on the control loop.
template <typename Shards>
void trace_on_all(Runtime& runtime, Shards& shards, const s2s::TraceOrder& order,
                  std::function<void(Result<void>)> on_set) {
    runtime.gather<unsigned>(
        [&shards, order](std::size_t index) {
            shards[index]->s2s().trace(order);
            return 1U;
        },
        [on_set = std::move(on_set)](const std::vector<unsigned>&) { on_set({}); });
}

}  // namespace sallyport::nodes
