// What the stream machines ask of the operator's policy, as pure questions answered from one immutable snapshot.
// model/policy answers them on a node; tests answer them from a literal.
#pragma once

#include <string>
#include <string_view>

#include "base/direction.h"
#include "base/tls_facts.h"
#include "proto/xmpp/failure.h"
#include "proto/xmpp/jid.h"

namespace sallyport::s2s {

/// The security mode of the settings page.
enum class SecurityMode { tls_required, tls_optional, no_tls };
[[nodiscard]] std::string_view text(SecurityMode mode);

/// How a peer proved its domain.
enum class Method { none, dialback, external, certificate_dialback };
[[nodiscard]] std::string_view text(Method method);

/// What streams with one peer must look like. `no_tls` offers and asks for no TLS; `require_certificate` refuses
/// dialback without an accepted certificate (XEP-0220 2.5 not-authorized).
struct StreamPolicy {
    SecurityMode security = SecurityMode::tls_required;
    bool require_certificate = false;
    bool offer_external = true;
    bool offer_dialback = true;
    bool certificate_shortcut = true;  ///< XEP-0344: a certificate that proves the sender replaces the call-back
    bool bidi = false;
    bool stream_management = true;
    bool operator==(const StreamPolicy&) const = default;
};

/// Whether a domain is ours.
enum class Served { yes, no, gone };

/// Yes, or no with the rule and reason that `why` prints.
struct Admission {
    bool allowed = true;
    Rule rule = Rule::none;  ///< that decided; none: no rule has an opinion
    std::string why;         ///< for the operator
    std::string remedy;      ///< for the operator, when it is refused
    std::string verdict_id;
    xmpp::StreamCondition stream = xmpp::StreamCondition::policy_violation;
    xmpp::StanzaCondition stanza = xmpp::StanzaCondition::not_allowed;
    std::string text;  ///< for the peer

    /// "rule: why; remedy", for the log.
    [[nodiscard]] std::string reason() const {
        return std::string{sallyport::text(rule)} + ": " + why + (remedy.empty() ? "" : "; " + remedy);
    }
};

/// What becomes of a pair that is not admitted.
[[nodiscard]] inline xmpp::Failure refused_by(const Admission& admission) {
    return {Stage::policy,  admission.why,        admission.stanza, true,
            admission.rule, admission.verdict_id, admission.remedy};
}

/// What refuses, beside the words for it. Without a rule the condition stands for one.
struct Cause {
    Rule rule = Rule::none;
    std::string why{};  ///< when it says more than the words beside it
    std::string verdict{}, remedy{};

    Cause() = default;
    Cause(Rule rule_of_it) : rule{rule_of_it} {}  // NOLINT(google-explicit-constructor): a rule is a cause
    Cause(const Admission& admission)             // NOLINT(google-explicit-constructor): so is a refusal of the policy
        : rule{admission.rule}, why{admission.why}, verdict{admission.verdict_id}, remedy{admission.remedy} {}
};
/// The rule behind a refusal that names none.
[[nodiscard]] Rule rule_of(xmpp::StreamCondition condition);
/// Likewise, of an answer to dialback.
[[nodiscard]] Rule rule_of(xmpp::StanzaCondition condition);
/// As what is written down of it.
[[nodiscard]] xmpp::Failure failure_of(Stage stage, const Cause& cause, Rule otherwise, std::string why);

using sallyport::Direction;

class Rules {
public:
    virtual ~Rules() = default;
    /// Is `domain` served here (as the receiving or authoritative side)?
    [[nodiscard]] virtual Served serves(const xmpp::Domain& domain) const = 0;
    /// May `pair` talk in this direction? Includes self-connection: a remote that is served here is refused.
    [[nodiscard]] virtual Admission admits(const xmpp::DomainPair& pair, Direction direction) const = 0;
    [[nodiscard]] virtual StreamPolicy policy(const xmpp::Domain& remote) const = 0;
    /// Of a stream that has not said yet who it is (its header has no `from`): what some peer may do. Each pair is
    /// judged by its own policy once it is named.
    [[nodiscard]] virtual StreamPolicy unnamed_policy() const = 0;
    /// The dialback key for a stream (XEP-0185) from `originating` to `receiving` with id `stream_id`.
    [[nodiscard]] virtual std::string dialback_key(const xmpp::Domain& receiving, const xmpp::Domain& originating,
                                                   std::string_view stream_id) const = 0;
    /// As authoritative server: is `key` one of ours (constant time; the previous secret counts during its overlap)?
    [[nodiscard]] virtual bool vouches(const xmpp::Domain& receiving, const xmpp::Domain& originating,
                                       std::string_view stream_id, std::string_view key) const = 0;
    /// A served domain, for the response header when `to` is missing or unknown; empty when there is none.
    [[nodiscard]] virtual xmpp::Domain default_domain() const = 0;
};

}  // namespace sallyport::s2s
