// Playing wire scripts against the stream machines.
#include "support/dialogue.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "proto/s2s/events.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::testing {

using namespace s2s;

namespace {

std::function<std::string()> counter(unsigned& ids) {
    return [&ids] { return "id-" + std::to_string(++ids); };
}

/// A run of 40 or more hex digits is a key that was not cut (threat T06).
bool holds_key(std::string_view value) {
    std::size_t run = 0;
    for (const char c : value) {
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        run = hex ? run + 1 : 0;
        if (run >= 40) return true;
    }
    return false;
}

}  // namespace

Dialogue Dialogue::inbound(TestRules rules, bool direct_tls, Limits limits, bool resumable) {
    Dialogue d;
    d.rules_ = std::make_unique<TestRules>(std::move(rules));
    d.ids_ = std::make_unique<unsigned>(0);
    d.reader_ = std::make_unique<xml::Reader>(limits.before_auth);
    d.echo_ = std::make_unique<xml::Reader>(Limits{}.after_auth);
    InboundSettings settings;
    settings.direct_tls = direct_tls;
    settings.limits = limits;
    settings.fresh_id = counter(*d.ids_);
    if (resumable) {
        settings.fresh_session = [n = std::make_shared<unsigned>(0)] { return "session" + std::to_string(++*n); };
    }
    d.in_ = std::make_unique<Inbound>(std::move(settings), *d.rules_, d.now_);
    return d;
}

Dialogue Dialogue::outbound(TestRules rules, xmpp::DomainPair pair, bool verify_only, bool direct_tls,
                            const std::function<void(OutboundSettings&)>& change) {
    Dialogue d;
    d.rules_ = std::make_unique<TestRules>(std::move(rules));
    d.ids_ = std::make_unique<unsigned>(0);
    d.reader_ = std::make_unique<xml::Reader>(Limits{}.before_auth);
    d.echo_ = std::make_unique<xml::Reader>(Limits{}.after_auth);
    OutboundSettings settings;
    settings.direct_tls = direct_tls;
    settings.own_id = [](std::string_view id) { return id == "ours"; };
    settings.limits.s2s_resume_seconds = 0;
    if (change) change(settings);
    if (!verify_only) d.waiting_pairs_.push_back(pair.text());
    d.out_ = std::make_unique<Outbound>(std::move(settings), *d.rules_, std::move(pair), verify_only, d.now_);
    return d;
}

bool Dialogue::machine_closed() const { return in_ ? in_->closed() : out_->closed(); }
TimePoint Dialogue::machine_deadline() const { return in_ ? in_->deadline() : out_->deadline(); }

void Dialogue::read_back(std::string_view bytes) {
    echo_->feed(bytes);
    for (;;) {
        const xml::Kind kind = echo_->next();
        if (kind == xml::Kind::need_more) return;
        ASSERT_NE(kind, xml::Kind::problem) << "we sent what cannot be read: " << echo_->explanation() << "\n" << all_;
    }
}

void Dialogue::say(std::string_view bytes) {
    sent_.append(bytes);
    all_.append(bytes);
    EXPECT_FALSE(close_.has_value()) << "said after the end: " << bytes;
    read_back(bytes);
}

void Dialogue::carry_out(Actions& actions) {
    for (Action& action : actions) {
        if (auto* send = std::get_if<Send>(&action)) {
            say(send->bytes);
            continue;
        }
        if (std::holds_alternative<RestartXml>(action)) {
            reader_ = std::make_unique<xml::Reader>(Limits{}.before_auth);
            echo_ = std::make_unique<xml::Reader>(Limits{}.after_auth);
            restarted_ = true;
        } else if (auto* ready = std::get_if<PairReady>(&action)) {
            std::erase(waiting_pairs_, ready->pair.text());
        } else if (auto* failed = std::get_if<PairFailed>(&action)) {
            std::erase(waiting_pairs_, failed->pair.text());
        } else if (auto* verified = std::get_if<Verified>(&action)) {
            std::erase(waiting_verifies_, verified->stream_id);
        } else if (auto* noted = std::get_if<Note>(&action)) {
            const bool known = std::any_of(event_rows.begin(), event_rows.end(),
                                           [&](const EventRow& row) { return row.name == noted->event; });
            EXPECT_TRUE(known) << "event without a row: " << noted->event;
            for (const LogFact& fact : noted->facts) EXPECT_FALSE(holds_key(fact.value)) << noted->event;
        } else if (auto* close = std::get_if<Close>(&action)) {
            EXPECT_FALSE(close_.has_value()) << "closed twice";
            if (!close->silent) {
                if (close->error) say(xmpp::write(*close->error));
                say("</stream:stream>");
            }
            close_ = *close;
            continue;
        }
        pending_.push_back(std::move(action));
    }
    actions.clear();
}

