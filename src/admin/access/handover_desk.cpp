// Signing, and a row of questions that each token has to pass.
#include "admin/access/handover_desk.h"

#include <algorithm>

#include "admin/access/account_name.h"
#include "io/tls/files.h"
#include "io/tls/signature.h"
#include "proto/link/neighbour.h"

namespace sallyport::admin {

namespace {

/// Of those that look as if somebody tried: they count as failed sign-ins of the address.
bool is_an_attempt(std::string_view code) {
    constexpr std::string_view codes[] = {"handover-malformed", "handover-audience", "handover-signature",
                                          "handover-replayed", "handover-busy"};
    return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

Access most_of(config::HandOver accepted) {
    switch (accepted) {
        case config::HandOver::off:
        case config::HandOver::read_only: return Access::read;
        case config::HandOver::operate: return Access::operate;
        case config::HandOver::administrate: return Access::administer;
    }
    return Access::read;
}

/// JSON for the audit. Names are those of the file, and of accounts: nothing to be escaped.
std::string audited(std::string_view key, std::string_view node) {
    return "{\"" + std::string{key} + "\":\"" + std::string{node} + "\"}";
}

}  // namespace

HandoverDesk::HandoverDesk(const config::NodeFile& file, AccessDesk& desk, const Clock& clock,
                           Sessions::RandomBytes random, Logger log)
    : file_{file},
      desk_{desk},
      clock_{clock},
      random_{std::move(random)},
      log_{log},
      started_{clock.wall()},
      began_{clock.now()} {}

const config::AdminNode* HandoverDesk::find(std::string_view name) const {
    const auto at = std::ranges::find(file_.admin.nodes, name, &config::AdminNode::name);
    return at == file_.admin.nodes.end() ? nullptr : &*at;
}

Result<HandoverDesk::Issued> HandoverDesk::issue(const Principal& who, const std::string& node, const IpAddress& from) {
    if (!is_on()) return Error{"handover-off", "hand-over is off on this node ([admin] handover)"};
    const config::AdminNode* to = find(node);
    if (to == nullptr) {
        return Error{"handover-node", "[[admin.node]] in this node's file does not name '" + node.substr(0, 255) + "'"};
    }
    const Session* session = desk_.sessions().look(who.session);
    if (session == nullptr) return Error{"session-none", "only somebody who has signed in can go to another node"};
    // Whom this node believes, the next one need not: what it passed on would be believed as its own word.
    if (!session->terms.by.empty()) {
        return Error{"handover-brought",
                     "you were brought here by " + session->terms.by + "; sign in on this node to go on from here"};
    }
    const auto key = io::read_file(file_.link.key);
    const auto chain = io::read_file(file_.link.certificate);
    if (!key || !chain) return Error{"handover-key", (key ? chain.error() : key.error()).text};
    if (!may_issue(session->number)) return Error{"handover-often", "one hand-over a second; wait and try again"};
    HandoverClaim claim;
    claim.issuer = file_.node.name;
    claim.audience = to->name;
    claim.user = session->name;
    claim.role = who.access;
    claim.codes = session->terms.codes;
    claim.issued = std::chrono::floor<std::chrono::milliseconds>(clock_.wall());
    claim.expires = claim.issued + lifetime;
    claim.until = std::chrono::floor<std::chrono::milliseconds>(session->expires);
    claim.nonce = fresh_secret(random_);
    claim.session = "session-" + std::to_string(session->number);
    HandoverToken token{write(claim), {}, *chain};
    auto signature = io::sign(*key, context, token.claim);
    if (!signature) return Error{"handover-key", file_.link.key + ": " + signature.error().text};
    token.signature = std::move(*signature);
    log_.info("admin.handover.issued", {{"user", claim.user}, {"to", to->name}, {"address", from.text()}});
    desk_.record({0, {}, who.author, from.text(), "handover.issue", audited("to", to->name), "ok"});
    return Issued{to->origin, write(token)};
}

HandoverDesk::Arrival HandoverDesk::accept(std::string_view text, std::string_view origin, const IpAddress& from) {
    Arrival arrival;
    HandoverClaim claim;
    const auto refuse = [&](Error why) {
        if (is_an_attempt(why.code)) desk_.note_refused(from);
        log_.write_for(log_source(from), LogLevel::warn, "admin.handover.refused",
                       {{"from", claim.issuer},
                        {"user", claim.user.substr(0, AccessDesk::longest_name)},
                        {"code", why.code},
                        {"address", from.text()}});
        arrival.error = std::move(why);
        return std::move(arrival);
    };
    if (const Duration wait = desk_.wait_of(from); wait > Duration{}) {
        arrival.retry_after = wait;
        return refuse({"login-throttled", "too many refused requests; wait and try again"});
    }
    const auto token = text.size() <= longest_token ? read_token(text) : Error{"handover-malformed", "it is too long"};
    if (!token) return refuse(token.error());
    auto read = read_claim(token->claim);
    if (!read) return refuse(read.error());
    claim = std::move(*read);
    const config::AdminNode* issuer = find(claim.issuer);
    if (issuer == nullptr) {
        return refuse({"handover-issuer", "[[admin.node]] in this node's file does not name who sent you"});
    }
    if (origin != issuer->origin) {
        return refuse({"handover-origin", "your browser does not come from the pages of " + issuer->name});
    }
    arrival.known_site = true;
    if (is_account_name(claim.user)) arrival.user = claim.user;
    if (const auto good = judge(*issuer, *token, claim); !good) return refuse(good.error());
    // From here on it is their word. What becomes of it is in the audit of both.
    if (const auto fresh = use_up(claim); !fresh) {
        audit(claim, from, fresh.error().code);
        return refuse(fresh.error());
    }
    auto taken = desk_.take_in({.name = claim.user,
                                .most = std::min(claim.role, most_of(issuer->accept)),
                                .codes = claim.codes,
                                .by = issuer->name,
                                .there = claim.session,
                                .until = claim.until,
                                .from = from});
    audit(claim, from, taken ? "ok" : taken.error().code);
    if (!taken) return refuse(taken.error());
    log_.info("admin.handover.accepted", {{"user", claim.user},
                                          {"from", issuer->name},
                                          {"role", std::string{role_text(taken->role)}},
                                          {"address", from.text()},
                                          {"session", std::to_string(taken->opened.session.number)}});
    arrival.taken = std::move(*taken);
    return arrival;
}

/// The cheap questions first, and the operator's word before anything that is in the token.
Result<void> HandoverDesk::judge(const config::AdminNode& issuer, const HandoverToken& token,
                                 const HandoverClaim& claim) const {
    if (!is_on()) return Error{"handover-off", "hand-over is off on this node"};
    if (issuer.accept == config::HandOver::off) {
        return Error{"handover-direction",
                     issuer.name + " is not trusted with that here ([[admin.node]] accept); sign in"};
    }
    if (claim.audience != file_.node.name) return Error{"handover-audience", "it is for another node"};
    if (!is_account_name(claim.user)) return Error{"handover-malformed", "that is no account"};
    if (auto timely = judge_time(claim); !timely) return timely;
    return judge_signature(issuer, token);
}

Result<void> HandoverDesk::judge_time(const HandoverClaim& claim) const {
    const WallTime now = clock_.wall();
    if (claim.expires <= claim.issued || claim.expires - claim.issued > lifetime) {
        return Error{"handover-malformed", "it is valid for longer than a hand-over may be"};
    }
    if (claim.issued > now + clock_tolerance) {
        return Error{"handover-clock", "the clocks of the two nodes differ; `sallyport check link` says by how much"};
    }
    if (now >= claim.expires + clock_tolerance || now >= claim.until) {
        return Error{"handover-expired", "it has expired, or the clocks of the two nodes differ; try again"};
    }
    // What was used before this process began is not remembered. Once all of that has expired the wall clock of then
    // says nothing any more: it may have been wrong.
    if (clock_.now() - began_ < remembered && claim.issued <= started_ + clock_tolerance) {
        return Error{"handover-expired", "this node has just started; try again in some seconds"};
    }
    return {};
}

Result<void> HandoverDesk::judge_signature(const config::AdminNode& issuer, const HandoverToken& token) const {
    const auto trust = io::read_file(file_.link.trust);
    if (!trust) return Error{"handover-signature", trust.error().text};
    const auto facts = io::verify(token.chain, *trust, context, token.claim, token.signature);
    if (!facts) return Error{"handover-signature", facts.error().text};
    if (!facts->chain_valid) return Error{"handover-signature", "its certificate: " + facts->chain_error};
    const std::string objection = link::objection(*facts, issuer.name, issuer.role, file_.link.require_roles);
    if (!objection.empty()) return Error{"handover-signature", objection};
    return {};
}

bool HandoverDesk::may_issue(std::uint64_t session) {
    const TimePoint now = clock_.now();
    std::erase_if(issued_, [now](const auto& entry) { return now - entry.second >= issue_every; });
    return issued_.size() < most_issued() && issued_.emplace(session, now).second;
}

void HandoverDesk::tables(TableFills& all) const {
    all.push_back({"admin.handovers", used_.size(), file_.admin.limits.handovers});
    all.push_back({"admin.handovers-issued", issued_.size(), most_issued()});
    all.push_back({"admin.handovers-audited", audited_.size(), file_.admin.nodes.size() * most_reasons});
}

void HandoverDesk::audit(const HandoverClaim& claim, const IpAddress& from, const std::string& outcome) {
    if (outcome != "ok") {
        const TimePoint now = clock_.now();
        std::erase_if(audited_, [now](const auto& entry) { return now - entry.second >= audit_every; });
        if (audited_.size() >= file_.admin.nodes.size() * most_reasons) return;
        if (!audited_.emplace(std::pair{claim.issuer, outcome}, now).second) return;
    }
    desk_.record({0, {}, claim.user, from.text(), "handover.accept", audited("from", claim.issuer), outcome});
}

/// By a clock that nobody sets: however the wall clock moves, no sooner than it has expired.
void HandoverDesk::forget_used(TimePoint now) {
    std::erase_if(used_, [&](const auto& entry) {
        const Used& used = entry.second;
        if (used.until > now) return false;
        WallTime& latest = spent_.try_emplace(used.issuer, used.issued).first->second;
        latest = std::max(latest, used.issued);
        return true;
    });
}

Result<void> HandoverDesk::use_up(const HandoverClaim& claim) {
    const TimePoint now = clock_.now();
    forget_used(now);
    if (used_.contains(claim.nonce)) return Error{"handover-replayed", "it was used before"};
    // The wall clock went back: what has expired once seems to be of now.
    if (const auto latest = spent_.find(claim.issuer); latest != spent_.end() && claim.issued <= latest->second) {
        return Error{"handover-clock", "a clock has been set back, so it may have been used before; sign in"};
    }
    const std::uint64_t most = file_.admin.limits.handovers;
    const auto of_issuer = static_cast<std::uint64_t>(
        std::ranges::count_if(used_, [&](const auto& entry) { return entry.second.issuer == claim.issuer; }));
    if (used_.size() >= most || of_issuer >= std::max<std::uint64_t>(1, most / 4)) {
        return Error{"handover-busy", "too many hand-overs at once; try again"};
    }
    used_.emplace(claim.nonce, Used{claim.issuer, claim.issued, now + remembered});
    return {};
}

}  // namespace sallyport::admin
