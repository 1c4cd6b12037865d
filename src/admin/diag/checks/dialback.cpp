// `check dialback D`: goes to every address that DNS gives for a domain of ours, as D's server does when it verifies a
// key of ours (XEP-0220 2.1.2), and shows a right key and a wrong one. It proves the authoritative role at each of our
// edges, and that all of them have one secret. The other two roles need D itself: the verb adds them.
#include <algorithm>

#include "admin/diag/checks/checks.h"
#include "admin/diag/dns_survey.h"
#include "admin/diag/judge_dialback.h"
#include "admin/diag/tls_probe.h"
#include "model/policy/policy.h"
#include "proto/s2s/dialback.h"

namespace sallyport::diag {

namespace {

bool is_wildcard(const IpAddress& address) {
    return std::all_of(address.bytes.begin(), address.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

class DialbackCheck {
public:
    DialbackCheck(CheckContext context, xmpp::Domain peer, OnReport on_report)
        : context_{std::move(context)},
          peer_{std::move(peer)},
          on_report_{std::move(on_report)},
          rules_{context_.settings},
          survey_{context_.resolver, context_.local, {}, context_.limits.srv_targets, [this](const Survey& survey) {
                      surveyed(survey);
                  }} {
        timer_ = context_.loop.timer([this] { expired(); });
        report_.check = "dialback";
        report_.domain = context_.local.text();
    }

    void start() {
        report_.fact("asked_as", peer_.text());
        timer_->arm(context_.loop.now() + context_.timeout);
        const s2s::Admission admission = rules_.admits({context_.local, peer_}, s2s::Direction::outbound);
        if (!admission.allowed) {
            report_.add(seen(Seen::not_admitted, {{"domain", peer_.text()}, {"why", admission.why}}));
            return finish();
        }
        survey_.start();
    }

private:
    void surveyed(const Survey& survey) {
        for (const SurveyedHost& host : survey.hosts) {
            for (const IpAddress& address : host.addresses()) {
                if (doors_.size() < context_.limits.addresses)
                    doors_.push_back({host.target.host, {address, host.target.port}, host.target.direct_tls});
            }
        }
        if (doors_.empty()) {
            report_.add(
                seen(Seen::no_server_of_ours, {{"domain", context_.local.text()}, {"ascii", context_.local.ascii()}}));
            own_listeners();
        }
        next_door();
    }

    /// What is not in DNS may work all the same.
    void own_listeners() {
        for (const Endpoint& own : context_.own) {
            Endpoint at = own;
            if (is_wildcard(at.address)) at.address = *IpAddress::parse(at.address.v6 ? "::1" : "127.0.0.1");
            doors_.push_back({"our own listener", at, false});
        }
        if (doors_.size() > 1) doors_.resize(1);
    }

    void next_door() {
        if (door_ == doors_.size()) return finish();
        const std::string id = context_.fresh_id();
        const std::string right = rules_.dialback_key(peer_, context_.local, id);
        const std::string wrong = rules_.dialback_key(peer_, context_.local, id + "x");
        VisitSettings settings{{peer_, context_.local},
                               context_.client_tls,
                               context_.direct_client_tls,
                               context_.limits,
                               context_.sources};
        settings.keys = {{id, right}, {id + "-wrong", wrong}};
        probe_ = std::make_unique<TlsProbe>(context_.loop, context_.network, std::move(settings),
                                            std::vector<Door>{doors_[door_]}, [this](const Visit& visit) {
                                                judge_dialback(visit, doors_[door_], context_.local, report_);
                                                ++door_;
                                                // The probe is on the stack.
                                                context_.loop.defer([this, alive = std::weak_ptr{alive_}] {
                                                    if (!alive.expired()) next_door();
                                                });
                                            });
        probe_->start();
    }

    void expired() {
        if (probe_ && door_ < doors_.size()) {
            doors_.resize(door_ + 1);
            return probe_->give_up();
        }
        report_.add(seen(Seen::dns_silent));
        finish();
    }

    void finish() {
        timer_->disarm();
        report_later(context_.loop, report_, on_report_);
    }

    CheckContext context_;
    xmpp::Domain peer_;
    OnReport on_report_;
    policy::EdgeRules rules_;
    Report report_;
    std::unique_ptr<io::Timer> timer_;
    std::vector<Door> doors_;
    std::size_t door_ = 0;
    std::unique_ptr<TlsProbe> probe_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    DnsSurvey survey_;
};

}  // namespace

std::shared_ptr<void> start_dialback(CheckContext context, const xmpp::Domain& domain, OnReport on_report) {
    auto check = std::make_shared<DialbackCheck>(std::move(context), domain, std::move(on_report));
    check->start();
    return check;
}

}  // namespace sallyport::diag