void Dialogue::take_element() {
    const xml::Shell& shell = reader_->shell();
    const bool stanza_name = shell.name == "message" || shell.name == "presence" || shell.name == "iq";
    Actions actions;
    if (stanza_name && shell.space == xmpp::ns::server) {
        xmpp::Stanza stanza;
        xmpp::StanzaProblem problem;
        std::uint64_t sequence = 0;
        if (!intake_.read(*reader_, in_ ? in_->lang() : std::string_view{}, stanza, problem) && problem.stream) {
            if (in_) {
                in_->refuse({*problem.stream, {}, {}, {}}, "malformed stanza", now_, actions);
            } else {
                out_->shut(xmpp::StreamError{*problem.stream, {}, {}, {}}, "malformed stanza", now_, actions);
            }
        } else if (in_ ? in_->on_stanza(stanza, now_, sequence, actions)
                       : out_->on_stanza(stanza, now_, sequence, actions)) {
            if (sequence == 0) return;  // it had come before
            delivered_.emplace_back(stanza.bytes);
        }
    } else if (in_) {
        in_->on_element(reader_->tree(), reader_->unread(), now_, actions);
    } else {
        out_->on_element(reader_->tree(), reader_->unread(), now_, actions);
    }
    carry_out(actions);
}

void Dialogue::peer(std::string_view bytes) {
    if (stopped()) return;
    restarted_ = false;
    const std::string copy{bytes};
    reader_->feed(copy);
    while (!restarted_ && !machine_closed()) {
        Actions actions;
        const xml::Kind kind = reader_->next();
        if (kind == xml::Kind::need_more) break;
        if (kind == xml::Kind::element) {
            take_element();
            continue;
        }
        if (kind == xml::Kind::header) {
            in_ ? in_->on_header(reader_->header(), now_, actions) : out_->on_header(reader_->header(), now_, actions);
        } else if (kind == xml::Kind::footer) {
            in_ ? in_->on_footer(now_, actions) : out_->on_footer(now_, actions);
        } else {
            in_ ? in_->on_problem(reader_->problem(), reader_->explanation(), now_, actions)
                : out_->on_problem(reader_->problem(), reader_->explanation(), now_, actions);
            carry_out(actions);
            break;
        }
        carry_out(actions);
    }
    if (in_ && !machine_closed()) in_->on_partial(reader_->inside_element(), now_);
    if (out_ && !machine_closed()) out_->on_partial(reader_->inside_element(), now_);
    step_done();
}

void Dialogue::peer_header(std::string_view from, std::string_view to, std::string_view more) {
    std::string bytes =
        "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns:db='jabber:server:dialback'";
    if (!from.empty()) bytes.append(" from='").append(from).append("'");
    if (!to.empty()) bytes.append(" to='").append(to).append("'");
    bytes.append(" version='1.0'").append(more.empty() ? "" : " ").append(more).append(">");
    peer(bytes);
}

