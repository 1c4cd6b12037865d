#include "s2s/loop.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace sallyport::bench {

std::uint64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

Loop::Loop() : epoll_{epoll_create1(EPOLL_CLOEXEC)}, scratch_(256 * 1024) {
    if (epoll_ < 0) throw std::runtime_error{"epoll_create1 failed"};
}

Loop::~Loop() { close(epoll_); }

void Loop::add(int fd, Watched& watched, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watched;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) throw std::runtime_error{"epoll_ctl add failed"};
}

void Loop::change(int fd, Watched& watched, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watched;
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) throw std::runtime_error{"epoll_ctl mod failed"};
}

void Loop::remove(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

void Loop::turn(int timeout_ms) {
    std::array<epoll_event, 256> events{};
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        static_cast<Watched*>(event.data.ptr)->ready(event.events);
    }
}

}  // namespace sallyport::bench
