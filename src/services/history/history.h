// The node's history with its disk: takes readings, makes slots of them, keeps them in a small database whose size is
// bounded, and answers with points of any of its rings. Written and read on a thread beside, never by a shard; without
// a disk that works the latest slots wait in memory, where they are read too, and what does not fit is lost and
// counted. Control thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/tables.h"
#include "io/loop/loop.h"
#include "io/store/history_store.h"
#include "services/history/roll_up.h"
#include "services/history/roster.h"

namespace sallyport::history {

struct Options {
    std::string file;
    std::uint64_t peers = 0;  ///< with a history of their own
    /// Where the disk is waited for: work, and then the rest on this thread; false: too much is under way. Empty: at
    /// once.
    std::function<bool(std::function<void()> work, std::function<void()> then)> disk{};
};

struct Question {
    Subject subject;        ///< a rule without a name: every rule that refused anything
    std::size_t ring = 0;   ///< place in `rings`
    std::int64_t from = 0;  ///< Unix time, a multiple of the ring's step
    std::int64_t step = 0;  ///< seconds of a point, likewise
    std::size_t points = 0;
};

struct Line {
    const Figure* figure = nullptr;
    std::string rule;  ///< of a rule; else empty
    std::vector<Point> points;
};

class History {
public:
    /// From one reading to the next.
    static constexpr Duration interval = std::chrono::seconds{rings.front().step};
    /// Slots that wait for the disk.
    static constexpr std::size_t most_waiting = 20'000;

    /// The file is made if it is not there; a damaged one is put aside and a new one begun. `loop` outlives it.
    History(Options options, io::Loop& loop, Logger log);
    ~History();
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    /// `named`: peers that the settings name.
    void take(Reading reading, const std::set<std::string>& named);
    /// A handshake with somebody has ended; counted of peers that have a history.
    void count_handshake(const std::string& peer, bool good);

    using OnFound = std::function<void(Result<std::vector<Line>>)>;
    /// Errors: "history-busy", and those of Database.
    void find(const Question& question, OnFound on_found);

    [[nodiscard]] const Roster& roster() const { return roster_; }
    /// Slots that were never written: memory could not hold them until the disk worked.
    [[nodiscard]] std::uint64_t lost() const { return lost_; }
    /// Why nothing is written; empty: it is.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    [[nodiscard]] TableFills tables() const;

private:
    using Key = std::tuple<std::int64_t, std::size_t, Subject>;  ///< time, ring
    using Slots = std::map<Key, Slot>;
    struct Writing {
        Slots slots;
        std::set<std::string> changed, forgotten;  ///< peers
        [[nodiscard]] bool empty() const { return slots.empty() && changed.empty() && forgotten.empty(); }
    };
    void open();
    void begin_anew(const Error& damage);
    [[nodiscard]] Result<void> read();
    void write();
    void written(const Result<void>& outcome);
    void take_back();
    void drop_oldest();
    void in_trouble(const Error& why);
    [[nodiscard]] io::HistoryBatch batch_of(const Writing& writing) const;

    Options options_;
    io::Loop& loop_;
    Logger log_;
    Sampler sampler_;
    RollUp roll_up_;
    Roster roster_;
    std::map<std::string, PeerCounts> handshakes_;  ///< of peers on the roster
    std::shared_ptr<io::HistoryStore> store_;       ///< used beside; null: trouble
    Writing waiting_, writing_;
    bool is_writing_ = false;
    std::uint64_t lost_ = 0, lost_told_ = 0;
    std::string trouble_;
    TimePoint try_again_{};
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sallyport::history
