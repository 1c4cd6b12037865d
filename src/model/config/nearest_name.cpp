// Levenshtein distance over two rows.
#include "model/config/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sallyport::config {

namespace {

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest_name(std::string_view name, const std::vector<std::string_view>& known) {
    constexpr std::size_t longest = 64;
    if (name.size() > longest) return {};
    std::string_view nearest;
    std::size_t least = longest;
    for (const std::string_view candidate : known) {
        const std::size_t apart = distance(name, candidate);
        if (apart < least && apart <= std::max<std::size_t>(candidate.size() / 3, candidate.size() > 3 ? 2 : 1)) {
            least = apart;
            nearest = candidate;
        }
    }
    return nearest;
}

std::string hint(std::string_view name, const std::vector<std::string_view>& known) {
    const std::string_view nearest = nearest_name(name, known);
    return nearest.empty() ? std::string{} : "; did you mean '" + std::string{nearest} + "'?";
}

}  // namespace sallyport::config
