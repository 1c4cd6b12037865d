// The table of alarms: what can be active, how grave it is, what it says and its remedy. A new alarm is an
// enumerator here, a row in alarm_codes.cpp and a row in docs/manual/alarms.md.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sallyport::services {

enum class AlarmCode {
    ssh_down,
    ssh_host_key,
    ssh_listen,
    replication_refused,
    replication_refused_there,
    replication_differs,
    replication_store,
    far_alarm,
    axl_refused,
    axl_down,
    presence_store,
    alarms_full,
    log_verbose,
    log_syslog,
    log_stuck,
    events_store,
    settings_store,
    disk_low,
    capture_secrets,
    certificate_expiring,
    certificate_expiring_soon,
    certificate_expired,
    peer_certificate_expiring,
    peer_certificate_expired,
    link_down,
    router_restart,
    clock_jumped,
    clock_unsynchronised,
    clock_skew,
    certificate_replaced,
    link_stanza,
    link_copy,
    certificate_not_yet,
    inside_authority,
    admin_store,
    admin_socket,
    clock_wrong,
    chain_failed,
    dns_down,
    disk_read_only,
    history_store,
    inside_down,
    count_
};

enum class AlarmSeverity {
    warning,  ///< something is at risk
    error,    ///< something does not work
};
[[nodiscard]] std::string_view text(AlarmSeverity severity);
/// "warning", "error"; nothing for every other text.
[[nodiscard]] std::optional<AlarmSeverity> alarm_severity(std::string_view text);

struct AlarmRow {
    AlarmCode code;
    std::string_view name;  ///< stable, dotted: "ssh.down"
    AlarmSeverity severity;
    std::string_view text;  ///< a sentence; {key} stands for what the alarm is about
    std::string_view cure;
    bool is_mutual = false;  ///< the node that the alarm is about has the same one about us
};
/// In the order of the enumerators.
[[nodiscard]] std::span<const AlarmRow> alarm_rows();
[[nodiscard]] const AlarmRow& alarm_row(AlarmCode code);
/// By its name; null when there is none: another release may know more alarms.
[[nodiscard]] const AlarmRow* find_alarm_row(std::string_view name);

}  // namespace sallyport::services
