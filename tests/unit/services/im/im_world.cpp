// The world and the client.
#include "unit/services/im/im_world.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::test {

namespace ns = xmpp::ns;
namespace sasl = c2s::sasl;

namespace {

xml::Element tree_of(std::string_view bytes) {
    auto tree = xml::parse(bytes, passed_on_limits, ns::client);
    return tree ? std::move(*tree) : xml::Element{"", "unreadable"};
}

}  // namespace

void Outside::route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    gone.push_back({tree_of(stanza.bytes), ticket});
}

ImWorld::ImWorld(Limits given, bool binds) : limits{given}, channel_binding{binds} {
    std::string name = (std::filesystem::temp_directory_path() / "sallyport-im-XXXXXX").string();
    folder = mkdtemp(name.data());
    resolver = dns.resolver(world.loop());
    shard = std::make_unique<routing::Shard>(routing::Shard{
        0, 1, world.loop(), host, *resolver, log, routing::TicketDesk{0}, bus,
        [this] { return "fresh" + std::to_string(++ids) + "abcdefghijklmnopq"; }, [](std::uint64_t) { return 0U; }});
    bus.attach(*shard, [](routing::Forwarded) {});
    im::Directory::Options options;
    options.path = folder + "/users.db";
    options.domains = {xmpp::Domain::parse("corp.example").value()};
    options.limits = limits;
    options.random_bytes = [](std::size_t count) { return std::string(count, 'r'); };
    options.wall = [this] { return world.loop().wall(); };
    directory = std::move(*im::Directory::open(std::move(options)));
    for (const char* user : {"juliet@corp.example", "romeo@corp.example"})
        directory->add(user, "pencil", [](const Result<io::UserName>& added) {
            if (!added) throw std::runtime_error{added.error().text};
        });
    directory->on_changed([this](const io::UserName& user) { service->account_changed(user); });
    directory->on_forgotten([this](const io::UserName& user, const std::vector<std::string>& contacts) {
        service->requests_forgotten(user, contacts);
    });
    start_service();
}

ImWorld::~ImWorld() {
    stop_service();
    directory.reset();
    std::filesystem::remove_all(folder);
}

void ImWorld::start_service() {
    im::Storage::Disk writing{disk_is_stuck ? elsewhere.loop() : world.loop(), directory->store()};
    storage = std::make_unique<im::Storage>(world.loop(), std::move(writing),
                                            im::Storage::Disk{world.loop(), directory->store()});
    im::ServiceContext context{.shard = *shard, .storage = *storage};
    context.domains = {xmpp::Domain::parse("corp.example").value()};
    SimTlsSettings tls;
    tls.identities = {sim_certificate({"corp.example"})};
    context.tls = sim_tls_context(tls);
    context.limits = limits;
    context.channel_binding = channel_binding;
    context.router = &outside;
    context.bounce = [this](const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
        const std::string bounced = xmpp::bounce(stanza, error);
        if (!bounced.empty()) outside.gone.push_back({tree_of(bounced), {}});
        shard->settle(ticket);
    };
    context.version = "0.test";
    service = std::make_unique<im::Service>(std::move(context));
    (void)service->listen(Endpoint{*IpAddress::parse("192.0.2.1"), 5222});
}

void ImWorld::stop_service() {
    if (!service) return;
    service->shut();
    world.advance(std::chrono::seconds{10});
    service.reset();
    storage.reset();
}

std::shared_ptr<ImWorld::Delivery> ImWorld::from_outside(const std::string& bytes) {
    auto delivery = std::make_shared<Delivery>();
    routing::Ticket ticket = shard->desk.open([delivery](std::uint64_t) { delivery->settled = true; });
    ticket.sequence = 1;
    // As a stream of another server would read it.
    xml::Reader reader{passed_on_limits};
    xmpp::StreamHeader header;
    header.from = "other.example";
    header.id = "x";
    const std::string all = xmpp::write(header) + bytes;
    reader.feed(all);
    while (reader.next() == xml::Kind::header) continue;
    xmpp::StanzaIntake intake;
    xmpp::Stanza stanza;
    xmpp::StanzaProblem problem;
    if (!intake.read(reader, {}, stanza, problem)) throw std::runtime_error{"not a stanza: " + bytes};
    service->send(stanza, ticket);
    return delivery;
}

