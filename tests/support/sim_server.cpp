// One conversation after the other, answered by habit.
#include "support/sim_server.h"

#include <algorithm>

#include "base/limits.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::test {

namespace ns = xmpp::ns;

namespace {
constexpr std::string_view end_tag = "</stream:stream>";

std::string stream_error(const std::string& condition) {
    return "<stream:error><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
}
}  // namespace

class SimServer::Talk final : public io::StreamOwner {
public:
    Talk(SimServer& server, std::unique_ptr<io::Stream> stream)
        : server_{server}, habits_{server.habits}, stream_{std::move(stream)}, reader_{new_reader()} {
        stream_->set_owner(this);
        say(habits_.greeting);
        if (habits_.closes_at_once) {
            stream_->close(std::chrono::seconds{1});
        } else if (habits_.direct && habits_.stops_at != Stop::connected) {
            begin_tls();
        }
    }

    void on_bytes(std::string_view bytes) override {
        if (habits_.stops_at == Stop::connected || broken_) return;
        reader_->feed(bytes);
        switching_ = false;
        while (!switching_ && stream_) {
            const xml::Kind kind = reader_->next();
            if (kind == xml::Kind::header) {
                header();
            } else if (kind == xml::Kind::element) {
                element(reader_->tree());
            } else {
                if (kind == xml::Kind::footer) bye();
                return;
            }
        }
    }
    void on_tls(const TlsFacts& facts) override {
        if (facts.peer) ++server_.certificates_;
        secured_ = true;
        reader_ = new_reader();
    }
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { stream_.reset(); }

private:
    static std::unique_ptr<xml::Reader> new_reader() { return std::make_unique<xml::Reader>(Limits{}.after_auth); }

    void say(const std::string& bytes) {
        if (stream_) stream_->write(bytes);
    }
    void bye() {
        if (!stream_ || closed_) return;
        closed_ = true;
        say(std::string{end_tag});
        stream_->close(std::chrono::seconds{1});
    }
    void die(const std::string& condition) {
        say(stream_error(condition));
        bye();
    }

    void begin_tls() {
        switching_ = true;
        if (habits_.stops_at == Stop::starttls) return;
        if (habits_.tls_context) {
            return stream_->start_tls(habits_.tls_context(server_.accepted_), io::TlsRole::server,
                                      habits_.names.front());
        }
        SimTlsSettings settings;
        if (!habits_.tls_alert) settings.identities = {sim_certificate(habits_.names, habits_.issuer)};
        if (!habits_.refuses_strangers_in.empty()) {
            settings.refuses_strangers = true;
            settings.version = habits_.refuses_strangers_in;
        }
        if (habits_.not_after) settings.identities.front().not_after = *habits_.not_after;
        stream_->start_tls(sim_tls_context(settings), io::TlsRole::server, habits_.names.front());
    }

    void header() {
        ++server_.heard_["header"];
        if (habits_.breaks_at_header) return stream_->abort();
        if (habits_.stops_at == Stop::header && (secured_ || !habits_.tls)) return;
        if (habits_.stops_at == Stop::tls && secured_) return;
        const xml::Header& theirs = reader_->header();
        say("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
            "xmlns:stream='http://etherx.jabber.org/streams' id='s" +
            std::to_string(server_.accepted_) + "' from='" + std::string{theirs.attribute("to")} + "' to='" +
            std::string{theirs.attribute("from")} + "' version='1.0'>");
        if (!habits_.header_error.empty()) return die(habits_.header_error);
        if (secured_ && !habits_.error_under_tls.empty()) return die(habits_.error_under_tls);
        if (habits_.stops_at == Stop::features && (secured_ || !habits_.tls)) return;
        features();
    }

