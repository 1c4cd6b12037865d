// One gathering after the other.
#include "admin/api/shared_status.h"

#include <algorithm>
#include <utility>

namespace sallyport::admin {

SharedStatus::SharedStatus(io::Loop& loop, Gather gather)
    : loop_{loop}, gather_{std::move(gather)}, timer_{loop.timer([this] { begin(); })} {}

void SharedStatus::ask(NodeControl::OnStatus on_status) {
    waiting_.push_back(std::move(on_status));
    if (std::exchange(busy_, true)) return;
    if (loop_.now() < next_) return timer_->arm(next_);
    begin();
}

void SharedStatus::begin() {
    served_ = std::exchange(waiting_, {});
    began_ = loop_.now();
    gather_([this, alive = std::weak_ptr{alive_}](const NodeStatus& status) {
        if (!alive.expired()) gathered(status);
    });
}

void SharedStatus::gathered(const NodeStatus& status) {
    const Duration took = loop_.now() - began_;
    next_ = began_ + std::clamp(took * rest, interval, longest_rest);
    const auto served = std::exchange(served_, {});
    busy_ = !waiting_.empty();
    if (busy_) timer_->arm(next_);
    // Last: whoever is told may ask again.
    for (const NodeControl::OnStatus& on_status : served) on_status(status);
}

}  // namespace sallyport::admin
