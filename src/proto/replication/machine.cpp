// The provisioning channel, both ends alike. All transitions live in the table; a message that it does not name in the
// present phase ends the channel.
//
//   hello   <------>  hello      who we are
//   held    <------>  held       what we hold of your values
//   update   ------>             what you lack: the difference, or all of them
//            <------  ack        in force and on the disk, or refusal
//   report, ping, pong           at any time once open
//
// At most one update is under way in each direction, so order and memory are bounded. What counts is the digest: an
// update that was taken over before a cut is recognised by what the far side then says it holds, and not sent again.
#include "proto/replication/machine.h"

#include <array>
#include <utility>

namespace sallyport::replication {

struct Machine::Table {
    using M = Machine;
    using enum Phase;
    using enum Fact;
    static constexpr std::array rows{
        // in, on, next, act, says, needs, forbids
        Row{greeting, On::hello, meeting, &M::greet, "section 3"},
        Row{meeting, On::held, open, &M::take_held, "section 4", told},
        Row{meeting, On::held, machine::stays, &M::take_held, "section 4", {}, told},
        Row{open, On::held, machine::stays, &M::take_held, "section 4"},
        Row{open, On::update, machine::stays, &M::take_update, "section 5"},
        Row{open, On::ack, machine::stays, &M::take_ack, "section 5"},
        Row{open, On::refusal, machine::stays, &M::take_refusal, "section 5"},
        Row{open, On::report, machine::stays, &M::take_report, "section 6"},
        Row{open, On::ping, machine::stays, &M::answer_ping, "section 7"},
        Row{open, On::pong, machine::stays, &M::take_pong, "section 7"},
        Row{{greeting, meeting, open}, On::bye, closed, &M::take_bye, "section 7"},
    };
    static_assert(machine::check(rows, greeting, closed) == machine::Fault::none);
};

Machine::Machine(MachineSettings settings, TimePoint now) : settings_{std::move(settings)}, heard_{now} {
    timers_[Timer::greeting] = now + settings_.greeting;
}

void Machine::send(const Message& message, Actions& out) const { out.push_back(Send{frame(write(message))}); }

void Machine::start(Actions& out) { send(settings_.own, out); }

void Machine::receive(std::string_view bytes, TimePoint now, Actions& out) {
    if (closed()) return;
    heard(now);
    reader_.add(bytes);
    std::string text;
    while (!closed()) {
        const auto found = reader_.next(text);
        if (!found) return close(found.error(), out);
        if (!*found) return;
        const auto message = parse(text);
        if (!message) return close(message.error(), out);
        handle(*message, out);
    }
}

void Machine::heard(TimePoint now) {
    heard_ = now;
    if (!open()) return;
    timers_[Timer::quiet] = now + settings_.quiet;
    timers_[Timer::patience] = never;
}

void Machine::handle(const Message& message, Actions& out) {
    const auto on = static_cast<On>(message.index());
    const auto holding = [&](machine::Set<Fact>) {
        return met_ ? machine::Set<Fact>{Fact::told} : machine::Set<Fact>{};
    };
    const auto run = [&](Act act) { return (this->*act)(message, out); };
    if (!machine::step(Table::rows, phase_, on, holding, run))
        return close({"unexpected", "a message that is not allowed in this phase of the channel"}, out);
    if (closed()) timers_.stop();
}

void Machine::on_deadline(TimePoint now, Actions& out) {
    if (closed() || now < deadline()) return;
    if (!open()) return close({"silent", "the far node did not announce its settings in time"}, out);
    if (now >= timers_[Timer::patience]) return close({"silent", "the far node is silent"}, out);
    timers_[Timer::patience] = timers_[Timer::quiet] + settings_.patience;
    timers_[Timer::quiet] = never;
    send(Ping{}, out);
}

void Machine::close(const Error& why, Actions& out) {
    if (closed()) return;
    phase_ = Phase::closed;
    timers_.stop();
    send(Bye{why.code, why.text}, out);
    out.push_back(Close{why});
}

/// An act finds the message wrong.
Machine::Did Machine::refuse(const Error& why, Actions& out) {
    close(why, out);
    return Did::ended;
}

Machine::Did Machine::greet(const Message& message, Actions& out) {
    far_ = std::get<Hello>(message);
    const std::string component = far_.role == Role::edge ? std::string{component_prefix} + far_.realm : "";
    if (far_.role != settings_.far_role)
        return refuse({"role", "the far node is no " + std::string{text(settings_.far_role)}}, out);
    if (far_.realm != realm_of(far_.node) || far_.component != component)
        return refuse({"name", "realm and component of " + far_.node + " do not match its name"}, out);
    reader_.limit(Bounds::frame_bytes);
    out.push_back(Met{far_});
    return Did::advance;
}

void Machine::meet(Held held, Values values, Actions& out) {
    if (phase_ != Phase::meeting || met_) return;
    met_ = true;
    held_ = std::move(held);
    values_ = std::move(values);
    send(held_, out);
    open_if_met(out);
}

Machine::Did Machine::take_held(const Message& message, Actions& out) {
    far_holds_ = std::get<Held>(message);
    base_.reset();
    under_way_.reset();
    open_if_met(out);
    if (agreed()) out.push_back(Agreed{own_->revision});
    send_next(out);
    return Did::advance;
}

void Machine::open_if_met(Actions& out) {
    if (phase_ != Phase::meeting || !met_ || !far_holds_) return;
    phase_ = Phase::open;
    timers_[Timer::greeting] = never;
    timers_[Timer::quiet] = heard_ + settings_.quiet;
    send_report(out);
    send_next(out);
}

bool Machine::agreed() const { return open() && own_ && far_holds_ && far_holds_->digest == own_->digest; }

void Machine::offer(std::uint64_t revision, const Values& values, Actions& out) {
    std::string stands_for = digest(values);
    if (own_ && own_->digest == stands_for) return;
    own_ = Offer{revision, std::move(stands_for), values};
    if (agreed() && !under_way_) out.push_back(Agreed{revision});
    send_next(out);
}

void Machine::send_next(Actions& out) {
    if (!open() || !own_ || under_way_ || !far_holds_ || agreed() || own_->digest == refused_digest_) return;
    Update update{own_->revision, {}, own_->digest, own_->values};
    // A difference cannot say that a name is gone, and needs an older revision to stand on.
    bool grows = base_ && base_->revision < own_->revision;
    if (grows) {
        for (const auto& entry : base_->values) grows = grows && own_->values.contains(entry.first);
    }
    if (grows) {
        update.base = base_->revision;
        std::erase_if(update.values, [&](const auto& entry) {
            const auto known = base_->values.find(entry.first);
            return known != base_->values.end() && known->second == entry.second;
        });
    }
    const std::string text = write(update);
    if (text.size() > Bounds::frame_bytes) {
        refused_digest_ = own_->digest;
        out.push_back(Refused{{own_->revision, "too-large", "the settings are larger than a frame may be", false}});
        return;
    }
    under_way_ = own_;
    out.push_back(Send{frame(text)});
}

Machine::Did Machine::take_ack(const Message& message, Actions& out) {
    if (!under_way_ || std::get<Ack>(message).revision != under_way_->revision)
        return refuse({"unexpected", "an acknowledgement of an update that was not sent"}, out);
    far_holds_ = Held{under_way_->revision, under_way_->digest};
    base_ = std::exchange(under_way_, std::nullopt);
    refused_digest_.clear();
    out.push_back(Agreed{base_->revision});
    send_next(out);
    return Did::advance;
}

Machine::Did Machine::take_refusal(const Message& message, Actions& out) {
    const Refusal& refusal = std::get<Refusal>(message);
    if (!under_way_ || refusal.revision != under_way_->revision)
        return refuse({"unexpected", "a refusal of an update that was not sent"}, out);
    if (!refusal.temporary) {
        refused_digest_ = under_way_->digest;
        under_way_.reset();
    }
    out.push_back(Refused{refusal});
    send_next(out);
    return Did::advance;
}

Machine::Did Machine::take_update(const Message& message, Actions& out) {
    const Update& update = std::get<Update>(message);
    if (pending_) return refuse({"unexpected", "an update before the previous one was answered"}, out);
    Apply apply{update.revision, update.digest, update.values, !update.base};
    if (update.base) {
        // Not what we hold: say so, and everything is sent.
        if (*update.base != held_.revision) return ask_for_all(out);
        apply.values = values_;
        for (const auto& [name, value] : update.values) apply.values[name] = value;
    }
    if (digest(apply.values) != update.digest) {
        if (update.base) return ask_for_all(out);
        return refuse({"malformed", "the values do not match their digest"}, out);
    }
    pending_ = apply;
    out.push_back(std::move(apply));
    return Did::advance;
}

Machine::Did Machine::ask_for_all(Actions& out) const {
    send(Held{}, out);
    return Did::stay;
}

void Machine::applied(Actions& out) {
    if (!pending_) return;
    held_ = {pending_->revision, pending_->digest};
    values_ = std::move(pending_->values);
    pending_.reset();
    if (!closed()) send(Ack{held_.revision}, out);
}

void Machine::refused(const Error& why, bool temporary, Actions& out) {
    if (!pending_) return;
    const std::uint64_t revision = pending_->revision;
    if (!temporary) pending_.reset();
    if (!closed()) send(Refusal{revision, why.code, why.text, temporary}, out);
}

void Machine::report(const Report& report, Actions& out) {
    report_ = report;
    send_report(out);
}

void Machine::send_report(Actions& out) {
    if (!open() || !report_ || report_ == reported_) return;
    reported_ = report_;
    send(*report_, out);
}

Machine::Did Machine::take_report(const Message& message, Actions& out) {
    // An edge has nothing to report: what it wants to say it says in its settings.
    if (far_.role != Role::core) return refuse({"unexpected", "a report from a node that is not a core"}, out);
    out.push_back(Reported{std::get<Report>(message)});
    return Did::advance;
}

Machine::Did Machine::answer_ping(const Message&, Actions& out) {
    send(Pong{}, out);
    return Did::advance;
}

Machine::Did Machine::take_pong(const Message&, Actions&) { return Did::advance; }

Machine::Did Machine::take_bye(const Message& message, Actions& out) {
    const Bye& bye = std::get<Bye>(message);
    out.push_back(Close{{bye.code, "the far node ended the channel: " + bye.text}});
    return Did::advance;
}

}  // namespace sallyport::replication
