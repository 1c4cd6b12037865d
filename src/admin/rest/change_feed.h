// GET /api/v1/changes: what happens, as server-sent events (HTML, 9.2): `log`, an entry of the event log; `setting`,
// what has another value now; `alarm`, the board after a change; `status`, every two seconds. One look at the node
// serves all clients, and there is none while nobody follows. A client that does not read is let go.
#pragma once

#include <boost/json/fwd.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "admin/access/access_desk.h"
#include "admin/api/node_control.h"
#include "io/http/server.h"

namespace sallyport::admin {

class ChangeFeed {
public:
    static constexpr Duration tick = std::chrono::milliseconds{250};
    /// A client for whom more waits than the limit is let go when it has taken nothing for as long as this.
    static constexpr Duration patience = std::chrono::seconds{10};

    /// Both must outlive it.
    ChangeFeed(NodeControl& node, AccessDesk& desk);
    ~ChangeFeed();
    ChangeFeed(const ChangeFeed&) = delete;
    ChangeFeed& operator=(const ChangeFeed&) = delete;

    /// Some kind of event is for this reader: who may not ask the verb that shows it is not told of it either.
    [[nodiscard]] static bool may_follow(const Principal& who);
    /// Nothing, and `head` with the events behind it goes to `to`; or why not: "limit-streams".
    [[nodiscard]] std::optional<Error> follow(const Principal& who, io::HttpResponse head,
                                              const std::shared_ptr<io::HttpExchange>& to);
    [[nodiscard]] std::size_t clients() const { return clients_.size(); }
    void shut() { clients_.clear(); }

private:
    struct Client {
        Principal who;
        std::unique_ptr<io::HttpStream> stream;
        bool gone = false;
        std::uint64_t written = 0, taken = 0;  ///< bytes of the stream's whole life
        TimePoint took_at{};                   ///< when it was last seen to take any
    };

    void work();
    void send_log();
    void ask(const char* verb, const char* event, std::string* last);
    void on_settings(const config::Snapshot& now);
    void send(std::string_view event, const std::string& data);
    void send_heartbeat();
    [[nodiscard]] bool still_good(const Principal& who);
    void write(Client& client, std::string_view bytes);
    void sweep();

    NodeControl& node_;
    AccessDesk& desk_;
    std::list<Client> clients_;
    std::unique_ptr<io::Timer> timer_;
    std::shared_ptr<ChangeFeed*> alive_;  ///< for what cannot be called off
    config::Snapshot settings_;
    std::string alarms_;  ///< as sent last
    std::uint64_t last_log_ = 0;
    std::uint64_t ticks_ = 0;
    bool is_new_ = false;  ///< somebody has come and knows no state
};

}  // namespace sallyport::admin
