// JSON in, JSON out; the values stay JSON text, as in the database.
#include "services/settings/settings_copy.h"

#include <boost/json.hpp>

namespace sallyport::services {

namespace json = boost::json;

std::string write_copy(const io::StoredSettings& stored) {
    json::object values;
    for (const auto& [name, text] : stored.values) {
        json::error_code problem;
        json::value value = json::parse(text, problem);
        if (!problem) values[name] = std::move(value);
    }
    return json::serialize(json::object{{"revision", stored.revision}, {"values", std::move(values)}}) + "\n";
}

Result<io::StoredSettings> read_copy(std::string_view text) {
    const Error damaged{"store-corrupt", "the last-good copy of the settings is damaged"};
    json::error_code problem;
    const json::value parsed = json::parse(json::string_view{text.data(), text.size()}, problem);
    if (problem || !parsed.is_object()) return damaged;
    const json::value* revision = parsed.get_object().if_contains("revision");
    const json::value* values = parsed.get_object().if_contains("values");
    if (revision == nullptr || values == nullptr || !values->is_object()) return damaged;
    io::StoredSettings stored;
    stored.revision = revision->to_number<std::uint64_t>(problem);
    if (problem) return damaged;
    for (const auto& entry : values->get_object())
        stored.values[std::string{entry.key()}] = json::serialize(entry.value());
    return stored;
}

}  // namespace sallyport::services
