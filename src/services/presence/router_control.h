// The control side of a presence node's router: watches the table xmpps2snodes, decides what the router has loaded, and
// says by notifications when only a restart of the router brings what was changed into force. Control thread only.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/store/presence_store.h"
#include "model/config/settings.h"
#include "services/presence/notifications.h"
#include "services/presence/router.h"

namespace sallyport::presence {

/// For status.
struct RouterState {
    std::size_t rows = 0;
    std::vector<std::string> loaded;
    bool live_changes = true, own_federation = false;
    std::vector<std::string> pending;  ///< what waits for a restart
    std::string trouble;               ///< the table cannot be read; empty: fine
};

class RouterControl {
public:
    struct Context {
        io::PresenceStore& store;
        Notifications& notifications;
        Logger log;
        std::string node_name;
        /// Hands a table to the router.
        std::function<void(std::shared_ptr<const LoadedTable>)> load{};
        /// Brings what the node's file says into force and begins every link anew; sessions go on. Errors end the
        /// restart.
        std::function<Result<void>()> restart{};
    };

    RouterControl(Context context, const config::Settings& settings);

    /// The process began: the router loads everything, and no restart is pending any more.
    void start();
    void apply(const config::Settings& settings);
    void table_changed();
    /// Of the node's file: `what` changed and waits for a restart of the router.
    void file_changed(const std::string& what);
    /// The file says again what is in force.
    void file_unchanged();
    /// From the router: stanzas are returned, or no longer.
    void obstacle(Obstacle obstacle);
    /// Loads the table and what the file says; the notification goes. Errors: those of Context::restart and of the
    /// store.
    [[nodiscard]] Result<void> restart();

    [[nodiscard]] RouterState state() const;
    /// How many rows the table has at this moment. Errors: those of the store.
    [[nodiscard]] Result<std::size_t> rows();

private:
    /// Reads the table into rows_; false: it cannot be read.
    bool read_table();
    void load_all();
    void hand_over();
    void ask_for_restart(const std::string& what);
    [[nodiscard]] std::string subject() const { return "XCP Router : (" + context_.node_name + ") "; }

    Context context_;
    bool live_changes_ = true, own_federation_ = false;
    std::vector<std::string> rows_, loaded_;
    std::set<std::string> pending_;
    std::string trouble_;
    Obstacle obstacle_ = Obstacle::none;
};

}  // namespace sallyport::presence
