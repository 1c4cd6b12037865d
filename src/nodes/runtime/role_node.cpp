// The life of a node's process.
#include "nodes/runtime/role_node.h"

#include <systemd/sd-daemon.h>

#include <csignal>
#include <cstdio>

#include "admin/api/admin_server.h"
#include "admin/api/history_watch.h"
#include "admin/api/settings_watch.h"
#include "admin/api/watch.h"
#include "base/join.h"
#include "nodes/runtime/rest_part.h"

namespace sallyport::nodes {

void RoleNode::start_threads() {
    runtime_->start_threads();
    running_ = true;
}

void RoleNode::stop() {
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

int cannot_start(const std::string& config_file, const Error& why) {
    std::fprintf(stderr, "%s: %s\n", config_file.c_str(), why.text.c_str());
    return 1;
}

int serve(RoleNode& node) {
    Runtime& runtime = node.runtime();
    const Logger log{runtime.log(), LogModule::node};
    admin::AdminServer admin_server{node, runtime.network(), runtime.file().node.data + "/admin.sock"};
    if (auto started = admin_server.start(); !started) {
        log.error("node.failed", {{"code", started.error().code}, {"why", started.error().text}});
        return 1;
    }
    auto rest = RestPart::make(runtime, node, runtime.access());
    if (!rest) {
        log.error("node.failed", {{"code", rest.error().code}, {"why", rest.error().text}});
        return 1;
    }
    if (auto started = node.start(); !started) {
        log.error("node.failed", {{"code", started.error().code}, {"why", started.error().text}});
        node.stop();
        return 1;
    }
    if (*rest) {
        if (auto started = (*rest)->start(); !started) {
            log.error("node.failed", {{"code", started.error().code}, {"why", started.error().text}});
            node.stop();
            return 1;
        }
        runtime.on_reload([&rest] { return (*rest)->reload(); });
    }
    const admin::Watch watch{node};
    const admin::SettingsWatch settings_watch{node};
    const admin::HistoryWatch history_watch{node};
    bool ending = false;
    runtime.control().on_signals({SIGTERM, SIGINT, SIGHUP}, [&](int signal) {
        if (signal == SIGHUP) {
            const auto problems = node.reload();
            for (const auto& problem : problems) log.error("node.reload.failed", {{"why", problem}});
            if (problems.empty()) log.info("node.reloaded", {});
            return;
        }
        if (ending) return;
        ending = true;
        log.info("node.stopping", {{"signal", std::to_string(signal)}});
        sd_notify(0, "STOPPING=1");
        if (*rest) (*rest)->shut();
        node.when_quiet([&] { runtime.control().stop(); });
    });
    std::string listening;
    for (const auto* list :
         {&runtime.file().admin.listen, &runtime.file().s2s.listen, &runtime.file().s2s.direct_tls_listen,
          &runtime.file().link.listen, &runtime.file().inside.listen, &runtime.file().components.listen,
          &runtime.file().axl.listen}) {
        for (const Endpoint& at : *list) append_item(listening, at.text(), " ");
    }
    log.info("node.ready", {{"role", std::string{config::text(runtime.file().role)}},
                            {"name", runtime.file().node.name},
                            {"version", SALLYPORT_VERSION},
                            {"listening", listening},
                            {"shards", std::to_string(runtime.shards().size())}});
    sd_notify(0, "READY=1");
    runtime.control().run();
    runtime.on_reload(nullptr);
    node.stop();
    log.info("node.stopped", {});
    return 0;
}

}  // namespace sallyport::nodes
