// One finding an address.
#include "admin/diag/judge_dialback.h"

namespace sallyport::diag {

void judge_dialback(const Visit& visit, const Door& door, const xmpp::Domain& ours, Report& report) {
    const std::string where = door.host + " at " + door.at.text();
    if (!visit.door) {
        const std::string why = visit.closed_doors.empty() ? visit.failure : visit.closed_doors.front();
        return report.add(Grade::bad, "peers cannot verify our dialback keys at " + where + ": " + why,
                          "open the port in the firewall, start the edge there, or correct the DNS of " + ours.text());
    }
    if (visit.answers.size() < 2 || visit.answers[0].empty()) {
        return report.add(Grade::bad,
                          "the server " + where + " did not answer for " + ours.text() + ": " + visit.failure,
                          "if it is one of our edges, add " + ours.text() +
                              " to its federation.domains; if not, remove it from the DNS of " + ours.text());
    }
    if (visit.answers[0] == "invalid") {
        return report.add(Grade::bad, "the server " + where + " has another dialback secret than this edge",
                          "set the same federation.dialback_secret on every edge of " + ours.text() +
                              "; peers that verify there refuse us");
    }
    if (visit.answers[0] != "valid") {
        return report.add(Grade::bad,
                          "the server " + where + " does not confirm keys of " + ours.text() + ": " + visit.answers[0],
                          "compare federation.domains and the lists of all edges");
    }
    if (visit.answers[1] != "invalid") {
        return report.add(Grade::bad, "the server " + where + " answers '" + visit.answers[1] + "' to a wrong key",
                          "it is not one of our edges, or it is faulty: remove it from the DNS of " + ours.text());
    }
    report.add(Grade::good, where + " confirms keys of " + ours.text() + " with our secret and refuses a wrong key");
}

}  // namespace sallyport::diag
