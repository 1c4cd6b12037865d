// Accounts in memory. Each is read from the disk when it is first needed and changed on the disk before it is changed
// here; work that comes meanwhile waits in order. One without clients and without work is forgotten.
#include <utility>

#include "services/im/inside.h"
#include "services/im/requests.h"

namespace sallyport::im {

using xmpp::StanzaCondition;

bool Inside::with(const xmpp::Jid& jid, std::string_view payer, OnAccount work) {
    const xmpp::Jid of = bare(jid);
    const std::string key = of.text();
    auto& account = accounts_[key];
    if (account && !account->busy) {
        Account& there = *account;
        work(&there);
        tidy(key);
        return true;
    }
    if (account) {
        if (!has_share(account->waiting, payer)) return false;
        account->waiting.push_back({std::string{payer}, std::move(work)});
        return true;
    }
    account = std::make_unique<Account>();
    account->bare = of;
    account->name = {of.local(), of.domain().text()};
    account->waiting.push_back({std::string{payer}, std::move(work)});
    context_.storage.load(account->name, payer,
                          [this, key](Result<std::optional<io::StoredUser>> user) { loaded(key, std::move(user)); });
    return true;
}

std::string Inside::payer_of(const SharedLetter& letter) const {
    const std::string& domain = letter->from().domain().text();
    return serves(domain) ? bare(letter->from()).text() : domain;
}

void Inside::forget_strangers_later() {
    if (forgetting_strangers_) return;
    forgetting_strangers_ = true;
    if (!strangers_timer_) {
        strangers_timer_ = context_.shard.loop.timer([this] {
            forgetting_strangers_ = false;
            std::size_t known = 0;
            for (AskersSpending* spent : {&vcards_spent_, &presence_spent_}) {
                spent->forget(now());
                known += spent->askers().size() + spent->domains().size();
            }
            if (known != 0) forget_strangers_later();
        });
    }
    strangers_timer_->arm(now() + Spending::window);
}

StanzaCondition Inside::store_failed(const std::string& source, const Error& error) const {
    log_.write_for(source, LogLevel::error, "im.store.failed", {{"code", error.code}, {"why", error.text}});
    // Later it may be well again (RFC 6120 8.3.3: of the type "wait"); the rest waits for the operator.
    const bool later = error.code == "store-busy" || error.code == "store-locked";
    return later ? StanzaCondition::resource_constraint : StanzaCondition::internal_server_error;
}

void Inside::loaded(const std::string& key, Result<std::optional<io::StoredUser>> user) {
    const auto at = accounts_.find(key);
    if (at == accounts_.end()) return;
    if (!user || !*user) {
        // Nobody else can have it: it was never handed out.
        const std::unique_ptr<Account> none = std::move(at->second);
        accounts_.erase(at);
        // That the disk does not say whether there is such a user is no news about him.
        const Found found = user ? Found{nullptr} : Found{user.error()};
        for (const Account::Waiting& one : none->waiting) one.work(found);
        return;
    }
    Account& account = *at->second;
    account.version = (*user)->roster_version;
    for (io::StoredContact& contact : (*user)->contacts) {
        // A version before this one kept them as they came.
        if (contact.request.size() > longest_request) contact.request = brief_request(contact.request);
        std::string jid = contact.jid;
        account.contacts.emplace(std::move(jid), std::move(contact));
    }
    account.busy = false;
    run_waiting(account);
}

void Inside::run_waiting(Account& account) {
    const std::string key = account.bare.text();
    while (!account.busy && !account.waiting.empty()) {
        const OnAccount work = std::move(account.waiting.front().work);
        account.waiting.pop_front();
        work(&account);
    }
    tidy(key);
}

/// Forgets an account that nobody needs; from the loop, since it may be in use further up.
void Inside::tidy(const std::string& key) {
    const auto idle = [this](const std::string& of) {
        const auto at = accounts_.find(of);
        return at != accounts_.end() && at->second->sessions.empty() && !at->second->busy &&
               at->second->waiting.empty() && at->second->on_the_way.empty() && !at->second->reading_kept &&
               at->second->laying_by == 0;
    };
    if (!idle(key)) return;
    context_.shard.loop.defer([this, key, idle] {
        if (idle(key)) accounts_.erase(key);
    });
}

void Inside::commit(Account& account, std::string_view payer, Storage::Work work, OnCommitted then) {
    account.busy = true;
    const std::string key = account.bare.text();
    context_.storage.run(payer, std::move(work), [this, key, then = std::move(then)](const Result<void>& done) {
        const auto at = accounts_.find(key);
        if (at == accounts_.end()) return;
        Account& there = *at->second;
        there.busy = false;
        then(there, done);
        run_waiting(there);
    });
}

void Inside::change(Account& account, std::string_view payer, io::StoredContact contact, OnCommitted then) {
    const bool removed = !contact.listed && contact.state == 0;
    const auto known = account.contacts.find(contact.jid);
    const bool was_listed = known != account.contacts.end() && known->second.listed;
    const std::uint64_t version = account.version + 1;
    Storage::Work work = [user = account.name, contact, version, removed](io::UserStore& store) {
        return removed ? store.remove_contact(user, contact.jid, version) : store.put_contact(user, contact, version);
    };
    commit(account, payer, std::move(work),
           [this, contact, version, removed, was_listed, then = std::move(then)](Account& there,
                                                                                 const Result<void>& done) {
               if (done) {
                   there.version = version;
                   if (removed) {
                       there.contacts.erase(contact.jid);
                   } else {
                       there.contacts[contact.jid] = contact;
                   }
                   if (contact.listed || was_listed) push(there, contact, !contact.listed);
               }
               then(there, done);
           });
}

void Inside::requests_forgotten(const io::UserName& user, const std::vector<std::string>& contacts) {
    const auto jid = xmpp::Jid::parse(user.local + "@" + user.domain);
    if (!jid || !accounts_.contains(jid->text())) return;
    // Behind what is being written.
    const bool taken = with(*jid, {}, [contacts](const Found& found) {
        if (!found || *found == nullptr) return;
        Account& account = **found;
        for (const std::string& contact : contacts) {
            const auto at = account.contacts.find(contact);
            if (at == account.contacts.end()) continue;
            at->second = without_request(std::move(at->second));
            if (!at->second.listed && at->second.state == 0) account.contacts.erase(at);
        }
    });
    if (!taken)
        log_.write_for(jid->text(), LogLevel::warn, "im.limit", {{"limit", "account_jobs"}, {"user", jid->text()}});
}

void Inside::account_changed(const io::UserName& user) {
    const auto jid = xmpp::Jid::parse(user.local + "@" + user.domain);
    if (!jid) return;
    const auto at = accounts_.find(jid->text());
    if (at == accounts_.end()) return;
    while (!at->second->sessions.empty()) {
        Session& session = *at->second->sessions.back();
        ClientStream* stream = std::exchange(session.stream, nullptr);
        if (stream != nullptr) stream->let_go();
        end_session(session);
        if (stream != nullptr) stream->end(xmpp::StreamCondition::not_authorized, "the account was changed");
    }
    for (const auto& stream : streams_) {  // authenticated with the old password, not yet bound
        if (bare(stream->machine().user()) == *jid && stream->session() == nullptr) {
            stream->end(xmpp::StreamCondition::not_authorized, "the account was changed");
        }
    }
}

}  // namespace sallyport::im
