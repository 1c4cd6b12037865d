// What an ending says of its cause, and of the stanza at which it came.
#include "services/routing/ending.h"

#include <algorithm>
#include <utility>

namespace sallyport::routing {

namespace {
constexpr unsigned blame_of_ending = 2, blame_of_reset = 1;

bool is_policy(const Ending& ending) {
    return ending.said && ending.said->condition == xmpp::StreamCondition::policy_violation;
}
}  // namespace

bool Ending::has_a_cause_of_its_own() const {
    if (!said) return false;
    switch (said->condition) {
        case xmpp::StreamCondition::conflict:
        case xmpp::StreamCondition::connection_timeout:
        case xmpp::StreamCondition::host_gone:
        case xmpp::StreamCondition::host_unknown:
        case xmpp::StreamCondition::remote_connection_failed:
        case xmpp::StreamCondition::reset:
        case xmpp::StreamCondition::see_other_host:
        case xmpp::StreamCondition::system_shutdown: return true;
        case xmpp::StreamCondition::bad_format:
        case xmpp::StreamCondition::bad_namespace_prefix:
        case xmpp::StreamCondition::improper_addressing:
        case xmpp::StreamCondition::internal_server_error:
        case xmpp::StreamCondition::invalid_from:
        case xmpp::StreamCondition::invalid_namespace:
        case xmpp::StreamCondition::invalid_xml:
        case xmpp::StreamCondition::not_authorized:
        case xmpp::StreamCondition::not_well_formed:
        case xmpp::StreamCondition::policy_violation:
        case xmpp::StreamCondition::resource_constraint:
        case xmpp::StreamCondition::restricted_xml:
        case xmpp::StreamCondition::undefined_condition:
        case xmpp::StreamCondition::unsupported_encoding:
        case xmpp::StreamCondition::unsupported_feature:
        case xmpp::StreamCondition::unsupported_stanza_type:
        case xmpp::StreamCondition::unsupported_version: return false;
    }
    return false;
}

unsigned blamed(unsigned before, const Ending& ending) {
    if (ending.by != Ending::By::peer || ending.has_a_cause_of_its_own()) return before;
    return std::min(most_blame, before + (ending.broken ? blame_of_reset : blame_of_ending));
}

std::string words_of(const Ending& ending, const std::string& otherwise) {
    if (!ending.said) return otherwise;
    const std::string condition{xmpp::text(ending.said->condition)};
    return "the peer said " + condition + (ending.said->text.empty() ? "" : ": " + ending.said->text);
}

xmpp::StanzaError in_doubt(const Ending& ending, std::string why) {
    const auto condition =
        is_policy(ending) ? xmpp::StanzaCondition::policy_violation : xmpp::StanzaCondition::remote_server_timeout;
    return {condition, {}, Rule::in_doubt, std::move(why)};
}

xmpp::StanzaError not_accepted(const Ending& ending, std::string why) {
    const bool policy = !ending.said || is_policy(ending);
    return {policy ? xmpp::StanzaCondition::policy_violation : xmpp::StanzaCondition::not_acceptable,
            "the recipient's server does not accept this stanza", Rule::refused_by_peer, std::move(why)};
}

}  // namespace sallyport::routing
