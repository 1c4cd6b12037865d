// The accepting side of an external component's stream (XEP-0114): header, handshake, then stanzas. A pure machine.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "proto/link/machine.h"

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
    void on_footer(Actions& out) { close(std::nullopt, "closed by the component", out); }
    /// A stanza arrived from `from_domain`: true when it may be routed (XEP-0114 section 3).
    [[nodiscard]] bool admits(std::string_view from_domain, Actions& out);
    [[nodiscard]] TimePoint deadline() const {
        return state_ == State::header || state_ == State::handshake ? until_ : never;
    }
    void on_deadline(Actions& out);
    void close(std::optional<xmpp::StreamError> error, const std::string& why, Actions& out);

    [[nodiscard]] bool attached() const { return state_ == State::attached; }
    [[nodiscard]] bool closed() const { return state_ == State::closed; }
    [[nodiscard]] const xmpp::Domain& domain() const { return domain_; }

private:
    enum class State { header, handshake, attached, closed };
    void answer_header(std::string_view from, Actions& out);

    std::string stream_id_;
    SecretOf secret_of_;
    TimePoint until_;
    State state_ = State::header;
    bool header_sent_ = false;
    xmpp::Domain domain_;
    std::string secret_;
};

}  // namespace sallyport::link
