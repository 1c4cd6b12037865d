// From an order to a request that libpcap understands, and what follows from its end.
#include "services/diagnostics/capture_desk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/join.h"
#include "io/capture/capture_file.h"
#include "io/log/log_text.h"

namespace sallyport::services {

namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::uint16_t ports_of_the_protocols[] = {2222, 5222, 5269, 7400, 8443};

/// "2026-11-22T06:00:00.123456Z" as "20261122-060000".
std::string capture_name(WallTime time) {
    std::string name;
    for (const char c : io::log_time(time).substr(0, 19)) {
        if (c == 'T') name += '-';
        if (c >= '0' && c <= '9') name += c;
    }
    return name;
}

Result<std::uint64_t> bounded(std::string_view what, std::uint64_t asked, std::uint64_t usual, std::uint64_t most) {
    if (asked == 0) return usual;
    if (asked <= most) return asked;
    return Error{"capture-bound", std::string{what} + " may be " + std::to_string(most) + " at most"};
}

Result<std::string> address_words(std::string_view word, const std::string& address) {
    if (address.empty()) return std::string{};
    // Only what parses as an address reaches the filter.
    const auto parsed = IpAddress::parse(address);
    if (!parsed) return Error{"capture-address", "'" + address + "' is not an IP address"};
    return " and " + std::string{word} + " " + parsed->text();
}

std::vector<LogFact> facts_of(const CaptureState& state) {
    return {{"name", state.name},
            {"packets", std::to_string(state.status.packets)},
            {"bytes", std::to_string(state.status.bytes)},
            {"dropped", std::to_string(state.status.dropped)},
            {"end", state.status.end},
            {"why", state.status.detail}};
}

}  // namespace

std::set<std::uint16_t> ports_of(const config::NodeFile& file) {
    std::set<std::uint16_t> ports{std::begin(ports_of_the_protocols), std::end(ports_of_the_protocols)};
    for (const auto* list :
         {&file.admin.listen, &file.admin.health, &file.s2s.listen, &file.s2s.direct_tls_listen, &file.link.listen,
          &file.ssh.listen, &file.inside.listen, &file.components.listen, &file.axl.listen, &file.clients.listen}) {
        for (const Endpoint& at : *list) ports.insert(at.port);
    }
    for (const auto& dial : file.link.dial) ports.insert(dial.address.port);
    for (const auto& dial : file.ssh.dial) ports.insert(dial.address.port);
    for (const auto& server : file.inside.servers) ports.insert(server.address.port);
    ports.erase(0);
    return ports;
}

CaptureDesk::CaptureDesk(std::string folder, std::set<std::uint16_t> ports, std::string program, io::Loop& loop,
                         Logger log, AlarmBoard& alarms)
    : shelf_{std::move(folder), ".pcapng", ".pcap"},
      ports_{std::move(ports)},
      program_{std::move(program)},
      loop_{loop},
      log_{log},
      alarms_{alarms},
      self_{std::make_shared<CaptureDesk*>(this)} {
    for (const io::Shelf::File& file : shelf_.list()) {
        if (holds_secrets(file.name))
            alarms_.raise_once(AlarmCode::capture_secrets, file.name, "made before the node was restarted");
    }
}

CaptureDesk::~CaptureDesk() {
    *self_ = nullptr;
    tap_.reset();
}

std::string CaptureDesk::secret_mark(const std::string& name) const {
    return shelf_.folder() + "/" + name + ".secrets";
}

bool CaptureDesk::holds_secrets(const std::string& name) const {
    return ::access(secret_mark(name).c_str(), F_OK) == 0;
}

Result<std::string> CaptureDesk::filter_of(const CaptureOrder& order) const {
    std::string filter;
    if (order.port == 0) {
        for (const std::uint16_t port : ports_)
            filter += (filter.empty() ? "(tcp port " : " or tcp port ") + std::to_string(port);
        filter += ")";
    } else if (ports_.contains(order.port) || order.port == dns_port) {
        filter = "port " + std::to_string(order.port);
    } else {
        std::string known;
        for (const std::uint16_t port : ports_) append_item(known, std::to_string(port));
        return Error{"capture-port",
                     "port " + std::to_string(order.port) + " is not one of this node's: " + known + ", 53"};
    }
    for (const auto& [word, address] : {std::pair{"host", &order.host}, std::pair{"src host", &order.source},
                                        std::pair{"dst host", &order.destination}}) {
        const auto words = address_words(word, *address);
        if (!words) return words.error();
        filter += *words;
    }
    return filter;
}

