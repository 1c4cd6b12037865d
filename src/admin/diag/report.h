// What a check found out: findings with a grade and a remedy, and plain facts. Values only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::diag {

/// From harmless to fatal.
enum class Grade { good, note, warning, bad };
[[nodiscard]] std::string_view text(Grade grade);

struct Finding {
    Grade grade = Grade::note;
    std::string text;
    std::string remedy;  ///< empty: nothing to be done
};

struct Report {
    std::string check, domain;
    std::vector<std::pair<std::string, std::string>> facts;
    std::vector<Finding> findings;

    void add(Grade grade, std::string text, std::string remedy = {});
    /// Further values of a name are appended; empty ones are left out.
    void fact(std::string name, std::string value);
    /// The gravest grade; `note` counts as good.
    [[nodiscard]] Grade verdict() const;
};

}  // namespace sallyport::diag
