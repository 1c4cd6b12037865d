// Requests are strict JSON: what the table of verbs does not name is refused.
#include "admin/api/call.h"

#include <algorithm>
#include <boost/json.hpp>

#include "admin/access/access_desk.h"
#include "admin/api/answer_text.h"
#include "admin/api/error_codes.h"
#include "admin/api/strict_json.h"
#include "admin/print/json_text.h"
#include "base/join.h"
#include "model/config/nearest_name.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t most_texts = 1000;
constexpr std::size_t longest_audited = 500;

Error malformed(std::string text) { return {"request-malformed", std::move(text)}; }

Result<json::object> parse(std::string_view request) {
    auto value = strict_json(request);
    if (!value) return malformed("the request is not JSON: " + value.error().text);
    if (!value->is_object()) return malformed("the request is not a JSON object");
    return std::move(value->as_object());
}

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

/// The values of one argument as text; nothing when the form is wrong.
std::optional<std::vector<std::string>> read_value(Form form, const json::value& value) {
    switch (form) {
        case Form::text:
        case Form::secret:
            if (value.is_string()) return {{std::string{view(value.as_string())}}};
            return std::nullopt;
        case Form::number:
            if (value.is_uint64()) return {{std::to_string(value.as_uint64())}};
            if (value.is_int64() && value.as_int64() >= 0) return {{std::to_string(value.as_int64())}};
            return std::nullopt;
        case Form::flag:
            if (value.is_bool()) return {{value.as_bool() ? "true" : "false"}};
            return std::nullopt;
        case Form::texts: break;
    }
    if (!value.is_array() || value.as_array().size() > most_texts) return std::nullopt;
    std::vector<std::string> texts;
    for (const json::value& entry : value.as_array()) {
        if (!entry.is_string()) return std::nullopt;
        texts.emplace_back(view(entry.as_string()));
    }
    return texts;
}

std::string_view form_text(Form form) {
    switch (form) {
        case Form::text: return "a string";
        case Form::number: return "a number";
        case Form::secret: return "a string";
        case Form::flag: return "true or false";
        case Form::texts: return "a list of strings";
    }
    return "?";
}

Error unknown_verb(const std::string& name) {
    std::vector<std::string_view> known;
    for (const Verb& verb : verbs()) known.push_back(verb.name);
    return {"verb-unknown", "no such verb: '" + name + "'" + config::hint(name, known)};
}

/// At most `most` bytes, not cut within a character.
std::string cut_text(const std::string& text, std::size_t most) {
    if (text.size() <= most) return text;
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "…";
}

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }

/// Line ends and tabs stand in values that are JSON; nothing else of C0 stands anywhere.
bool has_odd_character(const std::string& text) {
    return std::any_of(text.begin(), text.end(),
                       [](char byte) { return is_control(byte) && byte != '\n' && byte != '\r' && byte != '\t'; });
}

}  // namespace

std::shared_ptr<Call> Call::start(NodeControl& node, std::string_view request, std::string user,
                                  const OnLine& on_line) {
    auto call = std::make_shared<Call>(
        node, Caller{.author = std::move(user)},
        [on_line](const json::object& answer, bool last) { on_line(answer_text(answer), last); });
    std::string field;
    const auto verb = call->read(request, field);
    if (verb) {
        call->verb_ = *verb;
        (*verb)->run(call);
    } else {
        call->fail(verb.error(), field);
    }
    return call;
}

std::shared_ptr<Call> Call::start(NodeControl& node, Caller caller, const Verb& verb, const json::object& arguments,
                                  std::optional<std::uint64_t> revision, OnAnswer on_answer) {
    auto call = std::make_shared<Call>(node, std::move(caller), std::move(on_answer));
    call->revision_ = revision;
    std::string field;
    if (const auto read = call->read_arguments(verb, arguments, field); read) {
        call->verb_ = &verb;
        verb.run(call);
    } else {
        call->fail(read.error(), field);
    }
    return call;
}

Result<const Verb*> Call::read(std::string_view request, std::string& field) {
    auto parsed = parse(request);
    if (!parsed) return parsed.error();
    for (const auto& member : *parsed) {
        if (member.key() == "verb" || member.key() == "args" || member.key() == "author") continue;
        return malformed("a request has no '" + std::string{member.key()} + "'");
    }
    const json::value* name = parsed->if_contains("verb");
    if (name == nullptr || !name->is_string()) return malformed("the request has no verb");
    const std::string wanted{view(name->as_string())};
    const Verb* verb = find_verb(wanted);
    if (verb == nullptr) return unknown_verb(wanted);
    if (const auto author = read_author(*parsed); !author) {
        field = "author";
        return author.error();
    }
    const json::value* given = parsed->if_contains("args");
    if (given != nullptr && !given->is_object()) return malformed("args is not a JSON object");
    if (const auto read = read_arguments(*verb, given == nullptr ? json::object{} : given->as_object(), field); !read) {
        return read.error();
    }
    return verb;
}

