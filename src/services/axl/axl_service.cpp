// Admission before a byte of the body is read; then SOAP.
#include "services/axl/axl_service.h"

#include <algorithm>

#include "proto/xml/element.h"

namespace sallyport::axl {

namespace {

constexpr std::string_view path = "/axl/";
constexpr unsigned unknown_schema = 599;  ///< what the products answer to a version that they do not know

// Answers hold rows of a database and follow from credentials: nobody stores them, nobody guesses their type.
std::vector<io::HttpField> fields(std::string_view type) {
    return {{"Content-Type", std::string{type}}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
}

io::HttpResponse plain(unsigned status, std::string body) {
    return {status, fields("text/plain; charset=utf-8"), std::move(body)};
}

bool is_xml(std::string_view type) {
    const std::string_view media = type.substr(0, type.find(';'));
    return media == "text/xml" || media == "application/xml" || media == "text/xml " || media == "application/xml ";
}

/// "imp.test:8443" of the Host header if it looks like one: it goes into a document.
std::string address_of(const io::HttpRequest& request) {
    const std::string_view host = request.field("Host");
    const bool good = !host.empty() && host.size() <= 300 && std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == ':' || c == '[' || c == ']';
    });
    return good ? std::string{host} : "CCMSERVERNAME:8443";
}

constexpr std::string_view page =
    "<!DOCTYPE html><html lang=\"en\"><head><title>AXL</title></head><body><h1>AXL</h1><p>The AXL Web Service is "
    "working and accepting requests. Use HTTP POST to send a request.</p></body></html>\n";

io::HttpResponse soap(unsigned status, const Answer& answer, const Request& to) {
    return {status, fields("text/xml; charset=utf-8"), write_answer(answer, to)};
}

}  // namespace

io::HttpAdmission AxlService::admit(const io::HttpRequest& head) {
    const std::string_view asked = head.path();
    const bool get = head.method == "GET" || head.method == "HEAD";
    if (get && asked == "/axl") return {io::HttpResponse{301, {{"Location", std::string{path}}}, {}}, {}};
    if (asked != path) return {plain(404, "not found\n"), {}};
    if (!get && head.method != "POST") {
        io::HttpResponse refusal = plain(405, "method not allowed\n");
        refusal.fields.push_back({"Allow", "GET, HEAD, POST"});
        return {std::move(refusal), {}};
    }
    const std::string_view authorization = head.field("Authorization");
    if (const auto verdict = users_.judge(head.remote.address, authorization)) {
        return admission(*verdict, head.remote, get);
    }
    return {{}, {}, [this, from = head.remote, authorization = std::string{authorization}, get](auto decide) {
                users_.prove(from.address, authorization, [this, from, get, decide](const UserDesk::Verdict& verdict) {
                    decide(admission(verdict, from, get));
                });
            }};
}

io::HttpAdmission AxlService::admission(const UserDesk::Verdict& verdict, const Endpoint& from, bool reads) {
    if (verdict.judgement == Judgement::good) return {{}, reads ? 0 : most_body_bytes};
    const bool throttled = verdict.judgement == Judgement::throttled;
    const bool busy = verdict.judgement == Judgement::busy;
    const bool trouble = verdict.judgement == Judgement::trouble;
    const unsigned status = throttled || busy || trouble ? 503 : 401;
    log_.write_for(log_source(from.address), LogLevel::warn, "axl.refused",
                   {{"from", from.text()},
                    {"user", verdict.user},
                    {"Status", std::to_string(status)},
                    {"why", throttled ? "too many wrong passwords from this address"
                            : busy    ? "too many passwords are being checked; try again"
                            : trouble ? "the users cannot be read"
                                      : "user and password are missing or wrong"}});
    io::HttpResponse refusal = plain(status, std::string{io::reason_of(status)} + "\n");
    if (status == 401) refusal.fields.push_back({"WWW-Authenticate", "Basic realm=\"AXL\", charset=\"UTF-8\""});
    if (status == 503) refusal.fields.push_back({"Retry-After", busy ? "1" : "60"});
    return {std::move(refusal), {}};
}

void AxlService::handle(io::HttpRequest request, std::shared_ptr<io::HttpExchange> exchange) {
    exchange->respond(answer(request));
}

io::HttpResponse AxlService::answer(const io::HttpRequest& request) {
    if (request.method == "POST") return answer_soap(request);
    if (request.query() == "wsdl") return {200, fields("text/xml; charset=utf-8"), wsdl(address_of(request))};
    return {200, fields("text/html; charset=utf-8"), std::string{page}};
}

io::HttpResponse AxlService::answer_soap(const io::HttpRequest& request) {
    if (!is_xml(request.field("Content-Type"))) return plain(415, "the Content-Type must be text/xml\n");
    const auto refused = [&](const Error& why, const Request& to) {
        const unsigned status = why.code == "axl-version" ? unknown_schema : 500;
        log_.write_for(log_source(request.remote.address), LogLevel::warn, "axl.answered",
                       {{"from", request.remote.text()},
                        {"Function", std::string{text(to.operation)}},
                        {"Status", std::to_string(status)},
                        {"Reason", why.text}});
        return soap(status, Fault{why.text, -1, std::string{text(to.operation)}}, to);
    };
    const auto action = read_soap_action(request.field("SOAPAction"));
    if (!action) return refused(action.error(), {});
    const auto asked = read_request(request.body);
    if (!asked) return refused(asked.error(), {});
    const bool said = request.field("SOAPAction").find("ver=") != std::string_view::npos;
    if (said && action->version != asked->version) {
        return refused({"axl-malformed", "SOAPAction and body name different versions"}, *asked);
    }
    if (!action->operation.empty() && action->operation != text(asked->operation)) {
        return refused({"axl-malformed", "SOAPAction names another operation than the body"}, *asked);
    }
    const Answer answer = run(*asked);
    const auto* const fault = std::get_if<Fault>(&answer);
    const unsigned status = fault != nullptr ? 500 : 200;
    log_.write(fault != nullptr ? LogLevel::warn : LogLevel::info, "axl.answered",
               {{"from", request.remote.text()},
                {"Function", std::string{text(asked->operation)}},
                {"Status", std::to_string(status)},
                {"Reason", fault != nullptr ? fault->text : "None"}});
    // Not what could not be run: nobody knows what is in it.
    if (fault == nullptr && log_.wants(LogLevel::debug)) {
        log_.debug("axl.statement",
                   {{"Detail", asked->sql}, {"from", request.remote.text()}, {"answer", described(answer)}});
    }
    return soap(status, answer, *asked);
}

Answer AxlService::run(const Request& request) {
    const auto fault = [&](std::string text) {
        return Fault{std::move(text), -1, std::string{axl::text(request.operation)}};
    };
    const auto statement = parse_statement(request.sql);
    if (!statement) return fault(statement.error().text);
    if (statement->changes() != (request.operation == Operation::update)) {
        return fault(statement->changes() ? "executeSQLQuery only reads; use executeSQLUpdate"
                                          : "executeSQLUpdate only changes; use executeSQLQuery");
    }
    const auto result = sql_.run(*statement);
    if (!result) return fault(public_text(result.error()));
    if (!result->rows_wanted) return Updated{result->changed};
    Rows rows;
    for (const auto& cells : result->rows) {
        Row& row = rows.rows.emplace_back();
        for (std::size_t i = 0; i < cells.size(); ++i) row.emplace_back(result->columns[i], cells[i]);
    }
    return rows;
}

}  // namespace sallyport::axl
