// `capture`: packets of the node's own ports, and the same in the words that Expressway's command line has for it.
#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "admin/api/file_answer.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "services/diagnostics/diagnostics.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

using services::CaptureDesk;
using services::CaptureOrder;
using services::CaptureState;

constexpr auto look_interval = std::chrono::milliseconds{200};

json::object describe(const CaptureState& state) {
    return {{"name", state.name},
            {"state", state.status.end.empty() ? "running" : state.status.end},
            {"detail", state.status.detail.empty() ? json::value{} : json::value(state.status.detail)},
            {"interface", state.interface},
            {"filter", state.filter},
            {"with_secrets", state.with_secrets},
            {"author", state.author},
            {"started", json_time(state.started)},
            {"packets", state.status.packets},
            {"bytes", state.status.bytes},
            {"dropped", state.status.dropped},
            {"secrets", state.status.secrets}};
}

/// The desk, or the call has ended.
CaptureDesk* capture_desk_of(Call& call) {
    if (services::Diagnostics* parts = call.node().diagnostics()) return &parts->captures;
    call.fail({"verb-role", "this node has no captures"});
    return nullptr;
}

/// The number as a narrower one; what does not fit is refused by whoever checks the bound.
template <typename Narrow>
Narrow narrowed(std::uint64_t number) {
    return static_cast<Narrow>(std::min<std::uint64_t>(number, std::numeric_limits<Narrow>::max()));
}

/// `capture eth0 file NAME count N size all port N host ip A src A dest A`, in any order after the interface.
Result<CaptureOrder> order_of(const std::vector<std::string>& words) {
    const Error usage{"argument-malformed",
                      "utils network capture INTERFACE [file NAME] [count N] [size BYTES|all] [port N] "
                      "[host ip ADDRESS] [src ADDRESS] [dest ADDRESS]"};
    if (words.size() < 2 || words[0] != "capture") return usage;
    CaptureOrder order;
    order.interface = words[1];
    for (std::size_t at = 2; at < words.size(); ++at) {
        const std::string& key = words[at];
        if (key == "page" || key == "numeric") continue;  // about the screen of that command line
        if (key == "host" && at + 1 < words.size() && words[at + 1] == "ip") ++at;
        if (++at >= words.size()) return usage;
        const std::string& value = words[at];
        std::uint64_t number = 0;
        const bool is_number = !value.empty() && value.size() < 10 &&
                               std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (is_number) number = std::stoull(value);
        if (key == "file") {
            order.name = value;
        } else if (key == "host") {
            order.host = value;
        } else if (key == "src") {
            order.source = value;
        } else if (key == "dest") {
            order.destination = value;
        } else if (key == "count" && is_number) {
            order.packets = number;
        } else if (key == "port" && is_number) {
            order.port = narrowed<std::uint16_t>(number);
        } else if (key == "size" && (is_number || value == "all")) {
            order.snap_length = narrowed<std::uint32_t>(number);
        } else {
            return usage;
        }
    }
    return order;
}

/// In the foreground: the call is answered when the capture ends, and the capture ends with the call.
class Foreground {
public:
    Foreground(const SharedCall& call, CaptureDesk& desk, std::string name)
        : call_{call}, desk_{desk}, name_{std::move(name)}, loop_{call->node().loop()} {
        timer_ = loop_.timer([this] { look(); });
        timer_->arm(loop_.now() + look_interval);
    }
    Foreground(const Foreground&) = delete;
    Foreground& operator=(const Foreground&) = delete;
    ~Foreground() {
        const auto running = desk_.running();
        if (!running || running->name != name_) return;
        // The result is in the log; nobody listens any longer.
        [[maybe_unused]] const auto stopped = desk_.stop();
    }

private:
    void look() {
        const auto running = desk_.running();
        if (running && running->name == name_) return timer_->arm(loop_.now() + look_interval);
        const auto call = call_.lock();
        const auto& last = desk_.last();
        if (call && last && last->name == name_) call->succeed(describe(*last));
    }

    std::weak_ptr<Call> call_;
    CaptureDesk& desk_;
    std::string name_;
    io::Loop& loop_;
    std::unique_ptr<io::Timer> timer_;
};

void run_capture_list(const SharedCall& call) {
    const CaptureDesk* desk = capture_desk_of(*call);
    if (desk == nullptr) return;
    const auto running = desk->running();
    json::array files;
    for (const io::Shelf::File& file : desk->shelf().list()) {
        if (running && running->name == file.name) continue;
        files.push_back(json::object{{"name", file.name},
                                     {"bytes", file.bytes},
                                     {"time", json_time(file.time)},
                                     {"with_secrets", desk->holds_secrets(file.name)}});
    }
    json::object result{{"running", nullptr}, {"last", nullptr}, {"files", std::move(files)}};
    if (running) result["running"] = describe(*running);
    if (desk->last()) result["last"] = describe(*desk->last());
    call->succeed(result);
}

