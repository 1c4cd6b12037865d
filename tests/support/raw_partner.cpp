// The habits of a raw partner.
#include "support/raw_partner.h"

#include <algorithm>
#include <utility>

#include "proto/xmpp/namespaces.h"

namespace sallyport::test {

namespace ns = xmpp::ns;

namespace {
constexpr std::uint16_t s2s_port = 5269;

std::string element(std::string_view name, std::string_view from, std::string_view to, std::string_view more) {
    std::string out{"<"};
    out.append(name).append(" from='").append(from).append("' to='").append(to).append("'").append(more);
    return out;
}
}  // namespace

void RawStream::connected(std::unique_ptr<io::Stream> stream) {
    stream_ = std::move(stream);
    stream_->set_owner(this);
    if (opened_by_us()) greet();
}

void RawStream::say(const std::string& bytes) {
    if (stream_ && !closed_) stream_->write(bytes);
}

void RawStream::message(const std::string& from, const std::string& to, const std::string& id,
                        const std::string& body) {
    say("<message from='" + from + "' to='" + to + "' id='" + id + "' type='chat'><body>" + body + "</body></message>");
}

void RawStream::acknowledge(std::uint64_t h) { say("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(h) + "'/>"); }

void RawStream::confirm() {
    say(std::exchange(unconfirmed_, {}));
    ready_ = true;
}

bool RawStream::got(const std::string& id) const { return std::find(ids_.begin(), ids_.end(), id) != ids_.end(); }

void RawStream::greet() {
    std::string header =
        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns:db='jabber:server:dialback' version='1.0'";
    if (opened_by_us()) {
        header += " to='" + remote_ + "'";
        if (!partner_.habits.header_from.empty()) header += " from='" + partner_.domain() + "'";
    } else {
        id_ = "raw-" + std::to_string(partner_.streams().size());
        header += " id='" + id_ + "' from='" + partner_.domain() + "'";
    }
    say(header + ">");
    if (opened_by_us()) return;
    if (!partner_.habits.header_error.empty()) return end_with(partner_.habits.header_error);
    std::string features = "<stream:features><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>";
    if (partner_.habits.bidi) features += "<bidi xmlns='urn:xmpp:features:bidi'/>";
    if (partner_.habits.sm) features += "<sm xmlns='urn:xmpp:sm:3'/>";
    say(features + partner_.habits.features + "</stream:features>");
}

void RawStream::end_with(const std::string& condition) {
    say("<stream:error><" + condition +
        " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>not this "
        "one</text></stream:error></stream:stream>");
    ended_ = true;
    stream_->close(std::chrono::seconds{1});
}

void RawStream::slow_down(std::size_t bytes) {
    const std::size_t rate = partner_.habits.bytes_per_second;
    if (rate == 0) return;
    if (!timer_) timer_ = partner_.loop_.timer([this] { stream_->pause(false); });
    stream_->pause(true);
    timer_->arm(partner_.loop_.now() + std::chrono::nanoseconds{bytes * 1'000'000'000ULL / rate});
}

void RawStream::on_bytes(std::string_view bytes) {
    heard_.append(bytes);
    if (ready_) slow_down(bytes.size());
    reader_.feed(bytes);
    while (!closed_ && !ended_) {
        switch (reader_.next()) {
            case xml::Kind::header:
                if (!opened_by_us() && partner_.habits.listens) greet();
                break;
            case xml::Kind::element: take(reader_.tree()); break;
            case xml::Kind::footer:
                say("</stream:stream>");
                stream_->close({});
                return;
            default: return;
        }
    }
}

void RawStream::take(const xml::Element& element) {
    if (element.space != ns::server) return negotiate(element);
    const std::string_view id = element.attribute("id");
    if (!partner_.habits.ends_at_poison.empty() && id.starts_with("poison")) {
        return end_with(partner_.habits.ends_at_poison);
    }
    ids_.emplace_back(id);
    if (managed_) ++counted_;
    if (element.child(ns::ping, "ping") == nullptr || !partner_.habits.answers_pings) return;
    say(test::element("iq", element.attribute("to"), element.attribute("from"), " type='result' id='") +
        std::string{element.attribute("id")} + "'/>");
}

void RawStream::negotiate(const xml::Element& element) {
    const std::string_view from = element.attribute("to"), to = element.attribute("from");
    const std::string type{element.attribute("type")};
    if (element.is(ns::streams, "features") && about_ != nullptr) {
        say(question_);
    } else if (element.is(ns::streams, "features")) {
        const bool bidi = partner_.habits.bidi && element.child(ns::bidi_feature, "bidi") != nullptr;
        if (bidi) say("<bidi xmlns='urn:xmpp:bidi'>" + partner_.habits.bidi_child + "</bidi>");
        say(test::element("db:result", partner_.domain(), remote_, ">key</db:result>"));
    } else if (element.is(ns::dialback, "result")) {
        if (type.empty()) {
            unconfirmed_ = test::element("db:result", from, to, " type='valid'/>");
            if (!partner_.habits.verifies_at.empty()) {
                partner_.verify(
                    *this, std::string{to},
                    test::element("db:verify", from, to, " id='" + id_ + "'>" + element.text() + "</db:verify>"));
            } else if (partner_.habits.confirms) {
                confirm();
            }
        } else {
            ready_ = ready_ || type == "valid";
        }
    } else if (element.is(ns::dialback, "verify")) {
        const std::string id{element.attribute("id")};
        if (type.empty()) {
            say(test::element("db:verify", from, to, " type='valid' id='" + id + "'/>"));
        } else if (about_ != nullptr && type == "valid") {
            about_->confirm();
            say("</stream:stream>");
            stream_->close({});
        }
    } else if (element.is(ns::stream_management, "enable")) {
        managed_ = true;
        if (partner_.habits.sm) say("<enabled xmlns='urn:xmpp:sm:3'/>");
    } else if (element.is(ns::stream_management, "enabled")) {
        managed_ = true;
    } else if (element.is(ns::stream_management, "r")) {
        ++requests_;
        if (partner_.habits.acknowledges) acknowledge(counted_);
    } else if (element.is(ns::stream_management, "a")) {
        acknowledged_ = std::stoll(std::string{element.attribute("h")});
    }
}

RawPartner::RawPartner(SimWorld& world, SimDns& dns, std::string domain, const std::string& address)
    : loop_{world.loop()}, domain_{std::move(domain)}, address_{address}, host_{world, {address}} {
    dns.srv("_xmpp-server._tcp." + domain_, 0, 0, s2s_port, "xmpp." + domain_);
    dns.address("xmpp." + domain_, address);
    listen();
}

void RawPartner::listen() {
    auto listener = host_.listen({*IpAddress::parse(address_), s2s_port}, [this](std::unique_ptr<io::Stream> stream) {
        streams_.push_back(std::make_unique<RawStream>(*this, std::string{}));
        streams_.back()->connected(std::move(stream));
    });
    if (listener) listener_ = std::move(*listener);
}

RawStream& RawPartner::open(const std::string& edge, const std::string& domain) {
    RawStream& stream = *streams_.emplace_back(std::make_unique<RawStream>(*this, domain));
    dial(edge, stream);
    return stream;
}

void RawPartner::verify(RawStream& about, const std::string& domain, const std::string& question) {
    dial(habits.verifies_at, *streams_.emplace_back(std::make_unique<RawStream>(*this, domain, about, question)));
}

void RawPartner::dial(const std::string& edge, RawStream& stream) {
    dials_.push_back(host_.dial({*IpAddress::parse(edge), s2s_port}, nullptr, std::chrono::seconds{5},
                                [&stream](Result<std::unique_ptr<io::Stream>> result) {
                                    if (result) stream.connected(std::move(*result));
                                }));
}

std::vector<RawStream*> RawPartner::accepted() const {
    std::vector<RawStream*> all;
    for (const auto& stream : streams_) {
        if (!stream->opened_by_us() && stream->ready()) all.push_back(stream.get());
    }
    return all;
}

std::vector<std::string> RawPartner::ids() const {
    std::vector<std::string> all;
    for (const auto& stream : streams_) all.insert(all.end(), stream->ids().begin(), stream->ids().end());
    return all;
}

bool RawPartner::got(const std::string& id) const {
    return std::any_of(streams_.begin(), streams_.end(), [&](const auto& stream) { return stream->got(id); });
}

}  // namespace sallyport::test
