// Any bytes as AXL: requests, answers, SOAPAction and statements. What is read can be written and read again as the
// same; what is no XML for expat is none for us; a statement's values come back out of quotes as they went in.
#include <cstdint>
#include <string>

#include "fuzz/check.h"
#include "proto/axl/soap.h"
#include "proto/axl/statement.h"
#include "support/expat_oracle.h"

using namespace sallyport;

namespace {

void check_request(std::string_view bytes) {
    const auto request = axl::read_request(bytes);
    if (!request) return fuzz::check(!request.error().text.empty(), "refused without a reason");
    fuzz::check(test::parse_with_expat(bytes).has_value(), "a request that is no XML for expat");
    fuzz::check(axl::is_accepted_version(request->version), "an unknown version was taken");
    const auto again = axl::read_request(axl::write_request(*request));
    fuzz::check(again && *again == *request, "a request that changes when it is written");
}

void check_answer(std::string_view bytes) {
    const auto answer = axl::read_answer(bytes);
    if (!answer) return;
    fuzz::check(test::parse_with_expat(bytes).has_value(), "an answer that is no XML for expat");
    axl::Request to;
    if (std::holds_alternative<axl::Updated>(*answer)) to.operation = axl::Operation::update;
    const auto again = axl::read_answer(axl::write_answer(*answer, to));
    fuzz::check(again.has_value(), "an answer that cannot be read when it is written");
    if (!std::holds_alternative<axl::Fault>(*answer))
        fuzz::check(*again == *answer, "an answer that changes when written");
}

void check_statement(std::string_view sql) {
    const auto statement = axl::parse_statement(sql);
    if (!statement) return fuzz::check(!statement.error().text.empty(), "refused without a reason");
    fuzz::check(statement->table == "xmpps2snodes" || !statement->changes(), "another table would be changed");
    fuzz::check(statement->act == axl::Act::select || statement->act == axl::Act::insert || !statement->where.empty(),
                "everything would be changed");
    if (!statement->cp_id.empty()) fuzz::check(axl::check_cp_id(statement->cp_id).has_value(), "a malformed cp_id");
    for (const axl::Equals& equals : statement->where) {
        const auto again = axl::parse_statement("select * from " + statement->table + " where " + equals.column +
                                                " = " + axl::quoted(equals.value));
        fuzz::check(again && again->where.size() == 1 && again->where[0] == equals, "a value that changes in quotes");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text = fuzz::as_text(bytes + 1, size - 1);
    switch (bytes[0] % 4) {
        case 0: check_request(text); break;
        case 1: check_answer(text); break;
        case 2: check_statement(text); break;
        default: static_cast<void>(axl::read_soap_action(text));
    }
    return 0;
}
