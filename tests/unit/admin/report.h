// What a check reported, for tests to look through.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "admin/diag/check_rows.h"
#include "admin/diag/report.h"

namespace sallyport::test {

/// The first finding whose text has `part` in it; null: none has.
inline const diag::Finding* finding(const diag::Report& report, const std::string& part) {
    for (const auto& found : report.findings) {
        if (found.text.find(part) != std::string::npos) return &found;
    }
    return nullptr;
}

/// Each finding says from which row its words are, and has what stands in them: others can say it in their language.
inline void expect_rows(const diag::Report& report) {
    EXPECT_FALSE(report.findings.empty());
    for (const auto& found : report.findings) {
        const auto rows = diag::check_rows();
        const auto named = [&](const std::string& code) {
            return std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.code == code; });
        };
        const auto row = named(found.rows.code);
        if (row == rows.end()) {
            ADD_FAILURE() << "no row: " << found.text;
            continue;
        }
        EXPECT_EQ(diag::filled(row->text, found.rows.values), found.text);
        const auto cure = named(found.rows.remedy_code);
        EXPECT_EQ(cure == rows.end() ? "" : diag::filled(cure->remedy, found.rows.values), found.remedy);
    }
}

}  // namespace sallyport::test
