// What a file of verbs needs, and the table of each. Only verbs*.cpp include it.
#pragma once

#include "admin/api/call.h"
#include "admin/print/print.h"

namespace sallyport::admin {

using SharedCall = std::shared_ptr<Call>;

inline constexpr Effect reads = Effect::reads;
inline constexpr Effect acts = Effect::acts;

constexpr Argument option(std::string_view name, Form form, std::string_view help) {
    return {name, form, false, false, help};
}
constexpr Argument place(std::string_view name, Form form, std::string_view help) {
    return {name, form, true, true, help};
}
constexpr Argument optional_place(std::string_view name, std::string_view help) {
    return {name, Form::text, true, false, help};
}
constexpr Argument secret(std::string_view name, std::string_view help) {
    return {name, Form::secret, false, true, help};
}

/// Of verbs that work with the files of a shelf.
inline constexpr Argument file_args[] = {place("name", Form::text, "the file's name, as shown by `list`")};
inline constexpr Argument piece_args[] = {
    file_args[0], optional_place("file", "where to store it; default: the current folder"),
    option("offset", Form::number, "where the piece starts; the command line fetches all pieces")};

// verbs_<part>.cpp
[[nodiscard]] std::span<const Verb> status_verbs();
[[nodiscard]] std::span<const Verb> nodes_verbs();
[[nodiscard]] std::span<const Verb> peers_verbs();
[[nodiscard]] std::span<const Verb> config_verbs();
[[nodiscard]] std::span<const Verb> routes_verbs();
[[nodiscard]] std::span<const Verb> lists_verbs();
[[nodiscard]] std::span<const Verb> events_verbs();
[[nodiscard]] std::span<const Verb> why_verbs();
[[nodiscard]] std::span<const Verb> handshakes_verbs();
[[nodiscard]] std::span<const Verb> check_verbs();
[[nodiscard]] std::span<const Verb> check_node_verbs();
[[nodiscard]] std::span<const Verb> presence_verbs();
[[nodiscard]] std::span<const Verb> axl_verbs();
[[nodiscard]] std::span<const Verb> imp_verbs();
[[nodiscard]] std::span<const Verb> users_verbs();
[[nodiscard]] std::span<const Verb> clients_verbs();
[[nodiscard]] std::span<const Verb> admins_verbs();
[[nodiscard]] std::span<const Verb> capture_verbs();
[[nodiscard]] std::span<const Verb> diag_verbs();
[[nodiscard]] std::span<const Verb> metrics_verbs();
[[nodiscard]] std::span<const Verb> complete_verbs();
[[nodiscard]] std::span<const Verb> history_verbs();
[[nodiscard]] std::span<const Verb> words_verbs();

}  // namespace sallyport::admin
