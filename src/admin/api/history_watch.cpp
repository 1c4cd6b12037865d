// One look after the other.
#include "admin/api/history_watch.h"

#include "admin/api/history_reading.h"
#include "services/history/history.h"

namespace sallyport::admin {

HistoryWatch::HistoryWatch(NodeControl& node)
    : node_{node}, timer_{node.loop().timer([this] { look(); })}, self_{std::make_shared<HistoryWatch*>(this)} {
    timer_->arm(node_.loop().now() + first_look);
}

HistoryWatch::~HistoryWatch() { *self_ = nullptr; }

void HistoryWatch::look() {
    timer_->arm(node_.loop().now() + history::History::interval);
    node_.status([weak = std::weak_ptr{self_}](const NodeStatus& status) {
        const auto self = weak.lock();
        if (!self || *self == nullptr) return;
        NodeControl& node = (*self)->node_;
        node.history()->take(reading_of(status, node.loop().wall(), node.loop().now()),
                             named_peers(*node.settings().snapshot()));
    });
}

}  // namespace sallyport::admin
