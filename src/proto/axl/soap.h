// AXL on the wire: two operations in SOAP 1.1 envelopes, read and written, for service and client. The version is in
// the namespace and in the header SOAPAction. No document type, no entity, no comment: proto/xml refuses them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace sallyport::axl {

enum class Operation : std::uint8_t { query, update };
/// "executeSQLQuery", "executeSQLUpdate"
[[nodiscard]] std::string_view text(Operation operation);

struct Request {
    Operation operation = Operation::query;
    std::string version = "14.0";
    std::string sql;
    bool operator==(const Request&) const = default;
};

using Row = std::vector<std::pair<std::string, std::string>>;  ///< column and value
struct Rows {
    std::vector<Row> rows;
    bool operator==(const Rows&) const = default;
};
struct Updated {
    std::uint64_t rows = 0;
    bool operator==(const Updated&) const = default;
};
struct Fault {
    std::string text;
    int code = -1;
    std::string operation;
    bool operator==(const Fault&) const = default;
};
using Answer = std::variant<Rows, Updated, Fault>;
/// For the log: "2 rows: pkid=…, cp_id=…; pkid=…, cp_id=…", "1 row updated", "fault: …".
[[nodiscard]] std::string described(const Answer& answer);

/// Versions that we answer; the same two operations in all of them.
[[nodiscard]] bool is_accepted_version(std::string_view version);
/// "14.0, 12.5, …"
[[nodiscard]] std::string accepted_versions();

/// What SOAPAction says: `"CUCM:DB ver=14.0 executeSQLQuery"`. Without a version: the oldest that we accept. Errors:
/// "axl-malformed", "axl-version".
struct SoapAction {
    std::string version;
    std::string operation;  ///< empty: not said
};
[[nodiscard]] Result<SoapAction> read_soap_action(std::string_view header);
[[nodiscard]] std::string write_soap_action(const Request& request);

/// Bounds of an envelope with one statement, and of an answer with rows.
[[nodiscard]] XmlLimits request_limits();
[[nodiscard]] XmlLimits answer_limits();

/// Errors: "axl-malformed", "axl-version", "axl-operation".
[[nodiscard]] Result<Request> read_request(std::string_view body);
[[nodiscard]] std::string write_request(const Request& request);

/// Errors: "axl-malformed".
[[nodiscard]] Result<Answer> read_answer(std::string_view body);
/// `to` is the request that is answered.
[[nodiscard]] std::string write_answer(const Answer& answer, const Request& to);

}  // namespace sallyport::axl
