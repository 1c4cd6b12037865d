// The inside of Service, shared by the files that implement it and by nobody else: service.cpp (public face, streams),
// logins.cpp (who may enter), sessions.cpp (XEP-0198, ends), accounts.cpp (reading and changing), delivery.cpp (where a
// stanza goes, RFC 6121 8), messages.cpp, presence.cpp, subscriptions.cpp, roster.cpp, queries.cpp, vcards.cpp.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/tables.h"
#include "proto/c2s/machine.h"
#include "services/im/account.h"
#include "services/im/client_stream.h"
#include "services/im/service.h"
#include "services/im/spending.h"
#include "services/routing/ledger.h"

namespace sallyport::im {

class Inside {
public:
    explicit Inside(ServiceContext context);
    ~Inside();

    [[nodiscard]] ServiceContext& context() { return context_; }
    [[nodiscard]] TimePoint now() const { return context_.shard.loop.now(); }
    [[nodiscard]] const Logger& log() const { return log_; }
    [[nodiscard]] bool serves(std::string_view domain) const;
    [[nodiscard]] c2s::Settings machine_settings();

    // service.cpp
    [[nodiscard]] Result<void> listen(const Endpoint& at);
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }
    void accept(std::unique_ptr<io::Stream> stream);
    void gone(ClientStream& stream);
    [[nodiscard]] ClientStream* stream(std::uint64_t serial);
    void hold(bool held);
    void shut();
    [[nodiscard]] std::size_t open_work() const { return streams_.size() + context_.storage.waiting(); }
    [[nodiscard]] ServiceStatus status() const;
    void tables(TableFills& all);

    // logins.cpp
    void look_up(ClientStream& stream, const c2s::LookUp& wanted);
    void login_failed(ClientStream& stream);
    void authenticated(ClientStream& stream);
    void bind(ClientStream& stream, const std::string& resource);
    void resume(ClientStream& stream, const std::string& id, std::uint32_t h);

    // sessions.cpp
    void enable(Session& session, bool resumable);
    void acknowledge(Session& session);
    void acknowledged(Session& session, std::uint32_t h);
    void resend(Session& session);
    /// Its stream has ended.
    void left(Session& session, bool may_come_back);
    void end_session(Session& session);
    /// Writes to the client, or keeps it for when it comes back. `letter`: whose ticket is settled once it has it.
    void send(Session& session, std::string bytes, SharedLetter letter = {}, std::optional<std::int64_t> kept = {});
    [[nodiscard]] bool has_room(const Session& session) const;
    /// For what may as well come later: half of the window stays free.
    [[nodiscard]] bool has_room_in_window(const Session& session) const;
    [[nodiscard]] Session* session(const std::string& bare, std::uint64_t serial);

    // accounts.cpp
    using OnAccount = std::function<void(Account*)>;
    /// Calls with the account, at once when it is in memory and at rest; null when there is no such user. False: too
    /// much waits for it already.
    [[nodiscard]] bool with(const xmpp::Jid& bare, OnAccount work);
    void account_changed(const io::UserName& user);
    void requests_forgotten(const io::UserName& user, const std::vector<std::string>& contacts);
    /// Writes, and calls `then` when it is on the disk; until then work for the account waits.
    void commit(Account& account, Storage::Work work, std::function<void(Account&, const Result<void>&)> then);
    /// Takes over `contact` as a whole; without a state and unlisted it is removed. Then pushes it, then calls `then`.
    void change(Account& account, io::StoredContact contact, std::function<void(Account&, const Result<void>&)> then);

