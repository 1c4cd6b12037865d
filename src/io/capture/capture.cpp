// The thread and its loop. libpcap blocks in poll for the length of one tick at most.
#include "io/capture/capture.h"

#include <pcap/pcap.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/join.h"
#include "io/capture/capture_file.h"
#include "io/capture/pcap_file.h"
#include "io/capture/pcapng.h"

namespace sallyport::io {

namespace {

constexpr int tick_ms = 100;                      ///< how long packets gather in the kernel, and secrets in memory
constexpr int kernel_hold_ms = tick_ms / 2;       ///< of a block of packets that is not full
constexpr std::chrono::seconds longest_drain{1};  ///< at the end, of packets that do not stop coming
constexpr int kernel_buffer = 8 << 20;            ///< bytes
constexpr int packets_a_turn = 4096;
constexpr std::size_t most_held = 16 << 20;    ///< bytes of packets that wait for secrets
constexpr std::size_t most_secrets = 4 << 20;  ///< bytes of secrets that wait to be written
constexpr std::size_t longest_secret_line = 1024;

using Steady = std::chrono::steady_clock;

struct ClosePcap {
    void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using PcapPtr = std::unique_ptr<pcap_t, ClosePcap>;

std::uint64_t wall_microseconds() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
}

Error activation_error(int status, pcap_t* handle, const std::string& interface) {
    const std::string words = pcap_geterr(handle);
    if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED) {
        return {"capture-permission",
                "this node may not listen on " + interface +
                    ": it lacks the capability CAP_NET_RAW; the manual, capture, describes how to add it"};
    }
    if (status == PCAP_ERROR_NO_SUCH_DEVICE || status == PCAP_ERROR_IFACE_NOT_UP) {
        return {"capture-interface",
                "there is no interface " + interface + " that is up; there are " + joined(capture_interfaces())};
    }
    return {"capture-failed", interface + ": " + (words.empty() ? pcap_statustostr(status) : words)};
}

Result<PcapPtr> listen_on(const CaptureRequest& request) {
    char problem[PCAP_ERRBUF_SIZE] = {};
    PcapPtr handle{pcap_create(request.interface.c_str(), problem)};
    if (!handle) return Error{"capture-failed", request.interface + ": " + problem};
    pcap_set_snaplen(handle.get(), static_cast<int>(request.snap_length));
    pcap_set_promisc(handle.get(), 0);
    pcap_set_timeout(handle.get(), kernel_hold_ms);
    pcap_set_buffer_size(handle.get(), kernel_buffer);
    const int status = pcap_activate(handle.get());
    if (status < 0) return activation_error(status, handle.get(), request.interface);
    bpf_program program{};
    if (pcap_compile(handle.get(), &program, request.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
        return Error{"capture-filter", request.filter + ": " + pcap_geterr(handle.get())};
    }
    const int set = pcap_setfilter(handle.get(), &program);
    pcap_freecode(&program);
    if (set != 0) return Error{"capture-filter", request.filter + ": " + pcap_geterr(handle.get())};
    if (pcap_setnonblock(handle.get(), 1, problem) != 0) return Error{"capture-failed", problem};
    return handle;
}

}  // namespace

class Capture::Work {
public:
    Work(CaptureRequest request, PcapPtr handle, CaptureFile file, int wake, std::function<void()> on_end)
        : request_{std::move(request)},
          handle_{std::move(handle)},
          file_{std::move(file)},
          wake_{wake},
          on_end_{std::move(on_end)},
          until_{Steady::now() + request_.duration} {}
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    ~Work() {
        stop();
        ::close(wake_);
    }

    void begin() {
        thread_ = std::thread{[this] { run(); }};
    }

    void stop() {
        if (!thread_.joinable()) return;
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
        thread_.join();
    }

    void add_secret(std::string_view line) {
        if (!request_.with_secrets || line.size() > longest_secret_line) return;
        const std::lock_guard hold{mutex_};
        if (!status_.end.empty() || secrets_.size() > most_secrets) return;
        secrets_.append(line).append("\n");
        ++status_.secrets;
    }

    [[nodiscard]] CaptureStatus status() const {
        const std::lock_guard hold{mutex_};
        return status_;
    }

    /// The blocks in front of the first packet.
    [[nodiscard]] Result<void> write_head() {
        const int link_type = pcap_datalink(handle_.get());
        if (request_.form == CaptureForm::classic) {
            return file_.append(pcap_file::header(static_cast<std::uint16_t>(link_type), request_.snap_length));
        }
        if (auto written = file_.append(pcapng::section_header(request_.program)); !written) return written;
        return file_.append(pcapng::interface_description(static_cast<std::uint16_t>(link_type), request_.snap_length,
                                                          request_.interface, request_.filter));
    }

private:
    struct Held {
        std::string block;
        Steady::time_point since;
    };

    void run() {
        while (!over_) turn();
        flush(true);
        write_statistics();
        {
            const std::lock_guard hold{mutex_};
            status_.end = over_->code;
            status_.detail = over_->text;
            status_.bytes = file_.bytes();
            secrets_.clear();
        }
        on_end_();
    }

    void turn() {
        pollfd descriptors[] = {{wake_, POLLIN, 0}, {pcap_get_selectable_fd(handle_.get()), POLLIN, 0}};
        ::poll(descriptors, 2, tick_ms);
        const bool stopped = (descriptors[0].revents & POLLIN) != 0;
        const int count =
            pcap_dispatch(handle_.get(), packets_a_turn, &Work::on_packet, reinterpret_cast<u_char*>(this));
        if (count == PCAP_ERROR) finish("failed", pcap_geterr(handle_.get()));
        if (stopped) {
            drain();
            finish("stopped", {});
        }
        if (Steady::now() >= until_) finish("seconds", {});
        flush(false);
        const std::lock_guard hold{mutex_};
        status_.bytes = file_.bytes();
    }

