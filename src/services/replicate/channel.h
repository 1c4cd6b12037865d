// One channel of the replicator with its machine and deadlines. Only replicate/*.cpp include it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "services/replicate/replicator.h"

namespace sallyport::services {

inline std::string at_revision(std::uint64_t revision) { return "revision " + std::to_string(revision); }

/// A far node, across its channels.
struct Replicator::Far {
    std::string name;
    std::string component;
    std::string key;
    std::size_t place = SIZE_MAX;  ///< not known before it has connected since the start
    replication::Held held;        ///< of its values
    replication::Values values;    ///< those
    std::string agreed_digest;     ///< of ours, there
    std::string refused;           ///< why it did not take ours over; empty: it did, or was not asked
    std::string refused_here;      ///< why we did not take over its latest; empty: we did
    std::string trouble;           ///< why there is no channel
    std::string trouble_code;      ///< the same as a code; empty: none is known
    TimePoint down_since{};
    Channel* channel = nullptr;  ///< greeted
    replication::Report report;
    std::vector<std::string> notices;  ///< keys of its alarms on our board
};

/// So many at once, then one a second: what a far node may have done here.
class Pace {
public:
    explicit Pace(int at_once) : slack_{(at_once - 1) * every} {}
    /// False: not before next().
    [[nodiscard]] bool take(TimePoint now) {
        if (now < next()) return false;
        until_ = std::max(until_, now) + every;
        return true;
    }
    [[nodiscard]] TimePoint next() const { return until_ - slack_; }

private:
    static constexpr Duration every = std::chrono::seconds{1};
    Duration slack_;
    TimePoint until_{};
};

class Replicator::Channel final : public io::ByteChannelOwner {
public:
    Channel(Replicator& owner, std::unique_ptr<io::ByteChannel> channel, FarIdentity identity);

    void start();
    void on_bytes(std::string_view bytes) override;
    void on_progress() override;
    void on_closed(const std::string& why) override;

    void offer(std::uint64_t revision, const replication::Values& values);
    void report(const replication::Report& report);
    void close(const Error& why);
    [[nodiscard]] const replication::Machine& machine() const { return machine_; }
    [[nodiscard]] const FarIdentity& identity() const { return identity_; }
    [[nodiscard]] Far* far() const { return far_; }
    void forget_far() { far_ = nullptr; }

private:
    void act(replication::Actions actions);
    void meet(const replication::Hello& hello, replication::Actions& out);
    /// An update has its answer when it is in force, so a far node that sends one after the other waits for its pace.
    void apply(const replication::Apply& apply, replication::Actions& out);
    void apply_now(const replication::Apply& apply, replication::Actions& out);
    void try_again();
    void take_report(const replication::Report& report);
    void arm();
    void end(const std::string& why);

    Replicator* owner_;
    std::unique_ptr<io::ByteChannel> channel_;
    FarIdentity identity_;
    replication::Machine machine_;
    Far* far_ = nullptr;
    std::unique_ptr<io::Timer> deadline_, retry_, early_;
    std::optional<replication::Apply> waiting_;  ///< could not be stored yet
    std::optional<replication::Apply> early_update_;
    std::optional<replication::Report> early_report_;  ///< the latest
    Pace updates_{10}, reports_{3};
    Error told_;  ///< why, as the far node knows it
    bool over_ = false;
};

}  // namespace sallyport::services
