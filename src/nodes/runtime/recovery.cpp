// One alarm and one timer.
#include "nodes/runtime/recovery.h"

namespace sallyport::nodes {

Recovery::Recovery(io::Loop& loop, services::AlarmBoard& alarms, services::AlarmCode code, std::string key, Try attempt)
    : loop_{loop},
      alarms_{alarms},
      code_{code},
      key_{std::move(key)},
      try_{std::move(attempt)},
      timer_{loop.timer([this] { this->attempt(); })} {}

void Recovery::begin(const Error& why) {
    under_way_ = true;
    alarms_.raise_once(code_, key_, why.text);
    timer_->arm(loop_.now() + interval);
}

Recovery::Try Recovery::at_once(std::function<Result<void>()> attempt) {
    return [attempt = std::move(attempt)](const OnTried& on_tried) { on_tried(attempt()); };
}

void Recovery::attempt() {
    try_([this, alive = std::weak_ptr{alive_}](const Result<void>& outcome) {
        if (!alive.expired()) tried(outcome);
    });
}

void Recovery::tried(const Result<void>& outcome) {
    if (!outcome) return begin(outcome.error());
    under_way_ = false;
    alarms_.lower(code_, key_);
}

}  // namespace sallyport::nodes
