// Sessions of the router link over connections that are cut: both ends with their machines and windows, and a wire that
// ends after any byte (docs/protocol/link.md, sections 3 and 5). While both processes live a stanza crosses once and in
// order, and each is done once; when one of them is another process, nothing is lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

#include "proto/link/send_window.h"
#include "proto/xmpp/namespaces.h"
#include "support/link_machine_end.h"

namespace sallyport::test {
namespace {

using link::Blame;
using link::End;

/// One process: what outlives its connections, and the one that it has.
class Process {
public:
    explicit Process(End end) : end_{end} {}

    /// A stanza of its own for the far side.
    void give(int number) {
        xmpp::Stanza made;
        const std::string bytes = "<message id='" + std::to_string(number) + "'/>";
        made.bytes = bytes;
        out_.push(xmpp::OwnedStanza{made}, number, TimePoint{});
        pump();
    }
    void connect() {
        connection_.emplace(end_, "secret");
        link::Actions actions;
        connection_->machine.on_connected(actions);
        carry_out(actions);
    }
    void lose_connection(Blame blame) {
        if (!connection_) return;
        connection_.reset();
        out_.broken(blame);
    }
    void hear(std::string_view bytes) {
        if (!connection_) return;
        connection_->reader.feed(bytes);
        while (connection_ && !connection_->machine.closed()) {
            link::Actions actions;
            const xml::Kind kind = connection_->reader.next();
            if (kind == xml::Kind::need_more) break;
            ASSERT_NE(kind, xml::Kind::problem);
            if (kind == xml::Kind::header) connection_->machine.on_header(connection_->reader.header(), {}, actions);
            if (kind == xml::Kind::footer) connection_->machine.on_footer(actions);
            if (kind == xml::Kind::element) take(actions);
            carry_out(actions);
        }
        tell_done();
    }
    /// What it has said and nobody has carried.
    [[nodiscard]] std::string& said() { return connection_ ? connection_->out : nothing_; }
    [[nodiscard]] bool open() const { return connection_ && connection_->machine.open(); }
    [[nodiscard]] bool refused() const { return refused_; }
    [[nodiscard]] std::size_t waiting() const { return out_.size(); }
    /// How many received stanzas it is done with at most; the others stay under way.
    void finish_at_most(std::size_t most) {
        most_finished_ = most;
        finish();
    }
    void miscount_by(std::uint32_t more) { miscount_ = more; }

    std::vector<int> received, settled, culprits;

private:
    void take(link::Actions& actions) {
        const xml::Element element = connection_->reader.tree();
        if (element.space != xmpp::ns::component || element.name != "message") {
            return connection_->machine.on_element(element, {}, actions);
        }
        if (!connection_->machine.may_carry(actions)) return;
        received.push_back(std::stoi(std::string{element.attribute("id")}));
        unfinished_.push_back(in_.received());
        finish();
    }
    void finish() {
        while (!unfinished_.empty() && finished_ < most_finished_) {
            in_.handled(unfinished_.front());
            unfinished_.erase(unfinished_.begin());
            ++finished_;
        }
        tell_done();
    }
    void tell_done() {
        if (!open() || !in_.has_done()) return;
        link::Actions actions;
        connection_->machine.done(in_.take_done(), actions);
        carry_out(actions);
    }
    void pump() {
        if (!open()) return;
        if (!out_.write_on([&](std::string_view bytes) { connection_->out += bytes; })) return;
        link::Actions actions;
        connection_->machine.ask({}, actions);
        carry_out(actions);
    }
    void begin_session() {
        out_.restart();
        in_.restart();
        unfinished_.clear();
        take_culprits();
    }
    void take_culprits() {
        out_.take_culprits([&](auto& entry) { culprits.push_back(entry.tag); });
    }
    void go_on(std::uint32_t h, link::Actions& answer) {
        if (!out_.resume(h)) {
            refused_ = true;
            return connection_->machine.close(xmpp::StreamError{xmpp::StreamCondition::undefined_condition, {}, {}, {}},
                                              "impossible count", answer);
        }
        in_.resumed();
        take_culprits();
    }
    void wanted(const link::SessionWanted& wanted, link::Actions& answer) {
        link::Machine& machine = connection_->machine;
        if (end_ == End::dialler) {
            session_.empty() ? machine.enable({}, answer) : machine.resume(session_, in_.h() + miscount_, answer);
        } else if (wanted.previous.empty()) {
            session_ = "0-" + std::to_string(++sessions);
            begin_session();
            machine.enabled(session_, answer);
        } else if (wanted.previous == session_) {
            machine.resumed(session_, in_.h() + miscount_, answer);
            go_on(wanted.h, answer);
        } else {
            machine.resume_failed(answer);
        }
    }
    void carry_out(link::Actions& actions) {
        link::Actions answer;
        for (const link::Action& action : actions) {
            if (const auto* send = std::get_if<link::Send>(&action)) connection_->out += send->bytes;
            if (const auto* want = std::get_if<link::SessionWanted>(&action)) wanted(*want, answer);
            if (const auto* session = std::get_if<link::SessionOpen>(&action)) {
                session_ = session->id;
                session->resumed ? go_on(session->h, answer) : begin_session();
            }
            if (std::holds_alternative<link::CountWanted>(action)) {
                connection_->machine.acknowledge(in_.h(), {}, answer);
            }
            if (const auto* counted = std::get_if<link::Counted>(&action)) {
                EXPECT_TRUE(out_.received(counted->h));
            }
            if (const auto* done = std::get_if<link::DoneReceived>(&action)) {
                for (const link::Range& range : done->ranges) {
                    EXPECT_TRUE(out_.done(range, [&](const auto& entry) { settled.push_back(entry.tag); }));
                }
            }
        }
        actions.clear();
        if (!answer.empty()) return carry_out(answer);
        pump();
    }

