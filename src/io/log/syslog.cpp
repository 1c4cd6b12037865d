// A receiver that does not answer is tried again after a pause; lines of the meantime are lost to it, and counted.
#include "io/log/syslog.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace sallyport::io {

namespace {

constexpr int patience_ms = 2000;  ///< for a connection, and for a receiver that does not take a line
constexpr auto pause_after_refusal = std::chrono::seconds{2};
constexpr auto patience_at_end = std::chrono::seconds{1};

struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
};

Address address_of(const SyslogAddress& receiver) {
    Address address;
    if (receiver.kind == SyslogAddress::Kind::local) {
        auto* local = reinterpret_cast<sockaddr_un*>(&address.bytes);
        local->sun_family = AF_UNIX;
        std::strncpy(local->sun_path, receiver.path.c_str(), sizeof local->sun_path - 1);
        address.size = sizeof *local;
    } else if (receiver.endpoint.address.v6) {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(receiver.endpoint.port);
        std::memcpy(&v6->sin6_addr, receiver.endpoint.address.bytes.data(), 16);
        address.size = sizeof *v6;
    } else {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(receiver.endpoint.port);
        std::memcpy(&v4->sin_addr, receiver.endpoint.address.bytes.data(), 4);
        address.size = sizeof *v4;
    }
    return address;
}

bool ready(int descriptor, short what) {
    pollfd wanted{descriptor, what, 0};
    return ::poll(&wanted, 1, patience_ms) == 1;
}

}  // namespace

struct SyslogSender::Receiver {
    explicit Receiver(SyslogAddress at) : where{std::move(at)} {}
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;
    ~Receiver() { close(); }

    /// Empty: it went out.
    std::string send(const std::string& line) {
        if (descriptor < 0 && std::chrono::steady_clock::now() < not_before) return trouble;
        trouble = descriptor < 0 ? open() : std::string{};
        if (trouble.empty()) trouble = put(line);
        if (!trouble.empty()) {
            close();
            not_before = std::chrono::steady_clock::now() + pause_after_refusal;
        }
        return trouble;
    }

private:
    std::string open() {
        const bool is_stream = where.kind == SyslogAddress::Kind::tcp;
        const Address address = address_of(where);
        descriptor =
            ::socket(address.bytes.ss_family, (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (descriptor < 0) return std::strerror(errno);
        if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) == 0) return {};
        if (errno != EINPROGRESS) return std::strerror(errno);
        if (!ready(descriptor, POLLOUT)) return "does not answer";
        int problem = 0;
        socklen_t size = sizeof problem;
        ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size);
        return problem == 0 ? std::string{} : std::strerror(problem);
    }

    std::string put(const std::string& line) {
        const bool is_stream = where.kind == SyslogAddress::Kind::tcp;
        if (is_stream) {
            // A receiver that went away says so by the end of its direction; what it never says is anything else.
            char byte = 0;
            if (::recv(descriptor, &byte, 1, MSG_DONTWAIT) == 0) return "the receiver closed the connection";
        }
        const std::string framed = is_stream ? std::to_string(line.size()) + ' ' + line : line;
        std::string_view rest = framed;
        while (!rest.empty()) {
            const ssize_t count = ::send(descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                if (ready(descriptor, POLLOUT)) continue;
                return "does not take what is sent";
            }
            if (count < 0) return std::strerror(errno);
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
        return {};
    }

    void close() {
        if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
    }

    SyslogAddress where;
    int descriptor = -1;
    std::string trouble;
    std::chrono::steady_clock::time_point not_before{};
};

SyslogSender::SyslogSender(std::vector<SyslogAddress> receivers, LossLine loss_line)
    : untold_(receivers.size(), 0), loss_line_{std::move(loss_line)} {
    for (SyslogAddress& at : receivers) {
        states_.push_back({at.name, {}, 0, 0});
        receivers_.push_back(std::make_unique<Receiver>(std::move(at)));
    }
    thread_ = std::thread{[this] { run(); }};
}

SyslogSender::~SyslogSender() {
    {
        std::unique_lock hold{mutex_};
        drained_.wait_for(hold, patience_at_end, [this] { return waiting_.empty() && !busy_; });
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void SyslogSender::send(std::string line) {
    {
        const std::lock_guard hold{mutex_};
        if (waiting_.size() >= most_waiting) {
            for (State& state : states_) ++state.lost;
            for (std::uint64_t& untold : untold_) ++untold;
            return;
        }
        waiting_.push_back(std::move(line));
    }
    changed_.notify_one();
}

std::vector<SyslogSender::State> SyslogSender::states() const {
    const std::lock_guard hold{mutex_};
    return states_;
}

std::string SyslogSender::send_to(std::size_t receiver, const std::string& line, std::uint64_t untold) {
    if (untold > 0 && loss_line_) {
        if (std::string trouble = receivers_[receiver]->send(loss_line_(untold)); !trouble.empty()) return trouble;
    }
    return receivers_[receiver]->send(line);
}

bool SyslogSender::is_in_trouble() const {
    return std::any_of(states_.begin(), states_.end(), [](const State& state) { return !state.trouble.empty(); });
}

/// Who is back is told at once how much he has missed, not when there is something new.
void SyslogSender::try_again(std::unique_lock<std::mutex>& hold) {
    for (std::size_t at = 0; at < receivers_.size() && !ending_; ++at) {
        const std::uint64_t untold = untold_[at];
        if (states_[at].trouble.empty() || untold == 0 || !loss_line_) continue;
        hold.unlock();
        std::string trouble = receivers_[at]->send(loss_line_(untold));
        hold.lock();
        if (trouble.empty()) untold_[at] -= untold;
        states_[at].trouble = std::move(trouble);
    }
}

void SyslogSender::run() {
    std::unique_lock hold{mutex_};
    for (;;) {
        busy_ = false;
        if (waiting_.empty()) drained_.notify_all();
        const auto is_news = [this] { return ending_ || !waiting_.empty(); };
        if (!is_in_trouble()) {
            changed_.wait(hold, is_news);
        } else if (!changed_.wait_for(hold, pause_after_refusal, is_news)) {
            try_again(hold);
            continue;
        }
        if (ending_) return;
        busy_ = true;
        const std::string line = std::move(waiting_.front());
        waiting_.pop_front();
        for (std::size_t at = 0; at < receivers_.size(); ++at) {
            const std::uint64_t untold = untold_[at];
            hold.unlock();
            std::string trouble = send_to(at, line, untold);
            hold.lock();
            State& state = states_[at];
            if (trouble.empty()) {
                ++state.sent;
                untold_[at] -= untold;
            } else {
                ++state.lost;
                ++untold_[at];
            }
            state.trouble = std::move(trouble);
            if (ending_) return;
        }
    }
}

}  // namespace sallyport::io
