// Has the node look at itself every ten seconds for its history.
#pragma once

#include <memory>

#include "admin/api/node_control.h"

namespace sallyport::admin {

class HistoryWatch {
public:
    static constexpr auto first_look = std::chrono::seconds{1};

    /// `node` has a history, and outlives it.
    explicit HistoryWatch(NodeControl& node);
    ~HistoryWatch();
    HistoryWatch(const HistoryWatch&) = delete;
    HistoryWatch& operator=(const HistoryWatch&) = delete;

private:
    void look();

    NodeControl& node_;
    std::unique_ptr<io::Timer> timer_;
    std::shared_ptr<HistoryWatch*> self_;  ///< null pointer inside once this is gone
};

}  // namespace sallyport::admin
