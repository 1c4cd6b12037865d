// Members by name; what is missing or of another type makes the whole line worthless.
#include "services/diagnostics/handshake_text.h"

#include <boost/json.hpp>

namespace sallyport::services {

namespace json = boost::json;

namespace {

/// Of one object; remembers that something did not fit.
class Members {
public:
    explicit Members(const json::value& value) : object_{value.if_object()}, fits_{object_ != nullptr} {}

    std::string text(std::string_view name) {
        const json::value* found = member(name);
        const json::string* text = found == nullptr ? nullptr : found->if_string();
        fits_ = fits_ && text != nullptr;
        return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
    }
    std::int64_t number(std::string_view name) {
        const json::value* found = member(name);
        const std::int64_t* number = found == nullptr ? nullptr : found->if_int64();
        fits_ = fits_ && number != nullptr;
        return number == nullptr ? 0 : *number;
    }
    bool flag(std::string_view name) {
        const json::value* found = member(name);
        const bool* flag = found == nullptr ? nullptr : found->if_bool();
        fits_ = fits_ && flag != nullptr;
        return flag != nullptr && *flag;
    }
    const json::array& list(std::string_view name) {
        static const json::array none;
        const json::value* found = member(name);
        const json::array* list = found == nullptr ? nullptr : found->if_array();
        fits_ = fits_ && list != nullptr;
        return list == nullptr ? none : *list;
    }
    [[nodiscard]] bool fits() const { return fits_; }

private:
    const json::value* member(std::string_view name) const {
        return object_ == nullptr ? nullptr : object_->if_contains(json::string_view{name.data(), name.size()});
    }
    const json::object* object_;
    bool fits_;
};

json::object json_of(const record::Step& step) {
    json::array facts;
    for (const auto& [key, value] : step.facts) facts.push_back(json::array{key, value});
    return {{"at", step.at.count()}, {"name", step.name}, {"good", step.good}, {"facts", std::move(facts)}};
}

bool read_step(const json::value& value, record::Step& step) {
    Members members{value};
    step.at = Duration{members.number("at")};
    step.name = members.text("name");
    step.good = members.flag("good");
    for (const json::value& fact : members.list("facts")) {
        const json::array* pair = fact.if_array();
        if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string()) return false;
        const json::string &key = (*pair)[0].as_string(), &text = (*pair)[1].as_string();
        step.facts.emplace_back(std::string{key.data(), key.size()}, std::string{text.data(), text.size()});
    }
    return members.fits();
}

}  // namespace

std::string handshake_text(const record::Handshake& handshake) {
    json::array all;
    for (const record::Step& step : handshake.steps) all.push_back(json_of(step));
    return json::serialize(json::object{{"id", handshake.id},
                                        {"peer", handshake.peer},
                                        {"local", handshake.local},
                                        {"inbound", handshake.inbound},
                                        {"proven_only", handshake.proven_only},
                                        {"address", handshake.address},
                                        {"started", handshake.started.time_since_epoch().count()},
                                        {"took", handshake.took.count()},
                                        {"shard", static_cast<std::int64_t>(handshake.shard)},
                                        {"good", handshake.good},
                                        {"failed_at", std::string{text(handshake.failed_at)}},
                                        {"result", handshake.result},
                                        {"verdict_id", handshake.verdict_id},
                                        {"steps", std::move(all)},
                                        {"left_out", static_cast<std::int64_t>(handshake.left_out)}});
}

std::optional<record::Handshake> read_handshake(std::string_view text) {
    // Names in certificates may hold anything.
    json::parse_options options;
    options.allow_invalid_utf8 = true;
    json::error_code problem;
    const json::value value = json::parse({text.data(), text.size()}, problem, {}, options);
    if (problem) return std::nullopt;
    Members members{value};
    record::Handshake handshake;
    handshake.id = members.text("id");
    handshake.peer = members.text("peer");
    handshake.local = members.text("local");
    handshake.inbound = members.flag("inbound");
    handshake.proven_only = members.flag("proven_only");
    handshake.address = members.text("address");
    handshake.started = WallTime{WallTime::duration{members.number("started")}};
    handshake.took = Duration{members.number("took")};
    handshake.shard = static_cast<std::uint32_t>(members.number("shard"));
    handshake.good = members.flag("good");
    handshake.failed_at = find_stage(members.text("failed_at")).value_or(Stage::none);
    handshake.result = members.text("result");
    handshake.verdict_id = members.text("verdict_id");
    handshake.left_out = static_cast<std::uint64_t>(members.number("left_out"));
    for (const json::value& one : members.list("steps")) {
        if (!read_step(one, handshake.steps.emplace_back())) return std::nullopt;
    }
    if (!members.fits()) return std::nullopt;
    return handshake;
}

}  // namespace sallyport::services
