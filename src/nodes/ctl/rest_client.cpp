// One request a verb; events that are followed are asked for again and again.
#include "nodes/ctl/rest_client.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>

#include "admin/print/json_text.h"
#include "admin/print/words.h"
#include "io/dns/resolver.h"
#include "io/http/client.h"
#include "io/loop/asio_loop.h"
#include "io/net/tcp_network.h"
#include "io/tls/files.h"
#include "nodes/ctl/seconds.h"

namespace sallyport::ctl {

namespace json = boost::json;

namespace {

constexpr Duration patience = std::chrono::seconds{75};  ///< a node answers within a minute, or says that it cannot
constexpr Duration between_looks = std::chrono::milliseconds{500};
constexpr std::uint64_t longest_answer = 64 << 20;
constexpr const char* host_trust = "/etc/ssl/certs/ca-certificates.crt";

Error unreachable_node(const HostPort& at, const std::string& why) {
    return {"node-unreachable", at.text() + ": " + why};
}

Result<std::string> token_of(const std::string& file) {
    std::string token;
    if (!file.empty()) {
        auto text = io::read_file(file);
        if (!text) return text.error();
        token = text->substr(0, text->find_first_of("\r\n"));
    } else if (const char* found = std::getenv("SALLYPORT_TOKEN"); found != nullptr) {
        token = found;
    }
    const bool odd = std::any_of(token.begin(), token.end(), [](char c) { return c <= ' ' || c > '~'; });
    if (!token.empty() && !odd) return token;
    return Error{
        "node-token",
        "an admin address requires a token: use --token-file FILE or set SALLYPORT_TOKEN; create one with `sallyport "
        "tokens add NAME` on the node's host"};
}

/// Asks one node, with one look-up of its name.
class Asker {
public:
    explicit Asker(const RestPlace& place) : place_{place} {}

    Result<void> prepare() {
        auto token = token_of(place_.token_file);
        if (!token) return token.error();
        token_ = std::move(*token);
        io::TlsSettings settings;
        settings.trust_file = place_.trust.empty() ? host_trust : place_.trust;
        settings.alpn = {"http/1.1"};
        auto tls = io::make_tls_context(std::move(settings));
        if (!tls) return Error{"node-trust", tls.error().text};
        tls_ = std::move(*tls);
        return resolve();
    }

    Result<Answer> ask(const admin::Verb& verb, const json::object& arguments, const Waiting& waiting) {
        io::HttpOrder order;
        order.to = at_;
        order.host = place_.address;
        order.tls = tls_;
        // A certificate has no name for an address; who names the certificate to trust means that one.
        order.verify_name = place_.trust.empty() || !IpAddress::parse(place_.address.host);
        order.timeout = patience;
        order.body_bytes = longest_answer;
        std::string path{verb.name};
        std::replace(path.begin(), path.end(), '.', '/');
        order.request.target = "/api/v1/" + path;
        order.request.fields = {{"Authorization", "Bearer " + token_}, {"Accept", "application/json"}};
        if (verb.effect == admin::Effect::reads) {
            order.request.method = "GET";
            order.request.target += query_of(arguments);
        } else {
            order.request.method = "POST";
            order.request.fields.push_back({"Content-Type", "application/json"});
            order.request.body = admin::json_text(arguments);
        }
        std::optional<Result<io::HttpResponse>> found;
        const auto call = io::http_call(loop_, network_, std::move(order),
                                        [&](Result<io::HttpResponse> response) { found = std::move(response); });
        const Seconds seconds{loop_, waiting.on_second};
        loop_.run_until([&] { return found.has_value(); });
        if (!*found) return unreachable_node(place_.address, found->error().text + advice(found->error().code));
        json::error_code problem;
        const json::value value = json::parse((*found)->body, problem);
        if (problem || !value.is_object())
            return unreachable_node(place_.address, "the answer is not that of a Sallyport node");
        return read_answer(value);
    }

    void rest() {
        bool over = false;
        const auto timer = loop_.timer([&] { over = true; });
        timer->arm(loop_.now() + between_looks);
        loop_.run_until([&] { return over; });
    }

private:
    Result<void> resolve() {
        if (const auto address = IpAddress::parse(place_.address.host)) {
            at_ = {*address, place_.address.port};
            return {};
        }
        io::DnsSettings settings;
        settings.hosts_file = "/etc/hosts";
        auto service = io::make_resolver_service(settings);
        if (!service) return service.error();
        const auto resolver = (*service)->resolver(loop_);
        for (const bool v6 : {true, false}) {
            std::optional<DnsAnswer> answer;
            const auto lookup =
                resolver->addresses(place_.address.host, v6, {}, [&](const DnsAnswer& found) { answer = found; });
            loop_.run_until([&] { return answer.has_value(); });
            if (!answer->addresses.empty()) at_ = {answer->addresses.front(), place_.address.port};
        }
        if (at_.port != 0) return {};
        return unreachable_node(place_.address, "the name has no address");
    }

    static std::string advice(const std::string& code) {
        if (code != "http-certificate") return {};
        return "; trust its certificate with --trust FILE: admin.pem in the node's data folder, if the node made its "
               "own";
    }

    const RestPlace& place_;
    io::AsioLoop loop_;
    io::TcpNetwork network_{loop_};
    std::string token_;
    std::shared_ptr<const io::TlsContext> tls_;
    Endpoint at_;
};

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

std::string escaped(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (is_plain(c)) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return out;
}

std::string text_of_value(const json::value& value) {
    return value.is_string() ? std::string{value.as_string()} : admin::json_text(value);
}

/// What has happened by now, then what happens; only an error ends it.
Result<Answer> follow(Asker& asker, const admin::Verb& verb, json::object arguments, const Waiting& waiting) {
    arguments.erase("follow");
    for (;; asker.rest()) {
        auto answer = asker.ask(verb, arguments, waiting);
        if (!answer || !answer->ok) return answer;
        const json::value result = json::parse(answer->result);
        for (const json::value& event : admin::list_of(result, "events")) waiting.on_event(admin::json_text(event));
        arguments["after"] = static_cast<std::uint64_t>(admin::number_of(result, "last"));
    }
}

}  // namespace

std::string query_of(const json::object& arguments) {
    std::string query;
    const auto add = [&](std::string_view name, std::string_view value) {
        query.append(query.empty() ? "?" : "&").append(escaped(name)).append("=").append(escaped(value));
    };
    for (const auto& member : arguments) {
        const std::string_view name{member.key().data(), member.key().size()};
        if (!member.value().is_array()) {
            add(name, text_of_value(member.value()));
            continue;
        }
        for (const json::value& entry : member.value().as_array()) add(name, text_of_value(entry));
    }
    return query;
}

Result<Answer> ask_rest(const RestPlace& place, const admin::Verb& verb, const json::object& arguments,
                        const Waiting& waiting) {
    Asker asker{place};
    if (const auto ready = asker.prepare(); !ready) return ready.error();
    const json::value* followed = arguments.if_contains("follow");
    if (followed != nullptr && *followed == json::value(true)) return follow(asker, verb, arguments, waiting);
    return asker.ask(verb, arguments, waiting);
}

}  // namespace sallyport::ctl
