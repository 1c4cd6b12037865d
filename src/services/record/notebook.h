// The handshake that one stream's driver is writing down at present. Own thread only; the finished handshake is a
// value.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/record/handshake.h"

namespace sallyport::record {

class Notebook {
public:
    /// At most `most_bytes` a handshake; what comes later is counted.
    explicit Notebook(std::uint64_t most_bytes) : most_bytes_{most_bytes} {}

    void begin(bool inbound, TimePoint now, WallTime wall);
    [[nodiscard]] bool open() const { return current_ != nullptr; }
    [[nodiscard]] Handshake& current() { return *current_; }
    /// Ignored when none is open. A fact "key" is left out: dialback keys are nobody's business.
    void step(Stage stage, std::string_view name, Facts facts, bool good, TimePoint now);
    /// That of the last step which is in the handshake; before the first, Stage::tcp.
    [[nodiscard]] Stage reached() const { return reached_; }
    /// Ends the handshake; nothing when none is open.
    [[nodiscard]] std::optional<Handshake> finish(bool good, Stage failed_at, std::string result, TimePoint now);

private:
    std::uint64_t most_bytes_;
    std::unique_ptr<Handshake> current_;  ///< none on a stream at rest, of which there are thousands
    TimePoint began_{};
    std::size_t bytes_ = 0;
    Stage reached_ = Stage::tcp;
};

}  // namespace sallyport::record
