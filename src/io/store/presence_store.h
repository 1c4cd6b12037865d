// The database of the presence node: where foreign stanzas go (xmpps2snodes), the nodes of its cluster (processnode),
// who may use AXL (applicationuser), and what the administrator should know (notification). It knows names and text;
// which statements may come from outside is the business of proto/axl. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "io/store/database.h"

namespace sallyport::io {

/// One row of xmpps2snodes: a component that carries stanzas to and from other domains.
struct S2sNode {
    std::string pkid;   ///< UUID, lower case, without braces; empty when adding: a fresh one
    std::string cp_id;  ///< e.g. "cm-2_s2scp-1.edge1-example-com"
    bool operator==(const S2sNode&) const = default;
};

/// One node of the cluster; the one with the lowest number is the publisher.
struct ProcessNode {
    std::string pkid;
    std::string name;
    std::int64_t nodeid = 0;
    bool operator==(const ProcessNode&) const = default;
};

/// Who may ask for what over AXL.
struct ApplicationUser {
    std::string name;
    std::vector<std::string> roles;
    std::string verifier;  ///< of make_verifier(); never shown
};

/// What the administrator should know. One that is raised again counts up.
struct Notification {
    std::int64_t id = 0;        ///< given by the store
    std::int64_t severity = 0;  ///< as in syslog: 0 is the most severe, 7 the least
    std::int64_t count = 1;     ///< how often it was raised
    std::string description;
    std::string origin;
    WallTime created{};  ///< when it was raised first
    std::string verb{};  ///< of the admin socket: what does away with it, "restart.router"; empty: no verb does
    bool operator==(const Notification&) const = default;
};

struct Condition {
    std::string column;
    std::string value;
};

/// A question about one of the tables that may be read from outside: names that the schema does not have are refused,
/// values are bound.
struct Selection {
    std::string table;
    std::vector<std::string> columns;  ///< empty: all
    bool count = false;                ///< only how many
    std::vector<Condition> where;      ///< all of them hold
    std::vector<std::string> order_by;
};

struct SelectedRows {
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
};

/// Errors of everything here: those of Database; "store-conflict": a unique value is there already;
/// "store-no-such-name": table or column.
class PresenceStore {
public:
    static constexpr std::size_t most_s2s_nodes = 4096;
    static constexpr std::size_t most_notifications = 1000;
    static constexpr std::size_t most_selected = 10'000;

    /// As Database::open_or_read().
    static Result<PresenceStore> open(const std::string& path,
                                      std::chrono::milliseconds lock_wait = std::chrono::milliseconds{500});

    /// Why it can only be read, if so (Database::open_or_read).
    [[nodiscard]] const std::optional<Error>& obstacle() const { return database_.obstacle(); }

    /// Called after every committed change of xmpps2snodes, on the thread that changed it.
    void on_s2s_nodes_changed(std::function<void()> callback) { on_s2s_nodes_changed_ = std::move(callback); }

    /// In the order of their cp_id.
    [[nodiscard]] Result<std::vector<S2sNode>> s2s_nodes();
    /// The row as stored. Errors: "store-conflict", "store-full" beyond `most_s2s_nodes`.
    [[nodiscard]] Result<S2sNode> add_s2s_node(S2sNode node);
    /// How many rows went.
    [[nodiscard]] Result<std::uint64_t> remove_s2s_nodes(const std::vector<Condition>& where);
    /// How many rows have the new cp_id.
    [[nodiscard]] Result<std::uint64_t> update_s2s_nodes(const std::string& cp_id, const std::vector<Condition>& where);
    /// Rows of a table, for AXL and `run sql`; at most `most_selected`.
    [[nodiscard]] Result<SelectedRows> select(const Selection& selection);

    /// In the order of their numbers.
    [[nodiscard]] Result<std::vector<ProcessNode>> process_nodes();
    /// These are the nodes of the cluster, the publisher first; those that were known keep their pkid.
    [[nodiscard]] Result<void> set_process_nodes(const std::vector<std::string>& names);
    /// Opens it for writing where it could only be read, and writes what is there already. Errors: those of any change.
    [[nodiscard]] Result<void> prove_writable();

    [[nodiscard]] Result<std::vector<ApplicationUser>> application_users();
    /// Adds, or replaces the one of that name.
    [[nodiscard]] Result<void> put_application_user(const ApplicationUser& user);
    /// False: there was none.
    [[nodiscard]] Result<bool> remove_application_user(const std::string& name);

    /// Newest first.
    [[nodiscard]] Result<std::vector<Notification>> notifications();
    /// The one with this description and origin counts up, or it is new. Returns its id.
    [[nodiscard]] Result<std::int64_t> raise_notification(const Notification& notification);
    /// False: there was none.
    [[nodiscard]] Result<bool> remove_notification(std::int64_t id);
    /// Those of an origin whose description begins so; how many went.
    [[nodiscard]] Result<std::uint64_t> remove_notifications(const std::string& origin, std::string_view beginning);

private:
    explicit PresenceStore(Database database) : database_{std::move(database)} {}
    [[nodiscard]] Result<std::string> fresh_uuid();
    [[nodiscard]] Result<std::uint64_t> change_s2s_nodes(const std::string& sql,
                                                         const std::vector<std::string>& values);

    Database database_;
    std::function<void()> on_s2s_nodes_changed_;
};

}  // namespace sallyport::io
