// One exchange: look-up, addresses in turn, one POST.
#include "services/provision/axl_client.h"

#include <utility>
#include <vector>

#include "base/hash.h"

namespace sallyport::provision {

namespace {

Error unreachable(std::string why) { return {"axl-unreachable", std::move(why)}; }

/// Of a request that got no answer: who has to do what depends on how it ended.
Error no_answer(const Error& error) {
    if (error.code == "http-tls" || error.code == "http-certificate") return {"axl-tls", "TLS fails: " + error.text};
    if (error.code == "connect-refused") return {"axl-not-listening", error.text};
    if (error.code == "connect-timed-out" || error.code == "http-timed-out") return {"axl-silent", error.text};
    return unreachable(error.text);
}

Result<axl::Answer> read(const io::HttpResponse& response) {
    if (response.status == 401)
        return Error{"axl-unauthorized", "wrong user or password, or the user has no AXL API access (401)"};
    if (response.status == 503) return Error{"axl-busy", "the server is busy or refuses requests for a while (503)"};
    if (response.status != 200 && response.status != 500) {
        return Error{"axl-status", "status " + std::to_string(response.status) + "; check that the AXL service is on"};
    }
    auto answer = axl::read_answer(response.body);
    if (!answer)
        return Error{"axl-malformed", "status " + std::to_string(response.status) + ", " + answer.error().text};
    if (const auto* const fault = std::get_if<axl::Fault>(&*answer)) {
        constexpr std::size_t longest = 300;
        return Error{"axl-fault", fault->text.substr(0, longest)};
    }
    return answer;
}

}  // namespace

class AxlClient::Exchange : public std::enable_shared_from_this<Exchange> {
public:
    Exchange(AxlClient& client, AxlTarget target, axl::Request request, OnAnswer on_answer)
        : client_{client}, target_{std::move(target)}, request_{std::move(request)}, on_answer_{std::move(on_answer)} {}

    void start() {
        client_.log_.info(
            "axl.sent",
            {{"Action", "Send"}, {"URL", target_.url()}, {"Function", std::string{text(request_.operation)}}});
        sent_ = client_.loop_.now();
        if (client_.log_.wants(LogLevel::debug)) {
            client_.log_.debug("axl.request", {{"Detail", request_.sql},
                                               {"Action", "Send"},
                                               {"URL", target_.url()},
                                               {"Function", std::string{text(request_.operation)}},
                                               {"SOAPAction", axl::write_soap_action(request_)},
                                               {"User", target_.username},
                                               {"Authorization", "Basic ********"}});
        }
        if (const auto literal = IpAddress::parse(target_.address.host)) {
            addresses_ = {*literal};
            return try_next();
        }
        look_up(false);
    }

private:
    void look_up(bool v6) {
        lookup_ = client_.resolver_.addresses(target_.address.host, v6, {},
                                              [weak = weak_from_this(), v6](const DnsAnswer& answer) {
                                                  if (const auto here = weak.lock()) here->looked_up(v6, answer);
                                              });
    }
    void looked_up(bool v6, const DnsAnswer& answer) {
        addresses_.insert(addresses_.end(), answer.addresses.begin(), answer.addresses.end());
        if (!v6 && addresses_.empty()) {
            // IM&P servers are IPv4 first; the look-up is on the stack: the next one replaces it in a later turn.
            return client_.loop_.defer([weak = weak_from_this()] {
                if (const auto here = weak.lock()) here->look_up(true);
            });
        }
        if (addresses_.empty()) {
            return finish(
                unreachable(target_.address.host + " has no address in DNS: " + sallyport::text(answer.status)), {});
        }
        if (addresses_.size() > most_addresses) addresses_.resize(most_addresses);
        try_next();
    }

    void try_next() {
        io::HttpOrder order;
        order.to = {addresses_[next_++], target_.address.port};
        order.host = target_.address;
        order.tls = client_.tls_;
        order.verify = target_.tls_verify;
        order.timeout = timeout;
        order.dial_timeout = dial_timeout;
        order.request.method = "POST";
        order.request.target = "/axl/";
        order.request.fields = {{"Content-Type", "text/xml; charset=utf-8"},
                                {"Accept", "text/xml"},
                                {"SOAPAction", axl::write_soap_action(request_)},
                                {"Authorization", "Basic " + base64_encode(target_.username + ":" + target_.password)}};
        order.request.body = axl::write_request(request_);
        call_ = io::http_call(client_.loop_, client_.network_, std::move(order),
                              [weak = weak_from_this()](Result<io::HttpResponse> response) {
                                  if (const auto here = weak.lock()) here->answered(std::move(response));
                              });
    }

    void answered(Result<io::HttpResponse> response) {
        if (response) return finish(read(*response), std::to_string(response->status));
        if (response.error().code.starts_with("connect-") && next_ < addresses_.size()) {
            return client_.loop_.defer([weak = weak_from_this()] {
                if (const auto here = weak.lock()) here->try_next();
            });
        }
        finish(no_answer(response.error()), {});
    }

    void finish(Result<axl::Answer> answer, const std::string& status) {
        // As administrators know it: a status alone has no further reason.
        const bool explained =
            !answer && answer.error().code != "axl-unauthorized" && answer.error().code != "axl-busy";
        const std::vector<LogFact> facts{{"Action", "Receive"},
                                         {"URL", target_.url()},
                                         {"Function", std::string{text(request_.operation)}},
                                         {"Status", status.empty() ? "None" : status},
                                         {"Reason", explained ? answer.error().text : "None"}};
        answer ? client_.log_.info("axl.received", facts) : client_.log_.warn("axl.received", facts);
        if (client_.log_.wants(LogLevel::debug)) {
            const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(client_.loop_.now() - sent_);
            std::vector<LogFact> full{{"Detail", answer ? axl::described(*answer) : answer.error().text}};
            full.insert(full.end(), facts.begin(), facts.end());
            full.push_back({"Milliseconds", std::to_string(took.count())});
            client_.log_.debug("axl.response", std::move(full));
        }
        const OnAnswer on_answer = std::exchange(on_answer_, nullptr);
        if (on_answer) on_answer(std::move(answer));
    }

    AxlClient& client_;
    AxlTarget target_;
    axl::Request request_;
    OnAnswer on_answer_;
    TimePoint sent_{};
    std::vector<IpAddress> addresses_;
    std::size_t next_ = 0;
    std::unique_ptr<io::Lookup> lookup_;
    std::unique_ptr<io::HttpCall> call_;
};

class AxlClient::Handle final : public AxlCall {
public:
    explicit Handle(std::shared_ptr<Exchange> exchange) : exchange_{std::move(exchange)} {}

private:
    std::shared_ptr<Exchange> exchange_;
};

std::unique_ptr<AxlCall> AxlClient::send(const AxlTarget& target, const axl::Request& request, OnAnswer on_answer) {
    auto exchange = std::make_shared<Exchange>(*this, target, request, std::move(on_answer));
    // From the loop: an answer never comes before the caller holds what it can cancel.
    loop_.defer([weak = std::weak_ptr{exchange}] {
        if (const auto here = weak.lock()) here->start();
    });
    return std::make_unique<Handle>(std::move(exchange));
}

}  // namespace sallyport::provision
