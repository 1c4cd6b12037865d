// Trouble with the database costs the notification, never more.
#include "services/presence/notifications.h"

namespace sallyport::presence {

void Notifications::raise(Severity severity, const std::string& origin, const std::string& description,
                          const std::string& verb) {
    io::Notification notification;
    notification.severity = static_cast<std::int64_t>(severity);
    notification.origin = origin;
    notification.description = description;
    notification.created = clock_.wall();
    notification.verb = verb;
    const auto raised = store_.raise_notification(notification);
    if (!raised) log_.error("notification.failed", {{"code", raised.error().code}, {"why", raised.error().text}});
    log_.warn("notification.raised",
              {{"severity", std::to_string(notification.severity)}, {"origin", origin}, {"description", description}});
}

void Notifications::remove(const std::string& origin, std::string_view beginning) {
    const auto removed = store_.remove_notifications(origin, beginning);
    if (!removed)
        return log_.error("notification.failed", {{"code", removed.error().code}, {"why", removed.error().text}});
    if (*removed == 0) return;
    log_.info("notification.removed", {{"origin", origin}, {"description", std::string{beginning}}});
}

}  // namespace sallyport::presence
