// Composing nodes as nodes/edge and nodes/core do, from simulated parts.
#include "support/sim_nodes.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "base/hash.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::test {

namespace {

constexpr std::string_view component_secret = "component secret";
constexpr std::uint16_t s2s_port = 5269, component_port = 5347, client_port = 5222;

Endpoint at(const std::string& address, std::uint16_t port) { return {*IpAddress::parse(address), port}; }
xmpp::Domain domain(const std::string& text) { return *xmpp::Domain::parse(text); }

std::string realm(std::string node) {
    std::replace(node.begin(), node.end(), '.', '-');
    return node;
}

/// Peers see certificates of an authority that they do not know, as dialback expects; the link knows its own.
std::shared_ptr<const io::TlsContext> s2s_tls(const std::string& name) {
    SimTlsSettings settings;
    settings.identities = {sim_certificate({name, "rooms." + name, "imp." + name, "chat." + name}, "Nobody's CA")};
    return sim_tls_context(settings);
}

}  // namespace

std::shared_ptr<const io::TlsContext> link_tls(const std::string& name, const std::string& role) {
    SimTlsSettings settings;
    settings.identities = {sim_certificate({name})};
    if (!role.empty()) settings.identities.front().uris = {link::role_uri(find_role(role).value())};
    settings.require_peer = true;
    return sim_tls_context(settings);
}

SimUser::SimUser(SimNetwork& host, std::string domain, std::string secret)
    : host_{host}, domain_{std::move(domain)}, secret_{std::move(secret)} {}

void SimUser::attach(const Endpoint& core) {
    attached_ = ended_ = false;
    stream_.reset();
    reader_ = std::make_unique<xml::Reader>(passed_on_limits);
    dial_ = host_.dial(core, nullptr, std::chrono::seconds{5}, [this](Result<std::unique_ptr<io::Stream>> result) {
        if (!result) return;
        stream_ = std::move(*result);
        stream_->set_owner(this);
        say("<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='" +
            domain_ + "'>");
    });
}

void SimUser::say(const std::string& bytes) {
    if (stream_) stream_->write(bytes);
}

void SimUser::message(const std::string& from, const std::string& to, const std::string& id, const std::string& body) {
    say("<message from='" + from + "' to='" + to + "' id='" + id + "' type='chat'><body>" + body + "</body></message>");
}

void SimUser::on_bytes(std::string_view bytes) {
    if (std::exchange(sips_, false)) stream_->pause(true);
    reader_->feed(bytes);
    while (!ended_) {
        switch (reader_->next()) {
            case xml::Kind::need_more:
                if (reader_->inside_element() && reader_->held() > most_bytes) end();
                return;
            case xml::Kind::header:
                say("<handshake>" + to_hex(sha1(std::string{reader_->header().attribute("id")} + secret_)) +
                    "</handshake>");
                break;
            case xml::Kind::element: take_element(); break;
            default: return;
        }
    }
}

void SimUser::take_element() {
    if (reader_->shell().name == "handshake") {
        attached_ = true;
        return;
    }
    if (reader_->shell().space == xmpp::ns::streams) {
        const xml::Element tree = reader_->tree();
        if (const xml::Element* condition = tree.first_child()) stream_error_ = condition->name;
        return;
    }
    xmpp::Stanza stanza;
    xmpp::StanzaProblem problem;
    if (reader_->slice().size() > most_bytes) return end();
    // A component may know other addresses than we do.
    if (!intake_.read(*reader_, {}, stanza, problem) && !problem.stanza) return;
    if (!ends_at.empty() && stanza.id == ends_at) return end();
    received_.push_back({stanza.kind, std::string{stanza.from}, std::string{stanza.to}, std::string{stanza.id},
                         std::string{stanza.type}, std::string{problem.stanza ? reader_->slice() : stanza.bytes}});
}

void SimUser::end() {
    ++endings_;
    ended_ = true;
    attached_ = false;
    if (ends == End::error) {
        say("<stream:error><" + ends_with +
            " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>this one is not for me</text></stream:error>");
    }
    if (ends == End::error || ends == End::footer) say("</stream:stream>");
    ends == End::reset ? stream_->abort() : stream_->close({});
}

void SimUser::on_closed(io::CloseReason, const std::string&) {
    attached_ = false;
    stream_.reset();
}

std::vector<const SimUser::Received*> SimUser::with_id(const std::string& id) const {
    std::vector<const Received*> found;
    for (const Received& received : received_) {
        if (received.id == id) found.push_back(&received);
    }
    return found;
}

