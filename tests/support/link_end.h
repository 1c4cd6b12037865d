// One end of a router link that a test plays: it takes what it is sent, and ends connections at the stanzas that it is
// told not to bear, in the way it is told. As a core it dials an edge, as an edge it listens for a core.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proto/link/machine.h"
#include "proto/xmpp/stanza.h"
#include "support/sim_network.h"
#include "support/sim_world.h"

namespace sallyport::test {

enum class LinkEnding { error, footer, reset };

class LinkEnd final : public io::StreamOwner {
public:
    /// `name` is in its certificate and its realm.
    LinkEnd(SimWorld& world, SimNetwork& host, link::End end, std::string name, std::string secret);
    ~LinkEnd() override;

    /// As a core, now and after each end; serves `domains`.
    void dial(const Endpoint& edge, std::vector<std::string> domains);
    /// As an edge.
    void listen(const Endpoint& at);
    /// No more connections, and the present one breaks.
    void die();
    /// What it says of nodes.
    void tell(const link::NodeNews& told);
    /// A stanza of its own, uncounted.
    void say(const std::string& bytes) { stream_->write(bytes); }
    /// What another end has, which it is a copy of.
    void copy_session(const LinkEnd& of) { session_ = of.session_; }
    /// The present connection breaks; as a core it comes back.
    void cut() { stream_->abort(); }
    /// Whoever waits since it `ponders`.
    void answer();
    [[nodiscard]] bool asked() const { return asked_.has_value(); }
    /// Reads nothing more, or reads again.
    void hang(bool hung) { stream_->pause(hung); }
    [[nodiscard]] bool open() const { return stream_ != nullptr && machine_ != nullptr && machine_->open(); }

    std::set<std::string> poison;           ///< ids of stanzas that end the connection
    LinkEnding ending = LinkEnding::error;  ///< how
    bool remembers = true;                  ///< sessions are resumed; otherwise each connection is a new process
    std::function<bool(const xmpp::Stanza&)> finishes;  ///< says *done* of it at once; unset: of all
    std::uint32_t miscounts = 0;        ///< so many more than it received, it says when a session is resumed
    std::string process;                ///< tells it from another one of its name
    std::string behind_resume;          ///< is said in the same breath as `<resume/>`
    bool gives_up = false;              ///< as a core its session, once: the next connection opens one in its place
    bool binds = true;                  ///< says what it serves when a session opens
    bool ponders = false;               ///< as an edge: who wants a session is answered by answer()
    std::uint32_t shards = 1;           ///< it says that its node has so many
    std::uint64_t facts = 0;            ///< of peers, that it was told
    std::vector<link::NodeNews> news;   ///< of nodes, that it was told
    std::uint64_t dones = 0;            ///< elements that told it what is done
    std::uint64_t done = 0;             ///< the highest number in them
    std::vector<std::string> received;  ///< ids, in order, each time
    std::uint64_t connections = 0;      ///< that had a session
    std::function<void(const xmpp::Stanza&)> on_stanza;  ///< each that it receives

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override {}
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    void connect();
    void begin(std::unique_ptr<io::Stream> stream);
    void read_on();
    void stanza(const xmpp::Stanza& stanza);
    void end_connection();
    void carry_out(link::Actions& actions);
    void session(bool resumed, const std::string& id, link::Actions& answer);
    void open_session(const link::SessionWanted& wanted, link::Actions& answer);

    SimWorld& world_;
    SimNetwork& host_;
    link::End end_;
    std::string name_, secret_;
    Endpoint at_;
    std::vector<xmpp::Domain> domains_;
    std::unique_ptr<io::Listener> listener_;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Timer> again_;
    std::unique_ptr<io::Stream> stream_, old_;
    std::unique_ptr<link::Machine> machine_;
    std::unique_ptr<xml::Reader> reader_;
    xmpp::StanzaIntake intake_;
    link::ReceiveWindow window_;
    std::string session_;
    std::optional<link::SessionWanted> asked_;
    std::uint64_t starts_ = 0;
    bool alive_ = true;
};

}  // namespace sallyport::test
