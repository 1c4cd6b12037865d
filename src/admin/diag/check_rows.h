// What the checks of the world say, a row each: the code for programs and for other languages, the grade, the sentence
// and the remedy. What judges say of the node itself has its rows in admin/judge/finding_rows.cpp. A new finding is an
// enumerator here, a row in check_rows.cpp and its words in web/lang.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "admin/diag/report.h"

namespace sallyport::diag {

enum class Seen : std::uint8_t {
    // DNS
    dns_silent,
    route_instead,
    validated,
    bogus_ours,
    bogus_theirs,
    look_up_failed,
    look_up_silent,
    look_up_not_made,
    look_up_says,
    target_is_address,
    target_port,
    no_record_usable,
    declares_none_ours,
    declares_none_theirs,
    service_absent,
    direct_tls_absent,
    no_srv_ours,
    no_srv_theirs,
    srv_usable,
    host_without_address,
    no_address,
    is_this_node,
    host_at,
    host_at_unknown,
    host_reserved,
    leads_here,
    leads_elsewhere,
    // a visit to a server
    not_permitted,
    door_closed,
    address_closed,
    route_dead,
    no_address_answers,
    no_answer_in_time,
    connection_ended,
    connection_ended_because,
    stream_closed,
    stream_refused,
    no_stream,
    out_of_order,
    no_starttls,
    starttls_refused,
    tls_failed,
    connected,
    connected_direct,
    session,
    no_certificate,
    chain_good,
    untrusted_refused,
    untrusted_dialback,
    covers,
    covers_others_refused,
    covers_others_dialback,
    covers_nothing_refused,
    covers_nothing_dialback,
    expires,
    requires_tls,
    offers_external,
    offers_dialback,
    offers_neither,
    offers_neither_off,
    // dialback
    not_admitted,
    no_server_of_ours,
    keys_unverifiable,
    keys_unanswered,
    other_secret,
    keys_denied,
    any_key_taken,
    keys_confirmed,
    ping_answered,
    ping_unanswered,
    initiating_never,
    initiating_before_good,
    initiating_before_failed,
    initiating_good,
    initiating_failed,
    receiving_never,
    receiving_before_good,
    receiving_before_failed,
    receiving_good,
    receiving_failed,
    // this node
    no_problems,
    // remedies of several findings
    ask_resolver,
    check_dns,
    enable_tls,
    open_port,
};

struct CheckRow {
    Seen seen;
    std::string_view code;  ///< stable, dotted: "dns.bogus"
    Grade grade;
    std::string_view text, remedy;  ///< in the form that filled() reads; of a remedy alone the text is empty
};
/// In the order of the enumerators.
[[nodiscard]] std::span<const CheckRow> check_rows();

/// What is not as in the row this time.
struct ThisTime {
    std::optional<Grade> grade{};
    std::optional<Seen> remedy{};  ///< the row that has it
};
/// The finding of the row.
[[nodiscard]] Finding seen(Seen what, Values values = {}, ThisTime this_time = {});

}  // namespace sallyport::diag
