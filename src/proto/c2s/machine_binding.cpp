// Resource binding (RFC 6120 7) and stream management (XEP-0198) of a client's stream. Counting is the session's
// business: it outlives the stream.
#include "proto/c2s/events.h"
#include "proto/c2s/machine_state.h"
#include "proto/s2s/stream_management.h"
#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::c2s {

namespace ns = xmpp::ns;
using S = Machine::State;
using xmpp::StanzaCondition;
using xmpp::StreamCondition;

S::Did S::bind(const Event& event, TimePoint now, Actions& out) {
    if (++binds > most_binds) {
        close(stream_error(StreamCondition::policy_violation, "too many attempts to bind"), "binding", now, out);
        return Did::ended;
    }
    bind_id = event.element->attribute("id");
    const xml::Element* wanted = event.element->child(ns::bind, "bind")->child(ns::bind, "resource");
    std::string resource = wanted == nullptr ? std::string{} : wanted->text();
    if (!resource.empty()) {
        const auto full = xmpp::Jid::parse(user.text() + "/" + resource);
        if (!full) {
            phase = Phase::binding;
            return decline_bind({.condition = StanzaCondition::bad_request}, now, out), Did::stay;
        }
        resource = full->resource();
    }
    out.push_back(Bind{std::move(resource)});
    return Did::advance;
}

void S::opened(const xmpp::Jid& full, TimePoint now) {
    user = full;
    seen = now;
    deadlines[Timer::negotiation] = never;
    deadlines[Timer::idle] = held ? never : now + settings.timers.idle;
}

S::Did S::admit(const Event& event, TimePoint now, Actions& out) {
    opened(*event.full, now);
    note(out, LogLevel::info, event::bound, {});
    out.push_back(Send{"<iq type='result' id='" + xml::escaped(bind_id) + "'><bind xmlns='" + std::string{ns::bind} +
                       "'><jid>" + xml::escaped(user.text()) + "</jid></bind></iq>"});
    return Did::advance;
}

S::Did S::decline_bind(const Event& event, TimePoint, Actions& out) {
    out.push_back(Send{"<iq type='error' id='" + xml::escaped(bind_id) + "'>" +
                       xmpp::write(xmpp::StanzaError{event.condition, {}}) + "</iq>"});
    return Did::advance;
}

S::Did S::resume(const Event& event, TimePoint, Actions& out) {
    resume_id = event.element->attribute("previd");
    const auto h = s2s::read_h(event.element->attribute("h"));
    if (!h) {
        out.push_back(Send{s2s::wire::sm_failed(StanzaCondition::bad_request)});
        return Did::stay;
    }
    out.push_back(Resume{resume_id, *h});
    return Did::advance;
}

S::Did S::go_on(const Event& event, TimePoint now, Actions& out) {
    opened(*event.full, now);
    managed = true;
    note(out, LogLevel::info, event::resumed, {});
    out.push_back(Send{"<resumed xmlns='" + std::string{ns::stream_management} + "' previd='" +
                       xml::escaped(resume_id) + "' h='" + std::to_string(event.h) + "'/>"});
    return Did::advance;
}

S::Did S::decline_resume(const Event&, TimePoint, Actions& out) {
    out.push_back(Send{s2s::wire::sm_failed(StanzaCondition::item_not_found)});
    return Did::advance;
}

S::Did S::enable(const Event& event, TimePoint, Actions& out) {
    const std::string_view wish = event.element->attribute("resume");
    managed = true;
    out.push_back(Enable{wish == "true" || wish == "1"});
    return Did::advance;
}

S::Did S::decline_enable(const Event&, TimePoint, Actions& out) {
    out.push_back(Send{s2s::wire::sm_failed(StanzaCondition::unexpected_request)});
    return Did::advance;
}

S::Did S::acknowledge(const Event&, TimePoint, Actions& out) {
    out.push_back(AckAsked{});
    return Did::advance;
}

S::Did S::take_ack(const Event& event, TimePoint now, Actions& out) {
    const auto h = s2s::read_h(event.element->attribute("h"));
    if (!h) {
        close(stream_error(StreamCondition::bad_format), "an acknowledgement without a count", now, out);
        return Did::ended;
    }
    out.push_back(Acked{*h});
    return Did::advance;
}

}  // namespace sallyport::c2s
