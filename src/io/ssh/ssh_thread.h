// The thread below SshNode: one libssh event loop, work posted to it, and the sessions that live on it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

struct ssh_event_struct;

namespace sallyport::io {

class SshSession;

class SshThread : public std::enable_shared_from_this<SshThread> {
public:
    SshThread();
    ~SshThread();
    SshThread(const SshThread&) = delete;
    SshThread& operator=(const SshThread&) = delete;

    /// Runs `work` on the thread. Thread-safe; after stop() nothing runs.
    void post(std::function<void()> work);
    /// Ends every session and the thread. Nothing reaches a control loop afterwards.
    void stop();

    // On the thread only.
    [[nodiscard]] ssh_event_struct* event() const { return event_; }
    void add(std::unique_ptr<SshSession> session);
    /// Null when the session has ended.
    [[nodiscard]] SshSession* find(std::uint64_t number) const;
    [[nodiscard]] const std::vector<std::unique_ptr<SshSession>>& sessions() const { return sessions_; }

private:
    void run();
    void drain();
    [[nodiscard]] std::uint64_t received() const;
    /// Milliseconds until a session wants a step; none when something is waiting.
    [[nodiscard]] int patience();
    static int woken(int descriptor, int events, void* self);

    ssh_event_struct* event_;
    int wake_;
    std::mutex mutex_;
    std::vector<std::function<void()>> posted_;
    std::atomic<bool> ending_ = false;
    bool eager_ = false;  ///< bytes arrived during the last steps
    std::vector<std::unique_ptr<SshSession>> sessions_;
    std::thread thread_;
};

}  // namespace sallyport::io
