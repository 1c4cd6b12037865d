// The table of exceptions per peer.
#include <algorithm>

#include "base/limits.h"
#include "model/config/json_fields.h"
#include "model/config/nearest_name.h"
#include "model/config/setting_values.h"

namespace sallyport::config {

namespace {

/// Null for one that a peer has no own of.
const LimitRow* find_limit(std::string_view name) {
    const auto rows = limit_rows();
    const auto at = std::ranges::find(rows, name, &LimitRow::key);
    return at == rows.end() || !at->of_a_peer ? nullptr : &*at;
}

std::vector<std::string_view> limits_of_a_peer() {
    std::vector<std::string_view> names;
    for (const LimitRow& row : limit_rows()) {
        if (row.of_a_peer) names.push_back(row.key);
    }
    return names;
}

void read_limit(Fields& fields, const std::string& name, const json::value& value, PeerException& peer) {
    const std::string place = "limits." + name;
    const LimitRow* row = find_limit(name);
    if (row == nullptr) {
        fields.complain(place, "not a limit of a peer" + hint(name, limits_of_a_peer()));
        return;
    }
    if (value.is_string() && value.get_string() == "off") {
        peer.limits[name] = unlimited;
        return;
    }
    json::error_code problem;
    const auto number = value.is_int64() || value.is_uint64() ? value.to_number<std::uint64_t>(problem) : 0;
    if (problem || number < row->least) {
        fields.complain(place, "must be \"off\" or a number of at least " + std::to_string(row->least));
        return;
    }
    peer.limits[name] = number;
}

void read_domain(Fields& fields, PeerException& peer) {
    const std::string written = fields.text("domain", true);
    if (fields.failed()) return;
    auto pattern = NamePattern::parse(written);
    if (pattern) peer.domain = std::move(*pattern);
    if (!pattern) fields.complain("domain", "'" + written + "': " + pattern.error().text);
}

Result<PeerException> read_peer(const json::value& entry, std::string place) {
    Fields fields{entry, std::move(place), {"domain", "security_mode", "authentication", "bidi", "limits", "note"}};
    PeerException peer;
    read_domain(fields, peer);
    if (const auto mode = fields.word("security_mode", security_mode_words())) {
        peer.security_mode = static_cast<s2s::SecurityMode>(*mode);
    }
    if (const auto method = fields.word("authentication", authentication_words())) {
        peer.authentication = static_cast<Authentication>(*method);
    }
    if (const auto bidi = fields.word("bidi", switch_words())) peer.bidi = *bidi == 1;
    for (const auto& limit : fields.object("limits")) read_limit(fields, std::string{limit.key()}, limit.value(), peer);
    peer.note = fields.text("note", false);
    if (peer.note.size() > SettingBounds::note_bytes) fields.complain("note", "must have at most 1024 characters");
    if (peer.authentication == Authentication::certificate && peer.security_mode == s2s::SecurityMode::no_tls) {
        fields.complain("authentication", "a certificate requires TLS, but security_mode is no_tls");
    }
    if (fields.failed()) return fields.error();
    return peer;
}

json::object written(const PeerException& peer) {
    json::object object{{"domain", peer.domain.text()}};
    const auto word = [](const std::vector<std::string_view>& words, std::size_t at) { return std::string{words[at]}; };
    if (peer.security_mode) {
        object["security_mode"] = word(security_mode_words(), static_cast<std::size_t>(*peer.security_mode));
    }
    if (peer.authentication) {
        object["authentication"] = word(authentication_words(), static_cast<std::size_t>(*peer.authentication));
    }
    if (peer.bidi) object["bidi"] = *peer.bidi ? "on" : "off";
    if (!peer.limits.empty()) {
        json::object limits;
        for (const auto& [name, value] : peer.limits) {
            if (value == unlimited) {
                limits[name] = "off";
            } else {
                limits[name] = value;
            }
        }
        object["limits"] = std::move(limits);
    }
    if (!peer.note.empty()) object["note"] = peer.note;
    return object;
}

}  // namespace

Result<std::vector<PeerException>> read_peers(std::string_view text) {
    const auto array = parse_array(text, SettingBounds::peers);
    if (!array) return array.error();
    std::vector<PeerException> peers;
    for (const json::value& entry : *array) {
        std::string place = "[" + std::to_string(peers.size()) + "]";
        auto peer = read_peer(entry, place);
        if (!peer) return peer.error();
        const bool known = std::any_of(peers.begin(), peers.end(),
                                       [&](const PeerException& other) { return other.domain == peer->domain; });
        if (known) return wrong_value(place + ": " + peer->domain.text() + " is in the list twice");
        peers.push_back(std::move(*peer));
    }
    return peers;
}

std::string write_peers(const std::vector<PeerException>& peers) {
    json::array array;
    for (const PeerException& peer : peers) array.push_back(written(peer));
    return json::serialize(array);
}

}  // namespace sallyport::config
