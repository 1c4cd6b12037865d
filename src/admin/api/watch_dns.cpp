// A look asks about a domain of ours; only when that fails, or takes long, about the root.
#include "admin/api/watch_dns.h"

#include <algorithm>
#include <utility>

#include "services/provision/provisioner.h"

namespace sallyport::admin {

namespace {

constexpr std::size_t longest_name = 253;  // RFC 1035 2.3.4, as text without the final dot

bool is_name(const HostPort& address) { return !address.host.empty() && !IpAddress::parse(address.host); }

/// An edge finds its peers by DNS; a core what its file and its IM&P servers name by a host name.
bool needs_dns(NodeControl& node) {
    const config::NodeFile& file = node.file();
    if (file.role == config::Role::edge) return node.settings().snapshot()->enabled;
    if (file.role != config::Role::core) return false;
    const auto names = [](const auto& entry) { return is_name(entry.address); };
    if (std::any_of(file.link.dial.begin(), file.link.dial.end(), names) ||
        std::any_of(file.ssh.dial.begin(), file.ssh.dial.end(), names) ||
        std::any_of(file.inside.servers.begin(), file.inside.servers.end(), names)) {
        return true;
    }
    if (node.provisioner() == nullptr) return false;
    const auto publishers = node.provisioner()->list();
    return std::any_of(publishers.begin(), publishers.end(), [](const provision::PublisherStatus& publisher) {
        const auto address = HostPort::parse(publisher.address, provision::Provisioner::axl_port);
        return address && is_name(*address);
    });
}

/// One that has room for a label before it.
std::optional<xmpp::Domain> domain_for(NodeControl& node, std::size_t label) {
    if (!needs_dns(node)) return std::nullopt;
    const config::Snapshot settings = node.settings().snapshot();
    const auto own = std::find_if(settings->domains.begin(), settings->domains.end(), [&](const auto& pattern) {
        return !pattern.below && pattern.domain.ascii().size() + 1 + label <= longest_name;
    });
    return own == settings->domains.end() ? std::nullopt : std::optional{own->domain};
}

bool is_answer(const std::optional<DnsStatus>& status) {
    return status && *status != DnsStatus::failed && *status != DnsStatus::timed_out;
}

}  // namespace

void DnsWatch::look(TimePoint now) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(node_.loop().wall().time_since_epoch());
    const std::string label = "sallyport-" + std::to_string(seconds.count()) + "-" + std::to_string(questions_ + 1);
    const auto domain = domain_for(node_, label.size());
    if (!domain) {
        forget();
        misses_ = 0;
        node_.host().dead_dns.reset();
        return;
    }
    if (now < next_) return;
    if (!own_.asked) {
        next_ = now + interval;
        domain_ = domain;
        ++questions_;
        ask(own_, label + "." + domain->ascii());
        if (misses_ > 0) ask(root_, label);
    } else if (!root_.asked) {
        next_ = now + interval;
        ask(root_, label);
    }
}

void DnsWatch::ask(Question& question, const std::string& name) {
    question.asked = true;
    question.lookup = node_.resolver().addresses(name, false, {}, [this, &question](const DnsAnswer& answer) {
        // On the stack of its own callback.
        node_.loop().defer([gone = std::shared_ptr<io::Lookup>{std::move(question.lookup)}] {});
        if (question.asked) hear(question, answer);
    });
}

void DnsWatch::hear(Question& question, const DnsAnswer& answer) {
    question.status = answer.status;
    question.why = text(answer.status);
    if (!answer.detail.empty()) question.why += ": " + answer.detail;
    auto& dead = node_.host().dead_dns;
    if (is_answer(own_.status) || is_answer(root_.status)) {
        misses_ = 0;
        dead.reset();
        return forget();
    }
    if (!own_.status || !root_.status) {
        if (!root_.asked) next_ = {};
        return;
    }
    // What it says may be another each time: the first stays.
    if (++misses_ >= most_misses && !dead) dead = {domain_->text(), own_.why};
    forget();
}

void DnsWatch::forget() {
    own_ = {};
    root_ = {};
}

}  // namespace sallyport::admin
