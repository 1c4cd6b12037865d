// Streams as values, while they are there and when they are gone.
#include "services/s2s/context.h"

namespace sallyport::s2s {

std::string key_of(const StreamStatus& stream) {
    return std::string{stream.direction == Direction::inbound ? "in " : "out "} + std::to_string(stream.shard) + ' ' +
           std::to_string(stream.since.time_since_epoch().count()) + ' ' + stream.local + ' ' + stream.remote;
}

void count_gone(const StreamStatus& stream, const std::string& peer, record::Counters& counters) {
    counters.stanzas_in += stream.stanzas_in;
    counters.stanzas_out += stream.stanzas_out;
    counters.bytes_in += stream.bytes_in;
    counters.bytes_out += stream.bytes_out;
    if (peer.empty()) return;
    const std::string& name = stream.remote.empty() ? peer : stream.remote;
    counters.add({key_of(stream), name, stream.stanzas_in, stream.stanzas_out, stream.bytes_in, stream.bytes_out});
}

}  // namespace sallyport::s2s
