// One SSH connection on the SSH thread, of either end: its channel, bytes to and from the control loop with
// back-pressure, and its end. What happens before the channel is open is the business of the two kinds below.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/loop/loop.h"
#include "io/ssh/ssh_node.h"

struct ssh_session_struct;
struct ssh_channel_struct;

namespace sallyport::io {

class SshThread;

/// The control loop's end of an open channel. Made on the SSH thread, used on the control loop from then on.
class SshChannel final : public ByteChannel {
public:
    SshChannel(std::shared_ptr<SshThread> thread, std::uint64_t session)
        : thread_{std::move(thread)}, session_{session} {}
    ~SshChannel() override;
    SshChannel(const SshChannel&) = delete;
    SshChannel& operator=(const SshChannel&) = delete;

    void set_owner(ByteChannelOwner* owner) override;
    void write(std::string bytes) override;
    [[nodiscard]] std::size_t pending() const override { return pending_; }
    void finish() override;

    /// What the SSH thread posts: reaches the channel only while it lives.
    class Inbox {
    public:
        void deliver(const std::string& bytes);
        void sent(std::size_t count);
        void closed(const std::string& why);

    private:
        friend class SshChannel;
        SshChannel* channel_ = nullptr;
    };
    [[nodiscard]] const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

private:
    std::shared_ptr<SshThread> thread_;
    std::uint64_t session_;
    std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
    ByteChannelOwner* owner_ = nullptr;
    std::size_t pending_ = 0;
    bool over_ = false;
};

class SshSession {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t most_unread = 1 << 20;  ///< bytes on their way to the control loop

    SshSession(SshThread& thread, Loop& control, std::uint64_t number, std::string address);
    virtual ~SshSession();
    SshSession(const SshSession&) = delete;
    SshSession& operator=(const SshSession&) = delete;

    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] bool open() const { return channel_ != nullptr; }
    [[nodiscard]] bool over() const { return over_; }
    /// After each turn of the event loop.
    void step();
    /// Bytes that libssh has taken from the socket so far.
    [[nodiscard]] std::uint64_t received() const;
    /// When step() is wanted at the latest.
    [[nodiscard]] Clock::time_point deadline() const {
        return open() && !finishing_ ? Clock::time_point::max() : until_;
    }

    // Posted by the control loop's end.
    void queue(std::string bytes);
    void credit(std::size_t count);
    void finish();
    /// Nobody waits at the control loop's end any more: ends, after what finish() has promised.
    void leave();
    void end(const std::string& why);

protected:
    /// Before the channel is open: goes on as far as it can.
    virtual void advance() = 0;
    /// Ended before the channel was open.
    virtual void failed(const std::string& why) = 0;
    /// The channel is open: its other end is handed over on the control loop.
    void opened(ssh_channel_struct* channel, std::function<void(std::unique_ptr<ByteChannel>)> hand_over);
    /// Joins the event loop; the session has its socket.
    [[nodiscard]] bool join();
    void login_within(std::uint64_t seconds) { until_ = Clock::now() + std::chrono::seconds{seconds}; }
    [[nodiscard]] std::string problem() const;
    /// Received so far.
    [[nodiscard]] std::uint64_t packets() const;
    /// Takes a socket over and gives a descriptor of it that libssh may be given as an option; negative: there is none.
    [[nodiscard]] int lend(int descriptor);

    SshThread& thread_;
    Loop& control_;
    std::string address_;
    ssh_session_struct* session_;

private:
    struct Counters;
    [[nodiscard]] bool is_gone() const;
    [[nodiscard]] bool still_lent() const;
    void transfer();
    void read_some();
    void write_some();

    std::unique_ptr<Counters> counters_;
    std::uint64_t number_;
    ssh_channel_struct* channel_ = nullptr;
    std::shared_ptr<SshChannel::Inbox> inbox_;
    std::deque<std::string> outgoing_;
    std::size_t written_ = 0;  ///< of the first one
    std::size_t unread_ = 0;
    Clock::time_point until_;  ///< login, or farewell
    int descriptor_ = -1, lent_ = -1;
    bool joined_ = false, finishing_ = false, finished_ = false, discarding_ = false, over_ = false;
};

}  // namespace sallyport::io
