// A small epoll loop, level-triggered. Objects that it watches are destroyed between turns only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sallyport::bench {

/// Monotonic time in nanoseconds.
[[nodiscard]] std::uint64_t now_ns();

class Watched {
public:
    virtual ~Watched() = default;
    virtual void ready(std::uint32_t events) = 0;
};

class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void add(int fd, Watched& watched, std::uint32_t events);
    void change(int fd, Watched& watched, std::uint32_t events);
    void remove(int fd);
    /// Waits at most `timeout_ms` and hands out what is ready.
    void turn(int timeout_ms);
    /// One buffer for every read of the program.
    [[nodiscard]] std::vector<char>& scratch() { return scratch_; }

private:
    int epoll_;
    std::vector<char> scratch_;
};

}  // namespace sallyport::bench
