// One end of a router link as its machine alone sees it: bytes in, bytes and events out, no service.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "proto/link/machine.h"
#include "proto/xml/reader.h"

namespace sallyport::test {

/// One end with its reader; what it says waits in `out`.
struct EndOfLink {
    EndOfLink(link::End end, const std::string& secret) : machine{settings(end, secret), now} {}
    static link::MachineSettings settings(link::End end, const std::string& secret) {
        link::MachineSettings made;
        made.end = end;
        made.realm = end == link::End::dialler ? "core-test" : "edge-test";
        made.far_realm = end == link::End::dialler ? "edge-test" : "";
        made.node = "node";
        made.secret = secret;
        made.stream_id = "stream";
        return made;
    }
    void take(link::Actions& actions) {
        for (link::Action& action : actions) {
            if (auto* send = std::get_if<link::Send>(&action)) {
                out += send->bytes;
            } else {
                events.push_back(std::move(action));
            }
        }
        actions.clear();
    }
    void hear(const std::string& bytes) {
        reader.feed(bytes);
        while (!machine.closed()) {
            link::Actions actions;
            const xml::Kind kind = reader.next();
            if (kind == xml::Kind::need_more) return;
            if (kind == xml::Kind::header) machine.on_header(reader.header(), now, actions);
            if (kind == xml::Kind::element) machine.on_element(reader.tree(), now, actions);
            if (kind == xml::Kind::footer) machine.on_footer(actions);
            if (kind == xml::Kind::problem) machine.on_problem(reader.problem(), actions);
            take(actions);
        }
    }
    template <typename Event>
    [[nodiscard]] const Event* last() const {
        for (auto at = events.rbegin(); at != events.rend(); ++at) {
            if (const auto* found = std::get_if<Event>(&*at)) return found;
        }
        return nullptr;
    }

    TimePoint now{std::chrono::hours{1}};
    link::Machine machine;
    xml::Reader reader{Limits{}.after_auth};
    std::string out;
    std::vector<link::Action> events;
};

}  // namespace sallyport::test
