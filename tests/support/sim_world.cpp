// Virtual time.
#include "support/sim_world.h"

#include "support/sim_network.h"

namespace sallyport::test {

namespace {

/// 2026-11-22T06:00:00Z at the start of every world.
constexpr WallTime first_wall{std::chrono::seconds{1795327200}};
constexpr TimePoint first_now{std::chrono::hours{1}};

IpAddress parse(const std::string& text) { return *IpAddress::parse(text); }

}  // namespace

SimLoop::SimLoop() : now_{first_now}, timers_{std::make_shared<io::TimerQueue>([] {})} {}

WallTime SimLoop::wall() const {
    return first_wall + std::chrono::duration_cast<std::chrono::microseconds>(now() - first_now);
}

std::unique_ptr<io::Timer> SimLoop::timer(std::function<void()> on_expiry) {
    return timers_->timer(std::move(on_expiry));
}

void SimLoop::at(TimePoint when, std::function<void()> work) {
    planned_.emplace(std::pair{when, plans_++}, std::move(work));
}

bool SimLoop::turn() {
    bool worked = false;
    while (!planned_.empty() && planned_.begin()->first.first <= now()) {
        const auto first = planned_.extract(planned_.begin());
        first.mapped()();
        worked = true;
    }
    if (timers_->earliest() <= now()) {
        timers_->expire(now());
        worked = true;
    }
    for (std::size_t count = posted_.size(); count > 0; --count) {
        const std::function<void()> work = std::move(posted_.front());
        posted_.pop_front();
        work();
        worked = true;
    }
    std::vector<std::function<void()>> deferred;
    deferred.swap(deferred_);
    for (const auto& work : deferred) work();
    return worked || !deferred.empty();
}

TimePoint SimLoop::next() const {
    if (!posted_.empty() || !deferred_.empty()) return now();
    const TimePoint planned = planned_.empty() ? never : planned_.begin()->first.first;
    return std::min(planned, timers_->earliest());
}

SimWorld::SimWorld() : fabric_{std::make_unique<SimFabric>(loop_)} {}
SimWorld::~SimWorld() = default;

bool SimWorld::run_until(const std::function<bool()>& done, Duration most) {
    const TimePoint end = loop_.now() + most;
    while (!done()) {
        if (loop_.turn()) continue;
        const TimePoint next = loop_.next();
        if (next > end) return false;
        loop_.set_now(std::max(loop_.now(), next));
    }
    return true;
}

void SimWorld::advance(Duration span) {
    const TimePoint end = loop_.now() + span;
    static_cast<void>(run_until([] { return false; }, span));
    loop_.set_now(end);
    settle();
}

void SimWorld::settle() {
    while (loop_.turn()) {
    }
}

void SimWorld::block(const std::string& one, const std::string& other) {
    fabric_->block(parse(one), parse(other), true);
}
void SimWorld::heal(const std::string& one, const std::string& other) {
    fabric_->block(parse(one), parse(other), false);
}
void SimWorld::reset_streams(const std::string& address) { fabric_->reset_streams(parse(address)); }
void SimWorld::break_tls(const std::string& address) { fabric_->break_tls(parse(address)); }
void SimWorld::set_latency(const std::string& one, const std::string& other, Duration latency) {
    fabric_->set_latency(parse(one), parse(other), latency);
}
void SimWorld::set_read_size(const std::string& address, std::size_t bytes) {
    fabric_->set_read_size(parse(address), bytes);
}

}  // namespace sallyport::test
