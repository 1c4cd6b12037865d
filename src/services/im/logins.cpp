// Who may enter: verifiers, failed attempts, resources, sessions that go on (RFC 6120 6 and 7, XEP-0198 5).
#include <algorithm>

#include "proto/c2s/sasl/scram.h"
#include "services/im/inside.h"

namespace sallyport::im {

namespace {

std::string_view name_of(Digest digest) { return digest == Digest::sha1 ? "SHA-1" : "SHA-256"; }

c2s::sasl::Verifier verifier_for(const std::optional<std::vector<io::StoredVerifier>>& found, Digest digest,
                                 const std::string& secret, const xmpp::Jid& user, std::uint64_t iterations) {
    if (found) {
        for (const io::StoredVerifier& v : *found) {
            if (v.hash == name_of(digest)) return {v.salt, v.iterations, v.stored_key, v.server_key};
        }
    }
    return c2s::sasl::decoy(digest, secret, user.text(), static_cast<std::uint32_t>(iterations));
}

}  // namespace

/// The node is going to stop: it waits for what its users have, not for those who come now.
bool Inside::turned_away(ClientStream& stream) const {
    if (putting_down_) stream.end(xmpp::StreamCondition::system_shutdown, "the node is stopping");
    return putting_down_;
}

void Inside::look_up(ClientStream& stream, const c2s::LookUp& wanted) {
    if (turned_away(stream)) return;
    if (failures_.wait(failure_key(stream.remote().address), now()) > Duration{}) {
        log_.write_for(log_source(stream.remote().address), LogLevel::warn, "c2s.login.held-off",
                       {{"remote", stream.remote().text()}, {"limit", "login_failures_per_minute"}});
        return stream.login_refused();
    }
    const io::UserName user{wanted.user.local(), wanted.user.domain().text()};
    context_.storage.verifiers(user, [this, serial = stream.serial(), jid = wanted.user,
                                      digest = wanted.digest](const auto& found) {
        ClientStream* at = this->stream(serial);
        if (at == nullptr) return;
        if (!found) {
            (void)store_failed(log_source(at->remote().address), found.error());
            return at->login_refused();
        }
        at->verified(verifier_for(*found, digest, context_.storage.secret(), jid, context_.limits.scram_iterations));
    });
}

void Inside::login_failed(ClientStream& stream) {
    if (!failures_timer_) failures_timer_ = context_.shard.loop.timer([this] { forget_failures(); });
    if (failures_.size() == 0) failures_timer_->arm(now() + Failures::window);
    failures_.note(failure_key(stream.remote().address), now());
}

void Inside::forget_failures() {
    failures_.forget(now());
    if (failures_.size() != 0) failures_timer_->arm(now() + Failures::window);
}

void Inside::tables(TableFills& all) {
    ledger_.tables(all, now());
    const auto resting = std::count_if(accounts_.begin(), accounts_.end(),
                                       [](const auto& entry) { return entry.second->sessions.empty(); });
    // Each of them waits for the disk.
    all.push_back({"users.accounts", static_cast<std::uint64_t>(resting), 2 * Storage::most_waiting});
    all.push_back({"users.away", away_.size(), context_.away.sessions});
    all.push_back({"users.disk", context_.storage.waiting(), 2 * Storage::most_waiting});
    all.push_back({"users.refused-logins", refused_logins_.size(), context_.limits.refused_logins});
    all.push_back({"users.failures", failures_.size(), Failures::most_keys});
    all.push_back({"users.strangers", vcards_spent_.askers().size(), Spending::most_names});
    all.push_back({"users.stranger-domains", vcards_spent_.domains().size(), Spending::most_names});
    all.push_back({"users.probing", presence_spent_.askers().size(), Spending::most_names});
    all.push_back({"users.probing-domains", presence_spent_.domains().size(), Spending::most_names});
    all.push_back({"users.probes", probes_.size(), Probes::most_pairs});
}

void Inside::authenticated(ClientStream& stream) {
    const auto leave = [this, serial = stream.serial()] {
        context_.shard.loop.post([this, serial] {
            ClientStream* const crowded = this->stream(serial);
            if (crowded != nullptr) crowded->end(xmpp::StreamCondition::resource_constraint, "too many connections");
        });
    };
    if (!stream.counted().authenticated(now(), stream.machine().user().text(), leave)) leave();
}

void Inside::bind(ClientStream& stream, const std::string& resource) {
    if (turned_away(stream)) return;
    const bool taken =
        with(stream.machine().user(), {}, [this, serial = stream.serial(), resource](const Found& found) {
            ClientStream* at = this->stream(serial);
            if (at == nullptr || !at->machine().waiting()) return;
            if (!found) return at->bind_refused(store_failed(at->machine().user().text(), found.error()));
            if (*found == nullptr) return at->bind_refused(xmpp::StanzaCondition::not_allowed);
            attach(*at, **found, resource);
        });
    if (!taken) stream.bind_refused(xmpp::StanzaCondition::resource_constraint);
}

void Inside::attach(ClientStream& stream, Account& account, const std::string& resource) {
    const std::string name = resource.empty() ? context_.shard.fresh_id().substr(0, 16) : resource;
    const auto full = xmpp::Jid::parse(account.bare.text() + "/" + name);
    if (!full) return stream.bind_refused(xmpp::StanzaCondition::bad_request);
    // RFC 6120 7.7.2.2: the newcomer is mostly the same client, whose old connection is dead.
    if (Session* other = account.find(full->resource())) {
        ClientStream* old = other->stream;
        if (old != nullptr) {
            (void)take_stock(*other);
            old->let_go();
            blame(*other, Ended::by_loss);
            other->stream_serial = 0;  // what it held comes before what is new
        }
        end_session(*other);
        if (old != nullptr) old->end(xmpp::StreamCondition::conflict, "another client bound the same resource");
    }
    if (account.sessions.size() >= context_.limits.client_resources && !end_longest_away(account)) {
        log_.write_for(account.bare.text(), LogLevel::warn, "im.limit",
                       {{"limit", "client_resources"}, {"user", account.bare.text()}});
        return stream.bind_refused(xmpp::StanzaCondition::resource_constraint);
    }
    auto session = std::make_unique<Session>();
    session->account = &account;
    session->serial = ++serials_;
    session->full = *full;
    session->since = now();
    carry_on(*session, stream);
    session->source = context_.shard.desk.open([this, at = session.get()](std::uint64_t sequence) {
        at->received.handle(sequence);
        if (at->received.enabled() && at->stream != nullptr && at->received.due()) acknowledge(*at);
    });
    // Few clients send again to a new process what the old one had not acknowledged.
    session->source.only_counts = true;
    Session& bound = *session;
    account.sessions.push_back(std::move(session));
    ++sessions_;
    stream.bound(bound);
}

void Inside::carry_on(Session& session, ClientStream& stream) {
    session.stream = &stream;
    session.stream_serial = stream.serial();
    session.remote_address = stream.remote().text();
    session.tls_version = stream.machine().tls() == nullptr ? "" : stream.machine().tls()->version;
    session.mechanism = stream.machine().mechanism();
    session.binding = stream.machine().binding();
}

void Inside::resume(ClientStream& stream, const std::string& id, std::uint32_t h) {
    if (turned_away(stream)) return;
    const auto at = resumable_.find(id);
    const xmpp::Jid& user = stream.machine().user();
    if (at == resumable_.end() || at->second->account->bare != user || !at->second->sent.counts(h)) {
        log_.write_for(log_source(stream.remote().address), LogLevel::info, "im.resume.refused",
                       {{"user", user.text()}, {"remote", stream.remote().text()}});
        return stream.resume_refused();
    }
    Session& session = *at->second;
    (void)take_stock(session);
    if (ClientStream* old = std::exchange(session.stream, nullptr)) {
        old->let_go();
        old->end(xmpp::StreamCondition::conflict, "the session was resumed on another connection");
    }
    not_away(session);
    session.expiry.reset();
    session.asked = false;
    acknowledged(session, h);
    blame(session, Ended::by_loss);
    count_all(session);
    carry_on(session, stream);
    stream.resumed(session, session.received.resume());
}

}  // namespace sallyport::im