    static inline int sessions = 0;

    End end_;
    std::string session_, nothing_;
    link::SendWindow<int> out_;
    link::ReceiveWindow in_;
    std::vector<std::uint64_t> unfinished_;
    std::size_t finished_ = 0, most_finished_ = 1000;
    std::uint32_t miscount_ = 0;
    bool refused_ = false;
    std::optional<EndOfLink> connection_;
};

class LinkDialogue : public ::testing::Test {
protected:
    void connect() {
        core.connect();
        edge.connect();
    }
    /// Carries `most` bytes at most, in turns; how many there were.
    std::size_t carry(std::size_t most = SIZE_MAX) {
        std::size_t carried = 0;
        for (bool any = true; any && carried < most;) {
            any = false;
            for (auto& [from, to] : {std::pair<Process&, Process&>{core, edge}, {edge, core}}) {
                std::string& said = from.said();
                const std::string bytes = said.substr(0, most - carried);
                if (bytes.empty()) continue;
                said.erase(0, bytes.size());
                any = true;
                carried += bytes.size();
                to.hear(bytes);
            }
        }
        return carried;
    }
    void cut(Blame blame = Blame::loss) {
        core.lose_connection(blame);
        edge.lose_connection(blame);
    }
    void begin() {
        core = Process{End::dialler};
        edge = Process{End::listener};
        for (const int number : {1, 2, 3}) core.give(number);
        for (const int number : {101, 102}) edge.give(number);
        connect();
    }
    void give_more() {
        for (const int number : {4, 5}) core.give(number);
        edge.give(103);
    }
    void expect_all_once() const {
        const std::vector<int> outwards{1, 2, 3, 4, 5}, inwards{101, 102, 103};
        EXPECT_EQ(edge.received, outwards);
        EXPECT_EQ(core.received, inwards);
        EXPECT_EQ(sorted(core.settled), outwards);
        EXPECT_EQ(sorted(edge.settled), inwards);
        EXPECT_TRUE(core.culprits.empty() && edge.culprits.empty());
    }
    static std::vector<int> sorted(std::vector<int> all) {
        std::sort(all.begin(), all.end());
        return all;
    }
    /// In order of their first arrival.
    static std::vector<int> firsts(const std::vector<int>& all) {
        std::vector<int> some;
        for (const int one : all) {
            if (std::find(some.begin(), some.end(), one) == some.end()) some.push_back(one);
        }
        return some;
    }

