// OpenMetrics 1.0, text format.
#include "admin/api/metrics_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace sallyport::admin {

namespace {

/// OpenMetrics wants one form of the usual bounds: as Go writes them.
constexpr std::array<std::string_view, record::bucket_bounds.size()> bound_texts{
    "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "10.0", "30.0"};

std::string number(double value) {
    if (!std::isfinite(value)) return "NaN";
    char buffer[64];
    const auto [end, problem] = std::to_chars(buffer, buffer + sizeof buffer, value);
    return problem == std::errc{} ? std::string{buffer, end} : "NaN";
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char byte : text) {
        if (byte == '\\' || byte == '"') {
            out.append("\\").push_back(byte);
        } else if (byte == '\n') {
            out += "\\n";
        } else {
            out += byte;
        }
    }
    return out;
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view unit, std::string_view help) {
    name_ = name;
    suffix_ = type == "counter" ? "_total" : type == "info" ? "_info" : "";
    text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    if (!unit.empty()) text_.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
    text_.append("# HELP ").append(name).append(" ").append(escaped(help)).append("\n");
}

void MetricsText::line(std::string_view suffix, const Labels& labels, const std::string& value) {
    text_.append(name_).append(suffix);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        text_.append(i == 0 ? "{" : ",").append(labels[i].first).append("=\"").append(escaped(labels[i].second));
        text_ += '"';
    }
    text_.append(labels.empty() ? " " : "} ").append(value).append("\n");
}

void MetricsText::sample(const Labels& labels, double value) { line(suffix_, labels, number(value)); }
void MetricsText::sample(const Labels& labels, std::uint64_t value) { line(suffix_, labels, std::to_string(value)); }

void MetricsText::histogram(const Labels& labels, const record::Histogram& histogram) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < histogram.buckets.size(); ++i) {
        below += histogram.buckets[i];
        Labels bucket = labels;
        bucket.emplace_back("le", std::string{i < bound_texts.size() ? bound_texts[i] : "+Inf"});
        line("_bucket", bucket, std::to_string(below));
    }
    line("_count", labels, std::to_string(histogram.count));
    line("_sum", labels, number(histogram.sum));
}

std::string MetricsText::end() {
    text_ += "# EOF\n";
    return std::move(text_);
}

}  // namespace sallyport::admin