std::optional<xml::Element> ImWorld::left() {
    settle();
    if (outside.gone.empty()) return std::nullopt;
    Outside::Gone first = std::move(outside.gone.front());
    outside.gone.pop_front();
    shard->settle(first.ticket);
    return std::move(first.tree);
}

Client::Client(ImWorld& in, std::string name, std::string secret, SimNetwork* host)
    : world{in}, user{std::move(name)}, password{std::move(secret)}, host_{host == nullptr ? in.clients : *host} {}

Client::~Client() {
    if (stream_) stream_->abort();
}

void Client::connect() {
    dial_ = host_.dial(Endpoint{*IpAddress::parse("192.0.2.1"), 5222}, nullptr, std::chrono::seconds{5},
                       [this](Result<std::unique_ptr<io::Stream>> stream) {
                           if (!stream) return;
                           stream_ = std::move(*stream);
                           stream_->set_owner(this);
                       });
    (void)world.world.run_until([&] { return stream_ != nullptr; });
}

void Client::cut() {
    stream_->abort();
    world.settle();
    stream_.reset();
}

void Client::header(const std::string& domain) {
    reader_ = std::make_unique<xml::Reader>(passed_on_limits);
    features.reset();
    say("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        "to='" +
        domain + "' version='1.0'>");
    (void)world.world.run_until([&] { return features.has_value() || closed; });
}

void Client::secure() {
    say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    if (!next("proceed")) return;
    stream_->start_tls(sim_tls_context({}), io::TlsRole::client, "corp.example");
    (void)world.world.run_until([&] { return secured || closed; });
}

void Client::authenticate(std::string_view mechanism, std::string_view flag) {
    const Digest digest = mechanism.find("256") != std::string_view::npos ? Digest::sha256 : Digest::sha1;
    const std::string gs2 = std::string{flag} + ",,";
    const std::string bare = "n=" + user + ",r=clientnonce";
    failure.clear();
    const auto failed = [&](const std::optional<xml::Element>& element) {
        if (element && element->name == "failure" && element->first_child() != nullptr) {
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

bool Client::bind(const std::string& resource) {
    const auto answer = ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" +
                            (resource.empty() ? "" : "<resource>" + resource + "</resource>") + "</bind></iq>");
    if (!answer || answer->attribute("type") != "result") return false;
    jid = answer->child(ns::bind, "bind")->child(ns::bind, "jid")->text();
    return true;
}

bool Client::login(const std::string& resource) {
    connect();
    header();
    secure();
    header();
    authenticate();
    if (!failure.empty()) return false;
    header();
    return bind(resource);
}

bool Client::online(const std::string& resource, const std::string& presence) {
    if (!login(resource) || !ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")) return false;
    say(presence);
    return next("presence").has_value();
}

void Client::say(const std::string& bytes) {
    if (stream_ && !closed) stream_->write(bytes);
}

std::optional<xml::Element> Client::next() {
    (void)world.world.run_until([&] { return !received.empty() || closed; }, std::chrono::seconds{5});
    if (received.empty()) return std::nullopt;
    xml::Element first = std::move(received.front());
    received.pop_front();
    return first;
}

std::optional<xml::Element> Client::next(std::string_view name, std::string_view type) {
    while (auto element = next()) {
        if (element->name == name && (type == "*" || element->attribute("type") == type)) return element;
    }
    return std::nullopt;
}

std::optional<xml::Element> Client::ask(const std::string& iq) {
    const std::string id{tree_of(iq).attribute("id")};
    say(iq);
    while (auto answer = next()) {
        if (answer->name == "iq" && answer->attribute("id") == id) return answer;
    }
    return std::nullopt;
}

bool Client::silent(std::string_view name) {
    world.settle();
    for (const xml::Element& element : received) {
        if (name.empty() || element.name == name) return false;
    }
    return true;
}

std::string Client::error_of(const std::string& stanza, std::string_view name) {
    say(stanza);
    const auto answer = next(name, "error");
    if (!answer) return "none";
    const xml::Element* error = answer->child(ns::client, "error");
    return error == nullptr || error->first_child() == nullptr ? "empty" : error->first_child()->name;
}

void Client::on_bytes(std::string_view bytes) {
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
