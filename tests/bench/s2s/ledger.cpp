#include "s2s/ledger.h"

#include "s2s/cutter.h"

namespace sallyport::bench {

std::uint64_t Ledger::add_stream(const std::string& from) {
    streams_.push_back({from});
    return streams_.size() - 1;
}

Stamp Ledger::next(std::uint64_t stream, std::uint64_t now) {
    ++sent_;
    return {stream, streams_[stream].sent++, now};
}

void Ledger::arrived(std::string_view message, std::uint64_t now) {
    const std::string_view tag = message.substr(0, message.find('>'));
    const std::size_t body = message.find("<body");
    const std::size_t from = body == std::string_view::npos ? body : message.find('>', body);
    const std::size_t end = from == std::string_view::npos ? from : message.find("</body>", from);
    if (end == std::string_view::npos) return void(++bad_);
    const auto stamp = read_body(message.substr(from + 1, end - from - 1));
    if (!stamp || stamp->stream >= streams_.size()) return void(++bad_);
    Stream& stream = streams_[stamp->stream];
    if (stamp->number >= stream.sent || attribute(tag, "from") != stream.from) return void(++bad_);
    if (stamp->number < stream.expected) {
        ++repeated_or_late_;
        return;
    }
    stream.expected = stamp->number + 1;
    ++stream.received;
    ++received_;
    delays_.add(now - stamp->sent_at);
}

std::uint64_t Ledger::lost() const {
    std::uint64_t lost = 0;
    for (const Stream& stream : streams_) lost += stream.sent - stream.received;
    return lost;
}

}  // namespace sallyport::bench
