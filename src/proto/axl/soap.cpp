// Envelopes by hand on the way out, so that they look like those of the products we stand beside; by local name and
// namespace on the way in.
#include "proto/axl/soap.h"

#include <algorithm>
#include <charconv>

#include "base/join.h"
#include "proto/xml/chars.h"
#include "proto/xml/element.h"
#include "proto/xml/reader.h"

namespace sallyport::axl {

namespace {

constexpr std::string_view envelope_space = "http://schemas.xmlsoap.org/soap/envelope/";
constexpr std::string_view axl_space = "http://www.cisco.com/AXL/API/";
constexpr std::string_view versions[] = {"15.0", "14.0", "12.5", "12.0", "11.5", "11.0",
                                         "10.5", "10.0", "9.1",  "9.0",  "8.5"};
constexpr std::string_view declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

Error malformed(std::string text) { return {"axl-malformed", std::move(text)}; }

Error unknown_version(std::string_view version) {
    return {"axl-version",
            "schema " + std::string{version.substr(0, 16)} + " is not supported; supported are " + accepted_versions()};
}

/// XML has no place for most control characters, nor for bytes that are not UTF-8 (XML 1.0 2.2).
std::string safe(std::string_view text) {
    std::string out;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const auto byte = static_cast<unsigned char>(*at);
        const int length = byte < 0x80 ? static_cast<int>(xml::is_xml_char(byte)) : xml::sequence_length(at, end);
        if (length > 0) xml::append_escaped(out, {at, static_cast<std::size_t>(length)});
        if (length <= 0) out.push_back('?');
        at += std::max(length, 1);
    }
    return out;
}

void append(std::string& out, std::string_view name, std::string_view value) {
    out += '<';
    out += name;
    out += '>';
    out += safe(value);
    out += "</";
    out += name;
    out += '>';
}

std::string envelope(std::string_view body) {
    std::string out{declaration};
    out += "<soapenv:Envelope xmlns:soapenv=\"";
    out += envelope_space;
    out += "\"><soapenv:Body>";
    out += body;
    return out + "</soapenv:Body></soapenv:Envelope>";
}

/// The one element in the body of an envelope.
Result<xml::Element> read_body(std::string_view bytes, const XmlLimits& limits) {
    auto root = xml::parse(bytes, limits);
    if (!root) return malformed(root.error().text);
    if (!root->is(envelope_space, "Envelope")) return malformed("it is not a SOAP 1.1 envelope");
    if (const xml::Element* header = root->child(envelope_space, "Header")) {
        for (const auto& child : header->children) {
            const auto* const entry = std::get_if<xml::Element>(&child);
            if (entry == nullptr) continue;
            // SOAP 1.1 4.2.3: what we do not understand and must, we refuse.
            const bool must =
                std::any_of(entry->attributes.begin(), entry->attributes.end(), [](const xml::Attribute& a) {
                    return a.space == envelope_space && a.name == "mustUnderstand" &&
                           (a.value == "1" || a.value == "true");
                });
            if (must) return malformed("a header with mustUnderstand is not supported");
        }
    }
    const xml::Element* body = root->child(envelope_space, "Body");
    const xml::Element* content = body == nullptr ? nullptr : body->first_child();
    if (content == nullptr) return malformed("the envelope has no body");
    const auto elements = std::count_if(body->children.begin(), body->children.end(),
                                        [](const auto& child) { return std::holds_alternative<xml::Element>(child); });
    if (elements != 1) return malformed("the body has more than one element");
    return *content;
}

/// Products disagree on whether what is below an operation is in its namespace.
const xml::Element* child_of(const xml::Element& element, std::string_view name) {
    for (const auto& child : element.children) {
        const auto* const inner = std::get_if<xml::Element>(&child);
        if (inner != nullptr && inner->name == name) return inner;
    }
    return nullptr;
}

std::string text_of(const xml::Element& element, std::string_view name) {
    const xml::Element* found = child_of(element, name);
    return found == nullptr ? std::string{} : found->text();
}

Fault read_fault(const xml::Element& element) {
    Fault fault{text_of(element, "faultstring"), -1, {}};
    const xml::Element* detail = child_of(element, "detail");
    const xml::Element* axl = detail == nullptr ? nullptr : child_of(*detail, "axlError");
    if (axl == nullptr) return fault;
    const std::string code = text_of(*axl, "axlcode");
    int number = 0;
    if (std::from_chars(code.data(), code.data() + code.size(), number).ec == std::errc{}) fault.code = number;
    if (const std::string message = text_of(*axl, "axlmessage"); !message.empty()) fault.text = message;
    fault.operation = text_of(*axl, "request");
    return fault;
}

Result<Answer> read_updated(const xml::Element& answer) {
    const std::string count = text_of(answer, "rowsUpdated");
    std::uint64_t rows = 0;
    const auto [end, problem] = std::from_chars(count.data(), count.data() + count.size(), rows);
    if (problem != std::errc{} || end != count.data() + count.size()) return malformed("rowsUpdated is not a number");
    return Answer{Updated{rows}};
}

Answer read_rows(const xml::Element& answer) {
    Rows rows;
    for (const auto& child : answer.children) {
        const auto* const row = std::get_if<xml::Element>(&child);
        if (row == nullptr || row->name != "row") continue;
        Row& cells = rows.rows.emplace_back();
        for (const auto& cell : row->children) {
            const auto* const column = std::get_if<xml::Element>(&cell);
            if (column != nullptr) cells.emplace_back(column->name, column->text());
        }
    }
    return rows;
}

struct Writer {
    std::string operator()(const Rows& rows) const {
        std::string out;
        for (const Row& row : rows.rows) {
            out += "<row>";
            for (const auto& [column, value] : row) append(out, column, value);
            out += "</row>";
        }
        return response(out);
    }
    std::string operator()(const Updated& updated) const {
        return response("<rowsUpdated>" + std::to_string(updated.rows) + "</rowsUpdated>");
    }
    std::string operator()(const Fault& fault) const {
        std::string out = "<soapenv:Fault><faultcode>soapenv:Server</faultcode>";
        append(out, "faultstring", fault.text);
        out += "<detail><axlError>";
        append(out, "axlcode", std::to_string(fault.code));
        append(out, "axlmessage", fault.text);
        append(out, "request", fault.operation);
        return out + "</axlError></detail></soapenv:Fault>";
    }