    void features() {
        std::string all;
        const bool channel = secured_ || !habits_.tls;
        if (habits_.tls && !secured_) all += "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        if (channel && !authenticated_ && habits_.sasl != Sasl::none) {
            all += "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
        }
        if (channel && habits_.dialback) all += "<dialback xmlns='urn:xmpp:features:dialback'/>";
        if (channel) all += habits_.more_features;
        say("<stream:features>" + all + "</stream:features>");
    }

    void element(const xml::Element& one) {
        ++server_.heard_[one.name];
        if (one.space == ns::server) {
            server_.ids_.emplace_back(one.attribute("id"));
        } else if (one.is(ns::tls, "starttls")) {
            starttls();
        } else if (one.is(ns::sasl, "auth")) {
            auth();
        } else if (one.is(ns::sasl, "response") || one.is(ns::sasl, "abort")) {
            say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><aborted/></failure>");
            bye();
        } else if (one.is(ns::dialback, "result")) {
            answer(one, habits_.result, Stop::result);
        } else if (one.is(ns::dialback, "verify")) {
            answer(one, habits_.verify, Stop::verify);
        }
    }

    void starttls() {
        const std::string& way = habits_.starttls_answer;
        if (way == "nothing") return;
        if (way == "closes") return stream_->close(std::chrono::seconds{1});
        if (way == "failure") return say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), bye();
        if (way == "error" || !habits_.tls) return die("unsupported-stanza-type");
        say("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        begin_tls();
    }

    void auth() {
        if (habits_.stops_at == Stop::auth) return;
        const std::string failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>";
        switch (habits_.sasl) {
            case Sasl::none: return die("unsupported-stanza-type");
            case Sasl::accepts:
                authenticated_ = true;
                say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
                switching_ = true;
                reader_ = new_reader();
                return;
            case Sasl::refuses: return say(failure);
            case Sasl::refuses_and_closes: return say(failure), bye();
            case Sasl::closes: return bye();
            case Sasl::breaks: return stream_->abort();
            case Sasl::challenges: return say("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</challenge>");
            case Sasl::fails_with_error: return die("not-authorized");
        }
    }

    void answer(const xml::Element& one, const std::string& type, Stop stop) {
        if (habits_.stops_at == stop || closed_) return;
        if (type == "closes") return bye();
        if (!secured_ && habits_.tls) return die("policy-violation");
        std::string said = "<db:" + one.name + " from='" + std::string{one.attribute("to")} + "' to='" +
                           std::string{one.attribute("from")} + "' type='" + type + "'";
        if (one.has_attribute("id")) said += " id='" + std::string{one.attribute("id")} + "'";
        if (type == "error") {
            said += "><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:" +
                    one.name + ">";
        } else {
            said += "/>";
        }
        say(said);
        if (one.name != "result" || type != "valid") return;
        if (habits_.features_again) features();
        if (!habits_.breaks_at_ready.empty()) break_soon();
    }

    /// Behind what was said.
    void break_soon() {
        SimLoop& loop = server_.world_.loop();
        loop.at(loop.now() + std::chrono::microseconds{1}, [this] {
            broken_ = true;
            if (habits_.breaks_at_ready == "truncated") return stream_.reset();
            server_.world_.break_tls(server_.address_);
        });
    }

    SimServer& server_;
    const Habits habits_;
    std::unique_ptr<io::Stream> stream_;
    std::unique_ptr<xml::Reader> reader_;
    bool secured_ = false, authenticated_ = false, switching_ = false, closed_ = false, broken_ = false;
};

SimServer::SimServer(SimWorld& world, const std::string& address, Habits habits_, std::uint16_t port)
    : habits{std::move(habits_)}, world_{world}, address_{address}, host_{world, {address}} {
    auto listener = host_.listen({*IpAddress::parse(address), port}, [this](std::unique_ptr<io::Stream> stream) {
        ++accepted_;
        talks_.push_back(std::make_unique<Talk>(*this, std::move(stream)));
    });
    if (listener) listener_ = std::move(*listener);
}

SimServer::~SimServer() = default;

bool SimServer::got(const std::string& id) const { return count(id) != 0; }

std::size_t SimServer::count(const std::string& id) const {
    return static_cast<std::size_t>(std::count(ids_.begin(), ids_.end(), id));
}

std::size_t SimServer::heard(const std::string& name) const {
    const auto at = heard_.find(name);
    return at == heard_.end() ? 0 : at->second;
}

}  // namespace sallyport::test
