// Grades in words and in order.
#include "admin/diag/report.h"

#include <algorithm>

namespace sallyport::diag {

std::string_view text(Grade grade) {
    switch (grade) {
        case Grade::good: return "good";
        case Grade::note: return "note";
        case Grade::warning: return "warning";
        case Grade::bad: return "bad";
    }
    return "?";
}

void Report::add(Finding finding) { findings.push_back(std::move(finding)); }

void Report::add(Grade grade, std::string text) { findings.push_back({grade, std::move(text), {}, {}}); }

void Report::fact(std::string name, std::string value) {
    if (value.empty()) return;
    const auto known = std::find_if(facts.begin(), facts.end(), [&](const auto& fact) { return fact.first == name; });
    if (known != facts.end()) {
        known->second += ", " + value;
    } else {
        facts.emplace_back(std::move(name), std::move(value));
    }
}

Grade Report::verdict() const {
    Grade gravest = Grade::good;
    for (const Finding& finding : findings) {
        if (finding.grade != Grade::note) gravest = std::max(gravest, finding.grade);
    }
    return gravest;
}

}  // namespace sallyport::diag
