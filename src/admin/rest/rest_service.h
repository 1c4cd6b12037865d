// The REST service of a node: routes, who may take them, and what they answer, over an HTTP server that somebody else
// runs. Verbs come from their table, settings from theirs. Before a byte of a body is read the host, the path, the
// method, the credentials, the role and the origin of a request are judged (threats T77, T79, T80). docs/manual/rest.md
// is its description for people, /api/v1/openapi.json for programs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "admin/access/access_desk.h"
#include "admin/access/handover_desk.h"
#include "admin/api/call.h"
#include "admin/rest/answer_budget.h"
#include "admin/rest/change_feed.h"
#include "admin/web/web_files.h"
#include "base/log.h"
#include "io/http/server.h"

namespace sallyport::admin {

class RestService final : public io::HttpHandler {
public:
    static constexpr std::string_view cookie_name = "__Host-sallyport";
    static constexpr std::uint64_t most_login_bytes = 4096;
    /// Where somebody arrives who comes from the pages of another node.
    static constexpr std::string_view arrival_path = "/handover";
    static constexpr std::uint64_t most_arrival_bytes = 2 * HandoverDesk::longest_token;

    struct Options {
        std::set<std::string> hosts;  ///< names and addresses that a request may be for, in lower case
        bool any_address = false;     ///< it listens on all addresses: every address literal is right
        std::string version;
    };
    /// Both must outlive it.
    RestService(NodeControl& node, AccessDesk& desk, Options options, Logger log);
    ~RestService() override;

    [[nodiscard]] io::HttpAdmission admit(const io::HttpRequest& head) override;
    void handle(io::HttpRequest request, std::shared_ptr<io::HttpExchange> exchange) override;
    /// Streams end; nothing calls back any more.
    void shut() { feed_.shut(); }
    void tables(TableFills& all) const;
    [[nodiscard]] ChangeFeed& feed() { return feed_; }

private:
    struct Ticket;
    struct Route;
    using Answer = std::shared_ptr<io::HttpExchange>;

    [[nodiscard]] bool is_our_host(std::string_view host) const;
    [[nodiscard]] static Route route_of(std::string_view path);
    /// The answer that refuses it, or where it goes and whose it is.
    [[nodiscard]] std::optional<io::HttpResponse> judge(const io::HttpRequest& head, Ticket& ticket);
    [[nodiscard]] std::optional<io::HttpResponse> judge_credentials(const io::HttpRequest& head, Ticket& ticket);
    [[nodiscard]] std::optional<io::HttpResponse> judge_measure(const io::HttpRequest& head, const Ticket& ticket);
    [[nodiscard]] std::optional<io::HttpResponse> judge_origin(const io::HttpRequest& head, const Ticket& ticket);
    [[nodiscard]] io::HttpResponse refused(const io::HttpRequest& head, const Error& why);

    void answer_file(const io::HttpRequest& request, const WebFile& file, const Answer& to);
    void answer_verb(const io::HttpRequest& request, const Ticket& ticket, const Answer& to);
    void answer_metrics(const Ticket& ticket, const Answer& to);
    /// Sends it, and counts it for whoever asked.
    void send_to(const std::string& author, const Answer& to, io::HttpResponse response);
    // session_routes.cpp
    void answer_session(const io::HttpRequest& request, const Ticket& ticket, const Answer& to);
    void log_in(const io::HttpRequest& request, const Answer& to);
    // handover_routes.cpp
    [[nodiscard]] std::optional<io::HttpResponse> judge_arrival(const io::HttpRequest& head);
    void take_arrival(const io::HttpRequest& request, const Answer& to);
    void give_handover(const io::HttpRequest& request, const Ticket& ticket, const Answer& to);
    void open_to_desk(io::HttpResponse& page) const;
    // setting_routes.cpp
    void answer_settings(const io::HttpRequest& request, const Ticket& ticket, const Answer& to);
    void put_setting(const io::HttpRequest& request, const Ticket& ticket, const Answer& to);
    void patch_settings(const io::HttpRequest& request, const Ticket& ticket, const Answer& to);
    void change_settings(const Ticket& ticket, const io::HttpRequest& request,
                         const std::vector<config::Change>& changes, std::uint64_t revision, const Answer& to);

    NodeControl& node_;
    AccessDesk& desk_;
    Options options_;
    Logger log_;
    HandoverDesk handover_;
    ChangeFeed feed_;
    AnswerBudget budget_;
    std::string openapi_;
    std::map<std::uint64_t, std::shared_ptr<Call>> calls_;  ///< whose answers are awaited
    std::uint64_t last_call_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for what cannot be called off
};

/// All that the service sends has the headers of add_security_fields().
void send(const std::shared_ptr<io::HttpExchange>& to, io::HttpResponse response);

}  // namespace sallyport::admin
