// The driver of one router link connection.
#include "services/link/connection.h"

#include <algorithm>
#include <utility>

#include "proto/xmpp/namespaces.h"
#include "services/link/hub.h"

namespace sallyport::link {

namespace {
constexpr Duration linger = std::chrono::seconds{2};
constexpr Duration longest_question = std::chrono::seconds{2};
}  // namespace

Connection::Connection(Hub& hub, std::unique_ptr<io::Stream> stream, MachineSettings settings,
                       std::string expected_name, std::shared_ptr<const io::TlsContext> tls, std::size_t dial_index)
    : hub_{&hub},
      stream_{std::move(stream)},
      machine_{std::move(settings), hub.context_.shard.loop.now()},
      expected_name_{std::move(expected_name)},
      tls_{std::move(tls)},
      dial_index_{dial_index},
      reader_{hub.context_.limits.before_auth} {
    make_timer();
}

void Connection::make_timer() {
    armed_ = never;
    timer_ = hub_->context_.shard.loop.timer([this] {
        armed_ = never;
        Actions actions;
        machine_.on_deadline(now(), actions);
        carry_out(actions);
        arm();
    });
}

TimePoint Connection::now() const { return hub_->context_.shard.loop.now(); }

std::unique_ptr<io::MovingStream> Connection::leave() {
    timer_.reset();
    place_.reset();
    return std::exchange(stream_, nullptr)->leave();
}

void Connection::join(Hub& hub, std::unique_ptr<io::MovingStream> moving, const std::function<void()>& answer) {
    hub_ = &hub;
    stream_ = hub.context_.shard.network.join(std::move(moving));
    stream_->set_owner(this);
    make_timer();
    moving_ = false;
    answer();
    read_on();
}

void Connection::start(std::unique_ptr<Doorway::Place> place) {
    place_ = std::move(place);
    stream_->set_owner(this);
    stream_->start_tls(tls_, expected_name_.empty() ? io::TlsRole::server : io::TlsRole::client, expected_name_);
    arm();
}

void Connection::on_tls(const TlsFacts& facts) {
    tls_facts_ = facts;
    if (std::string why = objection(facts); !why.empty()) {
        why_closed_ = std::move(why);
        stream_->abort();
        return;
    }
    proven_ = true;
    Actions actions;
    machine_.on_connected(actions);
    carry_out(actions);
    arm();
}

/// Why nothing is read from this peer; empty: it is the neighbour that it has to be. As listener, learns which one.
std::string Connection::objection(const TlsFacts& facts) {
    if (!facts.peer) return "no certificate";
    if (!facts.peer->chain_valid) return "certificate: " + facts.peer->chain_error;
    const HubContext& hub = hub_->context_;
    const Neighbour* neighbour = nullptr;
    if (expected_name_.empty() && !hub.neighbours.listed.empty()) {
        neighbour = named_by(*facts.peer, hub.neighbours.listed);
        if (neighbour == nullptr) {
            return "the certificate is for " + facts.peer->subject + ", which no [[link.accept]] names";
        }
    }
    std::string why = link::objection(*facts.peer, expected_name_, hub.far_role, hub.neighbours.roles_required);
    if (why.empty() && neighbour != nullptr) machine_.meet(realm_of(neighbour->name), neighbour->secret);
    return why;
}

void Connection::on_bytes(std::string_view bytes) {
    machine_.on_bytes(now());
    reader_.feed(bytes);
    read_on();
}

void Connection::read_on() {
    while (!finished_ && !moving_ && !machine_.closed()) {
        Actions actions;
        const xml::Kind kind = reader_.next();
        if (kind == xml::Kind::need_more) break;
        if (kind == xml::Kind::element) {
            element();
            continue;
        }
        if (kind == xml::Kind::excess) {
            excess();
            continue;
        }
        if (kind == xml::Kind::header) machine_.on_header(reader_.header(), now(), actions);
        if (kind == xml::Kind::footer) machine_.on_footer(actions);
        if (kind == xml::Kind::problem) machine_.on_problem(reader_.problem(), actions);
        carry_out(actions);
    }
    arm();
}

void Connection::element() {
    Actions actions;
    const xml::Shell& shell = reader_.shell();
    if (shell.space != xmpp::ns::component || shell.name == "handshake") {
        machine_.on_element(reader_.tree(), now(), actions);
        return carry_out(actions);
    }
    stanza();
}

void Connection::excess() {
    const xml::Shell& shell = reader_.shell();
    if (shell.space == xmpp::ns::component && shell.name != "handshake") return stanza();
    Actions actions;
    machine_.on_problem(reader_.problem(), actions);
    carry_out(actions);
}

void Connection::stanza() {
    Actions actions;
    if (!machine_.may_carry(actions)) return carry_out(actions);
    xmpp::Stanza stanza;
    xmpp::StanzaProblem problem;
    if (intake_.read(reader_, {}, stanza, problem)) return hub_->stanza(*this, stanza);
    if (problem.stanza) return hub_->refused(*this, stanza, problem);
    machine_.close(xmpp::StreamError{problem.stream.value_or(xmpp::StreamCondition::bad_format), {}, {}, {}},
                   std::string{problem.why}, actions);
    carry_out(actions);
}

void Connection::attach(Session* session) {
    session_ = session;
    if (session == nullptr) return;
    // Whatever either side is configured to admit: a stanza that one side took in must not break the link.
    reader_.set_limits(passed_on_limits);
    reader_.pass_over_excess();
}

void Connection::carry_out(Actions& actions) {
    for (Action& action : actions) {
        if (finished_) return;
        if (auto* send = std::get_if<Send>(&action)) {
            stream_->write(send->bytes);
        } else if (auto* wanted = std::get_if<SessionWanted>(&action)) {
            if (place_) place_->prove();  // certificate and secret: who comes from there is a neighbour
            hub_->session_wanted(*this, *wanted);
        } else if (auto* session = std::get_if<SessionOpen>(&action)) {
            hub_->session_open(*this, *session);
        } else if (auto* domains = std::get_if<Bound>(&action)) {
            hub_->bound(*this, std::move(domains->serves));
        } else if (auto* received = std::get_if<DoneReceived>(&action)) {
            hub_->done(*this, received->ranges);
        } else if (auto* facts = std::get_if<FactsReceived>(&action)) {
            if (hub_->context_.on_facts) hub_->context_.on_facts(machine_.far_realm(), facts->facts);
        } else if (std::holds_alternative<CountWanted>(action)) {
            Actions answer;
            machine_.acknowledge(session_ != nullptr ? session_->in.h() : 0, hub_->context_.shard.loop.wall(), answer);
            carry_out(answer);
        } else if (auto* counted = std::get_if<Counted>(&action)) {
            hub_->counted(*this, counted->h);
        } else if (auto* clock = std::get_if<ClockTold>(&action)) {
            // An answer that took long says little.
            if (clock->round_trip > longest_question) continue;
            const WallTime here = hub_->context_.shard.loop.wall();
            clock_skew_ = clock->far - here + std::chrono::duration_cast<WallTime::duration>(clock->round_trip / 2);
        } else if (auto* closing = std::get_if<Close>(&action)) {
            why_closed_ = closing->why;
            blame_ = closing->blame;
            if (closing->error) stream_->write(xmpp::write(*closing->error));
            stream_->write("</stream:stream>");
            stream_->close(hub_->stopping_ ? linger / 2 : linger);
        }
    }
    actions.clear();
}

void Connection::close(std::optional<xmpp::StreamError> error, const std::string& why) {
    Actions actions;
    machine_.close(std::move(error), why, actions);
    carry_out(actions);
}

void Connection::abort() {
    if (!finished_) stream_->abort();
}

void Connection::arm() {
    if (finished_ || moving_) return;
    const TimePoint deadline = machine_.deadline();
    if (deadline >= armed_) return;
    armed_ = deadline;
    timer_->arm(deadline);
}

void Connection::on_drained() {
    if (!finished_) hub_->drained();
}

void Connection::on_closed(io::CloseReason, const std::string& text) {
    finished_ = true;
    if (timer_) timer_->disarm();
    if (why_closed_.empty()) why_closed_ = text.empty() ? "connection lost" : text;
    hub_->closed(*this);
}

}  // namespace sallyport::link
