// Steps are matched by name, for DNS by what was asked (answers come in any order), and by how often that came before.
#include "services/record/compare.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>

#include "base/join.h"

namespace sallyport::record {

namespace {

/// What is another each time without meaning anything.
constexpr std::array<std::string_view, 7> fleeting{"id", "peer-id", "ms", "ttl", "connection", "stream", "verdict"};

using Place = std::pair<std::string, unsigned>;

std::string name_of(const Step& step) {
    for (const auto& [key, value] : step.facts) {
        if (key == "question") return step.name + " " + value;
    }
    return step.name;
}

std::map<Place, const Step*> places(const Handshake& handshake) {
    std::map<Place, const Step*> found;
    std::map<std::string, unsigned> times;
    for (const Step& step : handshake.steps) {
        const std::string name = name_of(step);
        found[{name, times[name]++}] = &step;
    }
    return found;
}

std::string words(const Step& step) {
    std::string all;
    for (const auto& [key, value] : step.facts) {
        if (std::find(fleeting.begin(), fleeting.end(), key) != fleeting.end()) continue;
        append_item(all, key + "=" + value, " ");
    }
    return all;
}

/// Features come in any order (RFC 6120 4.3.2), and some servers change it each time.
bool same(const std::string& key, const std::string& one, const std::string& other) {
    if (key != "features" || one.size() != other.size()) return one == other;
    const auto sorted = [](const std::string& text) {
        std::multiset<std::string> words;
        std::istringstream in{text};
        for (std::string word; in >> word;) words.insert(word);
        return words;
    };
    return sorted(one) == sorted(other);
}

void compare(const Step& before, const Step& now, std::vector<Difference>& out) {
    const auto value_of = [](const Step& step, const std::string& key) -> const std::string* {
        for (const auto& [name, value] : step.facts) {
            if (name == key) return &value;
        }
        return nullptr;
    };
    const auto is_fleeting = [](const std::string& key) {
        return std::find(fleeting.begin(), fleeting.end(), key) != fleeting.end();
    };
    for (const auto& [key, value] : now.facts) {
        const std::string* old = value_of(before, key);
        if (is_fleeting(key) || (old != nullptr && same(key, *old, value))) continue;
        out.push_back({Difference::Kind::changed, now.name, key, old == nullptr ? "" : *old, value, now.at});
    }
    for (const auto& [key, value] : before.facts) {
        if (is_fleeting(key) || value_of(now, key) != nullptr) continue;
        out.push_back({Difference::Kind::changed, now.name, key, value, "", now.at});
    }
}

}  // namespace

std::vector<Difference> differences(const Handshake& before, const Handshake& now) {
    std::vector<Difference> out;
    const auto old = places(before);
    const auto fresh = places(now);
    std::map<std::string, unsigned> times;
    for (const Step& step : now.steps) {
        const std::string name = name_of(step);
        const auto at = old.find({name, times[name]++});
        if (at != old.end()) {
            compare(*at->second, step, out);
        } else {
            out.push_back({Difference::Kind::added, step.name, {}, {}, words(step), step.at});
        }
    }
    times.clear();
    for (const Step& step : before.steps) {
        const std::string name = name_of(step);
        if (!fresh.contains({name, times[name]++})) {
            out.push_back({Difference::Kind::missing, step.name, {}, words(step), {}, step.at});
        }
    }
    return out;
}

}  // namespace sallyport::record
