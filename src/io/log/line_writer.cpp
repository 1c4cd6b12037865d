// The descriptor may be shared with other processes, so its flags stay as they are: what could wait is asked with
// poll() and given pieces that a pipe takes whole (pipe(7): PIPE_BUF), and a socket is told not to wait.
#include "io/log/line_writer.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <utility>

namespace sallyport::io {

namespace {

constexpr int look_ms = 100;  ///< how often a writer that cannot write sees whether the end has come
constexpr int stuck_looks = 50;
constexpr auto pause_after_trouble = std::chrono::seconds{1};
constexpr std::size_t file_piece = 65536;
constexpr std::size_t kept_capacity = 1U << 20U;

enum class Kind { file, socket, other };

Kind kind_of(int descriptor) {
    struct stat facts {};
    if (::fstat(descriptor, &facts) != 0) return Kind::other;
    if (S_ISREG(facts.st_mode)) return Kind::file;
    return S_ISSOCK(facts.st_mode) ? Kind::socket : Kind::other;
}

/// Bytes that the writer which fatal signals wait for has not written.
std::atomic<const std::atomic<std::size_t>*> unwritten_at_fatal_ends{nullptr};
constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
std::array<struct sigaction, fatal_signals.size()> earlier_actions;

/// Only calls that are safe in a signal handler. The writer's thread goes on meanwhile.
void wait_and_end(int signal) {
    const auto* unwritten = unwritten_at_fatal_ends.load();
    for (int look = 0; unwritten != nullptr && look < 50 && unwritten->load() > 0; ++look) ::poll(nullptr, 0, 10);
    for (std::size_t at = 0; at < fatal_signals.size(); ++at) {
        if (fatal_signals[at] == signal) ::sigaction(signal, &earlier_actions[at], nullptr);
    }
    // A fault comes again when this returns, and abort() raises its signal again (abort(3)).
}

}  // namespace

struct LineWriter::Shared {
    Shared(int descriptor_, bool owned_, std::uint64_t most_, LossLine loss_line_)
        : descriptor{descriptor_},
          owned{owned_},
          kind{kind_of(descriptor_)},
          most{most_},
          loss_line{std::move(loss_line_)} {}
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() {
        if (owned) ::close(descriptor);
    }

    const int descriptor;
    const bool owned;
    const Kind kind;
    const std::uint64_t most;
    const LossLine loss_line;
    std::atomic<bool> ending{false}, stuck{false};
    std::atomic<std::size_t> unwritten{0};  ///< bytes in `waiting` and in the thread's hands
    std::mutex mutex;                       ///< guards what follows
    std::condition_variable changed, drained;
    std::string waiting;
    std::uint64_t lost = 0, untold = 0;  ///< lines
    std::uint64_t accepted = 0;          ///< bytes, since the start
    /// Lines that tell of a loss and are on their way: where they end among the bytes accepted, and what they tell.
    std::deque<std::pair<std::uint64_t, std::uint64_t>> told;
    bool idle = true, over = false;

