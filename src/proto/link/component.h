// The accepting side of an external component's stream (XEP-0114): header, handshake, then stanzas. A pure machine: its
// transitions are in the table of component.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "proto/link/machine.h"
#include "proto/machine.h"

namespace sallyport::link {

class ComponentAccept {
public:
    /// The secret of a domain that may attach; nullopt: unknown here.
    using SecretOf = std::function<std::optional<std::string>(const xmpp::Domain&)>;

    ComponentAccept(std::string stream_id, SecretOf secret_of, Duration negotiation, TimePoint now)
        : stream_id_{std::move(stream_id)}, secret_of_{std::move(secret_of)}, until_{now + negotiation} {}

    void on_header(const xml::Header& header, Actions& out);
    void on_element(const xml::Element& element, Actions& out);
    void on_problem(xml::Problem problem, Actions& out);
    void on_footer(Actions& out) { handle({.on = On::footer}, out); }
    /// A stanza arrived from `from_domain`: true when it may be routed (XEP-0114 section 3).
    [[nodiscard]] bool admits(std::string_view from_domain, Actions& out);
    [[nodiscard]] TimePoint deadline() const {
        return phase_ == Phase::header || phase_ == Phase::handshake ? until_ : never;
    }
    void on_deadline(Actions& out);
    void close(std::optional<xmpp::StreamError> error, const std::string& why, Actions& out);

    [[nodiscard]] bool attached() const { return phase_ == Phase::attached; }
    [[nodiscard]] bool closed() const { return phase_ == Phase::closed; }
    [[nodiscard]] const xmpp::Domain& domain() const { return domain_; }
    /// With which the component has ended the stream (RFC 6120 4.9).
    [[nodiscard]] const std::optional<xmpp::StreamError>& peer_error() const { return peer_error_; }

private:
    enum class Phase : std::uint8_t { header, handshake, attached, closed };
    enum class On : std::uint8_t {
        header,
        handshake,
        stream_error,
        footer,
        foreign,  ///< any other element that is no stanza
    };
    enum class Fact : std::uint8_t {};  ///< no row hangs on more than the phase
    struct Event {
        On on = On::foreign;
        const xml::Header* header = nullptr;
        const xml::Element* element = nullptr;
    };
    using Did = machine::Did;
    using Act = Did (ComponentAccept::*)(const Event&, Actions&);
    using Row = machine::Row<Phase, On, Fact, Act>;
    struct Table;
    [[nodiscard]] static On classify(const xml::Element& element);

    void handle(const Event& event, Actions& out);
    void refuse_event(const Event& event, Actions& out);
    [[nodiscard]] Did refuse(xmpp::StreamCondition condition, const std::string& why, Actions& out);
    Did answer(const Event& event, Actions& out);
    Did check_handshake(const Event& event, Actions& out);
    Did take_error(const Event& event, Actions& out);
    Did finish(const Event& event, Actions& out);
    void answer_header(std::string_view from, Actions& out);

    std::string stream_id_;
    SecretOf secret_of_;
    TimePoint until_;
    Phase phase_ = Phase::header;
    bool header_sent_ = false;
    xmpp::Domain domain_;
    std::string secret_;
    std::optional<xmpp::StreamError> peer_error_;
};

}  // namespace sallyport::link