    /// The kernel hands packets over in blocks, each when it is full or `kernel_hold_ms` old: what passed before the
    /// stop may lie in one that is not handed over yet.
    void drain() {
        const auto handed_over = Steady::now() + std::chrono::milliseconds{2 * kernel_hold_ms};
        const auto latest = handed_over + longest_drain;
        while (!over_) {
            pollfd packets{pcap_get_selectable_fd(handle_.get()), POLLIN, 0};
            ::poll(&packets, 1, kernel_hold_ms);
            const int count =
                pcap_dispatch(handle_.get(), packets_a_turn, &Work::on_packet, reinterpret_cast<u_char*>(this));
            const auto now = Steady::now();
            if (count < 0 || now >= latest || (count == 0 && now >= handed_over)) return;
        }
    }

    static void on_packet(u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
        reinterpret_cast<Work*>(self)->take(*header, bytes);
    }

    void take(const pcap_pkthdr& header, const u_char* bytes) {
        if (over_) return;
        const std::uint64_t time =
            static_cast<std::uint64_t>(header.ts.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(header.ts.tv_usec);
        const std::string_view kept{reinterpret_cast<const char*>(bytes), header.caplen};
        held_.push_back({request_.form == CaptureForm::classic ? pcap_file::packet(time, kept, header.len)
                                                               : pcapng::enhanced_packet(time, kept, header.len),
                         Steady::now()});
        held_bytes_ += held_.back().block.size();
        std::uint64_t packets = 0;
        {
            const std::lock_guard hold{mutex_};
            packets = ++status_.packets;
        }
        if (packets >= request_.packets) finish("packets", {});
        if (held_bytes_ > most_held) flush(true);
    }

    /// Secrets first, then the packets that have waited for theirs; all of them at the end.
    void flush(bool all) {
        std::string secrets;
        {
            const std::lock_guard hold{mutex_};
            secrets.swap(secrets_);
        }
        if (!secrets.empty()) append(pcapng::tls_secrets(secrets));
        const auto ripe = Steady::now() - std::chrono::milliseconds{request_.with_secrets ? 2 * tick_ms : 0};
        while (!held_.empty() && (all || held_.front().since <= ripe)) {
            append(held_.front().block);
            held_bytes_ -= held_.front().block.size();
            held_.pop_front();
        }
    }

    void write_statistics() {
        pcap_stat facts{};
        if (pcap_stats(handle_.get(), &facts) != 0) return;
        if (request_.form == CaptureForm::pcapng)
            append(pcapng::interface_statistics(wall_microseconds(), facts.ps_recv, facts.ps_drop));
        const std::lock_guard hold{mutex_};
        status_.dropped = facts.ps_drop;
    }

    void append(const std::string& block) {
        if (file_ended_) return;
        const auto written = file_.append(block);
        if (written) return;
        file_ended_ = true;
        const std::string& code = written.error().code;
        if (code == "capture-full") return finish("bytes", {});
        finish(code == "capture-disk" ? "disk" : "failed", written.error().text);
    }

    void finish(const char* end, std::string detail) {
        if (!over_) over_ = Error{end, std::move(detail)};
    }

    CaptureRequest request_;
    PcapPtr handle_;
    CaptureFile file_;
    int wake_;
    std::function<void()> on_end_;
    Steady::time_point until_;
    std::deque<Held> held_;
    std::size_t held_bytes_ = 0;
    std::optional<Error> over_;
    bool file_ended_ = false;
    mutable std::mutex mutex_;  ///< guards what follows
    CaptureStatus status_;
    std::string secrets_;
    std::thread thread_;
};

Result<std::unique_ptr<Capture>> Capture::start(CaptureRequest request, std::function<void()> on_end) {
    auto handle = listen_on(request);
    if (!handle) return handle.error();
    const std::string path = request.path;
    auto file = CaptureFile::create(path, request.bytes);
    if (!file) return file.error();
    const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0) return Error{"capture-failed", "there are no descriptors left"};
    auto work =
        std::make_unique<Work>(std::move(request), std::move(*handle), std::move(*file), wake, std::move(on_end));
    if (auto written = work->write_head(); !written) {
        ::unlink(path.c_str());  // no reader would know what it is
        return written.error();
    }
    work->begin();
    return std::unique_ptr<Capture>{new Capture{std::move(work)}};
}

Capture::Capture(std::unique_ptr<Work> work) : work_{std::move(work)} {}
Capture::~Capture() = default;
void Capture::stop() { work_->stop(); }
void Capture::add_secret(std::string_view line) { work_->add_secret(line); }
CaptureStatus Capture::status() const { return work_->status(); }

std::string capture_library() { return pcap_lib_version(); }

std::vector<std::string> capture_interfaces() {
    char problem[PCAP_ERRBUF_SIZE] = {};
    pcap_if_t* first = nullptr;
    std::vector<std::string> names;
    if (pcap_findalldevs(&first, problem) != 0) return names;
    for (const pcap_if_t* each = first; each != nullptr; each = each->next) {
        if ((each->flags & PCAP_IF_UP) != 0) names.emplace_back(each->name);
    }
    pcap_freealldevs(first);
    return names;
}

}  // namespace sallyport::io