void run_capture_start(const SharedCall& call) {
    CaptureDesk* desk = capture_desk_of(*call);
    if (desk == nullptr) return;
    CaptureOrder order;
    order.name = call->text("name");
    order.interface = call->text("interface");
    order.packets = call->number("count", 0);
    order.snap_length = narrowed<std::uint32_t>(call->number("size", 0));
    order.bytes = call->number("bytes", 0);
    order.seconds = call->number("seconds", 0);
    order.port = narrowed<std::uint16_t>(call->number("port", 0));
    order.host = call->text("host");
    order.source = call->text("src");
    order.destination = call->text("dest");
    order.with_secrets = call->flag("with_secrets");
    const auto started = desk->start(order, call->author());
    if (!started) return call->fail(started.error());
    call->succeed(describe(*started));
}

void run_capture_stop(const SharedCall& call) {
    CaptureDesk* desk = capture_desk_of(*call);
    if (desk == nullptr) return;
    const auto stopped = desk->stop();
    if (!stopped) return call->fail(stopped.error());
    call->succeed(describe(*stopped));
}

void run_capture_remove(const SharedCall& call) {
    CaptureDesk* desk = capture_desk_of(*call);
    if (desk == nullptr) return;
    const std::string name = call->text("name");
    if (const auto removed = desk->remove(name); !removed) return call->fail(removed.error(), "name");
    call->succeed(json::object{{"name", name}, {"done", "removed"}});
}

void run_capture_get(const SharedCall& call) {
    if (const CaptureDesk* desk = capture_desk_of(*call)) answer_with_piece(*call, desk->shelf());
}

void run_utils_network(const SharedCall& call) {
    CaptureDesk* desk = capture_desk_of(*call);
    if (desk == nullptr) return;
    const auto order = order_of(call->texts("words"));
    if (!order) return call->fail(order.error(), "words");
    const auto started = desk->start(*order, call->author());
    if (!started) return call->fail(started.error());
    call->event({{"time", json_time(started->started)},
                 {"level", "info"},
                 {"module", "node"},
                 {"event", "capture.started"},
                 {"facts", {{"name", started->name}, {"interface", started->interface}, {"filter", started->filter}}}});
    call->keep(std::make_shared<Foreground>(call, *desk, started->name));
}

constexpr Argument capture_args[] = {
    optional_place("name", "name of the file; default: made from the current time"),
    option("interface", Form::text, "such as eth0; default: all"),
    option("count", Form::number, "stop after this many packets; default: 1000000"),
    option("size", Form::number, "bytes to keep of each packet; default: all"),
    option("bytes", Form::number, "stop at this file size; default: 64 MiB"),
    option("seconds", Form::number, "stop after this many seconds; default: 600"),
    option("port", Form::number, "only this port of the node; default: all its ports"),
    option("host", Form::text, "only packets from or to this address"),
    option("src", Form::text, "only packets from this address"),
    option("dest", Form::text, "only packets to this address"),
    option("with_secrets", Form::flag,
           "include the secrets of new TLS sessions: whoever has the file can decrypt them")};
constexpr Argument utils_args[] = {place("words", Form::texts, "capture INTERFACE [file NAME] [count N] …")};

constexpr Verb capture_rows[] = {
    {"capture.list",
     "packet captures: the one in progress, and files",
     {},
     run_capture_list,
     "{running:Capture? last:Capture? files:[{name:text bytes:count time:time with_secrets:flag}]}",
     print_captures,
     Access::read,
     reads},
    {"capture.start", "starts a packet capture of the node's own ports", capture_args, run_capture_start, "Capture",
     print_capture},
    {"capture.stop", "stops the capture", {}, run_capture_stop, "Capture", print_capture},
    {"capture.get", "downloads the file of a capture", piece_args, run_capture_get, "FilePiece", print_brought,
     Access::administer, acts, Answers::pieces},
    {"capture.remove", "deletes the file of a capture", file_args, run_capture_remove, "Done", print_removed},
    {"utils.network", "capture INTERFACE file NAME count N size all: captures until Ctrl-C", utils_args,
     run_utils_network, "Capture", print_capture},
};

}  // namespace

std::span<const Verb> capture_verbs() { return capture_rows; }

}  // namespace sallyport::admin