    void append(std::string_view line) {
        waiting += line;
        waiting += '\n';
        unwritten += line.size() + 1;
        accepted += line.size() + 1;
    }
    void tell_loss() {
        if (untold == 0) return;
        const std::uint64_t lines = std::exchange(untold, 0);
        append(loss_line(lines));
        told.emplace_back(accepted, lines);
    }
    void wake() {
        if (std::exchange(idle, false)) changed.notify_one();
    }
    /// The thread's hands are empty: all but `waiting` was written, or is given up: `rest`, with `lines` of ours.
    void account(std::string_view rest, std::uint64_t lines) {
        unwritten -= rest.size();
        const std::uint64_t passed = accepted - unwritten;
        for (; !told.empty() && told.front().first <= passed; told.pop_front()) {
            if (told.front().first <= passed - rest.size()) continue;
            untold += told.front().second;
            --lines;
        }
        lost += lines;
        untold += lines;
    }
    [[nodiscard]] bool ready() const {
        pollfd wanted{descriptor, POLLOUT, 0};
        return ::poll(&wanted, 1, look_ms) == 1;
    }
    [[nodiscard]] ssize_t put_piece(std::string_view rest) const {
        const std::string_view piece = rest.substr(0, kind == Kind::other ? std::size_t{PIPE_BUF} : file_piece);
        if (kind == Kind::socket) {
            return ::send(descriptor, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        return ::write(descriptor, piece.data(), piece.size());
    }
    /// What could not be written: the end has come, or the descriptor refuses.
    std::string_view put(std::string_view rest) {
        int looks = 0;
        while (!rest.empty()) {
            if (!ready()) {
                if (++looks == stuck_looks) stuck = true;
                if (ending) return rest;
                continue;
            }
            const ssize_t count = put_piece(rest);
            if (count < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) continue;
            if (count < 0) {
                stuck = true;
                return rest;
            }
            looks = 0;
            stuck = false;
            unwritten -= static_cast<std::size_t>(count);
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
        return rest;
    }
};

LineWriter::LineWriter(int descriptor, bool owned, std::uint64_t most_bytes, LossLine loss_line)
    : shared_{std::make_shared<Shared>(descriptor, owned, most_bytes, std::move(loss_line))} {
    // Signals are for other threads; a pipe without a reader is an error like others.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread{[shared = shared_] { run(shared); }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LineWriter::~LineWriter() {
    flush();
    const std::atomic<std::size_t>* mine = &shared_->unwritten;
    unwritten_at_fatal_ends.compare_exchange_strong(mine, nullptr);
    std::unique_lock hold{shared_->mutex};
    shared_->ending = true;
    shared_->changed.notify_one();
    const bool over = shared_->drained.wait_for(hold, patience, [this] { return shared_->over; });
    hold.unlock();
    over ? thread_.join() : thread_.detach();
}

bool LineWriter::write(std::string_view line) {
    Shared& shared = *shared_;
    const std::lock_guard hold{shared.mutex};
    if (shared.unwritten + line.size() + 1 > shared.most) {
        ++shared.lost;
        ++shared.untold;
        shared.wake();
        return false;
    }
    shared.tell_loss();
    shared.append(line);
    shared.wake();
    return true;
}

bool LineWriter::flush(std::chrono::milliseconds at_most) {
    std::unique_lock hold{shared_->mutex};
    return shared_->drained.wait_for(hold, at_most, [this] { return shared_->unwritten == 0 && shared_->untold == 0; });
}

LineWriter::State LineWriter::state() const {
    const std::lock_guard hold{shared_->mutex};
    return {shared_->lost, shared_->unwritten, shared_->stuck};
}

void LineWriter::run(const std::shared_ptr<Shared>& held) {
    Shared& shared = *held;
    std::string batch;
    bool is_cut = false;  ///< a part of a line was taken: the next must not go on with it
    std::unique_lock hold{shared.mutex};
    while (true) {
        shared.idle = shared.waiting.empty() && shared.untold == 0;
        shared.changed.wait(hold, [&] { return shared.ending || !shared.waiting.empty() || shared.untold > 0; });
        if (shared.ending) break;
        shared.idle = false;
        if (shared.waiting.empty()) shared.tell_loss();
        batch.clear();
        batch.swap(shared.waiting);
        const bool mends = is_cut;
        if (mends) {
            batch.insert(0, 1, '\n');
            ++shared.unwritten;
            ++shared.accepted;
        }
        hold.unlock();
        const std::string_view rest = shared.put(batch);
        hold.lock();
        const std::size_t taken = batch.size() - rest.size();
        if (taken > 0) is_cut = batch[taken - 1] != '\n';
        const auto ends = static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
        shared.account(rest, ends - (mends && taken == 0 ? 1 : 0));
        if (!rest.empty() && !shared.ending) {
            shared.changed.wait_for(hold, pause_after_trouble, [&] { return shared.ending.load(); });
        }
        if (batch.capacity() > kept_capacity) batch = {};
        if (shared.unwritten == 0 && shared.untold == 0) shared.drained.notify_all();
    }
    shared.over = true;
    shared.drained.notify_all();
}

void LineWriter::write_before_fatal_ends() {
    if (unwritten_at_fatal_ends.exchange(&shared_->unwritten) != nullptr) return;
    struct sigaction action {};
    action.sa_handler = wait_and_end;
    ::sigemptyset(&action.sa_mask);
    for (std::size_t at = 0; at < fatal_signals.size(); ++at) {
        struct sigaction earlier {};
        ::sigaction(fatal_signals[at], &action, &earlier);
        if (earlier.sa_handler != wait_and_end) earlier_actions[at] = earlier;
    }
}

}  // namespace sallyport::io
