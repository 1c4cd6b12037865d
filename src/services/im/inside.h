// The inside of Service, shared by the files that implement it and by nobody else: service.cpp (public face, streams),
// logins.cpp (who may enter), sessions.cpp (XEP-0198, ends), taken.cpp, copies.cpp, laying_by.cpp, accounts.cpp
// (reading and changing), delivery.cpp (where a stanza goes, RFC 6121 8), messages.cpp, presence.cpp, probes.cpp,
// subscriptions.cpp, roster.cpp, queries.cpp, vcards.cpp, online.cpp (what an administrator sees).
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/failures.h"
#include "base/tables.h"
#include "io/net/listeners.h"
#include "proto/c2s/machine.h"
#include "services/im/account.h"
#include "services/im/client_stream.h"
#include "services/im/online.h"
#include "services/im/probes.h"
#include "services/im/service.h"
#include "services/im/spending.h"
#include "services/routing/ledger.h"

namespace sallyport::im {

/// XEP-0160 3: messages that say something; not a mere "is typing".
[[nodiscard]] bool is_worth_keeping(const xml::Element& message);

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
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return listeners_.endpoints(); }
    void accept(std::unique_ptr<io::Stream> stream);
    void gone(ClientStream& stream);
    [[nodiscard]] ClientStream* stream(std::uint64_t serial);
    void hold(bool held);
    [[nodiscard]] bool held() const { return held_; }
    void shut();
    [[nodiscard]] std::size_t open_work() const { return streams_.size() + context_.storage.waiting(); }
    [[nodiscard]] ServiceStatus status() const;
    void tables(TableFills& all);

    // online.cpp
    [[nodiscard]] OnlinePage online(const OnlineQuery& query) const;
    [[nodiscard]] Result<void> end_client(const xmpp::Jid& full, std::uint64_t number);
    void note_refused(const Endpoint& remote, const c2s::LoginRefused& refused);
    [[nodiscard]] std::vector<RefusedLogin> refused_logins(std::size_t most) const {
        return refused_logins_.latest(most);
    }

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
    /// Who ended a stream, as far as it tells of the stanzas that were on their way.
    enum class Ended {
        by_us,      ///< it tells nothing
        by_loss,    ///< reset, silence, another connection in its place: the network's, or the client's
        by_client,  ///< error or FIN
        in_order,   ///< its closing tag; with XEP-0198 it had time to acknowledge, without it has read what it took
    };
    /// Its stream has ended.
    void left(Session& session, Ended ended, bool may_come_back);
    /// What was on its way when the stream ended bears a part of the blame.
    void blame(Session& session, Ended ended);
    void end_session(Session& session);
    /// Makes room for a client that is there: the user's session that is away longest ends. False: all are connected.
    bool end_longest_away(Account& account);
    /// Writes to the client, or keeps it for when it comes back.
    void send(Session& session, Unacknowledged stanza);
    /// The node is going to stop: sessions whose client is away end, what the other clients have got and not
    /// acknowledged goes to the disk, and who waits for it is told. Streams stay, for what comes back.
    void put_down();
    [[nodiscard]] bool put_down_done() const { return context_.storage.waiting() == 0; }
    [[nodiscard]] bool has_room(const Session& session) const;
    /// For what may as well come later: half of the window stays free.
    [[nodiscard]] bool has_room_in_window(const Session& session) const;
    [[nodiscard]] Session* session(const std::string& bare, std::uint64_t serial);

    // taken.cpp
    /// The stream has ended that had so many of its bytes `taken`; `has_read`: and the client has read these. The rest
    /// goes the ways of what a client never confirmed.
    void rescue_rest(const xmpp::Jid& bare, std::deque<Unacknowledged> window, std::uint64_t taken, bool has_read);

    // accounts.cpp
    /// Null: there is no such user. An error: the disk does not say.
    using Found = Result<Account*>;
    using OnAccount = std::function<void(const Found&)>;
    /// Calls with the account, at once when it is in memory and at rest. `payer`: payer_of(), or empty for what its own
    /// user wants. False: too much waits for it already, or too much of that payer's.
    [[nodiscard]] bool with(const xmpp::Jid& bare, std::string_view payer, OnAccount work);
    /// Who has to share with others what may wait: a domain elsewhere, a user of ours.
    [[nodiscard]] std::string payer_of(const SharedLetter& letter) const;
    /// Logs it, within the budget of `source`: a user, or a remote address; what the sender is told.
    xmpp::StanzaCondition store_failed(const std::string& source, const Error& error) const;
    void account_changed(const io::UserName& user);
    void requests_forgotten(const io::UserName& user, const std::vector<std::string>& contacts);
    using OnCommitted = std::function<void(Account&, const Result<void>&)>;
    /// Writes, and calls `then` when it is on the disk; until then work for the account waits.
    void commit(Account& account, std::string_view payer, Storage::Work work, OnCommitted then);
    /// Takes over `contact` as a whole; without a state and unlisted it is removed. Then pushes it, then calls `then`.
    void change(Account& account, std::string_view payer, io::StoredContact contact, OnCommitted then);

    // delivery.cpp
    void from_client(Session& session, xml::Element tree);
    /// One that is not passed on, whatever is in it; its client is told.
    void refuse_unread(Session& session, const xml::Shell& shell, xmpp::StanzaCondition condition);
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
    [[nodiscard]] bool waits(Account& account, const SharedLetter& letter, bool to_user, unsigned blame);
    /// Whatever resource it names.
    void message_to_user(Account& account, const SharedLetter& letter, unsigned blame);
    /// What a client sent, to the other clients of its user (XEP-0280).
    void copy_sent(Session& session, const SharedLetter& letter);
    /// What is kept goes to the user's clients: to `session` while it has room, else to another one.
    void deliver_kept(Session& session);
    /// The client has room again, perhaps: what went to the disk meanwhile comes before what is new.
    void catch_up(Session& session, bool before_another = false);
    void deliver_behind(Account& account);
    void forget_kept(Account& account, std::vector<std::int64_t> numbers);
    /// The disk failed with what is kept for the user: once more in a while.
    void ask_disk_again(Account& account);

    // presence.cpp
    void presence_of_client(Session& session, xml::Element tree, const routing::Ticket& ticket);
    void presence(Account& account, const SharedLetter& letter);
    void become_unavailable(Session& session, const xml::Element* tree);
    /// What `contact` may see of the user: presence of every client, or the end of it.
    [[nodiscard]] std::vector<SharedLetter> shown(const Account& account, const xmpp::Jid& contact,
                                                  bool available) const;
    /// Tells him.
    void show(Account& account, const xmpp::Jid& contact, bool available);

    // probes.cpp
    void answer_probe(Account* account, const SharedLetter& letter);
    void answer_friend(Account& account, const SharedLetter& letter);
    /// Somebody elsewhere has asked that just now, and is answered later.
    [[nodiscard]] bool asked_again(const SharedLetter& letter, Probes::Asks asks);

    // subscriptions.cpp
    void subscription_out(Account& account, c2s::Managing type, const SharedLetter& letter);
    void subscription_in(Account& account, c2s::Managing type, const SharedLetter& letter);

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
    /// One more of `payer` may wait in such a queue (limit account_jobs): nobody has more of it than is free, and all
    /// of them together leave the last quarter to the account's own user.
    template <typename Queue>
    [[nodiscard]] bool has_share(const Queue& queue, std::string_view payer) const {
        const auto own = std::count_if(queue.begin(), queue.end(),
                                       [&](const auto& one) { return !payer.empty() && one.payer == payer; });
        const std::uint64_t most = context_.limits.account_jobs;
        return queue.size() < (payer.empty() ? most : most - most / 4) &&
               queue.size() + static_cast<std::size_t>(own) < most;
    }
    [[nodiscard]] OnlineClient shown_to_administrator(const Session& session) const;
    void at_account(const Found& found, const SharedLetter& letter);
    void without_account(const Error& error, const SharedLetter& letter);
    void loaded(const std::string& key, Result<std::optional<io::StoredUser>> user);
    void run_waiting(Account& account);
    void tidy(const std::string& key);
    void attach(ClientStream& stream, Account& account, const std::string& resource);
    /// The session goes over this stream from now on.
    static void carry_on(Session& session, ClientStream& stream);
    void detach(Session& session);
    /// Its client is back, or it ends.
    void not_away(Session& session);
    /// Ends sessions whose clients are away while there are too many of them, or too much waits in them.
    void bound_away();
    void ask(Session& session);
    void write_on(Session& session);
    void outlived(Session& session);
    /// Takes the first out of the window.
    Unacknowledged pop(Session& session);
    // messages.cpp
    /// As much as somebody has room for.
    void read_kept(Account& account);
    void hand_out(Account& account, std::vector<io::StoredStanza> rows);
    /// Who gets what is kept; null: nobody has room.
    [[nodiscard]] Session* takes_kept(const Account& account) const;
    void end_reading(Account& account);
    // taken.cpp
    void look_later(Session& session, TimePoint at);
    void look_soon(Session& session);
    /// How far the client's TCP is, and what follows from that.
    void look(Session& session);
    /// Its books alone. True: something waits, and the client takes nothing.
    bool take_stock(Session& session);
    /// Settles the ticket of what goes on being kept.
    void tell(Copies& copies);
    /// Takes the letter out; who has been told does not hear of it again.
    [[nodiscard]] static SharedLetter take_letter(Copies& copies);
    /// `kept` grows by the number that the disk is to forget.
    void has_read(Account& account, const Unacknowledged& entry, std::vector<std::int64_t>& kept);
    /// The window goes over a stream on which all of it is counted.
    static void count_all(Session& session);
    // copies.cpp
    /// A client has it. The number that the disk is to forget.
    [[nodiscard]] std::optional<std::int64_t> has_got(Account& account, Copies& copies);
    void rescue(Account& account, std::deque<Unacknowledged> window);
    /// The client's streams have ended at it, and it is out of the window: it goes back to its sender.
    void take_out(Account& account, const Unacknowledged& stanza);
    /// Whose ticket waits when the node is going to stop.
    [[nodiscard]] bool puts_down(const SharedLetter& letter) const {
        return putting_down_ && letter->ticket().wanted();
    }
    // laying_by.cpp
    void lay_by_later(Session& session);
    /// What came so long ago and is not acknowledged waits for its client no longer.
    void lay_by(Session& session, TimePoint came_until);
    /// Then it is looked again for what is to be laid by; where that was going to happen before, it does.
    void arm_laying(Session& session, TimePoint at);
    /// False: too much of the account's is laid by, and the session with most in it ends.
    [[nodiscard]] bool lay_by_one(Session& session, const std::shared_ptr<Copies>& copies);
    void laid_by(Account& account, Copies& copies, std::int64_t number);
    /// `asked`: the session that wanted it.
    void not_laid_by(Account& account, Copies& copies, std::uint64_t asked, const Error& error);
    /// A client has it, or all of their sessions are over: it waits there like any other.
    static void no_longer_laid_by(Account& account, Copies& copies);
    /// The session ends with this turn: too much is not acknowledged.
    void overflow(Session& session);
    using OnDisk = std::function<void(const Result<std::int64_t>&)>;
    /// For what comes while the user is away; what is laid by takes none of it.
    [[nodiscard]] io::KeptRoom room_on_disk(const Account& account) const;
    /// Whose share of that it takes: a contact has one of its own, whoever else is of its domain.
    [[nodiscard]] io::KeptFrom kept_from(const Account& account, const SharedLetter& letter) const;
    /// Its number there; errors: those of UserStore::keep.
    void put_on_disk(const Account& account, const SharedLetter& letter, unsigned blame, const io::KeptRoom& room,
                     OnDisk then);
    /// On the disk, until the user comes. `copies`: clients have got it, and may yet acknowledge it.
    void keep(Account& account, const SharedLetter& letter, unsigned blame, std::shared_ptr<Copies> copies);
    void refuse_to_keep(const SharedLetter& letter);
    void copy_received(Account& account, const std::shared_ptr<Copies>& copies, const std::vector<Session*>& had_it);
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
    void answer_by_measure(const SharedLetter& letter, Probes::Asks asks, const std::vector<SharedLetter>& answers);
    void answer_due_probes();
    void remember_probe(const SharedLetter& letter, Probes::Asks asks);
    /// What strangers have spent is forgotten after a minute.
    void forget_strangers_later();
    void vcard_get(Session* session, Account& account, const SharedLetter& letter);
    void vcard_set(Account& account, const SharedLetter& letter);
    void forget_failures();
    [[nodiscard]] bool turned_away(ClientStream& stream) const;

    ServiceContext context_;
    Logger log_;
    routing::Ledger ledger_;
    io::Listeners listeners_;
    std::vector<std::unique_ptr<ClientStream>> streams_, dead_streams_;
    /// By bare JID; ordered, for strangers choose whom they write to and a tree has no bad keys (threat T63).
    std::map<std::string, std::unique_ptr<Account>> accounts_;
    std::vector<std::unique_ptr<Session>> dead_sessions_;
    std::unordered_map<std::string, Session*> resumable_;
    std::map<std::uint64_t, Session*> away_;  ///< whose clients may come back, in the order in which they left
    std::size_t away_bytes_ = 0;              ///< that their windows take of the memory
    Failures failures_;
    RefusedLogins refused_logins_;
    std::unique_ptr<io::Timer> failures_timer_;
    AskersSpending vcards_spent_, presence_spent_;
    std::unique_ptr<io::Timer> strangers_timer_;
    bool forgetting_strangers_ = false;  ///< it runs
    Probes probes_;
    std::unique_ptr<io::Timer> probes_timer_;
    std::uint64_t serials_ = 0;
    std::uint64_t sessions_ = 0;  ///< how many there are
    bool shutting_ = false, putting_down_ = false, held_ = false, bounding_away_ = false;
};

}  // namespace sallyport::im
