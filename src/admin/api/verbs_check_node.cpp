// `check certs|dialback|axl|link|all`: diagnoses of this node and of what is around it.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/check_run.h"
#include "admin/api/node_checks.h"
#include "admin/api/verb_parts.h"
#include "admin/diag/checks/checks.h"
#include "admin/judge/finding_rows.h"
#include "io/log/log_text.h"
#include "model/policy/policy.h"
#include "services/provision/provisioner.h"

namespace sallyport::admin {

namespace {

constexpr std::size_t most_own_domains = 5;

using diag::Grade;
using diag::Report;
using diag::seen;
using diag::Seen;

/// What every one of these checks needs.
struct Started {
    SharedCall call;
    std::shared_ptr<CheckRun> run;
    std::optional<xmpp::Domain> domain;  ///< the argument, when it was given
};

/// Nothing: the call has ended.
std::optional<Started> begin(const SharedCall& call, std::string name) {
    Started started{call, nullptr, {}};
    if (call->has("domain")) {
        started.domain = call->domain("domain");
        if (!started.domain) return std::nullopt;
    }
    const std::string about = started.domain ? started.domain->text() : call->node().file().node.name;
    started.run = std::make_shared<CheckRun>(call, std::move(name), about);
    call->keep(started.run);
    return started;
}

void add_status_checks(const Started& started, const std::function<void(const NodeStatus&)>& judge) {
    // The run counts the status as a report that comes: an empty one, for the judges add their own.
    auto counted = std::make_shared<diag::OnReport>(started.run->expect());
    const std::weak_ptr<CheckRun> weak = started.run;
    started.call->node().status([weak, judge, counted](const NodeStatus& status) {
        if (weak.expired()) return;
        judge(status);
        (*counted)(Report{"status", status.name, {}, {}});
    });
}

WallTime now(NodeControl& node) { return node.loop().wall(); }

/// As whom our own server is asked: the domain of the argument, or one that may talk with us.
xmpp::Domain asking_peer(NodeControl& node, const std::optional<xmpp::Domain>& wanted) {
    if (wanted) return *wanted;
    const config::Snapshot settings = node.settings().snapshot();
    if (settings->privacy_mode == config::PrivacyMode::allow_list) {
        for (const config::NamePattern& pattern : settings->allow_list) {
            if (!pattern.below) return pattern.domain;
        }
    }
    return *xmpp::Domain::parse("dialback-check.invalid");  // RFC 2606: nobody has it
}

/// What is said of one role of the peer.
struct RoleRows {
    Seen never, before_good, before_failed, good, failed;
};
constexpr RoleRows initiating{Seen::initiating_never, Seen::initiating_before_good, Seen::initiating_before_failed,
                              Seen::initiating_good, Seen::initiating_failed};
constexpr RoleRows receiving{Seen::receiving_never, Seen::receiving_before_good, Seen::receiving_before_failed,
                             Seen::receiving_good, Seen::receiving_failed};

/// How the peer itself took part: the roles that only it can prove. What was before the check is no answer to it.
void add_peers_part(NodeControl& node, const xmpp::Domain& peer, const xmpp::Domain& local, WallTime began,
                    Report& report) {
    const record::Archive* const archive = node.handshakes();
    if (archive == nullptr) return;
    for (const bool inbound : {false, true}) {
        const RoleRows& rows = inbound ? receiving : initiating;
        record::Archive::Found last;
        for (const record::Archive::Found& one : archive->list(peer.text(), SIZE_MAX)) {
            if (one->inbound == inbound && !one->proven_only && one->local == local.text() && last == nullptr)
                last = one;
        }
        if (last == nullptr) {
            report.add(seen(rows.never, {{"domain", peer.text()}}));
            continue;
        }
        const diag::Values values{{"domain", peer.text()},
                                  {"proved", inbound ? peer.text() : local.text()},
                                  {"time", io::log_time(last->started)},
                                  {"stage", std::string{text(last->failed_at)}},
                                  {"result", last->result},
                                  {"id", last->id}};
        if (last->started < began) {
            report.add(seen(last->good ? rows.before_good : rows.before_failed, values));
        } else {
            report.add(seen(last->good ? rows.good : rows.failed, values));
        }
    }
}

void start_dialback(const Started& started) {
    NodeControl& node = started.call->node();
    const xmpp::Domain peer = asking_peer(node, started.domain);
    diag::CheckContext context = check_context(node, peer);
    if (started.call->has("from")) {
        const auto from = started.call->domain("from");
        if (!from) return;
        context.local = *from;
    }
    if (context.local.empty()) {
        Report report{"dialback", node.file().node.name, {}, {}};
        tell({say(Says::no_domain)}, report);
        return started.run->add(std::move(report));
    }
    const xmpp::Domain local = context.local;
    const bool named = started.domain.has_value();
    auto expected = std::make_shared<diag::OnReport>(started.run->expect());
    const std::weak_ptr<Call> weak = started.call;
    // A ping opens a stream with the peer and so makes us the initiating server, and the peer the receiving one.
    const WallTime began = now(node);
    const auto on_report = [weak, expected, peer, local, named, began](const Report& report) {
        const auto call = weak.lock();
        if (!call) return;
        if (!named) return (*expected)(report);
        call->node().ping({local, peer}, [weak, expected, peer, local, began, report](const Result<Duration>& answer) {
            const auto here = weak.lock();
            if (!here) return;
            Report all = report;
            if (answer) {
                all.add(seen(Seen::ping_answered, {{"domain", peer.text()}, {"local", local.text()}}));
            } else {
                all.add(seen(Seen::ping_unanswered,
                             {{"domain", peer.text()}, {"local", local.text()}, {"why", answer.error().text}}));
            }
            add_peers_part(here->node(), peer, local, began, all);
            (*expected)(all);
        });
    };
    started.run->keep(diag::start_dialback(std::move(context), peer, on_report));
}

void start_diag(const Started& started, diag::StartCheck start, const xmpp::Domain& domain) {
    started.run->keep(start(check_context(started.call->node(), domain), domain, started.run->expect()));
}

/// Asks every IM&P server anew, then judges.
void start_axl(const Started& started) {
    NodeControl& node = started.call->node();
    provision::Provisioner* const provisioner = node.provisioner();
    auto expected = std::make_shared<diag::OnReport>(started.run->expect());
    const std::weak_ptr<Call> weak = started.call;
    const auto judge = [weak, expected](const std::vector<provision::PublisherStatus>& all) {
        const auto call = weak.lock();
        if (!call) return;
        call->node().status([weak, expected, all](const NodeStatus& status) {
            const auto here = weak.lock();
            if (!here) return;
            const config::Snapshot settings = here->node().settings().snapshot();
            (*expected)(check_axl(all, {status, here->node().file(), *settings, now(here->node())}));
        });
    };
    if (provisioner->list().empty()) return judge({});
    if (const auto begun = provisioner->refresh({}, judge); !begun) {
        Report report{"axl", node.file().node.name, {}, {}};
        report.add(Grade::bad, begun.error().text);
        (*expected)(report);
    }
}

std::vector<xmpp::Domain> own_domains(NodeControl& node) {
    std::vector<xmpp::Domain> all;
    for (const config::NamePattern& pattern : node.settings().snapshot()->domains) {
        if (!pattern.below && all.size() < most_own_domains) all.push_back(pattern.domain);
    }
    return all;
}

bool is_edge(NodeControl& node) { return node.file().role == config::Role::edge; }

void run_check_certs(const SharedCall& call) {
    const auto started = begin(call, "certs");
    if (!started) return;
    add_status_checks(*started, [call, run = started->run.get()](const NodeStatus& status) {
        const config::Snapshot settings = call->node().settings().snapshot();
        run->add(check_certs({status, call->node().file(), *settings, now(call->node())}));
    });
    if (started->domain) start_diag(*started, diag::start_tls, *started->domain);
    started->run->started();
}

void run_check_dialback(const SharedCall& call) {
    if (!is_edge(call->node())) return call->fail({"role-wrong", "edges do dialback with peers; run this on an edge"});
    const auto started = begin(call, "dialback");
    if (!started) return;
    start_dialback(*started);
    if (!call->finished()) started->run->started();
}

void run_check_axl(const SharedCall& call) {
    if (call->node().provisioner() == nullptr)
        return call->fail({"role-wrong", "this node does not provision; run this on the core"});
    const auto started = begin(call, "axl");
    if (!started) return;
    start_axl(*started);
    started->run->started();
}

void run_check_link(const SharedCall& call) {
    const auto started = begin(call, "link");
    if (!started) return;
    add_status_checks(*started, [call, run = started->run.get()](const NodeStatus& status) {
        const config::Snapshot settings = call->node().settings().snapshot();
        run->add(check_link({status, call->node().file(), *settings, now(call->node())}));
    });
    started->run->started();
}

void run_check_all(const SharedCall& call) {
    const auto started = begin(call, "all");
    if (!started) return;
    NodeControl& node = call->node();
    add_status_checks(*started, [call, run = started->run.get()](const NodeStatus& status) {
        const config::Snapshot settings = call->node().settings().snapshot();
        const Facts facts{status, call->node().file(), *settings, now(call->node())};
        run->add(check_certs(facts));
        run->add(check_link(facts));
        run->add(check_node(facts));  // what is left
    });
    if (is_edge(node)) {
        for (const xmpp::Domain& domain : own_domains(node)) start_diag(*started, diag::start_dns, domain);
        if (started->domain) {
            start_diag(*started, diag::start_dns, *started->domain);
            start_diag(*started, diag::start_tls, *started->domain);
        }
        if (node.settings().snapshot()->enabled) start_dialback(*started);
    }
    if (node.provisioner() != nullptr) start_axl(*started);
    started->run->started();
}

constexpr Argument certs_args[] = {optional_place("domain", "a peer's domain to check as well")};
constexpr Argument dialback_args[] = {
    optional_place("domain", "the peer's domain that asks; it is pinged as well"),
    option("from", Form::text, "which of our domains is checked; default: the first")};

constexpr Verb check_node_rows[] = {
    {"check.certs", "checks our certificates and those of peers: validity, names", certs_args, run_check_certs,
     "Report", print_check, Access::operate, acts, Answers::grade},
    {"check.dialback", "checks that our own servers confirm our dialback keys, asked as a peer would", dialback_args,
     run_check_dialback, "Report", print_check, Access::operate, acts, Answers::grade},
    {"check.axl",
     "core: asks the IM&P servers and checks their tables",
     {},
     run_check_axl,
     "Report",
     print_check,
     Access::operate,
     acts,
     Answers::grade},
    {"check.link",
     "checks router links, their certificates and held stanzas",
     {},
     run_check_link,
     "Report",
     print_check,
     Access::operate,
     acts,
     Answers::grade},
    {"check.all", "runs all checks; the most severe findings first", dialback_args, run_check_all, "Report",
     print_check, Access::operate, acts, Answers::grade},
};

}  // namespace

std::span<const Verb> check_node_verbs() { return check_node_rows; }

}  // namespace sallyport::admin
