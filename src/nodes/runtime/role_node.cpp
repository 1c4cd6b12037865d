// The life of a node's process.
#include "nodes/runtime/role_node.h"

#include <systemd/sd-daemon.h>

#include <csignal>
#include <cstdio>

#include "admin/api/admin_server.h"
#include "admin/api/history_watch.h"
#include "admin/api/settings_alarm.h"
#include "admin/api/watch.h"
#include "base/join.h"
#include "nodes/runtime/health_part.h"
#include "nodes/runtime/rest_part.h"

namespace sallyport::nodes {

namespace {

/// The keys of each kind that there is.
std::vector<LogFact> facts_of(const std::vector<config::FileChange>& changes) {
    std::vector<LogFact> facts;
    for (const auto& [effect, name] :
         {std::pair{config::TakesEffect::at_reload, "changed"}, std::pair{config::TakesEffect::at_restart, "restart"},
          std::pair{config::TakesEffect::at_router_restart, "router_restart"},
          std::pair{config::TakesEffect::never, "no_effect"}}) {
        std::string keys;
        for (const config::FileChange& change : changes) {
            if (change.effect == effect) append_item(keys, change.key);
        }
        if (!keys.empty()) facts.push_back({name, keys});
    }
    return facts;
}

}  // namespace

void RoleNode::start_threads() {
    runtime_->start_threads();
    running_ = true;
}

void RoleNode::open_desk() {
    desk_nodes_ = std::make_unique<admin::DeskNodes>(
        *this, SALLYPORT_VERSION,
        [this](const std::vector<link::NodeNews>& nodes, bool again) { tell_nodes(nodes, again); });
}

std::function<void(const link::NodeNews&)> RoleNode::hears_of_nodes() {
    return [this](const link::NodeNews& news) {
        runtime_->control().post([this, news] {
            if (desk_nodes_) desk_nodes_->heard(news);
        });
    };
}

void RoleNode::stop() {
    desk_nodes_.reset();
    if (!running_) return;
    running_ = false;
    runtime_->stop_threads();
}

Result<void> RoleNode::make_tls(const std::function<Result<std::string>(const std::string&)>& mint) {
    auto tls = make_s2s_tls(runtime_->file(), mint);
    if (!tls) return tls.error();
    auto link_tls = make_link_tls(runtime_->file());
    if (!link_tls) return link_tls.error();
    tls_ = std::move(*tls);
    link_tls_ = std::move(*link_tls);
    return {};
}

const std::vector<admin::OwnCertificate>& RoleNode::certificates() {
    if (shown_.server != tls_.server || shown_.link != link_tls_) {
        shown_ = {tls_.server, link_tls_, own_certificates(runtime_->file(), tls_, link_tls_)};
    }
    return shown_.all;
}

int cannot_start(const std::string& config_file, const Error& why) {
    std::fprintf(stderr, "%s: %s\n", config_file.c_str(), why.text.c_str());
    return 1;
}

namespace {

std::string listening(const config::NodeFile& file) {
    std::string all;
    for (const auto* list : {&file.admin.listen, &file.admin.health, &file.s2s.listen, &file.s2s.direct_tls_listen,
                             &file.link.listen, &file.inside.listen, &file.components.listen, &file.axl.listen}) {
        for (const Endpoint& at : *list) append_item(all, at.text(), " ");
    }
    return all;
}

}  // namespace

int serve(RoleNode& node) {
    Runtime& runtime = node.runtime();
    const Logger log{runtime.log(), LogModule::node};
    const std::string socket = runtime.file().node.data + "/admin.sock";
    admin::AdminServer admin_server{node, runtime.network(), socket};
    Recovery recovery{runtime.control(), runtime.alarms(), services::AlarmCode::admin_socket, socket,
                      Recovery::at_once([&] { return admin_server.start(); })};
    if (auto started = admin_server.start(); !started && started.error().code == "listen-disk") {
        recovery.begin(started.error());
    } else if (!started) {
        log.error("node.failed", {{"code", started.error().code}, {"why", started.error().text}});
        return 1;
    }
    auto rest = RestPart::make(runtime, node, runtime.access());
    if (!rest) {
        log.error("node.failed", {{"code", rest.error().code}, {"why", rest.error().text}});
        return 1;
    }
    auto started = node.start();
    if (started && *rest) started = (*rest)->start();
    const admin::Watch watch{node};
    HealthPart health{runtime, watch};
    if (started) started = health.start();
    if (!started) {
        log.error("node.failed", {{"code", started.error().code}, {"why", started.error().text}});
        node.stop();
        return 1;
    }
    node.open_desk();
    if (*rest) {
        runtime.on_reload([&rest] { return (*rest)->reload(); });
        runtime.on_tables([&rest](TableFills& all) { (*rest)->tables(all); });
    }
    const admin::SettingsAlarm settings_alarm{node};
    const admin::HistoryWatch history_watch{node};
    bool ending = false;
    runtime.control().on_signals({SIGTERM, SIGINT, SIGHUP}, [&](int signal) {
        if (signal == SIGHUP) {
            const auto problems = node.reload();
            for (const auto& problem : problems) log.error("node.reload.failed", {{"why", problem}});
            if (problems.empty()) log.info("node.reloaded", facts_of(node.reload_changes()));
            return;
        }
        if (ending) return;
        ending = true;
        log.info("node.stopping", {{"signal", std::to_string(signal)}});
        sd_notify(0, "STOPPING=1");
        health.drain();
        if (*rest) (*rest)->shut();
        node.when_quiet([&] { runtime.control().stop(); });
    });
    log.info("node.ready", {{"role", std::string{config::text(runtime.file().role)}},
                            {"name", runtime.file().node.name},
                            {"version", SALLYPORT_VERSION},
                            {"listening", listening(runtime.file())},
                            {"shards", std::to_string(runtime.shards().size())}});
    sd_notify(0, "READY=1");
    runtime.control().run();
    runtime.on_reload(nullptr);
    runtime.on_tables(nullptr);
    node.stop();
    log.info("node.stopped", {});
    return 0;
}

}  // namespace sallyport::nodes
