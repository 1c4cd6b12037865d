// One end of a provisioning channel for tests: the machine, and what survives a cut of the channel as a real node keeps
// it on its disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proto/replication/machine.h"

namespace sallyport::test {

class ReplicationEnd {
public:
    explicit ReplicationEnd(bool is_edge) : is_edge_{is_edge} {}

    // On the disk.
    replication::Held held;
    replication::Values far_values;
    replication::Values own;
    std::uint64_t revision = 0;

    // What happened.
    std::vector<std::uint64_t> applied;  ///< revisions put in force, in order
    std::vector<replication::Report> reports;
    std::vector<Error> closed;
    std::vector<replication::Refusal> refusals;
    std::uint64_t agreed = 0;
    bool refuse = false, postpone = false;

    /// A new channel; `out` collects what is to be sent.
    void connect(TimePoint now) {
        replication::MachineSettings settings;
        settings.own =
            is_edge_ ? replication::Hello{Role::edge, "edge1.b.test", "edge1-b-test", "cm-2_s2scp-1.edge1-b-test", "i1"}
                     : replication::Hello{Role::core, "core1.b.test", "core1-b-test", "", "i2"};
        settings.far_role = is_edge_ ? Role::core : Role::edge;
        machine.emplace(settings, now);
        out.clear();
        act([&](auto& actions) { machine->start(actions); });
    }
    void set(const std::string& name, const std::string& value) {
        own[name] = value;
        ++revision;
        if (machine) act([&](auto& actions) { machine->offer(revision, own, actions); });
    }
    void receive(std::string_view bytes, TimePoint now) {
        act([&](auto& actions) { machine->receive(bytes, now, actions); });
    }
    template <typename Call>
    void act(Call call) {
        replication::Actions actions;
        call(actions);
        for (std::size_t i = 0; i < actions.size(); ++i) {
            const replication::Action action = actions[i];
            if (const auto* send = std::get_if<replication::Send>(&action)) out += send->bytes;
            if (std::holds_alternative<replication::Met>(action)) {
                machine->meet(held, far_values, actions);
                machine->offer(revision, own, actions);
            }
            if (const auto* apply = std::get_if<replication::Apply>(&action)) put_in_force(*apply, actions);
            if (const auto* agreement = std::get_if<replication::Agreed>(&action)) agreed = agreement->revision;
            if (const auto* refused = std::get_if<replication::Refused>(&action)) refusals.push_back(refused->refusal);
            if (const auto* reported = std::get_if<replication::Reported>(&action)) reports.push_back(reported->report);
            if (const auto* close = std::get_if<replication::Close>(&action)) closed.push_back(close->why);
        }
    }

    std::optional<replication::Machine> machine;
    std::string out;

private:
    void put_in_force(const replication::Apply& apply, replication::Actions& actions) {
        if (refuse) return machine->refused({"setting-value", "no"}, false, actions);
        if (postpone) return machine->refused({"store-full", "the disk is full"}, true, actions);
        held = {apply.revision, apply.digest};
        far_values = apply.values;
        applied.push_back(apply.revision);
        machine->applied(actions);
    }

    bool is_edge_;
};

}  // namespace sallyport::test
