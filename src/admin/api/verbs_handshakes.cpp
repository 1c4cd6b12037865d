// `handshakes`: what the recorder has of peers, step by step, and as the difference from the last good one.
#include <boost/json.hpp>

#include "admin/api/record_json.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "services/record/archive.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::uint64_t usual_list = 50;

/// Ends the call on nodes without a recorder.
const record::Archive* archive_of(Call& call) {
    const record::Archive* const archive = call.node().handshakes();
    if (archive == nullptr) call.fail({"role-wrong", "this node has no S2S streams; run this on an edge or a core"});
    return archive;
}

/// A domain as the recorder knows it: prepared, or an address as it is.
std::string name_of(const std::string& text) {
    const auto domain = xmpp::Domain::parse(text);
    return domain ? domain->text() : text;
}

/// By id, or the latest of a peer that `fits`. Null: the call has ended.
record::Archive::Found chosen(Call& call, const record::Archive& archive, bool failed) {
    const std::string asked = call.text("handshake");
    if (auto by_id = archive.find(asked)) return by_id;
    const std::string peer = name_of(asked);
    const auto all = archive.list(peer, SIZE_MAX);
    for (const record::Archive::Found& one : all) {
        if (!failed || !one->good) return one;
    }
    if (all.empty()) {
        call.fail({"handshake-unknown", "'" + asked + "' is neither a recorded handshake nor a peer that has one"},
                  "handshake");
    } else {
        call.fail({"handshake-none-failed", "no recorded handshake with " + peer + " failed"}, "handshake");
    }
    return nullptr;
}

void run_handshakes_list(const SharedCall& call) {
    const record::Archive* const archive = archive_of(*call);
    if (archive == nullptr) return;
    json::array rows;
    const std::string peer = call->has("peer") ? name_of(call->text("peer")) : std::string{};
    for (const auto& one : archive->list(peer, call->number("limit", usual_list))) rows.push_back(summary_of(*one));
    call->succeed(json::object{{"handshakes", std::move(rows)}});
}

void run_handshakes_show(const SharedCall& call) {
    const record::Archive* const archive = archive_of(*call);
    if (archive == nullptr) return;
    if (const auto one = chosen(*call, *archive, false)) call->succeed(json_of(*one));
}

void run_handshakes_diff(const SharedCall& call) {
    const record::Archive* const archive = archive_of(*call);
    if (archive == nullptr) return;
    const record::Archive::Found failed = chosen(*call, *archive, true);
    if (failed == nullptr) return;
    const record::Archive::Found good = archive->good_before(*failed);
    json::array differences;
    if (good != nullptr) {
        for (const record::Difference& one : record::differences(*good, *failed)) differences.push_back(json_of(one));
    }
    call->succeed(json::object{{"handshake", summary_of(*failed)},
                               {"compared_with", good == nullptr ? json::value{} : json::value(summary_of(*good))},
                               {"differences", std::move(differences)}});
}

void run_handshakes_export(const SharedCall& call) {
    const record::Archive* const archive = archive_of(*call);
    if (archive == nullptr) return;
    std::string peer = name_of(call->text("peer"));
    json::array all;
    if (const auto one = archive->find(call->text("peer"))) {
        peer = one->peer;
        all.push_back(exported(*one));
    } else {
        for (const auto& each : archive->list(peer, SIZE_MAX)) all.push_back(exported(*each));
    }
    if (all.empty()) return call->fail({"handshake-unknown", "no handshake is recorded with " + peer}, "peer");
    call->succeed(json::object{{"format", "sallyport-handshakes-1"},
                               {"peer", peer},
                               {"recorded_by", call->node().file().node.name},
                               {"written", json_time(call->node().loop().wall())},
                               {"handshakes", std::move(all)}});
}

constexpr Argument list_args[] = {optional_place("peer", "only handshakes with this domain or address"),
                                  option("limit", Form::number, "how many of the latest; default: 50")};
constexpr Argument show_args[] = {
    place("handshake", Form::text, "a handshake id, such as h-17; or a peer's domain: its latest handshake")};
constexpr Argument diff_args[] = {
    place("handshake", Form::text, "a handshake id, such as h-17; or a peer's domain: its latest failure")};
constexpr Argument export_args[] = {
    place("peer", Form::text, "the peer's domain; or the id of one handshake, such as h-17")};

constexpr Verb handshakes_rows[] = {
    {"handshakes.list", "recorded handshakes with peers, newest first", list_args, run_handshakes_list,
     "{handshakes:[Handshake]}", print_handshakes, Access::read, reads},
    {"handshakes.show", "one handshake, step by step", show_args, run_handshakes_show, "RecordedHandshake",
     print_handshake, Access::read, reads},
    {"handshakes.diff", "compares a failed handshake with the last good one", diff_args, run_handshakes_diff,
     "{handshake:Handshake compared_with:Handshake? differences:[Difference]}", print_handshake_diff, Access::read,
     reads},
    {"handshakes.export", "exports the handshakes with a peer, or one of them, as JSON for its administrator",
     export_args, run_handshakes_export,
     "{format:text peer:text recorded_by:text written:time handshakes:[RecordedHandshake]}", print_export, Access::read,
     reads},
};

}  // namespace

std::span<const Verb> handshakes_verbs() { return handshakes_rows; }

}  // namespace sallyport::admin
