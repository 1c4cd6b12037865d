// Bytes both ways. Reading stops while the control loop has not taken what it was given, so the SSH window closes and
// the far side stops; writing takes no more than the far side's window.
#include "io/ssh/ssh_session.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <algorithm>
#include <array>

#include "io/ssh/ssh_thread.h"

namespace sallyport::io {

namespace {

constexpr std::size_t batch = 64 << 10;

}  // namespace

// The control loop's end
// ------------------------------------------------------------------------------------------------

SshChannel::~SshChannel() {
    inbox_->channel_ = nullptr;
    thread_->post([thread = thread_.get(), session = session_] {
        if (SshSession* found = thread->find(session)) found->end("closed");
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

SshSession::SshSession(SshThread& thread, Loop& control, std::uint64_t number, std::string address)
    : thread_{thread},
      control_{control},
      address_{std::move(address)},
      session_{ssh_new()},
      number_{number},
      login_until_{Clock::now()} {}

SshSession::~SshSession() {
    if (joined_) ssh_event_remove_session(thread_.event(), session_);
    if (channel_ != nullptr) ssh_channel_free(channel_);
    ssh_disconnect(session_);
    ssh_free(session_);
}

bool SshSession::join() {
    joined_ = ssh_event_add_session(thread_.event(), session_) == SSH_OK;
    return joined_;
}

std::string SshSession::problem() const {
    const char* text = ssh_get_error(session_);
    return text != nullptr && *text != '\0' ? text : "the connection ended";
}

void SshSession::step() {
    if (over_) return;
    if (!open()) {
        advance();
        if (over_ || open()) return;
        if (Clock::now() >= login_until_) return end("no login within its time");
    } else {
        transfer();
        if (over_) return;
    }
    if ((ssh_get_status(session_) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0 || ssh_is_connected(session_) == 0)
        end(problem());
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

void SshSession::credit(std::size_t count) { unread_ -= std::min(unread_, count); }

void SshSession::end(const std::string& why) {
    if (over_) return;
    over_ = true;
    if (!open()) return failed(why);
    control_.post([inbox = inbox_, why] { inbox->closed(why); });
}

void SshSession::transfer() {
    read_some();
    if (!over_) write_some();
}

void SshSession::read_some() {
    std::array<char, batch> buffer;
    while (unread_ < most_unread) {
        const auto want = static_cast<std::uint32_t>(std::min(buffer.size(), most_unread - unread_));
        const int count = ssh_channel_read_nonblocking(channel_, buffer.data(), want, 0);
        if (count == SSH_ERROR) return end(problem());
        if (count <= 0) break;
        const auto size = static_cast<std::size_t>(count);
        unread_ += size;
        control_.post([inbox = inbox_, bytes = std::string(buffer.data(), size)] { inbox->deliver(bytes); });
    }
    if (unread_ < most_unread && (ssh_channel_is_eof(channel_) != 0 || ssh_channel_is_closed(channel_) != 0))
        end("the far side closed the channel");
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
    if (finishing_ && outgoing_.empty()) {
        ssh_channel_send_eof(channel_);
        end("closed");
    }
}

}  // namespace sallyport::io
