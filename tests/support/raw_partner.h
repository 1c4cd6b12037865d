// A partner of the simulated world that is no Sallyport: it speaks S2S without TLS, byte by byte as the test wants it.
// It listens for our streams (and vouches for whatever key it is asked about), and opens streams of its own:
//
//     RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};           // and f.a in tls_optional
//     c.habits.bidi = true;                                             // asks for XEP-0288, and offers it
//     RawStream& stream = c.open("198.51.100.1", "a.test");             // the edge; the pair c.test to a.test
//     ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
//     stream.message("u@c.test", "romeo@a.test", "m1");
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proto/s2s/stream_management.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "support/sim_dns.h"
#include "support/sim_network.h"

namespace sallyport::test {

class RawPartner;

/// One stream of the partner, opened by itself or by us.
class RawStream final : public io::StreamOwner {
public:
    RawStream(RawPartner& partner, std::string remote) : partner_{partner}, remote_{std::move(remote)} {}
    /// Opened to ask about the key of `about`, for nothing else.
    RawStream(RawPartner& partner, std::string remote, RawStream& about, std::string question)
        : partner_{partner}, remote_{std::move(remote)}, about_{&about}, question_{std::move(question)} {}

    void say(const std::string& bytes);
    void message(const std::string& from, const std::string& to, const std::string& id, const std::string& body = {});
    void enable() { say("<enable xmlns='urn:xmpp:sm:3'/>"); }
    void request() { say("<r xmlns='urn:xmpp:sm:3'/>"); }
    void acknowledge(std::uint64_t h);
    /// The key that waits for it is right.
    void confirm();
    [[nodiscard]] bool asked() const { return !unconfirmed_.empty(); }
    /// Reads nothing more, so that the kernel of the other side keeps what it sends.
    void pause(bool paused) { stream_->pause(paused); }
    /// FIN after what was said, or a reset.
    void close() { stream_->close({}); }
    void abort() { stream_->abort(); }

    /// The other side has confirmed our key, or has had its own confirmed.
    [[nodiscard]] bool ready() const { return ready_; }
    [[nodiscard]] bool connected() const { return stream_ != nullptr; }
    [[nodiscard]] bool closed() const { return closed_; }
    [[nodiscard]] bool opened_by_us() const { return !remote_.empty(); }
    /// Ids of the stanzas that came, errors too.
    [[nodiscard]] const std::vector<std::string>& ids() const { return ids_; }
    [[nodiscard]] bool got(const std::string& id) const;
    /// All bytes that came.
    [[nodiscard]] const std::string& heard() const { return heard_; }
    /// `h` of the latest `<a/>`; -1 before the first.
    [[nodiscard]] std::int64_t acknowledged() const { return acknowledged_; }
    /// How often `<r/>` came.
    [[nodiscard]] unsigned requests() const { return requests_; }
    [[nodiscard]] std::size_t pending() const { return stream_ ? stream_->pending() : 0; }

    void connected(std::unique_ptr<io::Stream> stream);
    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { closed_ = true; }

private:
    void greet();
    void end_with(const std::string& condition);
    void slow_down(std::size_t bytes);
    void negotiate(const xml::Element& element);
    void take(const xml::Element& element);

    RawPartner& partner_;
    std::string remote_;          ///< whom we opened the stream to; empty: they did
    RawStream* about_ = nullptr;  ///< whose key is asked about here
    std::string question_;
    std::unique_ptr<io::Stream> stream_;
    std::unique_ptr<io::Timer> timer_;
    xml::Reader reader_{passed_on_limits};  ///< it takes whatever we pass on
    xmpp::StanzaIntake intake_;
    std::vector<std::string> ids_;
    std::string heard_;
    std::string id_;           ///< of a stream of theirs
    std::string unconfirmed_;  ///< the answer that waits
    std::int64_t acknowledged_ = -1;
    unsigned requests_ = 0;
    std::uint64_t counted_ = 0;  ///< stanzas since XEP-0198 is on
    bool managed_ = false, ready_ = false, closed_ = false, ended_ = false;
};

class RawPartner {
public:
    /// What its streams do by themselves.
    struct Habits {
        bool bidi = false;                 ///< XEP-0288 is offered, and asked for where it is offered
        std::string bidi_child = {};       ///< inside the request
        bool sm = false;                   ///< XEP-0198 is offered, and `<enable/>` answered
        bool acknowledges = true;          ///< `<r/>` is answered
        bool answers_pings = true;         ///< on the stream on which they come
        bool listens = true;               ///< new connections are greeted
        bool confirms = true;              ///< keys on streams of theirs are confirmed; otherwise by RawStream::confirm
        std::string verifies_at = {};      ///< the address where they are asked about before; empty: nowhere
        std::string features = {};         ///< beside those
        std::string header_error = {};     ///< the condition of the stream error that follows its header
        std::string ends_at_poison = {};   ///< that of the one with which it ends a stream at a stanza "poison..."
        std::size_t bytes_per_second = 0;  ///< at which it reads; 0: as they come
        std::string header_from = "me";    ///< of streams that it opens: "me", or empty for none
    };

    RawPartner(SimWorld& world, SimDns& dns, std::string domain, const std::string& address);
    /// Whoever connects now is refused by its TCP; or no longer.
    void deafen() { listener_.reset(); }
    void listen();
    /// A stream to `domain` at `edge`; the key goes out once features have come.
    RawStream& open(const std::string& edge, const std::string& domain);
    /// Asks at `verifies_at` whether the key that `about` brought is that of `domain`.
    void verify(RawStream& about, const std::string& domain, const std::string& question);
    [[nodiscard]] const std::string& domain() const { return domain_; }
    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] const std::vector<std::unique_ptr<RawStream>>& streams() const { return streams_; }
    /// Streams that were opened to it and that have carried stanzas or may.
    [[nodiscard]] std::vector<RawStream*> accepted() const;
    /// Ids over all streams, as they came.
    [[nodiscard]] std::vector<std::string> ids() const;
    [[nodiscard]] bool got(const std::string& id) const;

    Habits habits;

private:
    friend class RawStream;
    void dial(const std::string& edge, RawStream& stream);

    SimLoop& loop_;
    std::string domain_, address_;
    SimNetwork host_;
    std::unique_ptr<io::Listener> listener_;
    std::vector<std::unique_ptr<io::Dial>> dials_;
    std::vector<std::unique_ptr<RawStream>> streams_;
};

}  // namespace sallyport::test
