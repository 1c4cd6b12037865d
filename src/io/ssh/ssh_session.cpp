// Bytes both ways. Reading stops while the control loop has not taken what it was given, so the SSH window closes and
// the far side stops; writing takes no more than the far side's window.
#include "io/ssh/ssh_session.h"

#include <fcntl.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "io/ssh/ssh_thread.h"

namespace sallyport::io {

namespace {

constexpr std::size_t batch = 64 << 10;
/// For the far side to take the last bytes and close.
constexpr std::chrono::seconds farewell{5};

}  // namespace

// The control loop's end
// ------------------------------------------------------------------------------------------------

SshChannel::~SshChannel() {
    inbox_->channel_ = nullptr;
    thread_->post([thread = thread_.get(), session = session_] {
        if (SshSession* found = thread->find(session)) found->leave();
    });
}

void SshChannel::set_owner(ByteChannelOwner* owner) {
    owner_ = owner;
    inbox_->channel_ = this;
    thread_->post([thread = thread_.get(), session = session_] {
        if (SshSession* found = thread->find(session)) found->credit(SshSession::most_unread);
    });
}

void SshChannel::write(std::string bytes) {
    if (over_ || bytes.empty()) return;
    pending_ += bytes.size();
    thread_->post([thread = thread_.get(), session = session_, bytes = std::move(bytes)]() mutable {
        if (SshSession* found = thread->find(session)) found->queue(std::move(bytes));
    });
}

void SshChannel::finish() {
    thread_->post([thread = thread_.get(), session = session_] {
        if (SshSession* found = thread->find(session)) found->finish();
    });
}

void SshChannel::Inbox::deliver(const std::string& bytes) {
    if (channel_ == nullptr || channel_->over_) return;
    // Credit first: the owner may destroy the channel.
    channel_->thread_->post([thread = channel_->thread_.get(), session = channel_->session_, count = bytes.size()] {
        if (SshSession* found = thread->find(session)) found->credit(count);
    });
    channel_->owner_->on_bytes(bytes);
}

void SshChannel::Inbox::sent(std::size_t count) {
    if (channel_ == nullptr || channel_->over_) return;
    channel_->pending_ -= count;
    channel_->owner_->on_progress();
}

void SshChannel::Inbox::closed(const std::string& why) {
    if (channel_ == nullptr || channel_->over_) return;
    channel_->over_ = true;
    channel_->owner_->on_closed(why);
}

// The SSH thread's end
// --------------------------------------------------------------------------------------------------

struct SshSession::Counters {
    ssh_counter_struct socket{}, raw{};
};

SshSession::SshSession(SshThread& thread, Loop& control, std::uint64_t number, std::string address)
    : thread_{thread},
      control_{control},
      address_{std::move(address)},
      session_{ssh_new()},
      counters_{std::make_unique<Counters>()},
      number_{number},
      until_{Clock::now()} {
    ssh_set_counters(session_, &counters_->socket, &counters_->raw);
}

SshSession::~SshSession() {
    if (joined_) ssh_event_remove_session(thread_.event(), session_);
    if (channel_ != nullptr) ssh_channel_free(channel_);
    ssh_disconnect(session_);
    ssh_free(session_);
    if (still_lent()) ::close(lent_);
    if (descriptor_ >= 0) ::close(descriptor_);
}

/// libssh closes a descriptor that it was given as an option when it meets the end of the connection, and never
/// otherwise; and after it has closed it, the next ssh_connect() takes up the same number again, whatever has got it by
/// then. So libssh gets a second descriptor of the socket, and before each step the two are compared: as long as we
/// hold the first, no other socket has its inode.
int SshSession::lend(int descriptor) {
    descriptor_ = descriptor;
    lent_ = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return lent_;
}

bool SshSession::still_lent() const {
    struct stat own = {}, other = {};
    return lent_ >= 0 && fstat(descriptor_, &own) == 0 && fstat(lent_, &other) == 0 && own.st_dev == other.st_dev &&
           own.st_ino == other.st_ino;
}

std::uint64_t SshSession::received() const { return counters_->socket.in_bytes; }

std::uint64_t SshSession::packets() const { return counters_->raw.in_packets; }

bool SshSession::join() {
    joined_ = ssh_event_add_session(thread_.event(), session_) == SSH_OK;
    return joined_;
}

std::string SshSession::problem() const {
    const char* text = ssh_get_error(session_);
    return text != nullptr && *text != '\0' ? text : "the connection ended";
}

/// libssh does not tell of an end that it met while writing, so the socket is asked as well.
bool SshSession::is_gone() const {
    if ((ssh_get_status(session_) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0 || ssh_is_connected(session_) == 0)
        return true;
    if (descriptor_ >= 0 && !still_lent()) return true;
    const int descriptor = descriptor_ >= 0 ? descriptor_ : ssh_get_fd(session_);
    char byte = 0;
    return descriptor < 0 || recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void SshSession::step() {
    if (over_) return;
    if (!open()) {
        if (lent_ >= 0 && !still_lent()) return end(problem());
        advance();
        if (over_ || open()) return;
        if (Clock::now() >= until_) return end("no login within its time");
        if (is_gone()) end(problem());
        return;
    }
    transfer();
    if (over_) return;
    if (finishing_ && Clock::now() >= until_) return end("closed");
    // What has arrived is delivered first: reading goes on when there is credit again.
    if ((discarding_ || unread_ < most_unread) && is_gone()) end(problem());
}

void SshSession::opened(ssh_channel_struct* channel, std::function<void(std::unique_ptr<ByteChannel>)> hand_over) {
    channel_ = channel;
    unread_ = most_unread;  // nothing is read before there is an owner
    // A std::function must be copyable, so the channel crosses in a shared holder.
    auto made = std::make_shared<std::unique_ptr<SshChannel>>(
        std::make_unique<SshChannel>(thread_.shared_from_this(), number_));
    inbox_ = (*made)->inbox();
    control_.post([made, hand_over = std::move(hand_over)] { hand_over(std::move(*made)); });
}

void SshSession::queue(std::string bytes) { outgoing_.push_back(std::move(bytes)); }

void SshSession::finish() {
    finishing_ = true;
    until_ = Clock::now() + farewell;
}

void SshSession::leave() {
    if (!finishing_) return end("closed");
    // What was still to come from the far side interests nobody any more, and must not stand in the way of its end.
    discarding_ = true;
}

void SshSession::credit(std::size_t count) { unread_ -= std::min(unread_, count); }

void SshSession::end(const std::string& why) {
    if (over_) return;
    over_ = true;
    if (!open()) return failed(why);
    control_.post([inbox = inbox_, why = finishing_ ? "closed" : why] { inbox->closed(why); });
}

void SshSession::transfer() {
    read_some();
    if (!over_) write_some();
}

void SshSession::read_some() {
    std::array<char, batch> buffer;
    while (discarding_ || unread_ < most_unread) {
        const auto want =
            static_cast<std::uint32_t>(discarding_ ? buffer.size() : std::min(buffer.size(), most_unread - unread_));
        const int count = ssh_channel_read_nonblocking(channel_, buffer.data(), want, 0);
        if (count == SSH_ERROR) return end(problem());
        if (count <= 0) break;
        const auto size = static_cast<std::size_t>(count);
        if (discarding_) continue;
        unread_ += size;
        control_.post([inbox = inbox_, bytes = std::string(buffer.data(), size)] { inbox->deliver(bytes); });
    }
    if ((discarding_ || unread_ < most_unread) &&
        (ssh_channel_is_eof(channel_) != 0 || ssh_channel_is_closed(channel_) != 0))
        end("the far node closed the channel");
}

void SshSession::write_some() {
    std::size_t sent = 0;
    while (!outgoing_.empty()) {
        const std::string& first = outgoing_.front();
        const std::size_t most =
            std::min<std::size_t>({first.size() - written_, ssh_channel_window_size(channel_), batch});
        if (most == 0) break;
        const int count = ssh_channel_write(channel_, first.data() + written_, static_cast<std::uint32_t>(most));
        if (count == SSH_ERROR) return end(problem());
        if (count <= 0) break;
        written_ += static_cast<std::size_t>(count);
        sent += static_cast<std::size_t>(count);
        if (written_ == first.size()) {
            outgoing_.pop_front();
            written_ = 0;
        }
    }
    if (sent > 0) {
        control_.post([inbox = inbox_, sent] { inbox->sent(sent); });
    }
    // The far side closes when it has read to the end; to close before it has would cut off what is on its way.
    if (finishing_ && outgoing_.empty() && !finished_) {
        finished_ = true;
        ssh_channel_send_eof(channel_);
    }
}

}  // namespace sallyport::io
