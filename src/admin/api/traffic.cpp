// Open streams count for themselves; what they counted is added to the counters of their shard when they end.
#include "admin/api/traffic.h"

namespace sallyport::admin {

Traffic traffic(const NodeStatus& status) {
    const record::Counters& gone = status.counters;
    Traffic all{gone.stanzas_in, gone.stanzas_out, gone.bytes_in, gone.bytes_out};
    for (const s2s::StreamStatus& stream : status.streams) {
        all.stanzas_in += stream.stanzas_in;
        all.stanzas_out += stream.stanzas_out;
        all.bytes_in += stream.bytes_in;
        all.bytes_out += stream.bytes_out;
    }
    return all;
}

}  // namespace sallyport::admin
