// One IM&P publisher and its table: what is there is read, what is missing is added, what is ours and not wanted is
// removed, and all of it is read back. One request at a time; trouble is tried again, later and later.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/store/provision_store.h"
#include "io/store/seal.h"
#include "model/provision/plan.h"
#include "services/alarms/alarm_board.h"
#include "services/provision/axl_client.h"

namespace sallyport::provision {

enum class PublisherState : std::uint8_t {
    trying,  ///< under way for the first time, or again after a change
    active,  ///< its table is as it has to be
    failed,  ///< tried again later
};
[[nodiscard]] std::string_view text(PublisherState state);

struct PublisherStatus {
    std::string address, username;
    bool tls_verify = true;
    PublisherState state = PublisherState::trying;
    std::string code, reason;        ///< of the last failure; empty: none
    std::vector<std::string> nodes;  ///< of its cluster
    std::vector<std::string> rows;   ///< component ids of ours in its table, as last read
    std::vector<std::string> wanted;
    std::vector<std::string> told;  ///< of `wanted`, what its table had when it was last read, by whichever process
    std::vector<std::string> lost;  ///< of `wanted`, what it had before, and not then
    WallTime since{};               ///< of the state
};

/// What is raised while it cannot be told, and said wherever that is shown.
struct PublisherFault {
    services::AlarmCode code{};
    std::string detail;
    services::AlarmWords words;
};
/// Of what status.code and status.reason say; the code chooses the remedy.
[[nodiscard]] PublisherFault fault_of(const PublisherStatus& status);
/// What follows for messages from what its table has, while it cannot be told anything else.
[[nodiscard]] std::string effect_of(const PublisherStatus& status);

class Publisher {
public:
    static constexpr Duration first_retry = std::chrono::seconds{2};
    static constexpr Duration longest_retry = std::chrono::seconds{6};        ///< in agreement 10 s after it is back
    static constexpr Duration unauthorized_retry = std::chrono::seconds{30};  ///< servers throttle wrong passwords
    static constexpr Duration look_again = std::chrono::minutes{1};           ///< somebody may have changed the table

    struct Context {
        AxlClient& client;
        io::ProvisionStore& store;
        const io::Seal& seal;
        io::Loop& loop;
        services::AlarmBoard& alarms;
        std::function<std::uint64_t(std::uint64_t)> random_below;
        std::function<void()> on_changed;  ///< what status() says may have changed
    };

    Publisher(Context context, io::StoredPublisher stored);
    ~Publisher() = default;
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    /// What the edges are decides which rows have to be there.
    void want(const std::vector<EdgeState>& edges);
    /// New user, password or way to judge its certificate: in force with the next request. refresh() tries it.
    void replace(io::StoredPublisher stored) { stored_ = std::move(stored); }
    /// At once: the nodes of the cluster, then the table. `on_done` is told when that has succeeded or failed.
    void refresh(std::function<void()> on_done);
    [[nodiscard]] PublisherStatus status() const;
    [[nodiscard]] const io::StoredPublisher& stored() const { return stored_; }
    /// It is about to be removed: who waits is told, alarms about it go.
    void give_up();

private:
    void begin();
    void ask_nodes();
    void ask_rows(bool read_back);
    void rows_known(bool read_back, const axl::Rows& rows);
    [[nodiscard]] Result<void> note_told();
    void change_next();
    void changed(bool added, const std::string& cp_id);
    void send(axl::Operation operation, const std::string& sql, std::function<void(const axl::Answer&)> then);
    void succeed();
    void fail(const Error& error);
    void end_round();
    void raise();
    void enter(PublisherState state);
    [[nodiscard]] Result<AxlTarget> target() const;

    Context context_;
    io::StoredPublisher stored_;
    std::vector<std::string> desired_, edge_ids_, untouched_;
    std::vector<std::string> nodes_, rows_, agreed_;  ///< agreed_: what was desired when the table was last right
    std::vector<io::ToldRow> told_;
    Plan plan_;
    std::unique_ptr<AxlCall> call_;
    std::unique_ptr<io::Timer> timer_;
    std::vector<std::function<void()>> waiting_;
    PublisherState state_ = PublisherState::trying;
    Error trouble_;
    WallTime since_{};
    unsigned failures_ = 0;
    bool started_ = false;  ///< want() was called: before, nothing may be taken away
    bool busy_ = false;
    bool again_ = false;                                     ///< something changed while a round was under way
    bool discover_ = true;                                   ///< the nodes are to be asked for
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);  ///< for work that was posted
};

}  // namespace sallyport::provision
