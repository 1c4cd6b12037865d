// `imp-servers`: the IM&P publishers that a core provisions.
#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "services/provision/provisioner.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// Ends the call on nodes of another role.
provision::Provisioner* provisioner_of(Call& call) {
    provision::Provisioner* const provisioner = call.node().provisioner();
    if (provisioner == nullptr) call.fail({"role-wrong", "this node does not provision; run this on the core"});
    return provisioner;
}

json::array texts(const std::vector<std::string>& all) { return json::array(all.begin(), all.end()); }

json::object publisher_json(const provision::PublisherStatus& status) {
    const ChainStep step = provision::step_of(status);
    const std::string_view state = provision::text(status.state);
    json::object row{{"address", status.address},        {"username", status.username},
                     {"tls_verify", status.tls_verify},  {"state", json::string_view{state.data(), state.size()}},
                     {"nodes", texts(status.nodes)},     {"rows", texts(status.rows)},
                     {"explanation", step.reason.text()}};
    if (!status.reason.empty()) row["reason"] = status.reason;
    return row;
}

void succeed_with(Call& call, const std::vector<provision::PublisherStatus>& all) {
    json::array servers;
    for (const auto& status : all) servers.push_back(publisher_json(status));
    call.succeed(json::object{{"servers", std::move(servers)}});
}

void run_imp_servers_list(const SharedCall& call) {
    if (auto* const provisioner = provisioner_of(*call)) succeed_with(*call, provisioner->list());
}

void run_imp_servers_add(const SharedCall& call) {
    auto* const provisioner = provisioner_of(*call);
    if (provisioner == nullptr) return;
    const auto added = provisioner->add(call->text("address"), call->text("username"), call->text("password"),
                                        !call->flag("no_tls_verify"),
                                        [weak = std::weak_ptr{call}](const provision::PublisherStatus& status) {
                                            if (const auto here = weak.lock()) succeed_with(*here, {status});
                                        });
    if (!added) call->fail(added.error());
}

void run_imp_servers_remove(const SharedCall& call) {
    auto* const provisioner = provisioner_of(*call);
    if (provisioner == nullptr) return;
    const auto left = provisioner->remove(call->text("address"));
    if (!left) return call->fail(left.error(), "address");
    json::object result{{"removed", call->text("address")}, {"rows_left", texts(*left)}};
    call->succeed(result);
}

void run_imp_servers_refresh(const SharedCall& call) {
    auto* const provisioner = provisioner_of(*call);
    if (provisioner == nullptr) return;
    const auto begun = provisioner->refresh(call->text("address"), [weak = std::weak_ptr{call}](const auto& statuses) {
        if (const auto here = weak.lock()) succeed_with(*here, statuses);
    });
    if (!begun) call->fail(begun.error(), "address");
}

/// What came of asking a server with its new user, password or judgement of its certificate.
struct Outcome {
    std::string_view code;  ///< of the failure; empty: none
    json::string_view outcome, verdict;
    std::string_view words;
};
constexpr Outcome outcomes[] = {
    {"", "accepted", "good", "the server accepts user and password"},
    {"axl-unauthorized", "refused", "bad", "the server refuses user or password: "},
    {"axl-fault", "failed", "bad", "the server accepts user and password, but answers with a fault: "},
    {"axl-not-imp", "failed", "bad", "the server accepts user and password, but: "},
    {"axl-not-kept", "failed", "bad", "the server accepts user and password, but: "},
};
constexpr Outcome not_asked{"", "unreachable", "bad", "the server could not be asked, the core retries: "};

void change_server(const SharedCall& call, const provision::PublisherChange& change, json::string_view done) {
    auto* const provisioner = provisioner_of(*call);
    if (provisioner == nullptr) return;
    const auto begun = provisioner->change(
        call->text("address"), change, [weak = std::weak_ptr{call}, done](const provision::PublisherStatus& status) {
            const auto here = weak.lock();
            if (!here) return;
            const auto* const row = std::ranges::find(outcomes, status.code, &Outcome::code);
            const Outcome& outcome = row == std::end(outcomes) ? not_asked : *row;
            here->succeed(json::object{{"name", here->text("address")},
                                       {"done", done},
                                       {"outcome", outcome.outcome},
                                       {"verdict", outcome.verdict},
                                       {"explanation", std::string{outcome.words} + status.reason},
                                       {"server", publisher_json(status)}});
        });
    if (!begun) call->fail(begun.error());
}

