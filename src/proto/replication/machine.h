// One end of the provisioning channel (docs/protocol/replication.md): greeting, what is held, updates with their
// acknowledgement, reports, signs of life. Both ends run the same machine; who owns which value is the service's
// business. Pure: bytes and time in, actions out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "proto/machine.h"
#include "proto/replication/message.h"

namespace sallyport::replication {

struct Send {
    std::string bytes;
};
/// The far node said who it is. The service answers with Machine::meet, or ends with Machine::close.
struct Met {
    Hello far;
};
/// The far side's values as they are to be from now on. The service answers with Machine::applied or Machine::refused.
struct Apply {
    std::uint64_t revision = 0;
    std::string digest;
    Values values;  ///< all of them
    bool whole = false;
};
/// The far side has our values at this revision in force.
struct Agreed {
    std::uint64_t revision = 0;
};
/// The far side did not take them over.
struct Refused {
    Refusal refusal;
};
struct Reported {
    Report report;
};
/// Nothing further comes; the service closes the channel.
struct Close {
    Error why;
};
using Action = std::variant<Send, Met, Apply, Agreed, Refused, Reported, Close>;
using Actions = std::vector<Action>;

struct MachineSettings {
    Hello own;
    Role far_role = Role::core;                    ///< edge or core
    Duration greeting = std::chrono::seconds{10};  ///< until both sides have said what they hold
    Duration quiet = std::chrono::seconds{5};      ///< nothing received: ask
    Duration patience = std::chrono::seconds{5};   ///< nothing received after asking: gone
};

class Machine {
public:
    Machine(MachineSettings settings, TimePoint now);

    /// The channel is open.
    void start(Actions& out);
    void receive(std::string_view bytes, TimePoint now, Actions& out);
    /// A sign of life other than bytes: the far side's window took some of ours.
    void heard(TimePoint now);
    [[nodiscard]] TimePoint deadline() const { return timers_.first(); }
    void on_deadline(TimePoint now, Actions& out);

    /// Answer to Met: what we hold of the far side's values, and those values.
    void meet(Held held, Values values, Actions& out);
    /// Our own values; sent when the far side needs them.
    void offer(std::uint64_t revision, const Values& values, Actions& out);
    /// Answers to Apply.
    void applied(Actions& out);
    void refused(const Error& why, bool temporary, Actions& out);
    /// What the far side is to show of us; sent when it differs from the last one.
    void report(const Report& report, Actions& out);
    void close(const Error& why, Actions& out);

    [[nodiscard]] bool open() const { return phase_ == Phase::open; }
    [[nodiscard]] bool closed() const { return phase_ == Phase::closed; }
    [[nodiscard]] const Hello& far() const { return far_; }
    /// The far side has exactly what was offered last.
    [[nodiscard]] bool agreed() const;

private:
    enum class Phase : std::uint8_t { greeting, meeting, open, closed };
    enum class On : std::uint8_t { hello, held, update, ack, refusal, report, ping, pong, bye };  // as in Message
    enum class Fact : std::uint8_t { told };  ///< what we hold is said
    enum class Timer : std::uint8_t { greeting, quiet, patience, count_ };
    using Did = machine::Did;
    using Act = Did (Machine::*)(const Message&, Actions&);
    using Row = machine::Row<Phase, On, Fact, Act>;
    struct Table;
    struct Offer {
        std::uint64_t revision = 0;
        std::string digest;
        Values values;
    };

    void handle(const Message& message, Actions& out);
    void send(const Message& message, Actions& out) const;
    void send_next(Actions& out);
    void send_report(Actions& out);
    Did refuse(const Error& why, Actions& out);
    Did ask_for_all(Actions& out) const;
    Did greet(const Message& message, Actions& out);
    Did take_held(const Message& message, Actions& out);
    Did take_update(const Message& message, Actions& out);
    Did take_ack(const Message& message, Actions& out);
    Did take_refusal(const Message& message, Actions& out);
    Did take_report(const Message& message, Actions& out);
    Did answer_ping(const Message& message, Actions& out);
    Did take_pong(const Message& message, Actions& out);
    Did take_bye(const Message& message, Actions& out);
    void open_if_met(Actions& out);

    MachineSettings settings_;
    Phase phase_ = Phase::greeting;
    TimePoint heard_;
    machine::Deadlines<Timer> timers_;
    FrameReader reader_;
    Hello far_;
    // Our values at the far side.
    std::optional<Offer> own_;        ///< as they are
    std::optional<Offer> under_way_;  ///< sent and not answered
    std::optional<Offer> base_;       ///< acknowledged on this channel: what a difference can be told against
    std::optional<Held> far_holds_;
    std::string refused_digest_;  ///< not sent again until it changes
    // The far side's values here.
    bool met_ = false;
    Held held_;
    Values values_;
    std::optional<Apply> pending_;
    std::optional<Report> report_, reported_;
};

}  // namespace sallyport::replication
