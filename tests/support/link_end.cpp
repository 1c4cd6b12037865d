// The machine of proto/link with as little around it as it needs.
#include "support/link_end.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "proto/xmpp/namespaces.h"
#include "support/sim_tls.h"

namespace sallyport::test {

LinkEnd::LinkEnd(SimWorld& world, SimNetwork& host, link::End end, std::string name, std::string secret)
    : world_{world}, host_{host}, end_{end}, name_{std::move(name)}, secret_{std::move(secret)} {
    again_ = world_.loop().timer([this] { connect(); });
}

LinkEnd::~LinkEnd() = default;

void LinkEnd::dial(const Endpoint& edge, std::vector<std::string> domains) {
    at_ = edge;
    for (const std::string& domain : domains) domains_.push_back(*xmpp::Domain::parse(domain));
    connect();
}

void LinkEnd::listen(const Endpoint& at) {
    alive_ = true;
    auto listener = host_.listen(at, [this](std::unique_ptr<io::Stream> stream) { begin(std::move(stream)); });
    if (listener) listener_ = std::move(*listener);
}

void LinkEnd::die() {
    alive_ = false;
    listener_.reset();
    again_->disarm();
    if (stream_) stream_->abort();
}

void LinkEnd::tell(const link::NodeNews& told) {
    link::Actions actions;
    machine_->tell(told, actions);
    carry_out(actions);
}

void LinkEnd::connect() {
    if (!alive_) return;
    dial_ = host_.dial(at_, nullptr, std::chrono::seconds{5}, [this](Result<std::unique_ptr<io::Stream>> result) {
        if (result) return begin(std::move(*result));
        again_->arm(world_.loop().now() + std::chrono::milliseconds{100});
    });
}

void LinkEnd::begin(std::unique_ptr<io::Stream> stream) {
    if (!remembers || starts_ == 0) ++starts_;
    link::MachineSettings settings;
    settings.end = end_;
    settings.realm = name_;
    std::replace(settings.realm.begin(), settings.realm.end(), '.', '-');
    settings.node = name_ + process + std::to_string(starts_);
    settings.secret = secret_;
    settings.shards = shards;
    settings.stream_id = "stream-of-" + name_ + std::to_string(connections);
    machine_ = std::make_unique<link::Machine>(settings, world_.loop().now());
    XmlLimits limits = Limits{}.after_auth;
    limits.element_bytes = 64 << 20;
    reader_ = std::make_unique<xml::Reader>(limits);
    old_ = std::move(stream_);
    stream_ = std::move(stream);
    stream_->set_owner(this);
    SimTlsSettings tls;
    tls.identities = {sim_certificate({name_})};
    tls.require_peer = true;
    stream_->start_tls(sim_tls_context(tls), end_ == link::End::dialler ? io::TlsRole::client : io::TlsRole::server,
                       {});
}

void LinkEnd::on_tls(const TlsFacts&) {
    link::Actions actions;
    machine_->on_connected(actions);
    carry_out(actions);
}

void LinkEnd::on_bytes(std::string_view bytes) {
    reader_->feed(bytes);
    read_on();
}

void LinkEnd::read_on() {
    const TimePoint now = world_.loop().now();
    while (!machine_->closed()) {
        link::Actions actions;
        const xml::Kind kind = reader_->next();
        if (kind == xml::Kind::need_more) return;
        if (kind == xml::Kind::header) machine_->on_header(reader_->header(), now, actions);
        if (kind == xml::Kind::footer) machine_->on_footer(actions);
        if (kind == xml::Kind::problem) machine_->on_problem(reader_->problem(), actions);
        if (kind == xml::Kind::element) {
            xmpp::Stanza read;
            xmpp::StanzaProblem problem;
            const bool is_stanza =
                reader_->shell().space == xmpp::ns::component && reader_->shell().name != "handshake";
            if (!is_stanza) {
                machine_->on_element(reader_->tree(), now, actions);
            } else if (intake_.read(*reader_, {}, read, problem)) {
                stanza(read);
            }
        }
        carry_out(actions);
    }
}

void LinkEnd::stanza(const xmpp::Stanza& stanza) {
    const std::string id{stanza.id};
    if (poison.contains(id)) return end_connection();
    received.push_back(id);
    if (on_stanza) on_stanza(stanza);
    const std::uint64_t number = window_.received();
    if (finishes && !finishes(stanza)) return;
    window_.handled(number);
    link::Actions actions;
    machine_->done(window_.take_done(), actions);
    carry_out(actions);
}

void LinkEnd::end_connection() {
    link::Actions actions;
    switch (ending) {
        case LinkEnding::error:
            machine_->close(xmpp::StreamError{xmpp::StreamCondition::policy_violation, {}, {}, {}}, "poison", actions);
            return carry_out(actions);
        case LinkEnding::footer: machine_->close(std::nullopt, "poison", actions); return carry_out(actions);
        case LinkEnding::reset: machine_->close(std::nullopt, "poison", actions); stream_->abort();
    }
}

void LinkEnd::session(bool resumed, const std::string& id, link::Actions& answer) {
    ++connections;
    session_ = id;
    if (resumed) {
        window_.resumed();
    } else {
        window_.restart();
    }
    while (window_.has_done()) machine_->done(window_.take_done(), answer);
    if (binds && !domains_.empty()) {
        link::Serves serves;
        serves.domains = domains_;
        machine_->bind(serves, answer);
    }
}

void LinkEnd::open_session(const link::SessionWanted& wanted, link::Actions& answer) {
    if (wanted.previous.empty()) {
        const std::string id = "0-" + name_ + std::to_string(connections);
        machine_->enabled(id, answer);
        session(false, id, answer);
    } else if (remembers && wanted.previous == session_) {
        machine_->resumed(session_, window_.h() + miscounts, answer);
        session(true, session_, answer);
    } else {
        machine_->resume_failed(answer);
    }
}

void LinkEnd::answer() {
    if (!asked_) return;
    link::Actions answer;
    open_session(*std::exchange(asked_, std::nullopt), answer);
    carry_out(answer);
}

void LinkEnd::carry_out(link::Actions& actions) {
    for (link::Action& action : actions) {
        link::Actions answer;
        if (auto* send = std::get_if<link::Send>(&action)) {
            stream_->write(send->bytes);
        } else if (auto* wanted = std::get_if<link::SessionWanted>(&action)) {
            if (end_ == link::End::dialler) {
                if (std::exchange(gives_up, false)) {
                    machine_->enable(session_, answer);
                } else if (remembers && !session_.empty()) {
                    machine_->resume(session_, window_.h() + miscounts, answer);
                    answer.push_back(link::Send{behind_resume});
                } else {
                    machine_->enable({}, answer);
                }
            } else if (ponders) {
                asked_ = *wanted;
            } else {
                open_session(*wanted, answer);
            }
        } else if (auto* open = std::get_if<link::SessionOpen>(&action)) {
            session(open->resumed, open->id, answer);
        } else if (std::holds_alternative<link::FactsReceived>(action)) {
            ++facts;
        } else if (const auto* node = std::get_if<link::NodeTold>(&action)) {
            news.push_back(node->news);
        } else if (const auto* told = std::get_if<link::DoneReceived>(&action)) {
            ++dones;
            for (const link::Range& range : told->ranges) done = std::max(done, range.last);
        } else if (std::holds_alternative<link::CountWanted>(action)) {
            machine_->acknowledge(window_.h(), world_.loop().wall(), answer);
        } else if (auto* closing = std::get_if<link::Close>(&action)) {
            if (closing->error) stream_->write(xmpp::write(*closing->error));
            stream_->write("</stream:stream>");
            stream_->close(std::chrono::seconds{1});
        }
        carry_out(answer);
    }
}

void LinkEnd::on_closed(io::CloseReason, const std::string&) {
    if (end_ == link::End::dialler && alive_) again_->arm(world_.loop().now() + std::chrono::milliseconds{100});
}

}  // namespace sallyport::test
