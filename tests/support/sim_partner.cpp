// One stream of the partner, from its header to its end.
#include "support/sim_partner.h"

#include <algorithm>

namespace sallyport::test {

namespace {
XmlLimits wide() {
    XmlLimits limits = Limits{}.after_auth;
    limits.element_bytes = 1 << 23;
    return limits;
}
}  // namespace

class SimPartner::Stream final : public io::StreamOwner {
public:
    Stream(SimPartner& partner, std::unique_ptr<io::Stream> stream)
        : partner_{partner}, stream_{std::move(stream)}, reader_{wide()}, timer_{partner.world_.loop().timer([this] {
              pause(!partner_.reads);
          })} {
        stream_->set_owner(this);
    }

    void on_bytes(std::string_view bytes) override {
        if (ready_ && partner_.bytes_per_second != 0) {
            stream_->pause(true);
            timer_->arm(partner_.world_.loop().now() +
                        std::chrono::nanoseconds{bytes.size() * 1'000'000'000ULL / partner_.bytes_per_second});
        }
        reader_.feed(bytes);
        while (!ended) {
            const xml::Kind kind = reader_.next();
            if (kind == xml::Kind::header) {
                greet();
            } else if (kind == xml::Kind::element) {
                element();
            } else if (kind == xml::Kind::footer) {
                finish(End::footer);
            } else {
                return;
            }
        }
    }
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { ended = true; }

    void finish(End how) {
        if (ended) return;
        ended = true;
        if (how == End::down) {
            stream_->write("<stream:error><" + partner_.ends_with +
                           " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
        }
        if (how == End::footer || how == End::down) stream_->write("</stream:stream>");
        if (how == End::reset) return stream_->abort();
        // As a process that closes its socket: FIN; RST when it has not read everything.
        SimLoop& loop = partner_.world_.loop();
        loop.at(loop.now() + std::chrono::microseconds{1}, [this] { stream_.reset(); });
    }
    void pause(bool paused) {
        if (stream_) stream_->pause(paused);
    }

    bool ended = false;

private:
    void greet() {
        stream_->write(
            "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
            "xmlns:db='jabber:server:dialback' version='1.0' id='stream-" +
            std::to_string(partner_.connections_) + "' from='" + std::string{reader_.header().attribute("to")} +
            "'><stream:features><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>" +
            (partner_.manages ? "<sm xmlns='urn:xmpp:sm:3'/>" : "") + "</stream:features>");
    }

    void element() {
        const std::string name{reader_.shell().name};
        if (name == "enable") return stream_->write("<enabled xmlns='urn:xmpp:sm:3'/>");
        if (name == "r") return acknowledge();
        if (name == "result") return take_key();
        if (name == "message" || name == "presence" || name == "iq") stanza();
    }

    void take_key() {
        const xml::Element key = reader_.tree();
        stream_->write("<db:result from='" + std::string{key.attribute("to")} + "' to='" +
                       std::string{key.attribute("from")} + "' type='valid'/>");
        ready_ = true;
        if (!partner_.reads) stream_->pause(true);
        if (partner_.ends_when_ready) finish(End::fin);
    }

    void acknowledge() {
        if (partner_.acks == Acks::none) return;
        const std::uint64_t h = partner_.acks == Acks::zero ? 0 : handled_;
        stream_->write("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(h) + "'/>");
    }

    void stanza() {
        xmpp::Stanza stanza;
        xmpp::StanzaProblem problem;
        if (!intake_.read(reader_, {}, stanza, problem)) return finish(End::reset);
        if (stanza.bytes.size() > partner_.most_bytes) {
            stream_->write("<stream:error><" + partner_.refuses_with +
                           " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                           "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>" +
                           partner_.words + "</text></stream:error>");
            return finish(End::footer);
        }
        ++handled_;
        const std::string id{stanza.id};
        if (stanza.bytes.find("urn:xmpp:ping") != std::string_view::npos) {
            if (partner_.answers_pings) stream_->write(" ");
            return;
        }
        partner_.ids_.push_back(id);
        if (partner_.on_stanza) partner_.on_stanza(id);
    }

    SimPartner& partner_;
    std::unique_ptr<io::Stream> stream_;
    xml::Reader reader_;
    xmpp::StanzaIntake intake_;
    std::unique_ptr<io::Timer> timer_;
    std::uint64_t handled_ = 0;
    bool ready_ = false;
};

SimPartner::SimPartner(SimWorld& world, SimDns& dns, std::string name, unsigned number)
    : world_{world},
      dns_{dns},
      name_{std::move(name)},
      address_{"198.51.100." + std::to_string(number)},
      host_{world, {address_}} {
    serve(name_);
    dns.address("xmpp." + name_, address_);
    listen();
}

SimPartner::~SimPartner() = default;

void SimPartner::serve(const std::string& name) { dns_.srv("_xmpp-server._tcp." + name, 0, 0, 5269, "xmpp." + name_); }

void SimPartner::listen() {
    auto listener = host_.listen({*IpAddress::parse(address_), 5269}, [this](std::unique_ptr<io::Stream> stream) {
        ++connections_;
        streams_.push_back(std::make_unique<Stream>(*this, std::move(stream)));
    });
    if (listener) listener_ = std::move(*listener);
}

std::size_t SimPartner::open() const {
    return static_cast<std::size_t>(
        std::count_if(streams_.begin(), streams_.end(), [](const auto& stream) { return !stream->ended; }));
}

std::size_t SimPartner::count(const std::string& id) const {
    return static_cast<std::size_t>(std::count(ids_.begin(), ids_.end(), id));
}

void SimPartner::end(End how) {
    for (const auto& stream : streams_) stream->finish(how);
}

void SimPartner::set_reads(bool reading) {
    reads = reading;
    for (const auto& stream : streams_) {
        if (!stream->ended) stream->pause(!reading);
    }
}

}  // namespace sallyport::test