    Process core{End::dialler}, edge{End::listener};
};

TEST_F(LinkDialogue, CarriesBothWays) {
    begin();
    carry();
    give_more();
    carry();
    expect_all_once();
}

TEST_F(LinkDialogue, CarriesEachOnceAndInOrderThroughACutAtEveryByte) {
    begin();
    const std::size_t whole = carry();
    ASSERT_GT(whole, 1000U);
    for (std::size_t at = 0; at <= whole; ++at) {
        SCOPED_TRACE(at);
        begin();
        carry(at);
        cut();
        give_more();
        connect();
        carry();
        expect_all_once();
    }
}

TEST_F(LinkDialogue, CarriesEachOnceThroughACutWhileItResumes) {
    begin();
    const std::size_t whole = carry();
    for (std::size_t first = whole / 2; first <= whole; first += 41) {
        begin();
        carry(first);
        cut(Blame::none);
        connect();
        const std::size_t resuming = carry();
        for (std::size_t second = 0; second <= resuming; second += 7) {
            SCOPED_TRACE(std::to_string(first) + " " + std::to_string(second));
            begin();
            carry(first);
            cut(Blame::none);
            connect();
            carry(second);
            cut(Blame::none);
            give_more();
            connect();
            carry();
            expect_all_once();
        }
    }
}

TEST_F(LinkDialogue, TellsAgainWhatWasDoneAndNotHeard) {
    begin();
    edge.finish_at_most(2);
    carry();
    EXPECT_EQ(core.settled, (std::vector{1, 2}));
    EXPECT_EQ(core.waiting(), 1U);
    edge.finish_at_most(3);  // said, and lost with the connection
    cut();
    EXPECT_EQ(core.waiting(), 1U);
    connect();
    carry();
    EXPECT_EQ(core.settled, (std::vector{1, 2, 3}));
    EXPECT_EQ(edge.received, (std::vector{1, 2, 3}));
}

TEST_F(LinkDialogue, LosesNothingWhenTheFarSideIsAnotherProcess) {
    begin();
    const std::size_t whole = carry();
    for (std::size_t at = 0; at <= whole; at += 3) {
        for (const bool dialler_dies : {false, true}) {
            SCOPED_TRACE(std::to_string(at) + (dialler_dies ? " core" : " edge"));
            begin();
            edge.finish_at_most(1);
            core.finish_at_most(1);
            carry(at);
            cut(Blame::none);
            Process& dies = dialler_dies ? core : edge;
            Process& lives = dialler_dies ? edge : core;
            const std::vector<int> before = dies.received;
            dies = Process{dialler_dies ? End::dialler : End::listener};
            lives.finish_at_most(1000);
            connect();
            carry();
            // What the one that lives had not heard to be done arrives at the new process, in its order.
            std::vector<int> all = before;
            all.insert(all.end(), dies.received.begin(), dies.received.end());
            const std::vector<int> sent = dialler_dies ? std::vector{101, 102} : std::vector{1, 2, 3};
            EXPECT_EQ(firsts(all), sent);
            EXPECT_EQ(sorted(lives.settled), sent);
            EXPECT_EQ(lives.waiting(), 0U);
        }
    }
}

TEST_F(LinkDialogue, TakesOutTheStanzaAtWhichTheFarSideEndsTheConnectionTwice) {
    begin();
    carry();
    core.give(4);
    cut(Blame::word);
    core.give(5);
    connect();
    // Up to the suspect, which goes alone.
    while (core.said().find("id='4'") == std::string::npos) ASSERT_EQ(carry(1), 1U);
    EXPECT_EQ(core.said().find("id='5'"), std::string::npos);
    cut(Blame::word);
    connect();
    carry();
    EXPECT_EQ(core.culprits, std::vector{4});
    EXPECT_EQ(edge.received, (std::vector{1, 2, 3, 5}));
    EXPECT_EQ(core.waiting(), 0U);
}

TEST_F(LinkDialogue, BelievesNoCountOfMoreThanWasWritten) {
    for (const bool dialler_lies : {false, true}) {
        begin();
        carry();
        cut();
        (dialler_lies ? core : edge).miscount_by(7);
        connect();
        carry();
        EXPECT_TRUE((dialler_lies ? edge : core).refused());
        EXPECT_FALSE((dialler_lies ? edge : core).open());
    }
}

}  // namespace
}  // namespace sallyport::test
