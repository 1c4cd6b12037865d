// A short visit to another server: connect, stream header, STARTTLS or direct TLS, features, goodbye (RFC 6120 4 and 5,
// XEP-0368). Nothing is authenticated and no stanza is sent. On request dialback keys are shown to it as to an
// authoritative server (XEP-0220 2.1.2).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/diag/check_rows.h"
#include "base/limits.h"
#include "io/net/stream.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/jid.h"

namespace sallyport::diag {

/// One address to try.
struct Door {
    std::string host;
    Endpoint at;
    bool direct_tls = false;
};

/// What the features of a stream offer.
struct Offer {
    std::vector<std::string> names;       ///< local names of the features
    std::vector<std::string> mechanisms;  ///< SASL
    bool starttls = false, starttls_required = false;
};

/// Why a visit ended early: the row that says it, and what stands in it.
struct Trouble {
    Seen what = Seen::no_answer_in_time;
    Values values{};

    [[nodiscard]] std::string text() const { return seen(what, values).text; }
};

struct Visit {
    std::vector<Finding> closed_doors;  ///< "192.0.2.1:5269: connection refused"
    std::optional<Door> door;           ///< where the connection was made
    std::string peer_from;              ///< of its stream header
    std::optional<Offer> before_tls, after_tls;
    std::optional<TlsFacts> tls;
    std::vector<std::string> answers;  ///< to the keys: "valid", "invalid", or "error" and its condition
    Duration connect_took{0}, tls_took{0};
    std::optional<Trouble> failure;  ///< absent: all steps were made
};

/// A dialback key to be verified; it is sent and nothing else.
struct AskedKey {
    std::string stream_id, key;
};

struct VisitSettings {
    xmpp::DomainPair pair;
    std::shared_ptr<const io::TlsContext> tls;
    std::shared_ptr<const io::TlsContext> direct_tls;  ///< with ALPN xmpp-server (XEP-0368 4)
    Limits limits;
    std::vector<IpAddress> sources;
    Duration connect_timeout = std::chrono::seconds{5};
    std::vector<AskedKey> keys{};
};

class TlsProbe final : public io::StreamOwner {
public:
    using OnDone = std::function<void(const Visit&)>;

    /// `on_done` comes from the loop, never from within a callback of a stream.
    TlsProbe(io::Loop& loop, io::Network& network, VisitSettings settings, std::vector<Door> doors, OnDone on_done);
    ~TlsProbe() override;
    TlsProbe(const TlsProbe&) = delete;
    TlsProbe& operator=(const TlsProbe&) = delete;

    void start();
    /// Time is up: reports what is known.
    void give_up();

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override {}
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    void try_door();
    void connected(Result<std::unique_ptr<io::Stream>> result);
    void secure();
    void greet();
    void element(const xml::Element& element);
    void features(const xml::Element& element);
    void ask_keys();
    void answered(const xml::Element& element);
    void fail(Seen what, Values values = {}) { finish(Trouble{what, std::move(values)}); }
    void finish(std::optional<Trouble> failure);

    io::Loop& loop_;
    io::Network& network_;
    VisitSettings settings_;
    std::vector<Door> doors_;
    OnDone on_done_;
    std::size_t next_door_ = 0;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
    std::optional<xml::Reader> reader_;
    Visit visit_;
    TimePoint since_{};
    bool securing_ = false, finished_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< deferred work asks whether this is still there
};

}  // namespace sallyport::diag
