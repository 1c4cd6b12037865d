// What an ending says of its cause (RFC 6120 4.9.3).
#include "services/s2s/way_out.h"

namespace sallyport::s2s {

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

}  // namespace sallyport::s2s
