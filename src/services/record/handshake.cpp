// Sizes and stages of recorded handshakes.
#include "services/record/handshake.h"

#include <algorithm>
#include <array>

namespace sallyport::record {

namespace {

std::size_t size_of(const Step& step) {
    std::size_t size = sizeof step + step.name.size();
    for (const auto& [key, value] : step.facts) size += sizeof(Facts::value_type) + key.size() + value.size();
    return size;
}

struct StageRow {
    std::string_view prefix;
    Stage stage;
};
constexpr std::array stages{StageRow{"dns.", Stage::dns},          StageRow{"tcp.", Stage::tcp},
                            StageRow{"tls", Stage::tls},           StageRow{"sasl.", Stage::sasl},
                            StageRow{"result.", Stage::dialback},  StageRow{"verify.", Stage::dialback},
                            StageRow{"dialback.", Stage::dialback}};

}  // namespace

std::size_t Handshake::bytes() const {
    std::size_t size = sizeof *this + id.size() + peer.size() + local.size() + address.size() + result.size();
    for (const Step& step : steps) size += size_of(step);
    return size;
}

Stage stage_of(std::string_view step) {
    const auto at =
        std::find_if(stages.begin(), stages.end(), [&](const StageRow& row) { return step.starts_with(row.prefix); });
    return at == stages.end() ? Stage::stream : at->stage;
}

}  // namespace sallyport::record