std::vector<std::string> SimUser::ids_from(const std::string& from_domain) const {
    std::vector<std::string> ids;
    for (const Received& received : received_) {
        if (received.type != "error" && received.from.ends_with("@" + from_domain)) ids.push_back(received.id);
    }
    return ids;
}

std::unique_ptr<io::Timer> ProcessLoop::timer(std::function<void()> on_expiry) {
    return loop_.timer(std::move(on_expiry));
}

void ProcessLoop::post(std::function<void()> work) {
    auto while_alive = [alive = std::weak_ptr<bool>(alive_), work = std::move(work)] {
        if (alive.lock()) work();
    };
    if (mailbox == Duration{0}) return loop_.post(std::move(while_alive));
    loop_.at(loop_.now() + mailbox, std::move(while_alive));
}

void ProcessLoop::defer(std::function<void()> work) {
    loop_.defer([alive = std::weak_ptr<bool>(alive_), work = std::move(work)] {
        if (alive.lock()) work();
    });
}

SimProcess::SimProcess(SimWorld& world, SimNetwork& host, SimDns& dns, MemorySink& log, std::uint32_t count,
                       std::string instance_, const Limits& limits)
    : loop{world.loop()},
      instance{std::move(instance_)},
      dice{std::make_shared<std::mt19937_64>(sip_hash({1, 2}, instance))},
      names{dns.of_node(limits.dns_questions)},
      bus{count},
      ledger{limits} {
    const auto fresh_id = [ids = ids, name = instance] {
        return to_hex(sha256(name + std::to_string(++*ids))).substr(0, 32);
    };
    const auto random = [dice = dice](std::uint64_t below) { return (*dice)() % std::max<std::uint64_t>(below, 1); };
    for (std::uint32_t index = 0; index < count; ++index) {
        resolvers.push_back(names->resolver(loop));
        shards.push_back(std::make_unique<routing::Shard>(routing::Shard{
            index, count, loop, host, *resolvers.back(), log, routing::TicketDesk{index}, bus, fresh_id, random}));
    }
}

Organisation::Organisation(SimWorld& world, SimDns& dns, const std::string& name_, unsigned number,
                           std::uint32_t shards)
    : name{name_},
      edge_public{"198.51.100." + std::to_string(number)},
      edge_link{"10." + std::to_string(number) + ".0.1"},
      core_address{"10." + std::to_string(number) + ".0.2"},
      user_address{"10." + std::to_string(number) + ".0.3"},
      presence_address{"10." + std::to_string(number) + ".0.4"},
      edge_host{world, {edge_public, edge_link}},
      core_host{world, {core_address}},
      user_host{world, {user_address}},
      presence_host{world, {presence_address}},
      imp_user{user_host, "imp." + name_, std::string{component_secret}},
      world_{world},
      dns_{dns},
      shards_{shards} {
    settings.enabled = true;
    settings.privacy_mode = config::PrivacyMode::deny_list;
    settings.dialback_secret = "dialback secret of " + name;
    for (const std::string& served : {name, "rooms." + name, "imp." + name}) {
        serve(served);
        if (served == imp_user.domain()) continue;
        users.push_back(std::make_unique<SimUser>(user_host, served, std::string{component_secret}));
    }
    dns.address("xmpp." + name, edge_public);
}

Organisation::~Organisation() {
    presence.reset();
    directory.reset();
    if (!users_folder_.empty()) std::filesystem::remove_all(users_folder_);
}

void Organisation::serve(const std::string& served) {
    settings.domains.push_back(*config::NamePattern::parse(served));
    dns_.srv("_xmpp-server._tcp." + served, 0, 0, s2s_port, "xmpp." + name);
}

void Organisation::keep_users(const std::vector<std::string>& names) {
    serve("chat." + name);
    users_folder_ = (std::filesystem::temp_directory_path() / "sallyport-sim-XXXXXX").string();
    if (mkdtemp(users_folder_.data()) == nullptr) throw std::runtime_error{"no folder for users"};
    im::Directory::Options options;
    options.path = users_folder_ + "/users.db";
    options.domains = {domain("chat." + name)};
    options.limits = limits;
    options.random_bytes = [](std::size_t count) { return std::string(count, 'r'); };
    options.wall = [this] { return world_.loop().wall(); };
    directory = std::move(*im::Directory::open(std::move(options)));
    for (const std::string& user : names) {
        directory->add(user + "@chat." + name, "pencil", [](const Result<io::UserName>& added) {
            if (!added) throw std::runtime_error{added.error().text};
        });
    }
}

