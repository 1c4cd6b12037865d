// What a check found out: findings with a grade and a remedy, and plain facts. Values only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/diag/sentence.h"

namespace sallyport::diag {

/// From harmless to fatal.
enum class Grade { good, note, warning, bad };
[[nodiscard]] std::string_view text(Grade grade);

/// The rows that the words of a finding were made from, and the values in them: for who shows them in another
/// language. A code is that of an alarm, or of check_rows.h or admin/judge/finding_rows.h; empty: the words are its
/// own.
struct FromRows {
    std::string code{}, remedy_code{};
    Values values{};
};

struct Finding {
    Grade grade = Grade::note;
    std::string text;
    std::string remedy;  ///< empty: nothing to be done
    FromRows rows{};
};

struct Report {
    std::string check, domain;
    std::vector<std::pair<std::string, std::string>> facts;
    std::vector<Finding> findings;

    void add(Finding finding);
    /// What is no row: words of somebody else.
    void add(Grade grade, std::string text);
    /// Further values of a name are appended; empty ones are left out.
    void fact(std::string name, std::string value);
    /// The gravest grade; `note` counts as good.
    [[nodiscard]] Grade verdict() const;
};

}  // namespace sallyport::diag
