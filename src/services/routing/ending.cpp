// What an ending says of its cause (RFC 6120 4.9.3), and of the stanza at which it came.
#include "services/routing/ending.h"

#include <algorithm>
#include <utility>

namespace sallyport::routing {

namespace {
constexpr unsigned blame_of_ending = 2, blame_in_doubt = 1;

bool is_policy(const Ending& ending) {
    return ending.said && ending.said->condition == xmpp::StreamCondition::policy_violation;
}
}  // namespace

Ending::Blame Ending::blame() const {
    if (by != By::peer) return Blame::none;
    if (!said) return broken ? Blame::doubtful : Blame::full;
    switch (said->condition) {
        case xmpp::StreamCondition::conflict:
        case xmpp::StreamCondition::connection_timeout:
        case xmpp::StreamCondition::host_gone:
        case xmpp::StreamCondition::host_unknown:
        case xmpp::StreamCondition::remote_connection_failed:
        case xmpp::StreamCondition::reset:
        case xmpp::StreamCondition::resource_constraint:
        case xmpp::StreamCondition::see_other_host:
        case xmpp::StreamCondition::system_shutdown: return Blame::none;
        case xmpp::StreamCondition::internal_server_error: return Blame::doubtful;
        case xmpp::StreamCondition::bad_format:
        case xmpp::StreamCondition::bad_namespace_prefix:
        case xmpp::StreamCondition::improper_addressing:
        case xmpp::StreamCondition::invalid_from:
        case xmpp::StreamCondition::invalid_namespace:
        case xmpp::StreamCondition::invalid_xml:
        case xmpp::StreamCondition::not_authorized:
        case xmpp::StreamCondition::not_well_formed:
        case xmpp::StreamCondition::policy_violation:
        case xmpp::StreamCondition::restricted_xml:
        case xmpp::StreamCondition::undefined_condition:
        case xmpp::StreamCondition::unsupported_encoding:
        case xmpp::StreamCondition::unsupported_feature:
        case xmpp::StreamCondition::unsupported_stanza_type:
        case xmpp::StreamCondition::unsupported_version: return broken ? Blame::doubtful : Blame::full;
    }
    return Blame::full;
}

unsigned blamed(unsigned before, const Ending& ending) {
    switch (ending.blame()) {
        case Ending::Blame::none: break;
        case Ending::Blame::doubtful: return std::min(most_blame, before + blame_in_doubt);
        case Ending::Blame::full: return std::min(most_blame, before + blame_of_ending);
    }
    return before;
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