std::unique_ptr<SimClient> Organisation::client(const std::string& user) {
    return std::make_unique<SimClient>(world_, user_host, at(presence_address, client_port), "chat." + name, user,
                                       "pencil");
}

std::string Organisation::common_secret() const { return named_links ? "" : "link secret of " + name; }

std::string Organisation::secret_of(const std::string& far) const {
    return named_links ? "secret of the link between core and " + far + " of " + name : "";
}

link::Neighbours Organisation::cores(const std::string& at) const {
    if (!named_links) return {};
    return {{{"core." + name, secret_of(at), {*IpNetwork::parse(core_address)}}}, true};
}

nodes::EdgeParts Organisation::edge_parts(const std::string& instance) const {
    nodes::EdgeParts parts;
    parts.settings = std::make_shared<config::Settings>(settings);
    parts.ping_after = std::chrono::seconds{60};
    parts.dead_after = std::chrono::seconds{20};
    parts.limits = limits;
    parts.share_streams = share_streams;
    parts.dial.allowed = {*IpNetwork::parse("198.51.100.0/24")};
    parts.dial.own = {at(edge_public, s2s_port), at(edge_link, link_port)};
    parts.server_tls = parts.client_tls = s2s_tls(name);
    parts.link_tls = link_tls("edge." + name, named_links ? "edge" : "");
    parts.realm = realm("edge." + name);
    parts.instance = instance;
    parts.link_secret = common_secret();
    parts.neighbours = cores("edge");
    parts.link_hold = std::chrono::seconds{30};
    return parts;
}

nodes::CoreParts Organisation::core_parts(const std::string& instance) const {
    nodes::CoreParts parts;
    for (const auto& user : users) parts.components[domain(user->domain())] = component_secret;
    parts.servers = servers;
    parts.dialback_secret = "inside secret";
    parts.ping_after = std::chrono::seconds{60};
    parts.dead_after = std::chrono::seconds{20};
    parts.limits = limits;
    parts.server_tls = parts.client_tls = s2s_tls(name);
    parts.link_tls = link_tls("core." + name, named_links ? "core" : "");
    parts.realm = realm("core." + name);
    parts.instance = instance;
    parts.link_secret = common_secret();
    parts.neighbours.roles_required = named_links;
    parts.federating = settings.domains;
    parts.link_hold = core_hold;
    return parts;
}

nodes::PresenceParts Organisation::presence_parts(const std::string& instance) const {
    nodes::PresenceParts parts;
    parts.components[domain(imp_user.domain())] = component_secret;
    parts.limits = limits;
    parts.link_tls = link_tls("imp." + name, named_links ? "presence" : "");
    parts.realm = realm("imp." + name);
    parts.instance = instance;
    parts.link_secret = common_secret();
    parts.neighbours = cores("presence");
    parts.link_hold = std::chrono::seconds{30};
    return parts;
}

void Organisation::start_presence() {
    has_presence = true;
    const std::string instance = "imp-" + name + "-" + std::to_string(++starts_);
    presence.reset(new SimPresence{{world_, presence_host, dns_, presence_log, 1, instance, limits}, {}, {}});
    nodes::PresenceParts parts = presence_parts(instance);
    if (directory) {
        parts.users.emplace();
        parts.users->writing.emplace(im::Storage::Disk{presence->process.loop, directory->store()});
        parts.users->reading.emplace(im::Storage::Disk{presence->process.loop, directory->store()});
        parts.users->domains = {domain("chat." + name)};
        SimTlsSettings tls;
        tls.identities = {sim_certificate({"chat." + name})};
        parts.users->tls = sim_tls_context(tls);
    }
    presence->shard = std::make_unique<nodes::PresenceShard>(*presence->process.shards.front(), parts);
    if (directory) static_cast<void>(presence->shard->users()->listen(at(presence_address, client_port)));
    static_cast<void>(presence->shard->components().listen(at(presence_address, component_port)));
    load(table);
    auto listener = presence_host.listen(
        at(presence_address, link_port),
        [node = presence.get()](std::unique_ptr<io::Stream> stream) { node->shard->hub().accept(std::move(stream)); });
    if (listener) presence->link_listener = std::move(*listener);
}

void Organisation::load(presence::LoadedTable loaded) {
    table = std::move(loaded);
    presence->shard->router().load(std::make_shared<const presence::LoadedTable>(table));
}

