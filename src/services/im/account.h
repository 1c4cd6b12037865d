// One account in memory: its roster and its sessions; and one session: a bound resource, which may outlive the stream
// of its client (XEP-0198).
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/store/user_store.h"
#include "proto/c2s/subscription.h"
#include "proto/s2s/stream_management.h"
#include "services/im/letter.h"
#include "services/im/service.h"

namespace sallyport::im {

class ClientStream;
struct Account;

/// A stanza at which so much blame has gathered is not sent to the client again: its streams have ended twice when
/// nothing else was on its way. What may have been the network counts half.
inline constexpr unsigned most_blame = 8;
inline constexpr unsigned blame_of_client = 4, blame_of_loss = 2;
/// From here on it is sent alone. More does not gather while there is something else on its way: one ending by the
/// client, or two losses.
inline constexpr unsigned suspicious_blame = 2;

/// What becomes of one stanza, with however many clients of its user it is: the first of them that has it answers for
/// all, and it goes another way when the last one is gone and none has had it.
struct Copies {
    SharedLetter letter{};               ///< whose ticket waits, or which goes another way; null: neither
    std::optional<std::int64_t> kept{};  ///< on the disk under this number until acknowledged
    unsigned blame = 0;                  ///< the most of what its copies bear
    unsigned holders = 0;                ///< windows that it is in
    bool acknowledged = false;           ///< or read, as far as is known, by a client that acknowledges nothing
    bool told = false;                   ///< who waits for it knows already: the ticket of `letter` is settled
    bool is_being_kept = false;          ///< on its way to the disk
    std::uint64_t laid_bytes = 0;        ///< what Account::laid_bytes counts of it; 0: it is not laid by
    [[nodiscard]] bool is_over() const { return acknowledged || holders == 0; }
};

/// Sent to a client and not yet acknowledged.
struct Unacknowledged {
    std::string bytes;
    std::shared_ptr<Copies> of{};  ///< null: nobody asks what becomes of it
    unsigned blame = 0;            ///< for streams that ended when it was on its way
    bool is_wrapped = false;       ///< XEP-0280: `bytes` are a copy of the stanza, not itself
    TimePoint since{};             ///< came to the session
    // Where XEP-0198 does not count it
    std::uint64_t begin = unwritten, end = unwritten;  ///< of its stream's bytes
    TimePoint taken_at = never;                        ///< the client's TCP had all of it
    static constexpr std::uint64_t unwritten = std::numeric_limits<std::uint64_t>::max();
    [[nodiscard]] bool is_suspect() const { return blame >= suspicious_blame; }
};

struct Session {
    Account* account = nullptr;
    std::uint64_t serial = 0;  ///< never given twice: what comes back later asks by it
    xmpp::Jid full;
    ClientStream* stream = nullptr;  ///< null: the client is away and may come back
    TimePoint since{};
    std::string remote_address, tls_version, mechanism, binding;  ///< of its stream, or its last one

    bool interested = false;  ///< asked for the roster: gets pushes (RFC 6121 2.1.6)
    bool carbons = false;
    bool available = false;
    int priority = 0;
    SharedLetter presence;           ///< the last one broadcast while available
    std::set<std::string> directed;  ///< who got directed presence and would not hear of the end

    s2s::ReceivedCounter received;
    s2s::SentCounter sent;
    std::deque<Unacknowledged> window;
    std::size_t window_bytes = 0;
    std::size_t written = 0;  ///< of the window, from its front: those that are on their way on this stream
    // Without XEP-0198
    std::size_t uncounted = 0;  ///< of the window, from its front: it does not count them, the stream's TCP tells
    std::size_t taken = 0;      ///< of these, from the front: with the client's TCP, and perhaps not read
    std::size_t taken_bytes = 0;
    std::uint64_t with_tcp = 0;       ///< of the stream's bytes, at the latest look
    std::uint64_t stream_serial = 0;  ///< of its stream, or its last one; 0: that is not waited for when it ends
    std::unique_ptr<io::Timer> looking{};
    TimePoint look_at = never;           ///< when that is due
    std::size_t suspects = 0;            ///< of the window; while there are any, one stanza is on its way at a time
    std::unique_ptr<io::Timer> trial{};  ///< how long something waits behind what is on its way
    bool trying = false;                 ///< it runs
    bool outlived = false;  ///< on this stream the client lived on without acknowledging: nothing is tried any more
    std::size_t laid = 0;   ///< of the window, from its front: laid by, or never to be
    std::unique_ptr<io::Timer> laying{};
    bool lays_by = false;     ///< it runs
    bool disk_fails = false;  ///< what is to be laid by waits for the timer
    bool asked = false;       ///< an `<r/>` is out
    bool overflown = false;   ///< the window is full: the session ends with this turn
    std::string resume_id;    ///< empty: not resumable
    std::unique_ptr<io::Timer> expiry;
    TimePoint ends_at{};     ///< when `expiry` is due
    std::uint64_t away = 0;  ///< its number among those whose clients are away; 0: it is none
    routing::Ticket source;
    std::uint64_t stanzas_in = 0, stanzas_out = 0;