void Dialogue::connected() {
    if (stopped()) return;
    Actions actions;
    out_->on_connected(now_, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::tls(std::optional<CertFacts> certificate) {
    if (stopped()) return;
    const TlsFacts facts = tls_with(std::move(certificate));
    Actions actions;
    in_ ? in_->on_tls(facts, now_, actions) : out_->on_tls(facts, now_, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::verdict(const xmpp::DomainPair& pair, Verified::Outcome outcome, xmpp::StanzaCondition error) {
    if (stopped()) return;
    Actions actions;
    in_->on_verified(pair, outcome, error, "told by the test", now_, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::after(Duration time) {
    if (stopped()) return;
    now_ += time;
    Actions actions;
    if (machine_deadline() <= now_) in_ ? in_->on_deadline(now_, actions) : out_->on_deadline(now_, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::certificate_expires() {
    if (stopped()) return;
    Actions actions;
    in_ ? in_->on_certificate_expired(now_, actions) : out_->on_certificate_expired(now_, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::verify(const Verify& request) {
    if (stopped()) return;
    waiting_verifies_.push_back(request.stream_id);
    Actions actions;
    out_->verify(request, now_, actions);
    carry_out(actions);
    step_done();
}

bool Dialogue::add_pair(const xmpp::DomainPair& pair) {
    if (stopped()) return true;
    Actions actions;
    const bool taken = out_->add_pair(pair, now_, actions);
    if (taken) waiting_pairs_.push_back(pair.text());
    carry_out(actions);
    step_done();
    return taken;
}

void Dialogue::we_send(unsigned stanzas) {
    if (stopped()) return;
    Actions actions;
    for (unsigned i = 0; i < stanzas; ++i) in_ ? in_->on_sent(now_, actions) : out_->on_sent(now_, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::handled(std::uint64_t sequence) {
    if (stopped()) return;
    Actions actions;
    in_ ? in_->on_handled(sequence, actions) : out_->on_handled(sequence, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::resume(std::string id, s2s::ReceivedCounter counted) {
    if (stopped()) return;
    Actions actions;
    in_->resume(std::move(id), std::move(counted), now_, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::refuse_resumption(std::optional<std::uint32_t> h) {
    if (stopped()) return;
    Actions actions;
    in_->refuse_resumption(h, now_, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::rules_change(const std::function<void(TestRules&)>& change) {
    if (stopped()) return;
    change(*rules_);
    Actions actions;
    in_ ? in_->on_rules_changed(now_, actions) : out_->on_rules_changed(now_, actions);
    carry_out(actions);
    step_done();
}

void Dialogue::lost() {
    if (stopped()) return;
    Actions actions;
    in_ ? in_->on_closed(now_, actions) : out_->on_closed(now_, actions);
    carry_out(actions);
    step_done();
}

// Expectations

void Dialogue::ours(std::string_view bytes) {
    if (stopped()) return;
    if (!sent_.starts_with(bytes)) {
        ADD_FAILURE() << "we should have said\n  " << bytes << "\nbut said\n  " << sent_;
        return;
    }
    sent_.erase(0, bytes.size());
}

void Dialogue::our_header(std::string_view attributes) {
    if (stopped()) return;
    const std::size_t end = sent_.find('>', sent_.find("<stream:stream"));
    ASSERT_NE(end, std::string::npos) << sent_;
    const std::string header = sent_.substr(0, end + 1);
    EXPECT_NE(header.find(attributes), std::string::npos) << header;
    sent_.erase(0, end + 1);
}

void Dialogue::ours_nothing() {
    if (!stopped()) {
        EXPECT_EQ(sent_, "");
    }
}

template <typename T>
std::optional<T> Dialogue::take() {
    const auto at = std::find_if(pending_.begin(), pending_.end(),
                                 [](const Action& action) { return std::holds_alternative<T>(action); });
    if (at == pending_.end()) return std::nullopt;
    T found = std::get<T>(std::move(*at));
    pending_.erase(at);
    return found;
}

void Dialogue::expect_start_tls(std::string_view name) {
    if (stopped()) return;
    const auto found = take<StartTls>();
    ASSERT_TRUE(found) << "TLS was not begun";
    EXPECT_EQ(found->name, name);
}

void Dialogue::expect_restart() {
    if (!stopped()) {
        EXPECT_TRUE(take<RestartXml>());
    }
}

void Dialogue::expect_verify(const Verify& request) {
    if (stopped()) return;
    const auto found = take<Verify>();
    ASSERT_TRUE(found) << "nobody was asked";
    EXPECT_EQ(found->pair.text(), request.pair.text());
    EXPECT_EQ(found->stream_id, request.stream_id);
    EXPECT_EQ(found->key, request.key);
}

void Dialogue::expect_ready(const xmpp::DomainPair& pair, Method method) {
    if (stopped()) return;
    const auto found = take<PairReady>();
    ASSERT_TRUE(found) << "no pair became ready";
    EXPECT_EQ(found->pair.text(), pair.text());
    EXPECT_EQ(found->method, method);
}

void Dialogue::expect_failed(const xmpp::DomainPair& pair, xmpp::StanzaCondition condition, std::string_view step) {
    if (stopped()) return;
    const auto found = take<PairFailed>();
    ASSERT_TRUE(found) << "no pair failed";
    EXPECT_EQ(found->pair.text(), pair.text());
    EXPECT_EQ(xmpp::text(found->failure.condition), xmpp::text(condition));
    if (!step.empty()) {
        EXPECT_EQ(text(found->failure.stage), step);
    }
}

void Dialogue::expect_failed_for_good(const xmpp::DomainPair& pair, bool permanent) {
    if (stopped()) return;
    const auto found = take<PairFailed>();
    ASSERT_TRUE(found) << "no pair failed";
    EXPECT_EQ(found->pair.text(), pair.text());
    EXPECT_EQ(found->failure.permanent, permanent) << found->failure.why;
}

void Dialogue::expect_verified(const xmpp::DomainPair& pair, Verified::Outcome outcome) {
    if (stopped()) return;
    const auto found = take<Verified>();
    ASSERT_TRUE(found) << "no verification was answered";
    EXPECT_EQ(found->pair.text(), pair.text());
    EXPECT_EQ(found->outcome, outcome);
}

void Dialogue::expect_close(xmpp::StreamCondition condition) {
    if (stopped()) return;
    ASSERT_TRUE(close_) << "the stream goes on";
    ASSERT_TRUE(close_->error) << "closed without error: " << close_->why;
    EXPECT_EQ(xmpp::text(close_->error->condition), xmpp::text(condition)) << close_->why;
    EXPECT_FALSE(close_->silent);
}

void Dialogue::expect_close() {
    if (stopped()) return;
    ASSERT_TRUE(close_) << "the stream goes on";
    EXPECT_FALSE(close_->error) << close_->why;
    EXPECT_FALSE(close_->silent) << close_->why;
}

void Dialogue::expect_silent_close() {
    if (stopped()) return;
    ASSERT_TRUE(close_) << "the stream goes on";
    EXPECT_TRUE(close_->silent) << close_->why;
    EXPECT_TRUE(machine_closed());
}

void Dialogue::expect_open() {
    if (!stopped()) {
        EXPECT_FALSE(close_) << close_->why;
    }
}

void Dialogue::expect_delivered(std::size_t stanzas) {
    if (stopped()) return;
    EXPECT_EQ(delivered_.size() - delivered_seen_, stanzas);
    delivered_seen_ = delivered_.size();
}

void Dialogue::expect_note(std::string_view event, std::string_view key, std::string_view value) {
    if (stopped()) return;
    for (const Action& action : pending_) {
        const auto* noted = std::get_if<Note>(&action);
        if (noted == nullptr || noted->event != event) continue;
        if (key.empty()) return;
        for (const LogFact& fact : noted->facts) {
            if (fact.key == key && fact.value == value) return;
        }
    }
    ADD_FAILURE() << "not told: " << event << " " << key << "=" << value;
}

void Dialogue::expect_acknowledged(std::uint64_t count) {
    if (stopped()) return;
    const auto found = take<Acknowledged>();
    ASSERT_TRUE(found) << "nothing was acknowledged";
    EXPECT_EQ(found->count, count);
}

void Dialogue::expect_resumable(std::string_view id, Duration max) {
    if (stopped()) return;
    const auto found = take<Resumable>();
    ASSERT_TRUE(found) << "it cannot be resumed";
    EXPECT_EQ(found->id, id);
    EXPECT_EQ(found->max, max);
}

void Dialogue::expect_not_resumable() {
    if (stopped()) return;
    EXPECT_FALSE(take<Resumable>()) << "it can be resumed";
}

void Dialogue::expect_resume(std::string_view id) {
    if (stopped()) return;
    const auto found = take<Resume>();
    ASSERT_TRUE(found) << "nobody asked to resume";
    EXPECT_EQ(found->id, id);
}

void Dialogue::expect_resumed(std::uint64_t count) {
    if (stopped()) return;
    const auto found = take<Resumed>();
    ASSERT_TRUE(found) << "nothing was resumed";
    EXPECT_EQ(found->count, count);
    EXPECT_FALSE(take<NotResumed>());
}

void Dialogue::expect_not_resumed(std::uint64_t count) {
    if (stopped()) return;
    const auto found = take<NotResumed>();
    ASSERT_TRUE(found) << "nobody said that nothing is resumed";
    EXPECT_EQ(found->count, count);
    EXPECT_FALSE(take<Resumed>());
}

void Dialogue::expect_none_ready() {
    if (stopped()) return;
    EXPECT_FALSE(take<PairReady>()) << "a pair became ready";
}

// Faults

void Dialogue::step_done() {
    ++steps_;
    if (stop_at_ && steps_ == *stop_at_) inject();
}

void Dialogue::inject() {
    stopped_ = true;
    Actions actions;
    const std::size_t before = delivered_.size();
    switch (fault_) {
        case Fault::footer: in_ ? in_->on_footer(now_, actions) : out_->on_footer(now_, actions); break;
        case Fault::lost: in_ ? in_->on_closed(now_, actions) : out_->on_closed(now_, actions); break;
        case Fault::deadline:
            for (int rounds = 0; rounds < 100 && !machine_closed(); ++rounds) {
                ASSERT_NE(machine_deadline(), never) << "an open stream without a timer";
                now_ = std::max(now_, machine_deadline());
                in_ ? in_->on_deadline(now_, actions) : out_->on_deadline(now_, actions);
            }
            break;
    }
    carry_out(actions);
    EXPECT_EQ(delivered_.size(), before);
    check_end();
}

void Dialogue::check_end() {
    EXPECT_TRUE(machine_closed());
    EXPECT_EQ(machine_deadline(), never);
    EXPECT_TRUE(in_ ? in_->pairs().empty() : out_->pairs().empty());
    if (in_) {
        EXPECT_FALSE(in_->authenticated());
    }
    EXPECT_TRUE(waiting_pairs_.empty()) << "nobody told " << (waiting_pairs_.empty() ? "" : waiting_pairs_.front());
    EXPECT_TRUE(waiting_verifies_.empty()) << "a verification was forgotten";
    xmpp::Stanza stanza;
    stanza.to = stanza.to_domain = "corp.example";
    stanza.from = stanza.from_domain = "partner.example";
    std::uint64_t sequence = 0;
    Actions actions;
    EXPECT_FALSE(in_ ? in_->on_stanza(stanza, now_, sequence, actions)
                     : out_->on_stanza(stanza, now_, sequence, actions));
    EXPECT_TRUE(actions.empty());
}

void Dialogue::fail_each_step(const Make& make, const Script& script) {
    Dialogue whole = make();
    script(whole);
    ASSERT_GT(whole.steps_, 0U);
    if (::testing::Test::HasFailure()) return;
    for (const Fault fault : {Fault::footer, Fault::lost, Fault::deadline}) {
        for (std::size_t at = 0; at <= whole.steps_; ++at) {
            SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " after step " + std::to_string(at));
            Dialogue again = make();
            again.fault_ = fault;
            again.stop_at_ = at;
            if (at == 0) {
                again.inject();
            } else {
                script(again);
            }
            if (::testing::Test::HasFailure()) return;
        }
    }
}

}  // namespace sallyport::testing
