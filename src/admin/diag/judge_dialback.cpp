// One finding an address.
#include "admin/diag/judge_dialback.h"

#include "admin/diag/check_rows.h"

namespace sallyport::diag {

void judge_dialback(const Visit& visit, const Door& door, const xmpp::Domain& ours, Report& report) {
    const auto tell = [&](Seen what, std::pair<std::string, std::string> more = {}) {
        Values values{{"host", door.host}, {"address", door.at.text()}, {"domain", ours.text()}};
        if (!more.first.empty()) values.push_back(std::move(more));
        report.add(seen(what, std::move(values)));
    };
    const std::string failure = visit.failure ? visit.failure->text() : std::string{};
    if (!visit.door) {
        const std::string why = visit.closed_doors.empty() ? failure : visit.closed_doors.front().text;
        return tell(Seen::keys_unverifiable, {"why", why});
    }
    if (visit.answers.size() < 2 || visit.answers[0].empty()) return tell(Seen::keys_unanswered, {"why", failure});
    if (visit.answers[0] == "invalid") return tell(Seen::other_secret);
    if (visit.answers[0] != "valid") return tell(Seen::keys_denied, {"answer", visit.answers[0]});
    if (visit.answers[1] != "invalid") return tell(Seen::any_key_taken, {"answer", visit.answers[1]});
    tell(Seen::keys_confirmed);
}

}  // namespace sallyport::diag
