// Why an attempt to reach a server, or a pair on its stream, failed. Made once, by whoever saw it; the queue's bounces,
// the log, the recorder, status and `why` show it.
#pragma once

#include <string>

#include "base/refusal_rules.h"
#include "proto/xmpp/errors.h"

namespace sallyport::xmpp {

struct Failure {
    Stage stage = Stage::none;
    std::string why;                                                     ///< for the operator
    StanzaCondition condition = StanzaCondition::remote_server_timeout;  ///< for those whose stanzas are returned
    bool permanent = false;  ///< no retry helps until somebody changes something
    Rule rule = Rule::none;  ///< what refused, where it is more than the stage
    std::string verdict{};   ///< of the policy, when that is why
    std::string remedy{};    ///< where the rule's row does not know it
    bool silent = false;     ///< the connection died without a word: what was written last may not have arrived

    /// The rule that explains it.
    [[nodiscard]] Rule cause() const { return rule == Rule::none ? rule_at(stage) : rule; }
    /// What those are told whose stanzas are returned because of it.
    [[nodiscard]] StanzaError error() const { return {condition, {}, cause(), why, verdict, remedy}; }
};

}  // namespace sallyport::xmpp