Result<void> Call::read_author(const json::object& request) {
    const json::value* author = request.if_contains("author");
    if (author == nullptr) return {};
    if (!author->is_string()) return malformed("author is not a string");
    const std::string_view name = view(author->as_string());
    if (name.empty() || name.size() > longest_author || std::any_of(name.begin(), name.end(), is_control)) {
        return malformed("author is not a name of 1 to 64 characters");
    }
    if (caller_.author != name) caller_.author.append(" (").append(name).append(")");
    return {};
}

Result<void> Call::read_arguments(const Verb& verb, const json::object& given, std::string& field) {
    for (const auto& member : given) {
        const std::string_view name{member.key().data(), member.key().size()};
        field = name;
        const auto row = std::find_if(verb.arguments.begin(), verb.arguments.end(),
                                      [name](const Argument& argument) { return argument.name == name; });
        if (row == verb.arguments.end()) {
            return Error{"argument-unknown", std::string{verb.name} + " takes no argument '" + field + "'"};
        }
        auto values = read_value(row->form, member.value());
        if (!values) return Error{"argument-malformed", field + " must be " + std::string{form_text(row->form)}};
        if (std::any_of(values->begin(), values->end(), has_odd_character)) {
            return Error{"argument-malformed", field + " holds control characters"};
        }
        arguments_[field] = std::move(*values);
    }
    for (const Argument& argument : verb.arguments) {
        const auto at = arguments_.find(argument.name);
        if (!argument.required || (at != arguments_.end() && !at->second.empty())) continue;
        field = argument.name;
        return Error{"argument-missing",
                     std::string{verb.name} + " needs " + field + ": " + std::string{argument.help}};
    }
    field.clear();
    return {};
}

std::string Call::text(std::string_view name) const {
    const auto at = arguments_.find(name);
    return at == arguments_.end() || at->second.empty() ? std::string{} : at->second.front();
}

std::uint64_t Call::number(std::string_view name, std::uint64_t fallback) const {
    return has(name) ? std::stoull(text(name)) : fallback;
}

std::vector<std::string> Call::texts(std::string_view name) const {
    const auto at = arguments_.find(name);
    return at == arguments_.end() ? std::vector<std::string>{} : at->second;
}

std::optional<xmpp::Domain> Call::domain(std::string_view name) {
    auto parsed = xmpp::Domain::parse(text(name));
    if (parsed) return std::move(*parsed);
    fail({"argument-malformed", "'" + text(name) + "' is not a domain: " + parsed.error().text}, name);
    return std::nullopt;
}

void Call::event(const json::object& event) {
    if (on_answer_) on_answer_({{"event", event}}, false);
}

void Call::succeed(const json::value& result) { finish({{"ok", true}, {"result", result}}, "ok"); }

void Call::fail(const Error& error, std::string_view field) { fail(error, field, {}); }

void Call::fail(const Error& error, std::string_view field, const json::object& more) {
    // The code knows best what it blames.
    if (const ErrorCode* const row = find_error_code(error.code); row != nullptr && takes(row->argument)) {
        field = row->argument;
    }
    json::object object{{"code", error.code}, {"text", error.text}};
    if (!field.empty()) object["field"] = json::string_view{field.data(), field.size()};
    for (const auto& member : more) object.insert(member);
    finish({{"ok", false}, {"error", std::move(object)}}, error.code);
}

bool Call::takes(std::string_view argument) const {
    if (argument.empty() || verb_ == nullptr) return false;
    return std::ranges::find(verb_->arguments, argument, &Argument::name) != verb_->arguments.end();
}

void Call::finish(const json::object& answer, const std::string& outcome) {
    if (!on_answer_) return;
    audit(outcome);
    // The listener may let go of this call while it is told.
    const OnAnswer on_answer = std::exchange(on_answer_, nullptr);
    on_answer(answer, true);
}

/// Of a request that could not be read there is nothing to say but who sent it, and that stands in the log.
void Call::audit(const std::string& outcome) {
    AccessDesk* access = node_->access();
    if (access == nullptr || verb_ == nullptr || verb_->effect == Effect::reads) return;
    if (audited_ && outcome == "ok") return;
    json::object shown;
    for (const Argument& argument : verb_->arguments) {
        const auto at = arguments_.find(argument.name);
        if (at == arguments_.end()) continue;
        const std::string text = joined(at->second, " ");
        const bool hidden = argument.form == Form::secret || argument.confidential;
        shown[json::string_view{argument.name.data(), argument.name.size()}] =
            hidden ? "********" : cut_text(text, longest_audited);
    }
    access->record({0, {}, caller_.author, caller_.address, std::string{verb_->name}, json_text(shown), outcome});
}

}  // namespace sallyport::admin
