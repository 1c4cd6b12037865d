// Accounts in memory. Each is read from the disk when it is first needed and changed on the disk before it is changed
// here; work that comes meanwhile waits in order. One without clients and without work is forgotten.
#include <utility>

#include "services/im/inside.h"
#include "services/im/requests.h"

namespace sallyport::im {

bool Inside::with(const xmpp::Jid& jid, OnAccount work) {
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
        if (account->waiting.size() >= context_.limits.account_jobs) return false;
        account->waiting.push_back(std::move(work));
        return true;
    }
    account = std::make_unique<Account>();
    account->bare = of;
    account->name = {of.local(), of.domain().text()};
    account->waiting.push_back(std::move(work));
    context_.storage.load(account->name,
                          [this, key](Result<std::optional<io::StoredUser>> user) { loaded(key, std::move(user)); });
    return true;
}

void Inside::loaded(const std::string& key, Result<std::optional<io::StoredUser>> user) {
    const auto at = accounts_.find(key);
    if (at == accounts_.end()) return;
    if (!user || !*user) {
        if (!user) log_.error("im.store.failed", {{"code", user.error().code}, {"why", user.error().text}});
        // Nobody else can have it: it was never handed out.
        const std::unique_ptr<Account> none = std::move(at->second);
        accounts_.erase(at);
        for (const OnAccount& work : none->waiting) work(nullptr);
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
        const OnAccount work = std::move(account.waiting.front());
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
               at->second->waiting.empty() && at->second->on_the_way.empty() && at->second->reading_kept == 0;
    };
    if (!idle(key)) return;
    context_.shard.loop.defer([this, key, idle] {
        if (idle(key)) accounts_.erase(key);
    });
}

void Inside::commit(Account& account, Storage::Work work, std::function<void(Account&, const Result<void>&)> then) {
    account.busy = true;
    const std::string key = account.bare.text();
    context_.storage.run(std::move(work), [this, key, then = std::move(then)](const Result<void>& done) {
        const auto at = accounts_.find(key);
        if (at == accounts_.end()) return;
        Account& there = *at->second;
        if (!done) log_.error("im.store.failed", {{"code", done.error().code}, {"why", done.error().text}});
        there.busy = false;
        then(there, done);
        run_waiting(there);
    });
}

void Inside::change(Account& account, io::StoredContact contact,
                    std::function<void(Account&, const Result<void>&)> then) {
    const bool removed = !contact.listed && contact.state == 0;
    const auto known = account.contacts.find(contact.jid);
    const bool was_listed = known != account.contacts.end() && known->second.listed;
    const std::uint64_t version = account.version + 1;
    Storage::Work work = [user = account.name, contact, version, removed](io::UserStore& store) {
        return removed ? store.remove_contact(user, contact.jid, version) : store.put_contact(user, contact, version);
    };
    commit(account, std::move(work),
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
    const bool taken = with(*jid, [contacts](Account* account) {
        if (account == nullptr) return;
        for (const std::string& contact : contacts) {
            const auto at = account->contacts.find(contact);
            if (at == account->contacts.end()) continue;
            at->second = without_request(std::move(at->second));
            if (!at->second.listed && at->second.state == 0) account->contacts.erase(at);
        }
    });
    if (!taken) log_.warn("im.limit", {{"limit", "account_jobs"}, {"user", jid->text()}});
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
