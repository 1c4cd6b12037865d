// One shard's records: refusals and counters stay here until somebody asks; finished handshakes go to the node's
// archive on the control thread, as values.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/limits.h"
#include "services/record/counters.h"
#include "services/record/handshake.h"
#include "services/record/verdicts.h"

namespace sallyport::record {

class Desk {
public:
    /// Runs work on the control thread.
    using ToControl = std::function<void(std::function<void()>)>;
    using OnHandshake = std::function<void(Handshake)>;

    /// `on_handshake` is called where `to_control` brings it. Without `to_control` handshakes are only counted.
    Desk(const Limits& limits, ToControl to_control, OnHandshake on_handshake);

    void done(Handshake handshake);
    [[nodiscard]] Verdicts& verdicts() { return verdicts_; }
    [[nodiscard]] const Verdicts& verdicts() const { return verdicts_; }
    [[nodiscard]] Counters& counters() { return counters_; }
    /// With the refusals by rule.
    [[nodiscard]] Counters counted() const;

private:
    ToControl to_control_;
    OnHandshake on_handshake_;
    std::shared_ptr<std::atomic<unsigned>> under_way_ = std::make_shared<std::atomic<unsigned>>(0);
    Verdicts verdicts_;
    Counters counters_;
};

}  // namespace sallyport::record
