// The world and the client.
#include "unit/services/im/im_world.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::test {

namespace ns = xmpp::ns;

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
    // Whatever the service says from info on was caused by somebody: a client, a user, another domain (threat T81).
    EXPECT_EQ(log.without_source(), std::vector<std::string>{});
    directory.reset();
    std::filesystem::remove_all(folder);
}

void ImWorld::start_service() {
    im::Storage::Disk writing{disk_is_stuck ? static_cast<io::Loop&>(stuck_disk) : world.loop(), directory->store()};
    im::Storage::Disk reading{reading_is_stuck ? elsewhere.loop() : world.loop(), directory->store()};
    storage = std::make_unique<im::Storage>(world.loop(), std::move(writing), std::move(reading));
    storage->on_trouble(
        [this](const Error* trouble) { troubles.push_back(trouble == nullptr ? "well" : trouble->code); });
    im::ServiceContext context{.shard = *shard, .storage = *storage};
    context.domains = {xmpp::Domain::parse("corp.example").value()};
    SimTlsSettings tls;
    tls.identities = {sim_certificate({"corp.example"})};
    context.tls = sim_tls_context(tls);
    context.limits = limits;
    context.away = away;
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
    service->put_down();
    world.advance(std::chrono::seconds{1});
    service->shut();
    world.advance(std::chrono::seconds{10});
    service.reset();
    storage.reset();
}

void ImWorld::break_disk(bool broken) {
    auto database = io::Database::open(folder + "/users.db", io::Durability::full);
    const auto done =
        database->run(broken ? "ALTER TABLE contact RENAME TO gone" : "ALTER TABLE gone RENAME TO contact");
    if (!done) throw std::runtime_error{done.error().text};
}

void ImWorld::break_kept(bool broken) {
    auto database = io::Database::open(folder + "/users.db", io::Durability::full);
    const auto done = database->run(broken ? "ALTER TABLE kept RENAME TO lost" : "ALTER TABLE lost RENAME TO kept");
    if (!done) throw std::runtime_error{done.error().text};
}

void ImWorld::break_forgetting(bool broken) {
    auto database = io::Database::open(folder + "/users.db", io::Durability::full);
    const auto done = database->run(broken ? "CREATE TRIGGER clings BEFORE DELETE ON kept BEGIN SELECT RAISE(ABORT, "
                                             "'broken'); END"
                                           : "DROP TRIGGER clings");
    if (!done) throw std::runtime_error{done.error().text};
}

void ImWorld::break_disk_for(const std::string& user) {
    auto database = io::Database::open(folder + "/users.db", io::Durability::full);
    const std::string trigger =
        "CREATE TRIGGER broken BEFORE INSERT ON kept WHEN NEW.user = (SELECT id FROM user WHERE local = '" + user +
        "') BEGIN SELECT RAISE(ABORT, 'broken'); END";
    const auto done = database->run(trigger.c_str());
    if (!done) throw std::runtime_error{done.error().text};
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

}  // namespace sallyport::test
