// `history`: what the node's figures, or those of a peer, were over time.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "services/history/history.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::string_view rule_series = "refused";  ///< the figure of each rule

struct Asked {
    history::Question question;
    std::vector<std::string> series;  ///< empty: all of the subject
    [[nodiscard]] bool wants(std::string_view name) const {
        return series.empty() || std::ranges::find(series, name) != series.end();
    }
};

std::vector<std::string> names_in(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        if (end > at) parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

/// With names of figures that there are, or the call has ended.
std::optional<std::vector<std::string>> series_of(Call& call, history::Kind kind) {
    std::vector<std::string> wanted = names_in(call.text("series"));
    for (const std::string& name : wanted) {
        if (kind == history::Kind::node && name == rule_series) continue;
        if (std::ranges::find(history::figures(kind), name, &history::Figure::name) != history::figures(kind).end())
            continue;
        call.fail({"argument-malformed", "there is no series '" + name + "'"}, "series");
        return std::nullopt;
    }
    return wanted;
}

/// The question without its subject, or the call has ended.
std::optional<history::Question> question_of(Call& call) {
    history::Question question;
    const std::string range = call.has("range") ? call.text("range") : std::string{history::rings.front().range};
    const auto ring = history::ring_of(range);
    if (!ring) {
        call.fail({"argument-malformed", "'" + range + "' is not 2h, 3d or 90d"}, "range");
        return std::nullopt;
    }
    const history::Ring& of = history::rings[*ring];
    const std::uint64_t step = call.number("step", static_cast<std::uint64_t>(of.usual_step));
    const auto least = static_cast<std::uint64_t>(of.step);
    if (step == 0 || step % least != 0 || step > static_cast<std::uint64_t>(of.seconds())) {
        call.fail({"argument-malformed", "of " + range + " the step is a multiple of " + std::to_string(least) +
                                             " seconds, at most the whole range"},
                  "step");
        return std::nullopt;
    }
    question.ring = *ring;
    question.step = static_cast<std::int64_t>(step);
    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(call.node().loop().wall().time_since_epoch()).count();
    question.points = static_cast<std::size_t>((of.seconds() + question.step - 1) / question.step);
    const std::int64_t until = now - now % question.step + question.step;
    question.from = until - question.step * static_cast<std::int64_t>(question.points);
    return question;
}

/// Four digits at least, and no more than that behind the point: hundreds of them make an answer.
json::value rounded_number(double value) {
    constexpr double of_four_digits = 1000;
    if (std::isnan(value)) return nullptr;
    if (value >= of_four_digits) return static_cast<std::int64_t>(std::llround(value));
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.4g", value);
    double rounded = 0;
    std::from_chars(text.data(), text.data() + std::max(size, 0), rounded);
    if (rounded == std::floor(rounded)) return static_cast<std::int64_t>(rounded);
    return rounded;
}

json::object line_json(const history::Line& line) {
    json::array values, peaks;
    values.reserve(line.points.size());
    peaks.reserve(line.points.size());
    for (const history::Point& point : line.points) {
        values.push_back(rounded_number(point.mean));
        peaks.push_back(rounded_number(point.peak));
    }
    const std::string name{line.figure->name};
    return {{"name", line.rule.empty() ? name : name + "." + line.rule},
            {"unit", view(line.figure->unit)},
            {"help", view(line.figure->help)},
            {"values", std::move(values)},
            {"peaks", std::move(peaks)}};
}

json::object answer_of(history::History& of, const Asked& asked, const std::string& peer) {
    json::array peers;
    for (const auto& [name, rank] : of.roster().kept()) peers.emplace_back(name);
    return {{"peer", text_or_null(peer)},
            {"kept", peer.empty() || of.roster().keeps(peer)},
            {"range", view(history::rings[asked.question.ring].range)},
            {"from", json_time(WallTime{std::chrono::seconds{asked.question.from}})},
            {"step_seconds", asked.question.step},
            {"points", asked.question.points},
            {"series", json::array{}},
            {"peers", std::move(peers)},
            {"lost", of.lost()},
            {"trouble", text_or_null(of.trouble())}};
}

void tell_history(const SharedCall& call, const Asked& asked, const std::string& peer,
                  const std::vector<history::Line>& lines) {
    json::object answer = answer_of(*call->node().history(), asked, peer);
    json::array series;
    for (const history::Line& line : lines) {
        if (asked.wants(line.figure->name)) series.push_back(line_json(line));
    }
    answer["series"] = std::move(series);
    call->succeed(answer);
}

void run_history(const SharedCall& call) {
    history::History* const of = call->node().history();
    if (of == nullptr) return call->fail({"verb-role", "this node keeps no history"});
    const bool of_peer = call->has("peer");
    const auto domain = of_peer ? call->domain("peer") : std::optional<xmpp::Domain>{xmpp::Domain{}};
    if (!domain) return;
    const auto series = series_of(*call, of_peer ? history::Kind::peer : history::Kind::node);
    const auto question = question_of(*call);
    if (!series || !question || call->finished()) return;
    Asked asked{*question, *series};
    const std::string& peer = domain->text();
    if (of_peer && !of->roster().keeps(peer)) return call->succeed(answer_of(*of, asked, peer));
    asked.question.subject = {of_peer ? history::Kind::peer : history::Kind::node, peer};
    const bool rules = !of_peer && std::ranges::find(asked.series, rule_series) != asked.series.end();
    of->find(asked.question, [call, of, asked, peer, rules](Result<std::vector<history::Line>> lines) {
        if (!lines) return call->fail(lines.error());
        if (!rules) return tell_history(call, asked, peer, *lines);
        history::Question more = asked.question;
        more.subject = {history::Kind::rule, ""};
        of->find(more,
                 [call, asked, peer, lines = std::move(*lines)](Result<std::vector<history::Line>> found) mutable {
                     if (!found) return call->fail(found.error());
                     std::move(found->begin(), found->end(), std::back_inserter(lines));
                     tell_history(call, asked, peer, lines);
                 });
    });
}

constexpr Argument figure_args[] = {
    optional_place("peer", "a peer's domain; default: the node itself"),
    option("range", Form::text, "2h, 3d or 90d; default: 2h"),
    option("step", Form::number, "seconds of a point; default: 10, 300 or 10800, by the range"),
    option("series", Form::text,
           "only these, separated by commas; `refused`: the refusals of each rule; default: all but those")};

constexpr Verb history_rows[] = {
    {"history", "figures of the node, or of a peer, over time", figure_args, run_history,
     "{peer:text? kept:flag range:text from:time step_seconds:count points:count series:[Series] peers:[text] "
     "lost:count trouble:text?}",
     print_figures, Access::read, reads},
};

}  // namespace

std::span<const Verb> history_verbs() { return history_rows; }

}  // namespace sallyport::admin
