// Any bytes from the far side of the provisioning channel: the machine ends the channel or goes on, what it hands to
// the service is bounded and fits its digest, and what it reads it can write and read again.
#include <cstddef>
#include <cstdint>

#include "fuzz/check.h"
#include "proto/replication/machine.h"

using namespace sallyport;
namespace rep = sallyport::replication;

namespace {

constexpr TimePoint start{std::chrono::seconds{1}};

class Service {
public:
    Service() {
        rep::MachineSettings settings;
        settings.own = {Role::core, "core1.b.test", "core1-b-test", "", "i"};
        settings.far_role = Role::edge;
        machine_.emplace(settings, start);
        rep::Actions actions;
        machine_->start(actions);
        act(actions);
    }
    void receive(std::string_view bytes) {
        rep::Actions actions;
        machine_->receive(bytes, start, actions);
        act(actions);
    }

private:
    void act(rep::Actions& actions) {
        for (std::size_t i = 0; i < actions.size(); ++i) {
            const rep::Action action = actions[i];
            fuzz::check(!closed_, "an action after the end");
            if (const auto* met = std::get_if<rep::Met>(&action)) {
                fuzz::check(met->far.role == Role::edge, "a stranger is met");
                fuzz::check(met->far.node.find_first_of("\r\n \"'") == std::string::npos, "a name with blanks");
                machine_->meet({}, {}, actions);
                machine_->offer(1, {{"federation.domains", "[]"}}, actions);
            }
            if (const auto* apply = std::get_if<rep::Apply>(&action)) {
                fuzz::check(rep::digest(apply->values) == apply->digest, "values that are not those of their digest");
                // Every other one is refused.
                if (apply->revision % 2 == 0) machine_->applied(actions);
                if (apply->revision % 2 == 1)
                    machine_->refused({"setting-value", "odd"}, apply->revision % 3 == 0, actions);
            }
            if (const auto* reported = std::get_if<rep::Reported>(&action))
                fuzz::check(reported->report.steps.size() <= rep::Bounds::report_steps, "a report without bound");
            closed_ = std::holds_alternative<rep::Close>(action);
        }
    }

    std::optional<rep::Machine> machine_;
    bool closed_ = false;
};

/// The fuzzer writes one JSON text a line; frames are put around them, so that it need not guess lengths.
void talk(std::string_view text) {
    Service service;
    service.receive(rep::frame(
        rep::write(rep::Hello{Role::edge, "edge1.b.test", "edge1-b-test", "cm-2_s2scp-1.edge1-b-test", "j"})));
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        service.receive(rep::frame(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text = fuzz::as_text(bytes, size);
    if (const auto message = rep::parse(text)) {
        const auto again = rep::parse(rep::write(*message));
        fuzz::check(again && *again == *message, "a message that is not what was read");
    }
    Service raw;
    raw.receive(text);
    talk(text);
    return 0;
}
