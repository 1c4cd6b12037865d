// A client's stream, from its header to an authenticated, bound resource (RFC 6120 4 to 7, XEP-0198, XEP-0440). A pure
// machine: events in, actions out. TLS always comes first. Stanzas of an open stream do not pass through it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/tls_facts.h"
#include "proto/c2s/sasl/scram.h"
#include "proto/s2s/action.h"
#include "proto/xml/element.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/jid.h"

namespace sallyport::c2s {

using s2s::Close;
using s2s::Note;
using s2s::RestartXml;
using s2s::Send;
using s2s::StartTls;

/// Find the verifier of `user` for `digest`, or make a decoy. Answer with Machine::on_verifier or on_login_refused.
struct LookUp {
    xmpp::Jid user;  ///< bare
    Digest digest;
};
/// The user proved the password; the limits after authentication apply. The stream begins anew.
struct Authenticated {
    xmpp::Jid user;
};
/// The user failed to.
struct LoginFailed {};
/// An attempt to log in was refused; for whoever administers the users, who may know more than the client is told.
struct LoginRefused {
    xmpp::Jid claimed;  ///< bare; empty: the client did not get so far as to say it
    std::string mechanism, condition, why;
};
/// Bind a resource, this one if it is not empty. Answer with on_bound or on_bind_refused.
struct Bind {
    std::string resource;
};
/// Go on with a session. Answer with on_resumed or on_resume_refused.
struct Resume {
    std::string id;
    std::uint32_t h = 0;
};
/// Count from now on. Answer with on_enabled.
struct Enable {
    bool resumable = false;
};
/// Say how many stanzas of the client are handled.
struct AckAsked {};
/// The client handled `h` stanzas.
struct Acked {
    std::uint32_t h = 0;
};

using Action = std::variant<Send, StartTls, RestartXml, LookUp, Authenticated, LoginFailed, LoginRefused, Bind, Resume,
                            Enable, AckAsked, Acked, Close, Note>;
using Actions = std::vector<Action>;

struct Timers {
    Duration negotiation = std::chrono::seconds{30};  ///< absolute, until a resource is bound
    Duration idle = std::chrono::seconds{600};        ///< without a byte; then the client is asked
    Duration answer = std::chrono::seconds{60};       ///< to that; put off while the client takes what waits for it
    Duration stanza = std::chrono::seconds{60};       ///< from an element's first byte to its last
    Duration closing = std::chrono::seconds{5};       ///< waiting for the closing tag
};

struct Settings {
    Timers timers;
    std::uint64_t sasl_failures = 3;
    std::function<bool(const xmpp::Domain&)> serves;
    xmpp::Domain default_domain;            ///< answers where no served domain was named
    std::function<std::string()> fresh_id;  ///< >= 128 random bits, letters and digits
};

/// Bytes of a stream: all that was written to the client, and what its TCP has taken of it.
struct Sent {
    std::uint64_t written = 0, taken = 0;
};

/// What a row of the table reacts to.
enum class On : std::uint8_t {
    header,
    starttls,
    tls_up,
    auth,
    response,
    abort,
    verifier,
    login_refused,
    bind,
    bound,
    bind_refused,
    enable,
    resume,
    resumed,
    resume_refused,
    ack_request,
    ack,
    stanza,
    stream_error,
    footer,
    foreign,
};
[[nodiscard]] std::string_view text(On on);
[[nodiscard]] On classify(const xml::Element& element);

class Machine {
public:
    Machine(Settings settings, TimePoint now);
    ~Machine();

    void on_header(const xml::Header& header, TimePoint now, Actions& out);
    /// A first-level element; not the stanzas of an open stream. `unread`: bytes behind it.
    void on_element(const xml::Element& element, std::size_t unread, TimePoint now, Actions& out);
    void on_tls(const TlsFacts& facts, sasl::Channel channel, TimePoint now, Actions& out);
    void on_verifier(const sasl::Verifier& verifier, TimePoint now, Actions& out);
    /// Too many failures from that address, or the store is out of order.
    void on_login_refused(TimePoint now, Actions& out);
    void on_bound(const xmpp::Jid& full, TimePoint now, Actions& out);
    void on_bind_refused(xmpp::StanzaCondition condition, TimePoint now, Actions& out);
    /// The session `full` goes on on this stream; `h` of its stanzas were handled.
    void on_resumed(const xmpp::Jid& full, std::uint32_t h, TimePoint now, Actions& out);
    void on_resume_refused(TimePoint now, Actions& out);
    /// `id` empty: not resumable.
    void on_enabled(std::string_view id, std::uint64_t resume_seconds, Actions& out);
    void on_footer(TimePoint now, Actions& out);
    void on_problem(xml::Problem problem, const std::string& explanation, TimePoint now, Actions& out);
    /// Ends the stream: a refusal, or an orderly end from our side.
    void refuse(xmpp::StreamError error, const std::string& why, TimePoint now, Actions& out);

    /// Bytes arrived; `partial`: an element has begun and is not complete.
    void on_activity(bool partial, TimePoint now);
    /// Whether it is we who read nothing from the client for now: its time does not run meanwhile, neither to be heard
    /// of, nor to answer, nor to finish what it has begun. That of a negotiation does, which is never held up.
    void on_held(bool held, TimePoint now);
    [[nodiscard]] TimePoint deadline() const;
    /// `sent` is how far the client's TCP is by now.
    void on_deadline(TimePoint now, Sent sent, Actions& out);

    [[nodiscard]] bool open() const;     ///< a resource is bound: stanzas may pass
    [[nodiscard]] bool waiting() const;  ///< an answer of ours is due: nothing is to be read before
    [[nodiscard]] bool closing() const;  ///< nothing more is accepted; closed() follows
    [[nodiscard]] bool closed() const;
    [[nodiscard]] const xmpp::Jid& user() const;  ///< empty before authentication; full once bound
    [[nodiscard]] std::string_view mechanism() const;
    /// How the login was bound to TLS, as in XEP-0440: "tls-exporter"; empty: it was not.
    [[nodiscard]] std::string_view binding() const;
    [[nodiscard]] const TlsFacts* tls() const;
    [[nodiscard]] std::string_view state() const;

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace sallyport::c2s
