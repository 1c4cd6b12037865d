// The driver of one router link connection.
#include "services/link/connection.h"

#include <algorithm>
#include <utility>

#include "proto/xmpp/namespaces.h"

namespace sallyport::link {

namespace {
constexpr Duration linger = std::chrono::seconds{2};
constexpr Duration longest_question = std::chrono::seconds{2};
/// The largest stanza over a slow line.
constexpr Duration longest_element = std::chrono::seconds{60};
/// So much of an element may be on its way on each link, whatever else is.
constexpr std::size_t little = 64 << 10;
constexpr std::size_t most_unread = 2 * io::Stream::high_water;

/// Of what was written, the bytes before the last `waiting`, which may have TLS's own among them.
std::uint64_t written_before(const io::Stream& stream, std::size_t waiting) {
    const std::uint64_t written = stream.written();
    return written - std::min<std::uint64_t>(waiting, written);
}
}  // namespace

Connection::Connection(ConnectionOwner& owner, const HubContext& context, std::unique_ptr<io::Stream> stream,
                       MachineSettings settings, std::string expected_name, std::size_t dial_index)
    : owner_{&owner},
      context_{&context},
      stream_{std::move(stream)},
      machine_{std::move(settings), context.shard.loop.now()},
      expected_name_{std::move(expected_name)},
      dial_index_{dial_index},
      reader_{context.limits.before_auth} {
    make_timer();
}

void Connection::make_timer() {
    armed_ = never;
    timer_ = context_->shard.loop.timer([this] {
        armed_ = never;
        if (now() >= element_due_) {
            element_due_ = never;
            close(xmpp::stream_error(xmpp::StreamCondition::policy_violation), "an element was not complete in time");
        }
        Actions actions;
        machine_.on_deadline(now(), actions, {stream_->written(), written_before(*stream_, stream_->in_flight())});
        carry_out(actions);
        arm();
    });
}

TimePoint Connection::now() const { return context_->shard.loop.now(); }

std::unique_ptr<io::MovingStream> Connection::leave() {
    timer_.reset();
    place_.reset();
    return std::exchange(stream_, nullptr)->leave();
}

void Connection::join(ConnectionOwner& owner, const HubContext& context, std::unique_ptr<io::MovingStream> moving,
                      const std::function<void()>& answer) {
    done_at_ = 0;
    owner_ = &owner;
    context_ = &context;
    stream_ = context.shard.network.join(std::move(moving));
    stream_->set_owner(this);
    make_timer();
    moving_ = false;
    answer();
    read_on();
}

void Connection::start(std::unique_ptr<Doorway::Place> place) {
    place_ = std::move(place);
    stream_->set_owner(this);
    stream_->start_tls(context_->tls, expected_name_.empty() ? io::TlsRole::server : io::TlsRole::client,
                       expected_name_);
    arm();
}

void Connection::on_tls(const TlsFacts& facts) {
    tls_facts_ = facts;
    if (std::string why = objection(facts); !why.empty()) {
        why_closed_ = std::move(why);
        objected_ = true;
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
    const Neighbour* neighbour = nullptr;
    if (expected_name_.empty() && !context_->neighbours.listed.empty()) {
        neighbour = named_by(*facts.peer, context_->neighbours.listed);
        if (neighbour == nullptr) {
            return "the certificate is for " + facts.peer->subject + ", which no [[link.accept]] names";
        }
    }
    std::string why =
        link::objection(*facts.peer, expected_name_, context_->far_role, context_->neighbours.roles_required);
    if (why.empty() && neighbour != nullptr) machine_.meet(realm_of(neighbour->name), neighbour->secret);
    return why;
}

void Connection::on_bytes(std::string_view bytes) {
    machine_.on_bytes(now());
    reader_.feed(bytes);
    read_on();
}

void Connection::read_on() {
    bool is_another = false;
    while (!finished_ && !moving_ && !machine_.closed()) {
        Actions actions;
        const xml::Kind kind = reader_.next();
        if (kind == xml::Kind::need_more) break;
        is_another = true;
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
    if (!moving_) watch_element(is_another);
    arm();
}

void Connection::watch_element(bool is_another) {
    const bool inside = !finished_ && machine_.open() && reader_.inside_element();
    unfinished_ = inside ? reader_.held() : 0;
    if (!inside) {
        element_due_ = never;
        return;
    }
    if (is_another || element_due_ == never) element_due_ = now() + longest_element;
    if (unfinished_ <= little || !owner_->has_much_unfinished(machine_.far_realm())) return;
    close(xmpp::stream_error(xmpp::StreamCondition::resource_constraint),
          "too many bytes of unfinished elements on the links of this node");
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
    if (intake_.read(reader_, {}, stanza, problem)) return owner_->stanza(*this, stanza);
    if (problem.stanza) return owner_->refused(*this, stanza, problem);
    machine_.close(xmpp::stream_error(problem.stream.value_or(xmpp::StreamCondition::bad_format)),
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
            owner_->session_wanted(*this, *wanted);
        } else if (auto* session = std::get_if<SessionOpen>(&action)) {
            owner_->session_open(*this, *session);
        } else if (auto* domains = std::get_if<Bound>(&action)) {
            owner_->bound(*this, std::move(domains->serves));
        } else if (auto* received = std::get_if<DoneReceived>(&action)) {
            owner_->done(*this, received->ranges);
        } else if (auto* facts = std::get_if<FactsReceived>(&action)) {
            if (context_->on_facts) context_->on_facts(machine_.far_realm(), facts->facts);
        } else if (auto* node = std::get_if<NodeTold>(&action)) {
            owner_->told(*this, node->news);
        } else if (std::holds_alternative<CountWanted>(action)) {
            // Of a far side that asks and does not read: one answer, once it does (threat T61).
            count_owed_ = is_unread();
            if (!count_owed_) tell_count();
        } else if (auto* counted = std::get_if<Counted>(&action)) {
            owner_->counted(*this, counted->h);
        } else if (auto* clock = std::get_if<ClockTold>(&action)) {
            // An answer that took long says little.
            if (clock->round_trip > longest_question) continue;
            const WallTime here = context_->shard.loop.wall();
            constexpr auto most = std::chrono::duration_cast<WallTime::duration>(Duration::max());
            const auto ahead =
                clock->far - here + std::chrono::duration_cast<WallTime::duration>(clock->round_trip / 2);
            clock_skew_ = std::clamp(ahead, -most, most);  // more than 292 years do not fit
        } else if (auto* closing = std::get_if<Close>(&action)) {
            why_closed_ = closing->why;
            blame_ = closing->blame;
            if (closing->error) stream_->write(xmpp::write(*closing->error));
            stream_->write("</stream:stream>");
            stream_->close(owner_->stopping() ? linger / 2 : linger);
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
    const TimePoint deadline = std::min(machine_.deadline(), element_due_);
    if (deadline >= armed_) return;
    armed_ = deadline;
    timer_->arm(deadline);
}

void Connection::tell_count() {
    Actions answer;
    machine_.acknowledge(session_ != nullptr ? session_->in.h() : 0, context_->shard.loop.wall(), answer);
    carry_out(answer);
}

bool Connection::takes_done() const {
    // The last one counts as gone a little later than it is.
    return !is_unread() || written_before(*stream_, stream_->pending()) >= done_at_;
}

bool Connection::is_unread() const { return stream_->pending() > most_unread; }

void Connection::on_drained() {
    if (!finished_ && std::exchange(count_owed_, false)) tell_count();
    if (!finished_) owner_->drained();
}

void Connection::on_closed(io::CloseReason reason, const std::string& text) {
    finished_ = true;
    broke_off_ = reason == io::CloseReason::tls_failed;
    if (timer_) timer_->disarm();
    if (why_closed_.empty()) why_closed_ = text.empty() ? "connection lost" : text;
    owner_->closed(*this);
}

}  // namespace sallyport::link
