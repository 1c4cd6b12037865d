// Wiring.
#include "nodes/runtime/rest_part.h"

#include <algorithm>
#include <filesystem>

#include "io/tls/pki.h"

namespace sallyport::nodes {

namespace {

constexpr auto own_lifetime = std::chrono::hours{24 * 825};
constexpr auto renew_before = std::chrono::hours{24 * 30};

bool is_any(const IpAddress& address) {
    return std::all_of(address.bytes.begin(), address.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

admin::RestService::Options options_of(const config::NodeFile& file) {
    admin::RestService::Options options;
    options.version = SALLYPORT_VERSION;
    options.hosts = {lower_case(file.node.name), "localhost", "127.0.0.1", "::1"};
    for (const std::string& name : file.admin.names) options.hosts.insert(lower_case(name));
    for (const Endpoint& at : file.admin.listen) {
        options.hosts.insert(at.address.text());
        options.any_address = options.any_address || is_any(at.address);
    }
    return options;
}

io::HttpLimits limits_of(const AdminLimits& limits) {
    io::HttpLimits http;
    http.connections = limits.connections;
    http.connections_per_address = limits.connections_per_address;
    http.header_bytes = limits.header_bytes;
    http.body_bytes = limits.body_bytes;
    http.header = std::chrono::seconds{limits.header_seconds};
    http.body = std::chrono::seconds{limits.body_seconds};
    return http;
}

/// GeneralName iPAddress (RFC 5280 4.2.1.6) in DER.
std::string address_name(const IpAddress& address) {
    const std::size_t size = address.v6 ? 16 : 4;
    std::string der{'\x87', static_cast<char>(size)};
    der.append(reinterpret_cast<const char*>(address.bytes.data()), size);
    return der;
}

/// A self-signed certificate for a first start; clients pin it, or the operator puts a better one in its place.
Result<void> make_own(const config::NodeFile& file, const std::string& stem, WallTime now) {
    io::CertificateRequest request;
    request.common_name = file.node.name;
    request.dns_names = {file.node.name, "localhost"};
    for (const std::string& name : file.admin.names) {
        if (!IpAddress::parse(name)) request.dns_names.push_back(name);
    }
    for (const Endpoint& at : file.admin.listen) {
        if (!is_any(at.address)) request.raw_names.push_back(address_name(at.address));
    }
    request.extended_key_usage = "serverAuth";
    request.not_before = now - std::chrono::hours{1};
    request.lifetime = own_lifetime;
    auto pair = io::issue_certificate(request, nullptr);
    if (!pair) return pair.error();
    return io::write_pair(stem, *pair);
}

}  // namespace

Result<std::shared_ptr<const io::TlsContext>> make_admin_tls(Runtime& runtime) {
    const config::NodeFile& file = runtime.file();
    io::TlsSettings settings;
    settings.request_peer = false;
    settings.alpn = {"http/1.1"};
    if (!file.admin.certificate.empty()) {
        settings.identities.push_back({{file.node.name}, file.admin.certificate, file.admin.key});
        return io::make_tls_context(std::move(settings));
    }
    const std::string stem = file.node.data + "/admin";
    settings.identities.push_back({{file.node.name}, stem + ".pem", stem + ".key"});
    const WallTime now = runtime.control().wall();
    std::error_code ignored;
    std::shared_ptr<const io::TlsContext> present;
    if (std::filesystem::exists(stem + ".pem", ignored)) {
        auto context = io::make_tls_context(settings);
        const auto facts =
            context ? io::own_certificate(**context, file.node.name) : Result<CertFacts>{context.error()};
        if (facts && facts->not_after > now + renew_before) return context;
        if (context) present = *context;
    }
    if (const auto made = make_own(file, stem, now); !made) {
        if (!present) return made.error();
        Logger{runtime.log(), LogModule::admin}.warn("admin.certificate.kept",
                                                     {{"file", stem + ".pem"}, {"why", made.error().text}});
        return present;
    }
    Logger{runtime.log(), LogModule::admin}.info("admin.certificate.made", {{"file", stem + ".pem"}});
    return io::make_tls_context(std::move(settings));
}

RestPart::RestPart(Runtime& runtime, admin::NodeControl& node, admin::AccessDesk& desk)
    : runtime_{runtime},
      desk_{desk},
      service_{node, desk, options_of(runtime.file()), Logger{runtime.lines(), LogModule::admin}} {}

Result<std::unique_ptr<RestPart>> RestPart::make(Runtime& runtime, admin::NodeControl& node, admin::AccessDesk& desk) {
    std::unique_ptr<RestPart> part;
    if (runtime.file().admin.listen.empty()) return part;
    auto tls = make_admin_tls(runtime);
    if (!tls) return tls.error();
    part.reset(new RestPart{runtime, node, desk});
    part->server_ = std::make_unique<io::HttpServer>(
        runtime.control(), runtime.network(),
        io::HttpServer::Options{std::move(*tls), limits_of(runtime.file().admin.limits)}, part->service_);
    return part;
}

Result<void> RestPart::start() {
    for (const Endpoint& at : runtime_.file().admin.listen) {
        if (auto listening = server_->listen(at); !listening) return listening;
    }
    const auto accounts = desk_.accounts();
    if (accounts && accounts->empty()) {
        Logger{runtime_.log(), LogModule::admin}.warn(
            "admin.accounts.none", {{"remedy", "sallyport admins add NAME --role administrator, on this host"}});
    }
    return {};
}

std::vector<Endpoint> RestPart::endpoints() const { return server_->endpoints(); }

void RestPart::shut() {
    service_.shut();
    server_->shut();
}

Result<void> RestPart::reload() {
    auto tls = make_admin_tls(runtime_);
    if (!tls) return tls.error();
    server_->replace_tls(std::move(*tls));
    return {};
}

}  // namespace sallyport::nodes
