// What a check reported, for tests to look through.
#pragma once

#include <string>

#include "admin/diag/report.h"

namespace sallyport::test {

/// The first finding whose text has `part` in it; null: none has.
inline const diag::Finding* finding(const diag::Report& report, const std::string& part) {
    for (const auto& found : report.findings) {
        if (found.text.find(part) != std::string::npos) return &found;
    }
    return nullptr;
}

}  // namespace sallyport::test
