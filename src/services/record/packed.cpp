// Numbers of seven bits a byte, the lowest first; texts behind their length.
#include "services/record/packed.h"

#include <algorithm>

namespace sallyport::record {

namespace {

class Writer {
public:
    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U) out_.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
        out_.push_back(static_cast<char>(value));
    }
    void text(std::string_view value) {
        number(value.size());
        out_.append(value);
    }
    std::string take() {
        out_.shrink_to_fit();
        return std::move(out_);
    }

private:
    std::string out_;
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_{bytes} {}
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; at_ < bytes_.size() && shift < 64; shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes_[at_++]);
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if (byte < 0x80) break;
        }
        return value;
    }
    std::string text() {
        const std::string_view value = bytes_.substr(at_, number_of_bytes());
        at_ += value.size();
        return std::string{value};
    }

private:
    std::size_t number_of_bytes() {
        const std::uint64_t size = number();
        return static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes_.size() - at_));
    }

    std::string_view bytes_;
    std::size_t at_ = 0;
};

constexpr std::uint64_t inbound_flag = 1, proven_only_flag = 2, good_flag = 4;

}  // namespace

std::string pack(const Handshake& handshake) {
    Writer to;
    to.number((handshake.inbound ? inbound_flag : 0U) | (handshake.proven_only ? proven_only_flag : 0U) |
              (handshake.good ? good_flag : 0U));
    for (const std::string* text :
         {&handshake.peer, &handshake.local, &handshake.address, &handshake.result, &handshake.verdict_id}) {
        to.text(*text);
    }
    to.number(static_cast<std::uint64_t>(handshake.started.time_since_epoch().count()));
    to.number(static_cast<std::uint64_t>(handshake.took.count()));
    to.number(handshake.shard);
    to.number(static_cast<std::uint64_t>(handshake.failed_at));
    to.number(handshake.left_out);
    to.number(handshake.steps.size());
    for (const Step& step : handshake.steps) {
        to.number(static_cast<std::uint64_t>(step.at.count()));
        to.number(step.good ? 1 : 0);
        to.text(step.name);
        to.number(step.facts.size());
        for (const auto& [key, value] : step.facts) {
            to.text(key);
            to.text(value);
        }
    }
    return to.take();
}

Handshake unpack(std::string_view packed) {
    Reader from{packed};
    Handshake handshake;
    const std::uint64_t flags = from.number();
    handshake.inbound = (flags & inbound_flag) != 0;
    handshake.proven_only = (flags & proven_only_flag) != 0;
    handshake.good = (flags & good_flag) != 0;
    for (std::string* text :
         {&handshake.peer, &handshake.local, &handshake.address, &handshake.result, &handshake.verdict_id}) {
        *text = from.text();
    }
    handshake.started = WallTime{WallTime::duration{static_cast<std::int64_t>(from.number())}};
    handshake.took = Duration{static_cast<std::int64_t>(from.number())};
    handshake.shard = static_cast<std::uint32_t>(from.number());
    handshake.failed_at = static_cast<Stage>(from.number());
    handshake.left_out = from.number();
    for (std::uint64_t steps = from.number(); steps > 0; --steps) {
        Step& step = handshake.steps.emplace_back();
        step.at = Duration{static_cast<std::int64_t>(from.number())};
        step.good = from.number() != 0;
        step.name = from.text();
        for (std::uint64_t facts = from.number(); facts > 0; --facts) {
            std::string key = from.text();
            step.facts.emplace_back(std::move(key), from.text());
        }
    }
    return handshake;
}

}  // namespace sallyport::record
