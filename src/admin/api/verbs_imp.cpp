// `imp-servers`: the IM&P publishers that a core provisions.
#include <boost/json.hpp>

#include "admin/api/status_json.h"
#include "admin/api/verb_handlers.h"
#include "services/provision/provisioner.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// Ends the call on nodes of another role.
provision::Provisioner* provisioner_of(Call& call) {
    provision::Provisioner* const provisioner = call.node().provisioner();
    if (provisioner == nullptr) call.fail({"role-wrong", "this node provisions nobody; ask the core"});
    return provisioner;
}

json::array texts(const std::vector<std::string>& all) { return json::array(all.begin(), all.end()); }

json::object json_of(const provision::PublisherStatus& status) {
    const provision::Step step = provision::step_of(status);
    const std::string_view state = provision::text(status.state);
    json::object row{{"address", status.address},       {"username", status.username},
                     {"tls_verify", status.tls_verify}, {"state", json::string_view{state.data(), state.size()}},
                     {"nodes", texts(status.nodes)},    {"rows", texts(status.rows)},
                     {"explanation", step.reason}};
    if (!status.reason.empty()) row["reason"] = status.reason;
    return row;
}

void succeed_with(Call& call, const std::vector<provision::PublisherStatus>& all) {
    json::array servers;
    for (const auto& status : all) servers.push_back(json_of(status));
    call.succeed(json::object{{"servers", std::move(servers)}});
}

}  // namespace

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

void run_imp_servers_passwd(const SharedCall& call) {
    auto* const provisioner = provisioner_of(*call);
    if (provisioner == nullptr) return;
    const auto changed =
        provisioner->set_password(call->text("address"), call->text("username"), call->text("password"));
    if (!changed) return call->fail(changed.error());
    call->succeed(
        json::object{{"name", call->text("address")}, {"done", "is asked with the new password from now on"}});
}

}  // namespace sallyport::admin