    // delivery.cpp
    void from_client(Session& session, xml::Element tree);
    /// One beyond the limits, which was read past.
    void excess_of_client(Session& session, const xml::Shell& shell);
    void from_elsewhere(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    void route(const SharedLetter& letter);
    void settle(const SharedLetter& letter);
    /// Answers with an error what may be answered, and settles.
    void refuse(const SharedLetter& letter, xmpp::StanzaCondition condition);
    /// To one session; refused when it has no room.
    void to_session(Session& session, const SharedLetter& letter);

    // messages.cpp
    void message(Account& account, const SharedLetter& letter);
    /// To a user that does not exist.
    void message_to_nobody(const SharedLetter& letter);
    /// It waits behind kept ones that are being read.
    [[nodiscard]] bool waits(Account& account, const SharedLetter& letter, bool to_user);
    /// Whatever resource it names.
    void message_to_user(Account& account, const SharedLetter& letter);
    /// What a client sent, to the other clients of its user (XEP-0280).
    void copy_sent(Session& session, const SharedLetter& letter);
    void deliver_kept(Session& session);
    void deliver_behind(Account& account);
    void forget_kept(Account& account, std::vector<std::int64_t> numbers);

    // presence.cpp
    void presence_of_client(Session& session, xml::Element tree, const routing::Ticket& ticket);
    void presence(Account& account, const SharedLetter& letter);
    void become_unavailable(Session& session, const xml::Element* tree);
    /// What `contact` may see of the user: presence of every client, or the end of it.
    void show(Account& account, const xmpp::Jid& contact, bool available);

    // subscriptions.cpp
    void subscription_out(Account& account, c2s::Managing type, const SharedLetter& letter);
    void subscription_in(Account& account, c2s::Managing type, const SharedLetter& letter);
    void answer_probe(Account* account, const SharedLetter& letter);

    // roster.cpp
    void roster_get(Session& session, Account& account, const SharedLetter& letter);
    void roster_set(Session& session, Account& account, const SharedLetter& letter);
    void push(Account& account, const io::StoredContact& contact, bool removed);

    // queries.cpp
    void query_at_server(const SharedLetter& letter);
    /// `session`: the user's own client asks; null: somebody else.
    void query_at_account(Session* session, Account& account, const SharedLetter& letter);
    void answer(const SharedLetter& letter, std::vector<xml::Element> payload);

private:
    struct Failures {
        TimePoint window{};
        std::uint64_t count = 0;
    };
    void at_account(Account* account, const SharedLetter& letter);
    void loaded(const std::string& key, Result<std::optional<io::StoredUser>> user);
    void run_waiting(Account& account);
    void tidy(const std::string& key);
    void attach(ClientStream& stream, Account& account, const std::string& resource);
    void detach(Session& session);
    void rescue(Account& account, std::deque<Unacknowledged> window);
    void ask(Session& session);
    void keep(Account& account, const SharedLetter& letter);
    void copy_received(Account& account, const SharedLetter& letter, const std::vector<Session*>& had_it);
    void broadcast(Session& session, xml::Element tree);
    void arrive(Session& session);
    void direct(Session& session, xml::Element tree, const xmpp::Jid& to, const routing::Ticket& ticket);
    void refuse_client(Session& session, xml::Element tree, const xmpp::Jid& to, xmpp::StanzaCondition condition,
                       const routing::Ticket& ticket);
    void refuse_as_given(Session& session, const xml::Element& tree, xmpp::StanzaCondition condition,
                         const routing::Ticket& ticket);
    void remove_contact(Account& account, const io::StoredContact& contact, const SharedLetter& letter);
    void send_managing(const Account& account, c2s::Managing type, const xmpp::Jid& contact);
    /// Strangers get so much a minute (limit vcard_bytes_per_minute). False: that is used up.
    [[nodiscard]] bool spend_vcard(const xmpp::Jid& stranger, std::size_t bytes);
    void forget_strangers();
    void vcard_get(Session* session, Account& account, const SharedLetter& letter);
    void vcard_set(Account& account, const SharedLetter& letter);
    void forget_failures();
    [[nodiscard]] static IpAddress failures_account(const IpAddress& address);

    ServiceContext context_;
    Logger log_;
    routing::Ledger ledger_;
    std::vector<std::unique_ptr<io::Listener>> listeners_;
    std::vector<Endpoint> endpoints_;
    std::vector<std::unique_ptr<ClientStream>> streams_, dead_streams_;
    /// By bare JID; ordered, for strangers choose whom they write to and a tree has no bad keys (threat T63).
    std::map<std::string, std::unique_ptr<Account>> accounts_;
    std::vector<std::unique_ptr<Session>> dead_sessions_;
    std::unordered_map<std::string, Session*> resumable_;
    std::map<IpAddress, Failures> failures_;
    std::unique_ptr<io::Timer> failures_timer_;
    Spending vcards_by_stranger_, vcards_by_domain_;
    std::unique_ptr<io::Timer> vcards_timer_;
    std::uint64_t serials_ = 0;
    bool shutting_ = false, held_ = false;
};

}  // namespace sallyport::im
