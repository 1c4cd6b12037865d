// The codes of errors that callers get: what each is in HTTP, whether the request itself was wrong, and which argument
// it is about. Codes are stable (docs/manual/rest.md); the sentence beside them is for people.
#pragma once

#include <span>
#include <string_view>

namespace sallyport::admin {

struct ErrorCode {
    std::string_view code;
    unsigned status;                 ///< in HTTP
    std::string_view argument = {};  ///< that it blames, if the verb has it
    bool misuse = false;             ///< no node would understand the request: the command line ends as for its own
};

[[nodiscard]] std::span<const ErrorCode> error_codes();
/// Null for a code without a row.
[[nodiscard]] const ErrorCode* find_error_code(std::string_view code);

/// Of a code without a row: 409, the node did not do it.
[[nodiscard]] unsigned http_status(std::string_view code);

}  // namespace sallyport::admin
