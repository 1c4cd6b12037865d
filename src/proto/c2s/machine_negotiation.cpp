// Headers, features, TLS and SASL of a client's stream: RFC 6120 4 to 6, RFC 5802, XEP-0440. What was learnt before TLS
// is forgotten (5.4.3.3).
#include "proto/c2s/events.h"
#include "proto/c2s/machine_state.h"
#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::c2s {

namespace ns = xmpp::ns;
using S = Machine::State;
using xmpp::StreamCondition;

namespace {

/// RFC 6120 4.7.4, 4.7.5, 4.8: nothing when the frame is sound.
std::optional<StreamCondition> objection(const xml::Header& header) {
    if (header.space != ns::streams) return StreamCondition::invalid_namespace;
    if (header.name != "stream") return StreamCondition::bad_format;
    if (header.prefix != "stream") return StreamCondition::bad_namespace_prefix;
    if (header.content_space != ns::client) return StreamCondition::invalid_namespace;
    const xmpp::StreamVersion version = xmpp::stream_version(header);
    if (!version.valid || version.major != 1) return StreamCondition::unsupported_version;
    return std::nullopt;
}

constexpr const char* not_base64 = "the data is not base64";

std::string challenge_of(std::string_view data) {
    return "<challenge xmlns='" + std::string{ns::sasl} + "'>" + (data.empty() ? "=" : base64_encode(data)) +
           "</challenge>";
}

}  // namespace

bool S::judge(const xml::Header& header, TimePoint now, Actions& out) {
    header_seen = true;
    const xmpp::Domain before = domain;
    domain = {};
    const auto refuse = [&](StreamCondition condition, std::string why) {
        close(stream_error(condition), std::move(why), now, out);
        return false;
    };
    if (const auto condition = objection(header)) return refuse(*condition, "the header is not a client's");
    auto to = xmpp::Domain::parse(header.attribute("to"));
    if (!to || !settings.serves(*to)) return refuse(StreamCondition::host_unknown, "to is not served here");
    domain = std::move(*to);
    if (!user.local().empty() && domain != before) {
        return refuse(StreamCondition::not_authorized, "to is not the domain of the login");
    }
    return true;
}

void S::respond_header(Actions& out) {
    xmpp::StreamHeader header;
    header.content = ns::client;
    header.from = (domain.empty() ? settings.default_domain : domain).text();
    header.id = settings.fresh_id();
    header.dialback = false;
    out.push_back(Send{xmpp::write(header)});
    header_sent = true;
}

void S::offer_features(Actions& out) const {
    std::string text{"<stream:features>"};
    const auto empty = [&](std::string_view name, std::string_view space) {
        text.append("<").append(name).append(" xmlns='").append(space).append("'/>");
    };
    if (!tls) {
        text.append("<starttls xmlns='").append(ns::tls).append("'><required/></starttls>");
    } else if (user.local().empty()) {
        text.append("<mechanisms xmlns='").append(ns::sasl).append("'>");
        for (const sasl::Mechanism& row : sasl::mechanisms()) {
            if (row.binds && !channel.any()) continue;
            text.append("<mechanism>").append(row.name).append("</mechanism>");
        }
        text.append("</mechanisms>");
        if (channel.any()) {
            text.append("<sasl-channel-binding xmlns='").append(ns::channel_bindings).append("'>");
            if (!channel.exporter.empty()) text.append("<channel-binding type='tls-exporter'/>");
            if (!channel.end_point.empty()) text.append("<channel-binding type='tls-server-end-point'/>");
            text.append("</sasl-channel-binding>");
        }
    } else {
        empty("bind", ns::bind);
        empty("sm", ns::stream_management);
        empty("ver", ns::roster_versions);
    }
    out.push_back(Send{text.append("</stream:features>")});
}

S::Did S::greet(const Event& event, TimePoint now, Actions& out) {
    if (!judge(*event.header, now, out)) return Did::ended;
    respond_header(out);
    offer_features(out);
    return Did::advance;
}

S::Did S::greet_again(const Event& event, TimePoint now, Actions& out) { return greet(event, now, out); }

S::Did S::accept_tls(const Event& event, TimePoint now, Actions& out) {
    if (event.unread > 0) {  // RFC 6120 5.3.3: what stands behind is an injection
        out.push_back(Send{std::string{s2s::wire::tls_failure}});
        close(std::nullopt, "bytes after starttls", now, out);
        return Did::ended;
    }
    out.push_back(Send{std::string{s2s::wire::proceed}});
    out.push_back(StartTls{domain.ascii()});
    return Did::advance;
}

S::Did S::restart(const Event& event, TimePoint, Actions& out) {
    tls = std::make_unique<TlsFacts>(*event.tls);
    note(out, LogLevel::info, event::tls, {{"version", tls->version}, {"cipher", tls->cipher}});
    out.push_back(RestartXml{});
    header_sent = header_seen = false;
    domain = {};
    return Did::advance;
}

