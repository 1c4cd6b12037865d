// What the administrator of a presence node should know, kept in its database: raised with a count, removed when it
// holds no longer. Control thread only.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "io/store/presence_store.h"

namespace sallyport::presence {

/// As in syslog.
enum class Severity { error = 3, warning = 4, notice = 5 };

class Notifications {
public:
    Notifications(io::PresenceStore& store, const Clock& clock, Logger log) : store_{store}, clock_{clock}, log_{log} {}

    /// The same description of the same origin counts up. `verb` does away with it; empty: no verb does.
    void raise(Severity severity, const std::string& origin, const std::string& description,
               const std::string& verb = {});
    /// Removes those of `origin` that begin so.
    void remove(const std::string& origin, std::string_view beginning);
    /// Newest first. Errors: those of the store.
    [[nodiscard]] Result<std::vector<io::Notification>> list() { return store_.notifications(); }

private:
    io::PresenceStore& store_;
    const Clock& clock_;
    Logger log_;
};

}  // namespace sallyport::presence
