// What a driver tells the recorder: a machine's notes become the steps of a handshake, its refusals get their ids. Only
// negotiation makes notes; a stanza never comes here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/tls_facts.h"
#include "proto/s2s/action.h"
#include "services/record/notebook.h"
#include "services/s2s/context.h"

namespace sallyport::s2s {

class StreamRecord {
public:
    StreamRecord(S2sContext& context, Direction direction, bool verify_only);

    /// A stream begins. Outbound: for `pair`.
    void begin(const xmpp::DomainPair& pair);
    /// The peer's address is known.
    void connected(const Endpoint& remote) { address_ = remote.text(); }
    void step(Stage stage, std::string_view name, record::Facts facts, bool good);
    /// What the session is, in full; the machine's own note says what it makes of it.
    void tls(const TlsFacts& facts, std::string_view asked_name);
    /// A step, perhaps the end of the handshake. The id of the refusal that it is; empty: it is none.
    [[nodiscard]] std::string note(const Note& note);
    /// The stream is gone. Ends a handshake that is still open as failed at `stage` (none: where it had come to).
    void closed(Stage stage, const std::string& why);

private:
    void open_again(const Note& note);
    void learn_pair(const Note& note);
    void judge(const Note& note);
    void finish(bool good, std::string result);
    [[nodiscard]] std::string refusal(const Note& note);

    S2sContext& context_;
    bool inbound_, verify_only_;
    record::Notebook notebook_;
    std::string local_, remote_, address_, tls_;
    Stage failed_at_ = Stage::none;  ///< of what went wrong last
    std::string why_, verdict_;
    std::string vouched_;  ///< as authoritative server: what was answered last
    bool shared_ = false;  ///< a further pair of an open stream
};

}  // namespace sallyport::s2s
