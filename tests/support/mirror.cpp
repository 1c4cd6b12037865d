// The two machines joined.
#include "support/mirror.h"

#include <gtest/gtest.h>

#include <utility>

#include "proto/xmpp/namespaces.h"

namespace sallyport::testing {

using namespace s2s;

Mirror::Mirror(const TestRules& initiator, const TestRules& receiver, xmpp::DomainPair pair,
               std::optional<CertFacts> client, std::optional<CertFacts> server, bool verify_only, bool direct_tls)
    : initiator_{initiator},
      receiver_{receiver},
      pair_{pair},
      client_{std::move(client)},
      server_{std::move(server)},
      direct_{direct_tls},
      in_reader_{std::make_unique<xml::Reader>(Limits{}.before_auth)},
      out_reader_{std::make_unique<xml::Reader>(Limits{}.before_auth)} {
    const auto fresh = [this] { return "id" + std::to_string(++ids_); };
    in = std::make_unique<Inbound>(InboundSettings{{}, {}, direct_tls, fresh}, receiver_, now_);
    out = std::make_unique<Outbound>(OutboundSettings{{}, direct_tls}, initiator_, std::move(pair), verify_only, now_);
    in_wants_tls_ = direct_tls;
}

void Mirror::carry_out(Actions& actions, bool by_out) {
    std::string& wire = by_out ? to_in_ : to_out_;
    for (Action& action : actions) {
        if (auto* send = std::get_if<Send>(&action)) {
            wire += send->bytes;
            (by_out ? to_in_all : to_out_all) += send->bytes;
        } else if (std::holds_alternative<StartTls>(action)) {
            (by_out ? out_wants_tls_ : in_wants_tls_) = true;
        } else if (std::holds_alternative<RestartXml>(action)) {
            (by_out ? out_reader_ : in_reader_) = std::make_unique<xml::Reader>(Limits{}.before_auth);
            restarted_ = true;
        } else if (auto* request = std::get_if<Verify>(&action)) {
            answer(*request);
        } else if (auto* ready = std::get_if<PairReady>(&action)) {
            (by_out ? out_ready : in_ready).push_back(*ready);
        } else if (auto* failed = std::get_if<PairFailed>(&action)) {
            if (by_out) out_failed.push_back(*failed);
        } else if (auto* answered = std::get_if<Verified>(&action)) {
            verified = *answered;
        } else if (auto* acks = std::get_if<Acknowledged>(&action)) {
            acknowledged += acks->count;
        } else if (auto* close = std::get_if<Close>(&action)) {
            (by_out ? out_close : in_close) = *close;
            if (!close->silent) {
                if (close->error) wire += xmpp::write(*close->error);
                wire += "</stream:stream>";
            }
        }
    }
    actions.clear();
}

/// The receiving server asks the initiating domain's authoritative server, over a stream of its own.
void Mirror::answer(const Verify& request) {
    Mirror call{receiver_, initiator_, {request.pair.local, request.pair.remote}, server_, client_, true, false};
    call.ask(request);
    call.run();
    const Verified::Outcome outcome = call.verified ? call.verified->outcome : Verified::Outcome::error;
    Actions actions;
    in->on_verified(request.pair, outcome, xmpp::StanzaCondition::remote_server_timeout, "mirror", now_, actions);
    carry_out(actions, false);
}

void Mirror::ask(const Verify& request) {
    Actions actions;
    out->verify(request, now_, actions);
    carry_out(actions, true);
}

void Mirror::element(bool into_in) {
    xml::Reader& reader = into_in ? *in_reader_ : *out_reader_;
    Actions actions;
    const std::string_view name = reader.shell().name;
    if (reader.shell().space == xmpp::ns::server && (name == "message" || name == "presence" || name == "iq")) {
        xmpp::Stanza stanza;
        xmpp::StanzaProblem problem;
        std::uint64_t sequence = 0;
        ASSERT_TRUE(intake_.read(reader, {}, stanza, problem));
        const bool good =
            into_in ? in->on_stanza(stanza, now_, sequence, actions) : out->on_stanza(stanza, now_, sequence, actions);
        if (good) {
            (into_in ? delivered : returned).emplace_back(stanza.bytes);
            into_in ? in->on_handled(sequence, actions) : out->on_handled(sequence, actions);
        }
    } else if (into_in) {
        in->on_element(reader.tree(), reader.unread(), now_, actions);
    } else {
        out->on_element(reader.tree(), reader.unread(), now_, actions);
    }
    carry_out(actions, !into_in);
}

void Mirror::feed(bool into_in) {
    const std::string bytes = std::exchange(into_in ? to_in_ : to_out_, {});
    restarted_ = false;
    (into_in ? in_reader_ : out_reader_)->feed(bytes);
    while (!restarted_ && !(into_in ? in->closed() : out->closed())) {
        Actions actions;
        xml::Reader& reader = into_in ? *in_reader_ : *out_reader_;
        switch (reader.next()) {
            case xml::Kind::need_more: return;
            case xml::Kind::header:
                into_in ? in->on_header(reader.header(), now_, actions)
                        : out->on_header(reader.header(), now_, actions);
                break;
            case xml::Kind::element: element(into_in); break;
            case xml::Kind::footer: into_in ? in->on_footer(now_, actions) : out->on_footer(now_, actions); break;
            case xml::Kind::excess:
            case xml::Kind::problem: FAIL() << reader.explanation();
        }
        carry_out(actions, !into_in);
    }
}

void Mirror::run() {
    Actions actions;
    if (out->state() == "fresh") {
        out->on_connected(now_, actions);
        carry_out(actions, true);
    }
    for (int rounds = 0; rounds < 100; ++rounds) {
        if (out_wants_tls_ && in_wants_tls_) {
            out_wants_tls_ = in_wants_tls_ = false;
            secured = true;
            in->on_tls(tls_with(client_), now_, actions);
            carry_out(actions, false);
            out->on_tls(tls_with(server_), now_, actions);
            carry_out(actions, true);
        }
        if (to_in_.empty() && to_out_.empty()) {
            // A side that is gone takes its connection along.
            if (out->closed() && !in->closed()) in->on_closed(now_, actions);
            carry_out(actions, false);
            if (in->closed() && !out->closed()) out->on_closed(now_, actions);
            carry_out(actions, true);
            return;
        }
        if (!to_in_.empty()) feed(true);
        if (!to_out_.empty()) feed(false);
    }
    FAIL() << "they never stop talking";
}

void Mirror::send_message() {
    Actions actions;
    to_in_ +=
        "<message from='u@" + pair_.local.text() + "' to='v@" + pair_.remote.text() + "'><body>x</body></message>";
    out->on_sent(now_, actions);
    carry_out(actions, true);
    run();
}

void Mirror::send_back() {
    Actions actions;
    to_out_ +=
        "<message from='v@" + pair_.remote.text() + "' to='u@" + pair_.local.text() + "'><body>y</body></message>";
    in->on_sent(now_, actions);
    carry_out(actions, false);
    run();
}

}  // namespace sallyport::testing
