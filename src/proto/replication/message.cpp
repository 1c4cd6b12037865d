// JSON of the messages. A reader refuses members that it does not know and texts that are longer than their bound; a
// message of a later version says so in its hello.
#include "proto/replication/message.h"

#include <boost/json.hpp>
#include <initializer_list>

#include "base/hash.h"

namespace sallyport::replication {

namespace json = boost::json;

namespace {

Error malformed(const std::string& text) { return {"malformed", text}; }

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }
std::string plain(const json::string& text) { return {text.data(), text.size()}; }

/// Members of one object; the first complaint is kept.
class Members {
public:
    Members(const json::object& object, std::initializer_list<std::string_view> known) : object_{&object} {
        for (const auto& member : object) {
            bool found = false;
            for (const std::string_view name : known) found = found || view(name) == member.key();
            if (!found) complain("unknown member");
        }
    }

    [[nodiscard]] bool has(std::string_view name) const { return object_->contains(view(name)); }
    std::string text(std::string_view name, std::size_t most = Bounds::text_bytes) {
        const json::value* value = object_->if_contains(view(name));
        if (value == nullptr || !value->is_string() || value->as_string().size() > most) return complain(name), "";
        return plain(value->as_string());
    }
    std::uint64_t number(std::string_view name) {
        const json::value* value = object_->if_contains(view(name));
        if (value != nullptr && value->is_uint64()) return value->as_uint64();
        if (value != nullptr && value->is_int64() && value->as_int64() >= 0)
            return static_cast<std::uint64_t>(value->as_int64());
        return complain(name), 0;
    }
    bool flag(std::string_view name) {
        const json::value* value = object_->if_contains(view(name));
        if (value == nullptr || !value->is_bool()) return complain(name), false;
        return value->as_bool();
    }
    Values values(std::string_view name) {
        Values found;
        const json::value* value = object_->if_contains(view(name));
        if (value == nullptr || !value->is_object() || value->as_object().size() > Bounds::names)
            return complain(name), found;
        for (const auto& member : value->as_object()) {
            if (member.key().size() > Bounds::name_bytes || !member.value().is_string()) return complain(name), found;
            found[{member.key().data(), member.key().size()}] = plain(member.value().as_string());
        }
        return found;
    }
    /// The objects of a list, at most `most`.
    std::vector<const json::object*> objects(std::string_view name, std::size_t most) {
        std::vector<const json::object*> found;
        const json::value* value = object_->if_contains(view(name));
        if (value == nullptr || !value->is_array() || value->as_array().size() > most) return complain(name), found;
        for (const json::value& entry : value->as_array()) {
            if (!entry.is_object()) return complain(name), std::vector<const json::object*>{};
            found.push_back(&entry.as_object());
        }
        return found;
    }
    void complain(std::string_view what) {
        if (wrong_.empty()) wrong_ = what;
    }
    void take(const Members& nested) {
        if (!nested.wrong_.empty()) complain(nested.wrong_);
    }
    template <typename Read>
    Result<Message> finish(Read message) const {
        if (!wrong_.empty()) return malformed("'" + wrong_ + "' is missing, unknown, too long or of the wrong type");
        return Message{std::move(message)};
    }

private:
    const json::object* object_;
    std::string wrong_;
};

/// Names end up in logs, tables and file names: letters, digits and "-._" only.
bool is_plain_name(std::string_view text) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_digest(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Result<Message> read_hello(const json::object& object) {
    Members in{object, {"type", "version", "role", "node", "realm", "component", "instance"}};
    if (in.has("version") && in.number("version") != version)
        return Error{"version", "this node speaks version 1 of replication; bring both nodes to the same release"};
    in.number("version");
    constexpr std::size_t name = 255;
    std::string role = in.text("role", name);
    Hello hello{find_role(role), in.text("node", name), in.text("realm", name), in.text("component", name),
                in.text("instance", name)};
    for (const std::string* text : {&role, &hello.node, &hello.realm, &hello.component, &hello.instance}) {
        if (!is_plain_name(*text)) in.complain("a name");
    }
    if (hello.node.empty() || hello.realm.empty() || hello.instance.empty()) in.complain("node");
    return in.finish(std::move(hello));
}

Result<Message> read_held(const json::object& object) {
    Members in{object, {"type", "revision", "digest"}};
    Held held{in.number("revision"), in.text("digest")};
    if (!held.digest.empty() && !is_digest(held.digest)) in.complain("digest");
    return in.finish(std::move(held));
}

Result<Message> read_update(const json::object& object) {
    Members in{object, {"type", "revision", "base", "digest", "values"}};
    Update update;
    update.revision = in.number("revision");
    if (in.has("base")) update.base = in.number("base");
    update.digest = in.text("digest");
    update.values = in.values("values");
    if (!is_digest(update.digest)) in.complain("digest");
    return in.finish(std::move(update));
}

Result<Message> read_ack(const json::object& object) {
    Members in{object, {"type", "revision"}};
    const Ack ack{in.number("revision")};
    return in.finish(ack);
}

Result<Message> read_refusal(const json::object& object) {
    Members in{object, {"type", "revision", "code", "text", "temporary"}};
    Refusal refusal{in.number("revision"), in.text("code"), in.text("text"), in.flag("temporary")};
    return in.finish(std::move(refusal));
}

Result<Message> read_report(const json::object& object) {
    Members in{object, {"type", "steps", "alarms"}};
    Report report;
    for (const json::object* entry : in.objects("steps", Bounds::report_steps)) {
        Members step{*entry, {"step", "state", "reason", "remedy", "alarm"}};
        const auto state = step_state(step.text("state"));
        if (!state) step.complain("state");
        report.steps.push_back({step.text("step"),
                                state.value_or(StepState::pending),
                                {step.text("reason"), step.has("remedy") ? step.text("remedy") : ""},
                                step.has("alarm") ? step.text("alarm") : ""});
        in.take(step);
    }
    for (const json::object* entry : in.objects("alarms", Bounds::report_notices)) {
        Members notice{*entry, {"code", "key", "text", "severity", "cure"}};
        report.notices.push_back({notice.text("code"), notice.text("key"), notice.text("text"),
                                  notice.has("severity") ? notice.text("severity") : "",
                                  notice.has("cure") ? notice.text("cure") : ""});
        in.take(notice);
    }
    return in.finish(std::move(report));
}

Result<Message> read_ping(const json::object& object) { return Members{object, {"type"}}.finish(Ping{}); }
Result<Message> read_pong(const json::object& object) { return Members{object, {"type"}}.finish(Pong{}); }

Result<Message> read_bye(const json::object& object) {
    Members in{object, {"type", "code", "text"}};
    Bye bye{in.text("code"), in.text("text")};
    return in.finish(std::move(bye));
}

struct Row {
    std::string_view type;
    Result<Message> (*read)(const json::object&);
};
/// In the order of the variant.
constexpr Row rows[] = {{"hello", read_hello}, {"held", read_held},       {"update", read_update},
                        {"ack", read_ack},     {"refusal", read_refusal}, {"report", read_report},
                        {"ping", read_ping},   {"pong", read_pong},       {"bye", read_bye}};
static_assert(std::size(rows) == std::variant_size_v<Message>);

struct Writer {
    json::object& out;

    void operator()(const Hello& hello) const {
        out["version"] = version;
        out["role"] = hello.role ? std::string{text(*hello.role)} : std::string{};
        out["node"] = hello.node;
        out["realm"] = hello.realm;
        out["component"] = hello.component;
        out["instance"] = hello.instance;
    }
    void operator()(const Held& held) const {
        out["revision"] = held.revision;
        out["digest"] = held.digest;
    }
    void operator()(const Update& update) const {
        out["revision"] = update.revision;
        if (update.base) out["base"] = *update.base;
        out["digest"] = update.digest;
        json::object values;
        for (const auto& [name, value] : update.values) values[name] = value;
        out["values"] = std::move(values);
    }
    void operator()(const Ack& ack) const { out["revision"] = ack.revision; }
    void operator()(const Refusal& refusal) const {
        out["revision"] = refusal.revision;
        out["code"] = refusal.code.substr(0, Bounds::text_bytes);
        out["text"] = refusal.text.substr(0, Bounds::text_bytes);
        out["temporary"] = refusal.temporary;
    }
    void operator()(const Report& report) const {
        json::array steps, alarms;
        for (const ChainStep& step : report.steps) {
            if (steps.size() == Bounds::report_steps) break;
            json::object one{{"step", step.step.substr(0, Bounds::text_bytes)},
                             {"state", json::string{view(text(step.state))}},
                             {"reason", step.reason.why.substr(0, Bounds::text_bytes)}};
            if (!step.reason.remedy.empty()) one["remedy"] = step.reason.remedy.substr(0, Bounds::text_bytes);
            if (!step.alarm.empty()) one["alarm"] = step.alarm.substr(0, Bounds::text_bytes);
            steps.push_back(std::move(one));
        }
        for (const Notice& notice : report.notices) {
            if (alarms.size() == Bounds::report_notices) break;
            json::object one{{"code", notice.code.substr(0, Bounds::text_bytes)},
                             {"key", notice.key.substr(0, Bounds::text_bytes)},
                             {"text", notice.text.substr(0, Bounds::text_bytes)}};
            if (!notice.severity.empty()) one["severity"] = notice.severity.substr(0, Bounds::text_bytes);
            if (!notice.cure.empty()) one["cure"] = notice.cure.substr(0, Bounds::text_bytes);
            alarms.push_back(std::move(one));
        }
        out["steps"] = std::move(steps);
        out["alarms"] = std::move(alarms);
    }
    void operator()(const Ping&) const {}
    void operator()(const Pong&) const {}
    void operator()(const Bye& bye) const {
        out["code"] = bye.code.substr(0, Bounds::text_bytes);
        out["text"] = bye.text.substr(0, Bounds::text_bytes);
    }
};

}  // namespace

std::string digest(const Values& values) {
    std::string text;
    for (const auto& [name, value] : values) {
        text += std::to_string(name.size()) + ":" + name + std::to_string(value.size()) + ":" + value;
    }
    return to_hex(sha256(text));
}

std::string write(const Message& message) {
    json::object out{{"type", view(rows[message.index()].type)}};
    std::visit(Writer{out}, message);
    return json::serialize(out);
}

Result<Message> parse(std::string_view text) {
    json::parse_options options;
    options.max_depth = 4;
    json::error_code problem;
    const json::value value = json::parse(view(text), problem, {}, options);
    if (problem || !value.is_object()) return malformed("a frame does not contain a JSON object");
    const json::value* type = value.as_object().if_contains("type");
    for (const Row& row : rows) {
        if (type != nullptr && type->is_string() && type->as_string() == view(row.type))
            return row.read(value.as_object());
    }
    return malformed("the type of a message is not known");
}

std::string frame(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() + 4);
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((text.size() >> shift) & 0xff);
    return bytes.append(text);
}

Result<bool> FrameReader::next(std::string& out) {
    constexpr std::size_t head = 4;
    if (buffer_.size() - start_ < head) return false;
    std::size_t size = 0;
    for (std::size_t i = 0; i < head; ++i) size = (size << 8) | static_cast<unsigned char>(buffer_[start_ + i]);
    if (size > most_)
        return Error{"frame-size",
                     "a frame of " + std::to_string(size) + " bytes; the most is " + std::to_string(most_)};
    if (buffer_.size() - start_ - head < size) return false;
    out.assign(buffer_, start_ + head, size);
    start_ += head + size;
    if (start_ == buffer_.size() || start_ > buffer_.size() / 2) {
        buffer_.erase(0, start_);
        start_ = 0;
    }
    return true;
}

}  // namespace sallyport::replication