Result<io::CaptureRequest> CaptureDesk::request_of(const CaptureOrder& order) const {
    io::CaptureRequest request;
    const auto name = shelf_.name_of(order.name.empty() ? capture_name(loop_.wall()) : order.name);
    if (!name) return name.error();
    request.path = shelf_.path_of(*name);
    if (shelf_.is_other(*name)) {
        request.form = io::CaptureForm::classic;
        if (order.with_secrets) {
            return Error{"capture-format",
                         "a .pcap file cannot hold the secrets of TLS sessions; give a name "
                         "without this ending for a pcapng file, which has"};
        }
    }
    if (!order.interface.empty()) request.interface = order.interface;
    const auto filter = filter_of(order);
    if (!filter) return filter.error();
    request.filter = *filter;
    const auto packets = bounded("count", order.packets, usual_packets, most_packets);
    const auto bytes = bounded("bytes", order.bytes, usual_bytes, most_bytes);
    const auto seconds = bounded("seconds", order.seconds, usual_seconds, most_seconds);
    for (const auto* bound : {&packets, &bytes, &seconds}) {
        if (!*bound) return bound->error();
    }
    request.packets = *packets;
    request.bytes = *bytes;
    request.duration = std::chrono::seconds{*seconds};
    if (order.snap_length != 0) request.snap_length = std::min(order.snap_length, io::whole_packets);
    request.with_secrets = order.with_secrets;
    request.program = program_;
    return request;
}

Result<CaptureState> CaptureDesk::start(const CaptureOrder& order, const std::string& author) {
    if (capture_) return Error{"capture-running", "'" + current_->name + "' is running; stop it with `capture stop`"};
    auto request = request_of(order);
    if (!request) return request.error();
    if (auto room = shelf_.make_room(); !room) return room.error();
    CaptureState state;
    state.name = request->path.substr(shelf_.folder().size() + 1);
    if (!shelf_.is_other(state.name)) state.name.resize(state.name.size() - std::string_view{".pcapng"}.size());
    state.interface = request->interface;
    state.filter = request->filter;
    state.author = author;
    state.started = loop_.wall();
    state.with_secrets = request->with_secrets;
    auto capture = io::Capture::start(std::move(*request), [&loop = loop_, weak = std::weak_ptr{self_}] {
        loop.post([weak] {
            const auto self = weak.lock();
            if (self && *self != nullptr) (*self)->over();
        });
    });
    if (!capture) return capture.error();
    capture_ = std::move(*capture);
    current_ = state;
    log_.info("capture.started", {{"name", state.name},
                                  {"interface", state.interface},
                                  {"filter", state.filter},
                                  {"secrets", state.with_secrets ? "1" : "0"},
                                  {"author", author}});
    if (state.with_secrets) {
        const int mark = ::open(secret_mark(state.name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (mark >= 0) ::close(mark);
        alarms_.raise(AlarmCode::capture_secrets, state.name, "asked for by " + author);
        tap_ =
            std::make_unique<io::TlsKeyTap>([held = capture_.get()](std::string_view line) { held->add_secret(line); });
    }
    return state;
}

Result<CaptureState> CaptureDesk::stop() {
    if (!capture_) return Error{"capture-none", "no capture is running"};
    tap_.reset();
    capture_->stop();
    over();
    return *last_;
}

/// Comes from stop(), or by itself; the second of both finds nothing to do.
void CaptureDesk::over() {
    if (!capture_ || capture_->status().end.empty()) return;
    tap_.reset();
    current_->status = capture_->status();
    capture_.reset();
    last_ = std::exchange(current_, std::nullopt);
    const bool is_trouble = last_->status.end == "disk" || last_->status.end == "failed";
    is_trouble ? log_.warn("capture.ended", facts_of(*last_)) : log_.info("capture.ended", facts_of(*last_));
}

std::optional<CaptureState> CaptureDesk::running() const {
    if (!capture_) return std::nullopt;
    CaptureState state = *current_;
    state.status = capture_->status();
    return state;
}

Result<void> CaptureDesk::remove(const std::string& name) {
    const auto checked = shelf_.find(name);
    if (!checked) return checked.error();
    if (current_ && current_->name == *checked)
        return Error{"capture-running", "'" + *checked + "' is being written; run `capture stop` first"};
    if (auto removed = shelf_.remove(*checked); !removed) return removed;
    ::unlink(secret_mark(*checked).c_str());
    alarms_.lower(AlarmCode::capture_secrets, *checked);
    log_.info("capture.removed", {{"name", *checked}});
    return {};
}

}  // namespace sallyport::services