S::Did S::authenticate(const Event& event, TimePoint now, Actions& out) {
    phase = Phase::offering;  // RFC 6120 6.4.2: a new attempt discards the old one
    scram.reset();
    first_due = false;
    mechanism = sasl::find(event.element->attribute("mechanism"));
    if (mechanism == nullptr || (mechanism->binds && !channel.any())) {
        // A mechanism of ours without its channel is none that was offered either.
        constexpr std::size_t longest_name = 40;
        const std::string wanted{event.element->attribute("mechanism").substr(0, longest_name)};
        mechanism = nullptr;
        return fail_sasl(sasl::Failure::invalid_mechanism, "the mechanism " + wanted + " is not offered", now, out);
    }
    scram.emplace(*mechanism, channel.any(), channel, settings.fresh_id());
    const std::string response = event.element->text();
    if (response.empty()) {  // no initial response: ask for it (RFC 4422 3.3)
        first_due = true;
        out.push_back(Send{challenge_of({})});
        return Did::stay;
    }
    return take_first(response, now, out);
}

S::Did S::take_first(const std::string& response, TimePoint now, Actions& out) {
    first_due = false;
    std::string message;
    if (!base64_decode(response, message)) return fail_sasl(sasl::Failure::incorrect_encoding, not_base64, now, out);
    if (const auto failure = scram->first(message)) return fail_sasl(*failure, scram->why(), now, out);
    // A name is a localpart and nothing else; what cannot be one fails as a user who does not exist would, at once.
    const bool simple = scram->user().find_first_of("@/") == std::string::npos;
    auto jid = xmpp::Jid::parse(scram->user() + "@" + domain.text());
    if (!simple || !jid) return fail_sasl(sasl::Failure::not_authorized, "the name is not a valid user name", now, out);
    if (!scram->authzid().empty()) {
        const auto authorized = xmpp::Jid::parse(scram->authzid());
        if (!authorized || *authorized != *jid) {
            return fail_sasl(sasl::Failure::invalid_authzid, "the client asks to act as another user (authzid)", now,
                             out);
        }
    }
    claimed = std::move(*jid);
    out.push_back(LookUp{claimed, mechanism->digest});
    return Did::advance;
}

S::Did S::challenge(const Event& event, TimePoint, Actions& out) {
    out.push_back(Send{challenge_of(scram->challenge(*event.verifier))});
    return Did::advance;
}

S::Did S::decline_login(const Event&, TimePoint now, Actions& out) {
    phase = Phase::offering;
    return fail_sasl(sasl::Failure::temporary_auth_failure,
                     "too many failures from this address, or the users cannot be read", now, out);
}

S::Did S::take_response(const Event& event, TimePoint now, Actions& out) {
    if (first_due) return take_first(event.element->text(), now, out);
    if (phase != Phase::challenged) {
        return fail_sasl(sasl::Failure::malformed_request, "a response without a challenge", now, out);
    }
    phase = Phase::offering;
    std::string message, server_final;
    const std::string response = event.element->text();
    if (!base64_decode(response, message)) return fail_sasl(sasl::Failure::incorrect_encoding, not_base64, now, out);
    if (const auto failure = scram->last(message, server_final)) return fail_sasl(*failure, scram->why(), now, out);
    binding = scram->binding();
    scram.reset();
    user = claimed;
    out.push_back(Send{"<success xmlns='" + std::string{ns::sasl} + "'>" + base64_encode(server_final) + "</success>"});
    note(out, LogLevel::info, event::login, {{"mechanism", std::string{mechanism->name}}});
    out.push_back(Authenticated{user});
    out.push_back(RestartXml{});
    header_sent = header_seen = false;
    return Did::advance;
}

S::Did S::abort_sasl(const Event&, TimePoint now, Actions& out) {
    phase = Phase::offering;
    return fail_sasl(sasl::Failure::aborted, "the client gave up", now, out);
}

/// RFC 6120 6.4.5: a few attempts, then the stream ends.
S::Did S::fail_sasl(sasl::Failure failure, const std::string& why, TimePoint now, Actions& out) {
    first_due = false;
    out.push_back(Send{xmpp::write(failure)});
    note(out, LogLevel::warn, event::login_failed,
         {{"condition", std::string{text(failure)}},
          {"claimed", claimed.text()},
          {"mechanism", std::string{mechanism == nullptr ? "" : mechanism->name}},
          {"why", why}});
    out.push_back(LoginRefused{claimed, std::string{mechanism == nullptr ? "" : mechanism->name},
                               std::string{text(failure)}, why});
    scram.reset();  // may own the words
    if (failure == sasl::Failure::not_authorized) out.push_back(LoginFailed{});
    claimed = {};
    if (++sasl_failures < settings.sasl_failures) return Did::stay;
    close(stream_error(StreamCondition::policy_violation, "too many SASL failures"), "SASL failures", now, out);
    return Did::ended;
}

}  // namespace sallyport::c2s