/// User and judgement of the certificate, where they are named; nothing: the call has ended.
std::optional<provision::PublisherChange> wanted_change(Call& call) {
    provision::PublisherChange change;
    if (!call.text("username").empty()) change.username = call.text("username");
    const std::string word = call.text("tls_verify");
    if (word != "" && word != "on" && word != "off") {
        call.fail({"argument-malformed", "tls_verify is 'on' or 'off'"}, "tls_verify");
        return std::nullopt;
    }
    if (!word.empty()) change.tls_verify = word == "on";
    return change;
}

void run_imp_servers_passwd(const SharedCall& call) {
    auto change = wanted_change(*call);
    if (!change) return;
    change->password = call->text("password");
    change_server(call, *change, "has a new password");
}

void run_imp_servers_edit(const SharedCall& call) {
    const auto change = wanted_change(*call);
    if (!change) return;
    if (!change->username && !change->tls_verify)
        return call->fail({"argument-missing", "nothing to change: give --username or --tls-verify"}, "tls_verify");
    change_server(call, *change, "is changed");
}

constexpr Argument server_args[] = {place("address", Form::text, "the IM&P publisher: host or host:port")};
constexpr Argument refresh_args[] = {optional_place("address", "only this server; default: all")};
constexpr Argument add_args[] = {place("address", Form::text, "the IM&P publisher: host or host:port"),
                                 place("username", Form::text, "a user of that server with AXL API access"),
                                 secret("password", "the user's password"),
                                 option("no_tls_verify", Form::flag, "accept any certificate: do not verify TLS")};
constexpr Argument tls_verify_arg =
    option("tls_verify", Form::text, "on: verify the server's certificate; off: accept any");
constexpr Argument imp_password_args[] = {place("address", Form::text, "the IM&P publisher"),
                                          option("username", Form::text, "another user; default: keep the current one"),
                                          tls_verify_arg, secret("password", "the new password")};
constexpr Argument edit_args[] = {place("address", Form::text, "the IM&P publisher"),
                                  option("username", Form::text, "another user with the same password"),
                                  tls_verify_arg};
constexpr std::string_view servers_form = "{servers:[ImpServer]}";
constexpr std::string_view tried_form =
    "{name:text done:text outcome:text verdict:text explanation:text server:ImpServer}";

constexpr Verb imp_rows[] = {
    {"imp-servers.list",
     "the IM&P servers that the core provisions, and their state",
     {},
     run_imp_servers_list,
     servers_form,
     print_imp_servers,
     Access::read,
     reads},
    {"imp-servers.add", "adds an IM&P server; the password is read from a file or standard input", add_args,
     run_imp_servers_add, servers_form, print_imp_servers, Access::administer},
    {"imp-servers.remove", "removes an IM&P server", server_args, run_imp_servers_remove,
     "{removed:text rows_left:[text]}", print_imp_removed, Access::administer},
    {"imp-servers.refresh", "reads the nodes and the table of the cluster again, at once", refresh_args,
     run_imp_servers_refresh, servers_form, print_imp_servers, Access::operate},
    {"imp-servers.passwd", "sets a new password for an IM&P server, tries it and says what came of it",
     imp_password_args, run_imp_servers_passwd, tried_form, print_imp_tried, Access::administer, acts,
     Answers::yes_or_no},
    {"imp-servers.edit", "changes the user of an IM&P server, or whether its certificate is verified, and tries it",
     edit_args, run_imp_servers_edit, tried_form, print_imp_tried, Access::administer, acts, Answers::yes_or_no},
};

}  // namespace

std::span<const Verb> imp_verbs() { return imp_rows; }

}  // namespace sallyport::admin
