// What judges say of a node, a row each: the code for programs and for other languages, the grade, the sentence and the
// remedy. What is an alarm has its row in services/alarms/alarm_codes.cpp instead. A new finding is an enumerator here,
// a row in finding_rows.cpp and its words in web/lang.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "admin/diag/sentence.h"
#include "admin/judge/finding.h"

namespace sallyport::admin {

enum class Says : std::uint8_t {
    no_account,
    federation_off,
    no_domain,
    allow_list_empty,
    certificate_good,
    covered,
    not_covered,
    link_resuming,
    link_up,
    link_up_idle,
    link_one_down,
    no_edge_dialled,
    held_for_link,
    peer_unreachable,
    more_unreachable,
    peer_stalled,
    more_stalled,
    peer_slow,
    peer_slow_refused,
    router_obstacle,
    router_table,
    domain_unserved,
    clock_ahead,
    clock_behind,
    axl_none,
    axl_rows_missing,
    axl_complete,
    axl_complete_empty,
    outline,
    far_alarm,
};

struct FindingRow {
    Says says;
    std::string_view code;  ///< stable, dotted: "link.resuming"
    diag::Grade grade;
    std::string_view text, remedy;  ///< in the form that filled() reads
};
/// In the order of the enumerators.
[[nodiscard]] std::span<const FindingRow> finding_rows();

using diag::filled;
using diag::Values;
/// The finding of the row; `remedy` where this time another one is known than the row's.
[[nodiscard]] Finding say(Says says, Values values = {}, const std::string& remedy = {});

}  // namespace sallyport::admin
