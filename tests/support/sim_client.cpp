// The client's side of a log-in, spelled out.
#include "support/sim_client.h"

#include "base/hash.h"
#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::test {

namespace ns = xmpp::ns;

namespace {

std::string id_of(std::string_view element) {
    const auto tree = xml::parse(element, passed_on_limits, ns::client);
    return tree ? std::string{tree->attribute("id")} : std::string{};
}

}  // namespace

SimClient::SimClient(SimWorld& in, SimNetwork& host, const Endpoint& server, std::string of, std::string name,
                     std::string secret)
    : sim{in},
      domain{std::move(of)},
      user{std::move(name)},
      password{std::move(secret)},
      host_{host},
      server_{server} {}

SimClient::~SimClient() {
    if (stream_) stream_->abort();
}

void SimClient::connect() {
    dial_ = host_.dial(server_, nullptr, std::chrono::seconds{5}, [this](Result<std::unique_ptr<io::Stream>> stream) {
        if (!stream) return;
        stream_ = std::move(*stream);
        stream_->set_owner(this);
    });
    (void)sim.run_until([&] { return stream_ != nullptr; });
}

void SimClient::cut() {
    if (!stream_) return;
    stream_->abort();
    sim.advance(std::chrono::seconds{1});
    stream_.reset();
}

void SimClient::crash() {
    stream_->close({});
    sim.advance(std::chrono::seconds{1});
    stream_.reset();
}

void SimClient::header(const std::string& to) {
    reader_ = std::make_unique<xml::Reader>(passed_on_limits);
    features.reset();
    say("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        "to='" +
        (to.empty() ? domain : to) + "' version='1.0'>");
    (void)sim.run_until([&] { return features.has_value() || closed; });
}

void SimClient::secure() {
    say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    if (!next("proceed")) return;
    stream_->start_tls(sim_tls_context({}), io::TlsRole::client, domain);
    (void)sim.run_until([&] { return secured || closed; });
}

void SimClient::authenticate(std::string_view mechanism, std::string_view flag) {
    const Digest digest = mechanism.find("256") != std::string_view::npos ? Digest::sha256 : Digest::sha1;
    const std::string gs2 = std::string{flag} + ",,";
    const std::string bare = "n=" + user + ",r=clientnonce";
    failure.clear();
    const auto failed = [&](const std::optional<xml::Element>& element) {
        const bool refused = element && (element->name == "failure" || element->name == "error");
        if (refused && element->first_child() != nullptr) {
            failure = element->first_child()->name;
        } else if (!element) {
            failure = "nothing";
        }
        return !failure.empty();
    };
    say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" + std::string{mechanism} + "'>" +
        base64_encode(gs2 + bare) + "</auth>");
    auto answer = next();
    if (failed(answer)) return;
    (void)base64_decode(answer->text(), challenge);
    const auto field = [&](std::string_view name) {
        const std::size_t at = ("," + challenge).find("," + std::string{name} + "=");
        const std::string rest = challenge.substr(at + name.size() + 1);
        return rest.substr(0, rest.find(','));
    };
    std::string salt;
    (void)base64_decode(field("s"), salt);
    const auto iterations = static_cast<std::uint32_t>(std::stoul(field("i")));
    std::string binding;
    if (flag.starts_with("p=")) binding = stream_->channel_binding(flag.substr(2));
    const std::string without_proof = "c=" + base64_encode(gs2 + binding) + ",r=" + field("r");
    const std::string signed_text = bare + "," + challenge + "," + without_proof;
    const std::string salted = pbkdf2(digest, password, salt, iterations);
    std::string proof = hmac(digest, salted, "Client Key");
    const std::string signature = hmac(digest, hash(digest, proof), signed_text);
    for (std::size_t i = 0; i < proof.size(); ++i) {
        proof[i] = static_cast<char>(static_cast<unsigned char>(proof[i]) ^ static_cast<unsigned char>(signature[i]));
    }
    say("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" +
        base64_encode(without_proof + ",p=" + base64_encode(proof)) + "</response>");
    answer = next();
    if (failed(answer)) return;
    std::string last;
    (void)base64_decode(answer->text(), last);
    const std::string expected = "v=" + base64_encode(hmac(digest, hmac(digest, salted, "Server Key"), signed_text));
    if (last != expected) failure = "the server proved nothing";
}

bool SimClient::bind(const std::string& resource) {
    const auto answer = ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" +
                            (resource.empty() ? "" : "<resource>" + resource + "</resource>") + "</bind></iq>");
    if (!answer || answer->attribute("type") != "result") return false;
    jid = answer->child(ns::bind, "bind")->child(ns::bind, "jid")->text();
    return true;
}

bool SimClient::login(const std::string& resource) {
    connect();
    header();
    secure();
    header();
    authenticate();
    if (!failure.empty()) return false;
    header();
    return bind(resource);
}

bool SimClient::online(const std::string& resource, const std::string& presence) {
    if (!login(resource) || !ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")) return false;
    say(presence);
    return next("presence").has_value();
}

void SimClient::say(const std::string& bytes) {
    if (stream_ && !closed) stream_->write(bytes);
}

std::optional<xml::Element> SimClient::next() {
    (void)sim.run_until([&] { return !received.empty() || closed; }, std::chrono::seconds{5});
    if (received.empty()) return std::nullopt;
    xml::Element first = std::move(received.front());
    received.pop_front();
    return first;
}

std::optional<xml::Element> SimClient::next(std::string_view name, std::string_view type) {
    while (auto element = next()) {
        if (element->name == name && (type == "*" || element->attribute("type") == type)) return element;
    }
    return std::nullopt;
}

std::optional<xml::Element> SimClient::ask(const std::string& iq) {
    const std::string id = id_of(iq);
    say(iq);
    while (auto answer = next()) {
        if (answer->name == "iq" && answer->attribute("id") == id) return answer;
    }
    return std::nullopt;
}

bool SimClient::silent(std::string_view name) {
    sim.advance(std::chrono::seconds{1});
    for (const xml::Element& element : received) {
        if (name.empty() || element.name == name) return false;
    }
    return true;
}

std::string SimClient::error_of(const std::string& stanza, std::string_view name) {
    say(stanza);
    const auto answer = next(name, "error");
    if (!answer) return "none";
    const xml::Element* error = answer->child(ns::client, "error");
    return error == nullptr || error->first_child() == nullptr ? "empty" : error->first_child()->name;
}

void SimClient::on_bytes(std::string_view bytes) {
    if (!reader_) return;
    reader_->feed(bytes);
    for (;;) {
        const xml::Kind kind = reader_->next();
        if (kind == xml::Kind::need_more || kind == xml::Kind::problem) return;
        if (kind == xml::Kind::footer) {
            footer = true;
            return;
        }
        if (kind != xml::Kind::element) continue;
        xml::Element tree = reader_->tree();
        if (tree.is(ns::streams, "features")) {
            features = std::move(tree);
        } else {
            received.push_back(std::move(tree));
        }
    }
}

}  // namespace sallyport::test