    /// Of the window: what the client is not known to have.
    [[nodiscard]] std::size_t waiting() const { return window.size() - taken; }
    [[nodiscard]] std::size_t waiting_bytes() const { return window_bytes - taken_bytes; }
    /// What its window takes of the memory: a stanza has a tree beside its bytes.
    [[nodiscard]] std::size_t weight() const { return window_bytes + window.size() * overhead; }
    static constexpr std::size_t overhead = 1024;
};

struct Account {
    xmpp::Jid bare;
    io::UserName name;
    std::uint64_t version = 0;  ///< of the roster
    std::map<std::string, io::StoredContact> contacts;
    std::vector<std::unique_ptr<Session>> sessions;
    std::set<std::int64_t> on_the_way;  ///< kept stanzas that a session has got and not acknowledged

    /// Kept stanzas are being read from the disk. What comes meanwhile arrives behind them.
    bool reading_kept = false;
    bool read_kept_again = false;  ///< some have come to the disk, or back to it, since then
    std::uint64_t kept_for = 0;    ///< the session that gets them while it can; else another one does
    unsigned laying_by = 0;        ///< so many stanzas are on their way to the disk while their sessions go on
    /// On the disk while their sessions go on, beside what waits there for the user to come.
    std::uint64_t laid_stanzas = 0, laid_bytes = 0;
    struct Behind {
        SharedLetter letter;
        bool to_user;  ///< whatever resource it names
        unsigned blame;
        std::string payer;
    };
    std::deque<Behind> behind_kept;
    std::unique_ptr<io::Timer> behind_timer;
    /// For whom the disk has refused to keep so many bytes, or more: it is not asked again before it has forgotten
    /// something. Ordered (threat T63).
    std::map<std::string, std::size_t> refused;
    static constexpr std::size_t most_refused = 100;
    void refuse(const std::string& payer, std::size_t bytes) {
        if (refused.size() >= most_refused) refused.clear();
        std::size_t& least = refused.try_emplace(payer, bytes).first->second;
        least = std::min(least, bytes);
    }
    bool kept_while_there = false;  ///< something went to the disk since no client had room
    bool kept_is_late = false;      ///< the disk does not answer: what is new goes first
    /// The disk did not read what is kept, or did not let go of what clients have got: it is asked again in a while,
    /// and not for every stanza that comes.
    bool disk_rests = false;
    std::unique_ptr<io::Timer> disk_timer;
    std::vector<std::int64_t> unforgotten;  ///< what clients have got and the disk has still; never handed out again

    /// Reading or writing the account: what comes meanwhile waits, in order.
    bool busy = true;
    struct Waiting {
        std::string payer;  ///< payer_of(); empty: the user's own
        std::function<void(const Result<Account*>&)> work;
    };
    std::deque<Waiting> waiting;

    [[nodiscard]] c2s::Subscription subscription(const xmpp::Jid& contact) const {
        const auto at = contacts.find(contact.text());
        return at == contacts.end() ? c2s::Subscription::none : static_cast<c2s::Subscription>(at->second.state);
    }
    /// What counts as roster.
    [[nodiscard]] std::size_t listed() const {
        return static_cast<std::size_t>(
            std::count_if(contacts.begin(), contacts.end(), [](const auto& entry) { return entry.second.listed; }));
    }
    [[nodiscard]] Session* find(std::string_view resource) const {
        for (const auto& session : sessions) {
            if (session->full.resource() == resource) return session.get();
        }
        return nullptr;
    }
    [[nodiscard]] bool present() const {
        for (const auto& session : sessions) {
            if (session->available) return true;
        }
        return false;
    }
};

}  // namespace sallyport::im