    [[nodiscard]] std::string response(const std::string& content) const {
        const std::string name = "ns:" + std::string{text(to.operation)} + "Response";
        // No rows is an empty element, as clients of the real service know it.
        const std::string filled = content.empty() ? "<return/>" : "<return>" + content + "</return>";
        return "<" + name + " xmlns:ns=\"" + std::string{axl_space} + safe(to.version) + "\">" + filled + "</" + name +
               ">";
    }

    const Request& to;
};

}  // namespace

std::string_view text(Operation operation) {
    return operation == Operation::query ? "executeSQLQuery" : "executeSQLUpdate";
}

bool is_accepted_version(std::string_view version) {
    return std::find(std::begin(versions), std::end(versions), version) != std::end(versions);
}

std::string accepted_versions() { return joined(versions); }

Result<SoapAction> read_soap_action(std::string_view header) {
    constexpr std::size_t longest = 256;
    if (header.size() > longest) return malformed("SOAPAction is too long");
    if (header.size() >= 2 && header.front() == '"' && header.back() == '"')
        header = header.substr(1, header.size() - 2);
    SoapAction action{std::string{*(std::end(versions) - 1)}, {}};
    if (header.empty()) return action;
    bool first = true;
    while (!header.empty()) {
        const std::size_t end = std::min(header.find(' '), header.size());
        const std::string_view word = header.substr(0, end);
        header.remove_prefix(std::min(end + 1, header.size()));
        if (word.empty()) continue;
        if (first && word != "CUCM:DB") return malformed("SOAPAction does not begin with CUCM:DB");
        if (!first && word.starts_with("ver=")) {
            action.version = word.substr(4);
            if (!is_accepted_version(action.version)) return unknown_version(action.version);
        } else if (!first) {
            action.operation = word;
        }
        first = false;
    }
    return action;
}

std::string write_soap_action(const Request& request) {
    return "\"CUCM:DB ver=" + request.version + " " + std::string{text(request.operation)} + "\"";
}

XmlLimits request_limits() { return {32768, 32, 8, 16, 2048, 16}; }
XmlLimits answer_limits() { return {8 << 20, 200'000, 16, 16, 2048, 16}; }

Result<Request> read_request(std::string_view body) {
    const auto content = read_body(body, request_limits());
    if (!content) return content.error();
    if (!content->space.text().starts_with(axl_space)) return malformed("the operation is not in the namespace of AXL");
    Request request;
    request.version = content->space.text().substr(axl_space.size());
    if (!is_accepted_version(request.version)) return unknown_version(request.version);
    if (content->name == text(Operation::update)) {
        request.operation = Operation::update;
    } else if (content->name != text(Operation::query)) {
        return Error{"axl-operation", "the operation \"" + content->name.substr(0, 64) +
                                          "\" is not supported; supported are executeSQLQuery and executeSQLUpdate"};
    }
    const xml::Element* sql = child_of(*content, "sql");
    if (sql == nullptr) return malformed("the operation has no sql");
    if (sql->first_child() != nullptr) return malformed("sql contains an element");
    request.sql = sql->text();
    return request;
}

std::string write_request(const Request& request) {
    const std::string name = "ns:" + std::string{text(request.operation)};
    std::string body = "<" + name + " xmlns:ns=\"" + std::string{axl_space} + safe(request.version) + "\">";
    append(body, "sql", request.sql);
    return envelope(body + "</" + name + ">");
}

Result<Answer> read_answer(std::string_view body) {
    const auto content = read_body(body, answer_limits());
    if (!content) return content.error();
    if (content->is(envelope_space, "Fault")) return Answer{read_fault(*content)};
    if (!content->space.text().starts_with(axl_space)) return malformed("the answer is not in the namespace of AXL");
    const xml::Element* answer = child_of(*content, "return");
    if (answer == nullptr) return malformed("the answer has no return");
    if (content->name == "executeSQLUpdateResponse") return read_updated(*answer);
    if (content->name == "executeSQLQueryResponse") return read_rows(*answer);
    return malformed("it is the answer to another operation");
}

std::string described(const Answer& answer) {
    constexpr std::size_t most_rows = 20;
    if (const auto* fault = std::get_if<Fault>(&answer)) return "fault: " + fault->text;
    const auto counted = [](std::uint64_t rows) { return std::to_string(rows) + (rows == 1 ? " row" : " rows"); };
    if (const auto* updated = std::get_if<Updated>(&answer)) return counted(updated->rows) + " updated";
    const auto& rows = std::get<Rows>(answer).rows;
    std::string out = counted(rows.size());
    for (std::size_t i = 0; i < std::min(rows.size(), most_rows); ++i) {
        out += i == 0 ? ": " : "; ";
        for (std::size_t at = 0; at < rows[i].size(); ++at)
            out += (at == 0 ? "" : ", ") + rows[i][at].first + '=' + rows[i][at].second;
    }
    return rows.size() > most_rows ? out + "; …" : out;
}

std::string write_answer(const Answer& answer, const Request& to) { return envelope(std::visit(Writer{to}, answer)); }

}  // namespace sallyport::axl
