// The visit, step by step.
#include "admin/diag/tls_probe.h"

#include <algorithm>

#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::diag {

namespace {

namespace ns = xmpp::ns;

constexpr std::string_view starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
constexpr std::size_t most_names = 32;

/// RFC 6120 4.9.3: the condition is the first child in its namespace.
std::string condition_of(const xml::Element& error) {
    const xml::Element* condition = error.first_child();
    return condition == nullptr ? "without a condition" : condition->name;
}

Offer offer_of(const xml::Element& features) {
    Offer offer;
    for (const auto& child : features.children) {
        const auto* feature = std::get_if<xml::Element>(&child);
        if (feature == nullptr || offer.names.size() >= most_names) continue;
        offer.names.push_back(feature->name);
        if (feature->is(ns::tls, "starttls")) {
            offer.starttls = true;
            offer.starttls_required = feature->child(ns::tls, "required") != nullptr;
        }
        if (!feature->is(ns::sasl, "mechanisms")) continue;
        for (const auto& entry : feature->children) {
            const auto* mechanism = std::get_if<xml::Element>(&entry);
            if (mechanism != nullptr && mechanism->is(ns::sasl, "mechanism"))
                offer.mechanisms.push_back(mechanism->text());
        }
    }
    return offer;
}

}  // namespace

TlsProbe::TlsProbe(io::Loop& loop, io::Network& network, VisitSettings settings, std::vector<Door> doors,
                   OnDone on_done)
    : loop_{loop},
      network_{network},
      settings_{std::move(settings)},
      doors_{std::move(doors)},
      on_done_{std::move(on_done)} {}

TlsProbe::~TlsProbe() = default;

void TlsProbe::start() { try_door(); }

void TlsProbe::try_door() {
    if (next_door_ == doors_.size()) {
        return fail(doors_.empty() ? Seen::no_address : Seen::no_address_answers);
    }
    const Door& door = doors_[next_door_];
    const auto source = std::find_if(settings_.sources.begin(), settings_.sources.end(),
                                     [&](const IpAddress& address) { return address.v6 == door.at.address.v6; });
    since_ = loop_.now();
    dial_ = network_.dial(door.at, source == settings_.sources.end() ? nullptr : &*source, settings_.connect_timeout,
                          [this](Result<std::unique_ptr<io::Stream>> result) { connected(std::move(result)); });
}

void TlsProbe::connected(Result<std::unique_ptr<io::Stream>> result) {
    const Door& door = doors_[next_door_++];
    if (!result) {
        // The error begins with the address.
        const bool is_address = IpAddress::parse(door.host).has_value();
        visit_.closed_doors.push_back(seen(is_address ? Seen::address_closed : Seen::door_closed,
                                           {{"host", door.host}, {"error", result.error().text}}));
        // The dial is on the stack: the next one replaces it in a later turn.
        return loop_.defer([this, alive = std::weak_ptr{alive_}] {
            if (!alive.expired()) try_door();
        });
    }
    visit_.connect_took = loop_.now() - since_;
    visit_.door = door;
    stream_ = std::move(*result);
    stream_->set_owner(this);
    door.direct_tls ? secure() : greet();
}

void TlsProbe::secure() {
    securing_ = true;
    since_ = loop_.now();
    stream_->start_tls(visit_.door->direct_tls ? settings_.direct_tls : settings_.tls, io::TlsRole::client,
                       settings_.pair.remote.ascii());
}

void TlsProbe::greet() {
    reader_.emplace(settings_.limits.negotiated);
    xmpp::StreamHeader header;
    header.from = settings_.pair.local.text();
    header.to = settings_.pair.remote.text();
    stream_->write(xmpp::write(header));
}

void TlsProbe::on_bytes(std::string_view bytes) {
    if (finished_ || !reader_) return;
    reader_->feed(bytes);
    while (!finished_ && !securing_) {
        switch (reader_->next()) {
            case xml::Kind::need_more: return;
            case xml::Kind::header: visit_.peer_from = reader_->header().attribute("from"); break;
            case xml::Kind::element: element(reader_->tree()); break;
            case xml::Kind::footer: return fail(Seen::stream_closed);
            case xml::Kind::excess:
            case xml::Kind::problem: return fail(Seen::no_stream, {{"why", std::string{reader_->explanation()}}});
        }
    }
}

void TlsProbe::element(const xml::Element& element) {
    if (element.is(ns::streams, "error")) {
        return fail(Seen::stream_refused, {{"condition", condition_of(element)}});
    }
    if (element.is(ns::streams, "features")) return features(element);
    if (element.is(ns::tls, "proceed")) return secure();
    if (element.is(ns::dialback, "verify") && !settings_.keys.empty()) return answered(element);
    if (element.is(ns::tls, "failure")) return fail(Seen::starttls_refused);
    fail(Seen::out_of_order, {{"element", element.name}});
}

void TlsProbe::features(const xml::Element& element) {
    if (visit_.tls) {
        visit_.after_tls = offer_of(element);
        return settings_.keys.empty() ? finish({}) : ask_keys();
    }
    visit_.before_tls = offer_of(element);
    if (visit_.before_tls->starttls) return stream_->write(starttls);
    settings_.keys.empty() ? fail(Seen::no_starttls) : ask_keys();
}

void TlsProbe::ask_keys() {
    for (const AskedKey& asked : settings_.keys) {
        stream_->write(
            s2s::wire::verify(settings_.pair.local.text(), settings_.pair.remote.text(), asked.stream_id, asked.key));
    }
}

void TlsProbe::answered(const xml::Element& element) {
    visit_.answers.resize(settings_.keys.size());
    for (std::size_t i = 0; i < settings_.keys.size(); ++i) {
        if (settings_.keys[i].stream_id != element.attribute("id")) continue;
        visit_.answers[i] = element.attribute("type");
        const xml::Element* const error = element.first_child();
        if (visit_.answers[i] == "error" && error != nullptr) visit_.answers[i] += " " + condition_of(*error);
    }
    const bool all = std::none_of(visit_.answers.begin(), visit_.answers.end(),
                                  [](const std::string& answer) { return answer.empty(); });
    if (all) finish({});
}

void TlsProbe::on_tls(const TlsFacts& facts) {
    if (finished_) return;
    visit_.tls = facts;
    visit_.tls_took = loop_.now() - since_;
    securing_ = false;
    greet();
}

void TlsProbe::on_closed(io::CloseReason reason, const std::string& text) {
    if (finished_) return;
    if (reason == io::CloseReason::tls_failed) return fail(Seen::tls_failed, {{"why", text}});
    if (text.empty()) return fail(Seen::connection_ended);
    fail(Seen::connection_ended_because, {{"why", text}});
}

void TlsProbe::give_up() { fail(Seen::no_answer_in_time); }

void TlsProbe::finish(std::optional<Trouble> failure) {
    if (finished_) return;
    finished_ = true;
    visit_.failure = std::move(failure);
    if (stream_ && !securing_) stream_->write("</stream:stream>");
    loop_.defer([this, alive = std::weak_ptr{alive_}] {
        if (!alive.expired()) on_done_(visit_);
    });
}

}  // namespace sallyport::diag
