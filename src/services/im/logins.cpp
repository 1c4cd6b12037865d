// Who may enter: verifiers, failed attempts, resources, sessions that go on (RFC 6120 6 and 7, XEP-0198 5).
#include <algorithm>

#include "proto/c2s/sasl/scram.h"
#include "services/im/inside.h"

namespace sallyport::im {

namespace {

constexpr Duration failure_window = std::chrono::minutes{1};
constexpr std::size_t most_failing_addresses = 4096;

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

/// IPv6 peers are counted by their /64: one subscriber has that many addresses.
IpAddress Inside::failures_account(const IpAddress& address) {
    IpAddress account = address;
    if (account.v6) std::fill(account.bytes.begin() + 8, account.bytes.end(), std::uint8_t{0});
    return account;
}

void Inside::look_up(ClientStream& stream, const c2s::LookUp& wanted) {
    const auto failing = failures_.find(failures_account(stream.remote().address));
    const bool many = failing != failures_.end() && now() - failing->second.window < failure_window &&
                      failing->second.count >= context_.limits.login_failures_per_minute;
    if (many) {
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
            log_.error("im.store.failed", {{"code", found.error().code}, {"why", found.error().text}});
            return at->login_refused();
        }
        at->verified(verifier_for(*found, digest, context_.storage.secret(), jid, context_.limits.scram_iterations));
    });
}

void Inside::login_failed(ClientStream& stream) {
    // A flood from many addresses is bounded by the ledger; the table must not grow with it.
    if (failures_.size() >= most_failing_addresses) failures_.clear();
    if (!failures_timer_) failures_timer_ = context_.shard.loop.timer([this] { forget_failures(); });
    if (failures_.empty()) failures_timer_->arm(now() + failure_window);
    Failures& failures = failures_[failures_account(stream.remote().address)];
    if (now() - failures.window >= failure_window) failures = {now(), 0};
    ++failures.count;
}

void Inside::forget_failures() {
    std::erase_if(failures_, [&](const auto& entry) { return now() - entry.second.window >= failure_window; });
    if (!failures_.empty()) failures_timer_->arm(now() + failure_window);
}

void Inside::tables(TableFills& all) {
    all.push_back(ledger_.table(now()));
    all.push_back({"users.failures", failures_.size(), most_failing_addresses});
    all.push_back({"users.strangers", vcards_by_stranger_.size(), Spending::most_names});
    all.push_back({"users.stranger-domains", vcards_by_domain_.size(), Spending::most_names});
}

void Inside::authenticated(ClientStream& stream) { stream.counted().authenticated(); }

void Inside::bind(ClientStream& stream, const std::string& resource) {
    const bool taken = with(stream.machine().user(), [this, serial = stream.serial(), resource](Account* account) {
        ClientStream* at = this->stream(serial);
        if (at == nullptr || !at->machine().waiting()) return;
        if (account == nullptr) return at->bind_refused(xmpp::StanzaCondition::not_allowed);
        attach(*at, *account, resource);
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
        if (old != nullptr) old->let_go();
        end_session(*other);
        if (old != nullptr) old->end(xmpp::StreamCondition::conflict, "the resource was bound again");
    }
    if (account.sessions.size() >= context_.limits.client_resources) {
        log_.warn("im.limit", {{"limit", "client_resources"}, {"user", account.bare.text()}});
        return stream.bind_refused(xmpp::StanzaCondition::resource_constraint);
    }
    auto session = std::make_unique<Session>();
    session->account = &account;
    session->serial = ++serials_;
    session->full = *full;
    session->stream = &stream;
    session->since = now();
    session->remote_address = stream.remote().text();
    session->tls_version = stream.machine().tls() == nullptr ? "" : stream.machine().tls()->version;
    session->mechanism = stream.machine().mechanism();
    session->source = context_.shard.desk.open([this, at = session.get()](std::uint64_t sequence) {
        at->received.handle(sequence);
        if (at->received.enabled() && at->stream != nullptr && at->received.due()) acknowledge(*at);
    });
    // Few clients send again to a new process what the old one had not acknowledged.
    session->source.only_counts = true;
    Session& bound = *session;
    account.sessions.push_back(std::move(session));
    stream.bound(bound);
}

void Inside::resume(ClientStream& stream, const std::string& id, std::uint32_t h) {
    const auto at = resumable_.find(id);
    const xmpp::Jid& user = stream.machine().user();
    if (at == resumable_.end() || at->second->account->bare != user || !at->second->sent.counts(h)) {
        log_.write_for(log_source(stream.remote().address), LogLevel::info, "im.resume.refused",
                       {{"user", user.text()}, {"remote", stream.remote().text()}});
        return stream.resume_refused();
    }
    Session& session = *at->second;
    if (ClientStream* old = std::exchange(session.stream, nullptr)) {
        old->let_go();
        old->end(xmpp::StreamCondition::conflict, "the session goes on elsewhere");
    }
    session.expiry.reset();
    session.asked = false;
    acknowledged(session, h);
    session.stream = &stream;
    session.remote_address = stream.remote().text();
    stream.resumed(session, session.received.resume());
}

}  // namespace sallyport::im
