// The list, and what is said of it.
#include "services/provision/provisioner.h"

#include <algorithm>

#include "base/join.h"

namespace sallyport::provision {

namespace {

constexpr std::size_t longest_text = 256;

Error malformed(std::string text) { return {"publisher-malformed", std::move(text)}; }

/// The one form in which an address is kept and compared.
Result<std::string> canonical(const std::string& address) {
    std::string lower = address;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const auto parsed = HostPort::parse(lower, Provisioner::axl_port);
    if (!parsed || parsed->port == 0)
        return malformed("'" + address.substr(0, longest_text) + "' is not a host or host:port");
    return parsed->text();
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

ChainStep step_of(const PublisherStatus& status) {
    ChainStep step{step_name(StepKind::told_server, status.address)};
    if (status.state == PublisherState::failed) {
        step.state = StepState::failed;
        const PublisherFault fault = fault_of(status);
        services::Alarm alarm;
        alarm.code = fault.code;
        alarm.key = status.address;
        alarm.words = fault.words;
        step.reason = {effect_of(status) + ": " + status.reason, alarm.cure()};
        step.alarm = services::alarm_name(fault.code, status.address);
    } else if (status.state == PublisherState::trying) {
        step.reason = {"its table is being read and written"};
    } else if (status.wanted.empty()) {
        step.state = StepState::off;
        step.reason = {"no edge federates; its table has none of our rows"};
    } else {
        step.state = StepState::in_force;
        step.reason = {"xmpps2snodes has " + joined(status.wanted)};
    }
    return step;
}

Result<std::unique_ptr<Provisioner>> Provisioner::open(Context context, const std::string& folder) {
    auto store = io::ProvisionStore::open(folder + "/provision.db");
    if (!store) return store.error();
    auto seal = io::Seal::open(folder + "/secrets.key");
    if (!seal) return seal.error();
    std::unique_ptr<Provisioner> provisioner{new Provisioner{std::move(context), std::move(*store), std::move(*seal)}};
    const auto stored = provisioner->store_.publishers();
    if (!stored) return stored.error();
    for (const io::StoredPublisher& publisher : *stored) provisioner->start(publisher);
    return provisioner;
}

Provisioner::Provisioner(Context context, io::ProvisionStore store, io::Seal seal)
    : context_{std::move(context)},
      store_{std::move(store)},
      seal_{std::move(seal)},
      client_{context_.loop, context_.network, context_.resolver, context_.tls, context_.log} {}

Publisher::Context Provisioner::publisher_context() {
    return {client_, store_, seal_, context_.loop, context_.alarms, context_.random_below, [this] {
                if (on_changed_) on_changed_();
            }};
}

void Provisioner::start(const io::StoredPublisher& stored) {
    auto& publisher = publishers_[stored.address];
    publisher = std::make_unique<Publisher>(publisher_context(), stored);
    // Before anything is known of the edges nothing is wanted, and so nothing must be taken away.
    if (!edges_known_) return;
    publisher->want(edges_);
}

void Provisioner::set_edges(const std::vector<EdgeState>& edges) {
    if (edges_known_ && edges == edges_) return;
    edges_ = edges;
    edges_known_ = true;
    for (const auto& [address, publisher] : publishers_) publisher->want(edges_);
}

Publisher* Provisioner::find(const std::string& address) {
    const auto name = canonical(address);
    const auto at = name ? publishers_.find(*name) : publishers_.end();
    return at == publishers_.end() ? nullptr : at->second.get();
}

Result<io::StoredPublisher> Provisioner::judged(io::StoredPublisher publisher,
                                                const std::optional<std::string>& password) const {
    const std::string& username = publisher.username;
    if (username.empty() || username.size() > longest_text || has_control(username) ||
        username.find(':') != std::string::npos) {
        return malformed("a user's name has 1 to 256 characters and no colon");
    }
    const auto host = HostPort::parse(publisher.address, axl_port);
    if (publisher.tls_verify && host && IpAddress::parse(host->host)) {
        return malformed("certificates contain names, not addresses: use the server's host name, or do not verify TLS");
    }
    if (!password) return publisher;
    if (password->empty() || password->size() > longest_text || has_control(*password)) {
        return malformed("a password has 1 to 256 characters and no control characters");
    }
    auto hidden = seal_.seal(*password, publisher.address);
    if (!hidden) return hidden.error();
    publisher.password = std::move(*hidden);
    return publisher;
}

Result<void> Provisioner::add(const std::string& address, const std::string& username, const std::string& password,
                              bool tls_verify, std::function<void(const PublisherStatus&)> on_done) {
    const auto name = canonical(address);
    if (!name) return name.error();
    if (publishers_.contains(*name))
        return Error{"publisher-exists",
                     *name + " exists already; change its user and password with `imp-servers passwd`"};
    if (publishers_.size() >= most_publishers)
        return Error{"publisher-full", "there are already 32 publishers, the most possible"};
    const auto stored = judged({*name, username, {}, tls_verify}, password);
    if (!stored) return stored.error();
    if (const auto put = store_.put_publisher(*stored); !put) return put.error();
    start(*stored);
    Publisher* const publisher = publishers_[*name].get();
    publisher->refresh([publisher, on_done = std::move(on_done)] { on_done(publisher->status()); });
    return {};
}

Result<std::vector<std::string>> Provisioner::remove(const std::string& address) {
    Publisher* const publisher = find(address);
    if (publisher == nullptr)
        return Error{"publisher-unknown", "no such IM&P server: '" + address.substr(0, longest_text) + "'"};
    const PublisherStatus status = publisher->status();
    if (const auto removed = store_.remove_publisher(status.address); !removed) return removed.error();
    publisher->give_up();
    publishers_.erase(status.address);
    return status.rows;
}

Result<void> Provisioner::change(const std::string& address, const PublisherChange& change,
                                 std::function<void(const PublisherStatus&)> on_done) {
    Publisher* const publisher = find(address);
    if (publisher == nullptr)
        return Error{"publisher-unknown", "no such IM&P server: '" + address.substr(0, longest_text) + "'"};
    io::StoredPublisher wanted = publisher->stored();
    if (change.username) wanted.username = *change.username;
    if (change.tls_verify) wanted.tls_verify = *change.tls_verify;
    const auto stored = judged(std::move(wanted), change.password);
    if (!stored) return stored.error();
    if (const auto put = store_.put_publisher(*stored); !put) return put.error();
    publisher->replace(*stored);
    publisher->refresh([publisher, on_done = std::move(on_done)] { on_done(publisher->status()); });
    return {};
}

Result<void> Provisioner::refresh(const std::string& address,
                                  std::function<void(const std::vector<PublisherStatus>&)> on_done) {
    std::vector<Publisher*> meant;
    if (address.empty()) {
        for (const auto& [name, publisher] : publishers_) meant.push_back(publisher.get());
    } else if (Publisher* const publisher = find(address)) {
        meant.push_back(publisher);
    } else {
        return Error{"publisher-unknown", "no such IM&P server: '" + address.substr(0, longest_text) + "'"};
    }
    struct Round {
        std::size_t missing = 0;
        std::vector<PublisherStatus> statuses;
        std::function<void(const std::vector<PublisherStatus>&)> on_done;
    };
    auto round = std::make_shared<Round>();
    round->missing = meant.size();
    round->on_done = std::move(on_done);
    if (meant.empty()) round->on_done({});
    for (Publisher* const publisher : meant) {
        publisher->refresh([round, publisher] {
            round->statuses.push_back(publisher->status());
            if (--round->missing == 0) round->on_done(round->statuses);
        });
    }
    return {};
}

std::vector<PublisherStatus> Provisioner::list() const {
    std::vector<PublisherStatus> all;
    for (const auto& [address, publisher] : publishers_) all.push_back(publisher->status());
    return all;
}

std::vector<ChainStep> Provisioner::chain() const {
    std::vector<ChainStep> steps;
    for (const auto& [address, publisher] : publishers_) steps.push_back(step_of(publisher->status()));
    return steps;
}

}  // namespace sallyport::provision
