// RFC 1035 4: just enough of messages.
#include "unit/io/dns_server.h"

#include <netinet/in.h>

namespace sallyport::test {

namespace {

std::string number(unsigned value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
    return out;
}

std::string wire_name(const std::string& name) {
    std::string out;
    std::size_t at = 0;
    while (at < name.size() && name != ".") {
        const std::size_t dot = std::min(name.find('.', at), name.size());
        out.push_back(static_cast<char>(dot - at));
        out += name.substr(at, dot - at);
        at = dot + 1;
    }
    out.push_back('\0');
    return out;
}

std::string text_name(std::string_view wire) {
    std::string out;
    while (!wire.empty() && wire.front() != 0) {
        const auto size = static_cast<std::size_t>(wire.front());
        if (!out.empty()) out += '.';
        for (const char c : wire.substr(1, size)) out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        wire.remove_prefix(1 + size);
    }
    return out;
}

}  // namespace

DnsServer::DnsServer(io::AsioLoop& loop) : socket_{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    const io::SocketAddress at = io::socket_address({IpAddress::v4(0x7f000001), 0});
    static_cast<void>(::bind(socket_.get(), at.raw(), at.size));
    readiness_ = loop.readiness(socket_.get(), {[this] { answer_some(); }, {}});
    readiness_->want_read();
}

void DnsServer::raw(const std::string& name, int type, const std::string& data, unsigned ttl) {
    records_[name].push_back({type, ttl, data});
}

void DnsServer::srv(const std::string& name, std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                    const std::string& target) {
    raw(name, 33, number(priority, 2) + number(weight, 2) + number(port, 2) + wire_name(target));
}

void DnsServer::address(const std::string& name, const std::string& address) {
    const IpAddress parsed = *IpAddress::parse(address);
    const auto* bytes = reinterpret_cast<const char*>(parsed.bytes.data());
    raw(name, parsed.v6 ? 28 : 1, {bytes, parsed.v6 ? 16U : 4U});
}

void DnsServer::cname(const std::string& name, const std::string& target) { aliases_[name] = target; }

void DnsServer::answer_some() {
    char packet[4096];
    io::SocketAddress from;
    for (;;) {
        from.size = sizeof from.storage;
        const ssize_t got = ::recvfrom(socket_.get(), packet, sizeof packet, 0, from.raw(), &from.size);
        if (got < 12) break;
        ++questions;
        const std::string out = reply({packet, static_cast<std::size_t>(got)});
        if (!out.empty()) ::sendto(socket_.get(), out.data(), out.size(), 0, from.raw(), from.size);
    }
    readiness_->want_read();
}

std::string DnsServer::reply(std::string_view question) const {
    const std::string_view name_wire = question.substr(12, question.find('\0', 12) - 12 + 1);
    const std::string_view tail = question.substr(12 + name_wire.size(), 4);
    const int type = static_cast<unsigned char>(tail[1]);
    const std::string name = text_name(name_wire);
    int code = records_.count(name) + aliases_.count(name) > 0 ? 0 : 3;
    if (const auto set = codes_.find(name); set != codes_.end()) code = set->second;
    if (code < 0) return {};
    std::string answers;
    int count = 0;
    if (code == 0) append_records(name, type, answers, count);
    std::string out{question.substr(0, 2)};
    const bool extended = question[11] != 0;  // RFC 6891: the question brings an OPT record, and so does the answer
    out += number(0x8580U | static_cast<unsigned>(code), 2) + number(1, 2) + number(static_cast<unsigned>(count), 2) +
           number(0, 2) + number(extended ? 1 : 0, 2);
    out += name_wire;
    out += tail;
    out += answers;
    if (extended) out += number(0, 1) + number(41, 2) + number(4096, 2) + number(0x8000, 4) + number(0, 2);
    return out;
}

void DnsServer::append_records(const std::string& name, int type, std::string& out, int& count) const {
    const auto append = [&](const Record& record) {
        out += wire_name(name) + number(static_cast<unsigned>(record.type), 2) + number(1, 2) + number(record.ttl, 4) +
               number(static_cast<unsigned>(record.data.size()), 2) + record.data;
        ++count;
    };
    if (const auto alias = aliases_.find(name); alias != aliases_.end()) {
        append({5, 60, wire_name(alias->second)});
        append_records(alias->second, type, out, count);
        return;
    }
    const auto found = records_.find(name);
    if (found == records_.end()) return;
    for (const Record& record : found->second) {
        // RFC 4034 3.1: a signature goes with what it covers.
        const bool covers = record.type == 46 && static_cast<unsigned char>(record.data.at(1)) == type;
        if (record.type == type || covers) append(record);
    }
}

}  // namespace sallyport::test