void Organisation::start_edge() {
    const std::string instance = "edge-" + name + "-" + std::to_string(++starts_);
    edge.reset(new SimEdge{{world_, edge_host, dns_, edge_log, shards_, instance, limits}, {}, {}});
    nodes::EdgeParts parts = edge_parts(instance);
    parts.to_control = [node = edge.get()](std::function<void()> work) { node->process.loop.post(std::move(work)); };
    parts.on_handshake = [this](const record::Handshake& handshake) { edge_handshakes.add(handshake); };
    for (auto& shard : edge->process.shards) {
        edge->shards.push_back(std::make_unique<nodes::EdgeShard>(*shard, edge->process.ledger, parts, edge->shards));
    }
    for (auto& shard : edge->shards) shard->connect();
    for (auto& shard : edge->shards) static_cast<void>(shard->s2s().listen(at(edge_public, s2s_port), false));
    auto listener = edge_host.listen(at(edge_link, link_port), [node = edge.get()](std::unique_ptr<io::Stream> stream) {
        node->shards[node->next_shard % node->shards.size()]->hub().accept(std::move(stream));
        if (!node->one_shard_has_all_links) ++node->next_shard;
    });
    if (listener) edge->link_listener = std::move(*listener);
}

void Organisation::start_core(bool dialling) {
    const std::string instance = "core-" + name + "-" + std::to_string(++starts_);
    core.reset(new SimCore{{world_, core_host, dns_, core_log, shards_, instance, limits}, {}});
    for (auto& shard : core->process.shards) {
        core->shards.push_back(
            std::make_unique<nodes::CoreShard>(*shard, core->process.ledger, core_parts(instance), core->shards));
    }
    static_cast<void>(core->shards.front()->components().listen(at(core_address, component_port)));
    for (auto& shard : core->shards) shard->announce();
    if (dialling) dial_edge();
}

void Organisation::dial_edge() {
    for (auto& shard : core->shards) {
        shard->hub().dial({{edge_link, link_port}, "edge." + name, realm("edge." + name), secret_of("edge")});
        if (has_presence) {
            shard->presence_hub().dial(
                {{presence_address, link_port}, "imp." + name, realm("imp." + name), secret_of("presence")});
        }
    }
}

void Organisation::attach_users() {
    for (auto& user : users) user->attach(at(core_address, component_port));
    if (has_presence) imp_user.attach(at(presence_address, component_port));
}

bool Organisation::up() const {
    if (!edge || !core) return false;
    const bool attached = std::all_of(users.begin(), users.end(), [](const auto& user) { return user->attached(); });
    const bool dialled = std::all_of(core->shards.begin(), core->shards.end(), [](const auto& shard) {
        const auto sessions = shard->hub().sessions();
        return !sessions.empty() &&
               std::all_of(sessions.begin(), sessions.end(),
                           [](const link::SessionStatus& session) { return session.state == link::LinkState::open; });
    });
    const bool bound = std::any_of(edge->shards.begin(), edge->shards.end(),
                                   [this](const auto& shard) { return shard->hub().advertises(name); });
    if (!attached || !dialled || !bound || !has_presence) return attached && dialled && bound;
    const bool known = std::any_of(edge->shards.begin(), edge->shards.end(),
                                   [this](const auto& shard) { return shard->hub().advertises(imp_user.domain()); });
    return known && presence && imp_user.attached() && !presence->shard->router().reached().realms.empty();
}

void Organisation::change(const std::function<void(config::Settings&)>& edit) {
    edit(settings);
    ++settings.revision;
    const auto snapshot = std::make_shared<const config::Settings>(settings);
    for (auto& shard : edge->shards) shard->apply(snapshot);
}

std::size_t Organisation::resumptions() const { return core_log.count("link.resumed"); }

Federation::Federation(std::uint32_t shards, bool trio)
    : a{world, dns, "a.test", 1, shards}, b{world, dns, "b.test", 2, shards} {
    if (!trio) return;
    a.has_presence = true;
    a.table = {{"cm-2_s2scp-1.edge-a-test"}, 1, false};
}

bool Federation::start() {
    for (Organisation* organisation : {&a, &b}) {
        organisation->start_edge();
        if (organisation->has_presence) organisation->start_presence();
        organisation->start_core();
        organisation->attach_users();
    }
    return world.run_until([&] { return a.up() && b.up(); });
}

std::string Federation::logs() const {
    return "--- presence a\n" + a.presence_log.dump() + "--- core a\n" + a.core_log.dump() + "--- edge a\n" +
           a.edge_log.dump() + "--- edge b\n" + b.edge_log.dump() + "--- core b\n" + b.core_log.dump();
}

}  // namespace sallyport::test
