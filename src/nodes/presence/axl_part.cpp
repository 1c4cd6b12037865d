// Wiring.
#include "nodes/presence/axl_part.h"

#include <algorithm>

#include "io/loop/random.h"
#include "nodes/runtime/certificates.h"

namespace sallyport::nodes {

namespace {

constexpr std::size_t secret_bytes = 32;

/// A database that fails is an alarm until a statement works again.
axl::SqlDesk::OnHealth alarm_on(Runtime& runtime) {
    return [&runtime](const Error* trouble) {
        const std::string key = "presence.db";
        if (trouble == nullptr) return runtime.alarms().lower(services::AlarmCode::presence_store, key);
        runtime.alarms().raise(services::AlarmCode::presence_store, key, trouble->text);
    };
}

/// The core that provisions this node is the one that dials its link.
std::vector<IpNetwork> addresses_of_cores(const config::NodeFile& file) {
    std::vector<IpNetwork> all;
    for (const config::LinkAccept& core : file.link.accept) {
        all.insert(all.end(), core.addresses.begin(), core.addresses.end());
    }
    return all;
}

}  // namespace

AxlPart::AxlPart(Runtime& runtime, io::PresenceStore& store)
    : runtime_{runtime},
      hashing_{runtime.control(), axl::UserDesk::most_pending},
      sql_{store, alarm_on(runtime)},
      users_{store, runtime.control(), hashing_.loop(), io::random_bytes(secret_bytes)},
      service_{sql_, users_, Logger{runtime.lines(), LogModule::axl}} {}

Result<std::unique_ptr<AxlPart>> AxlPart::make(Runtime& runtime, io::PresenceStore& store) {
    std::unique_ptr<AxlPart> part{new AxlPart{runtime, store}};
    part->users_.expect_from(addresses_of_cores(runtime.file()));
    if (runtime.file().axl.listen.empty()) return part;
    auto tls = make_axl_server_tls(runtime.file());
    if (!tls) return tls.error();
    part->server_ = std::make_unique<io::HttpServer>(
        runtime.control(), runtime.network(),
        io::HttpServer::Options{std::move(*tls), io::http_limits(runtime.file().limits)}, part->service_);
    return part;
}

/// The users of the file are first values: one who is there keeps the password that he has by now.
Result<void> AxlPart::take_first_users() {
    const auto known = users_.list();
    if (!known) return known.error();
    for (const config::AxlUserEntry& user : runtime_.file().axl.users) {
        const auto is_same = [&](const io::ApplicationUser& one) { return one.name == user.name; };
        if (std::any_of(known->begin(), known->end(), is_same)) continue;
        if (auto put = users_.put(user.name, user.password); !put) return put;
    }
    return {};
}

Result<void> AxlPart::start() {
    for (const Endpoint& at : runtime_.file().axl.listen) {
        if (auto listening = server_->listen(at); !listening) return listening;
    }
    return {};
}

void AxlPart::shut() {
    if (server_) server_->shut();
}

Result<void> AxlPart::reload() {
    if (!server_) return {};
    users_.expect_from(addresses_of_cores(runtime_.latest_file()));
    auto tls = make_axl_server_tls(runtime_.file());
    if (!tls) return tls.error();
    server_->replace_tls(std::move(*tls));
    return {};
}

}  // namespace sallyport::nodes
