// Why something was refused or where it failed, as values: the rule with its words, the stage of an attempt, whose part
// it is. Whoever refuses names the rule once; bounce, log, recorder, metrics, status, checks and `why` show it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sallyport {

/// What refuses. The names in the table are an interface: metrics, `why` and the manual use them.
enum class Rule : std::uint8_t {
    none,  ///< nothing was refused
    // policy of the edge, in the order in which it is asked; of the core towards servers inside
    federation_off,
    self,
    not_local,
    deny_list,
    allow_list,
    not_inside,
    inside_to_inside,
    // the way to a server: named as the stages are
    dns,
    tcp,
    tls,
    sasl,
    dialback,
    stream,
    protocol,
    dead,
    // bounds, and what became of a stanza
    queue_full,
    queue_age,
    too_large,
    malformed,
    excess,
    in_doubt,
    refused_by_peer,
    streams,
    streams_of_sender,
    look_ups,
    connections,
    busy,
    link_down,
    link_full,
    partner_full,
    link_refused,
    no_way,
    not_loaded,
    no_rows,
    own_federation,
    no_user,
    client_refused,
    component_away,
    component_full,
    shutting_down,
    other,
};

/// Whose part it is to change something.
enum class Part : std::uint8_t { ours, the_peers, the_senders, ours_or_the_peers };
/// "ours", "the peer's", "the sender's", "ours or the peer's".
[[nodiscard]] std::string_view text(Part part);

/// What a rule is about.
enum class RuleKind : std::uint8_t {
    policy,  ///< the operator's settings forbid it
    way,     ///< an attempt to reach a server or to be reached by it failed there
    bound,   ///< a limit, or what became of a stanza
};

/// One rule: what it means, where it is set, how to fix it. DOMAIN in a text stands for the next hop's domain. A
/// refusal may know a better remedy than its row.
struct RuleRow {
    Rule rule;
    std::string_view name;
    RuleKind kind;
    std::string_view help;
    std::string_view change;
    std::string_view remedy;
    Part part;
};
/// All but Rule::none.
[[nodiscard]] std::span<const RuleRow> rule_rows();
/// The row of `rule`; of `other` for Rule::none.
[[nodiscard]] const RuleRow& row_of(Rule rule);
/// The name of the rule; empty for Rule::none.
[[nodiscard]] std::string_view text(Rule rule);
/// By its name; nothing when no rule is named so.
[[nodiscard]] std::optional<Rule> find_rule(std::string_view name);

/// How far an attempt to open a stream, or to prove a pair on one, had come.
enum class Stage : std::uint8_t { none, dns, tcp, stream, tls, sasl, dialback, policy };
/// "dns" and so on; empty for Stage::none.
[[nodiscard]] std::string_view text(Stage stage);
[[nodiscard]] std::optional<Stage> find_stage(std::string_view name);
/// What is said to have refused when an attempt ended at that stage and nobody knows better.
[[nodiscard]] Rule rule_at(Stage stage);

}  // namespace sallyport
