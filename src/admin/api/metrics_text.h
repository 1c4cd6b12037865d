// Writing samples: labels are escaped, numbers have one form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/record/counters.h"

namespace sallyport::admin {

class MetricsText {
public:
    using Labels = std::vector<std::pair<std::string_view, std::string>>;

    /// The family that the following samples belong to.
    void family(std::string_view name, std::string_view type, std::string_view unit, std::string_view help);
    /// `_total` and `_info` are added as the family's type wants them.
    void sample(const Labels& labels, double value);
    void sample(const Labels& labels, std::uint64_t value);
    void histogram(const Labels& labels, const record::Histogram& histogram);
    /// The whole text.
    [[nodiscard]] std::string end();

private:
    void line(std::string_view suffix, const Labels& labels, const std::string& value);

    std::string text_, name_, suffix_;
};

}  // namespace sallyport::admin
