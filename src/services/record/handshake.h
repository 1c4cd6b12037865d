// One attempt to open a stream with a peer, or to prove a further pair on one, step by step as values. Nothing secret
// is in it: dialback keys, SASL responses and stanzas never get here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/refusal_rules.h"

namespace sallyport::record {

using Facts = std::vector<std::pair<std::string, std::string>>;

struct Step {
    Duration at{0};    ///< since the handshake began
    std::string name;  ///< "dns.srv", "tcp.connected", "tls", "result.sent" …
    bool good = true;
    Facts facts;
};

struct Handshake {
    std::string id;            ///< "h-17"; given by the archive
    std::string peer;          ///< the other domain; its address when it never named one
    std::string local;         ///< ours; empty when it was never named
    bool inbound = false;      ///< who opened the stream: the peer
    bool proven_only = false;  ///< opened to verify dialback keys, not for stanzas
    std::string address;       ///< of the peer, with port; empty when none was reached
    WallTime started{};
    Duration took{0};
    std::uint32_t shard = 0;
    bool good = false;
    Stage failed_at = Stage::none;  ///< none when good
    std::string result;             ///< how the pair was proved, or why it failed
    std::string verdict_id;         ///< of the refusal that ended it; may be empty
    std::vector<Step> steps;
    std::uint64_t left_out = 0;  ///< steps beyond the bound

    /// What it takes of the recorder's memory, roughly.
    [[nodiscard]] std::size_t bytes() const;
};

}  // namespace sallyport::record
