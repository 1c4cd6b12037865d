// `why FROM TO`: walks what a stanza would meet, without sending one. `why ID`: what was refused under an id.
#include <boost/json.hpp>

#include "admin/api/journey.h"
#include "admin/api/record_json.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "admin/judge/remedies.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr Duration dns_patience = std::chrono::seconds{5};

using Refused = std::optional<xmpp::StanzaError>;  ///< by the pool

/// The address, or the call has ended.
std::optional<xmpp::Jid> named_in(Call& call, std::string_view name) {
    auto jid = xmpp::Jid::parse(call.text(name));
    if (jid) return std::move(*jid);
    call.fail({"argument-malformed", "'" + call.text(name) + "' is neither a domain nor an address"}, name);
    return std::nullopt;
}

/// Asks DNS as the live path would, then walks.
class Question : public std::enable_shared_from_this<Question> {
public:
    Question(const SharedCall& call, NodeStatus status, policy::Contact contact)
        : call_{call},
          node_{call->node()},
          status_{std::move(status)},
          contact_{std::move(contact)},
          survey_{node_.resolver(),
                  contact_.pair.remote,
                  {},
                  node_.file().limits.srv_targets,
                  [this](const diag::Survey& survey) { answer(survey); }} {}

    void start() {
        // The last answer comes from within a look-up: whoever is told may end the call, and this with it.
        timer_ = node_.loop().timer([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->answer(std::nullopt);
        });
        timer_->arm(node_.loop().now() + dns_patience);
        survey_.start();
    }

private:
    void answer(std::optional<diag::Survey> survey) {
        timer_->disarm();
        node_.loop().defer([weak = weak_from_this(), survey = std::move(survey)] {
            const auto self = weak.lock();
            const auto call = self ? self->call_.lock() : nullptr;
            if (!call || call->finished()) return;
            const bool silent = !survey.has_value();
            call->succeed(walk({self->node_, self->status_, self->contact_, call->text("from"), call->text("to"),
                                std::nullopt, survey, silent}));
        });
    }

    std::weak_ptr<Call> call_;
    NodeControl& node_;
    NodeStatus status_;
    policy::Contact contact_;
    std::unique_ptr<io::Timer> timer_;
    diag::DnsSurvey survey_;
};

/// The next hop's domain, or the stranger's: what is refused at an edge on its way in is the sender's matter.
std::string other_domain(NodeControl& node, const record::Verdict& verdict) {
    if (verdict.to.empty()) return verdict.from;
    const auto from = xmpp::Domain::parse(verdict.from);
    const auto to = xmpp::Domain::parse(verdict.to);
    if (node.file().role != config::Role::edge || !from || !to) return verdict.to;
    return contact_of(node, *from, *to).pair.remote.text();
}

/// What the refusal's rule means, where it is set, what fixes it.
void explain_rule(NodeControl& node, const record::Verdict& verdict, json::object& out) {
    const auto given = [](const std::string& text) { return text.empty() ? json::value{} : json::value(text); };
    const RuleRow& row = row_of(verdict.rule);
    const std::string domain = row.kind == RuleKind::policy ? verdict.to : other_domain(node, verdict);
    const Remedy remedy = remedy_of(node.file(), *node.settings().snapshot(), verdict.rule, verdict.remedy, domain);
    out["meaning"] = view(row.help);
    out["change"] = given(remedy.change);
    out["remedy"] = given(remedy.remedy);
    out["part"] = view(text(remedy.part));
}

/// What a node is now, and what its pool says of the message.
using OnPresent = std::function<void(const NodeStatus&, const Refused&)>;
void ask_present(const SharedCall& call, const s2s::AskedMessage& message, OnPresent then) {
    call->node().status([call, message, then = std::move(then)](const NodeStatus& status) {
        call->node().refusal(message, [status, then](const Refused& refusal) { then(status, refusal); });
    });
}

/// At once, or when the account of the recipient has been looked up.
void walk_with_account(const SharedCall& call, const NodeStatus& status, const policy::Contact& contact,
                       const Refused& refusal) {
    const std::string name = account_asked(call->node(), call->text("to"));
    if (name.empty()) {
        return call->succeed(walk({call->node(), status, contact, call->text("from"), call->text("to"), refusal}));
    }
    call->node().users()->show(name, [call, status, contact, refusal](const Result<io::UserRow>& account) {
        JourneyInput input{call->node(), status, contact, call->text("from"), call->text("to"), refusal};
        input.account = account;
        call->succeed(walk(input));
    });
}

/// The answer to `why ID`, with what would happen now, as far as it can be said without asking DNS.
void tell_present(const SharedCall& call, const record::Verdict& verdict, json::object out) {
    const auto from = xmpp::Jid::parse(verdict.from);
    const auto to = xmpp::Jid::parse(verdict.to);
    if (!from || !to) return call->succeed(out);
    const policy::Contact contact = contact_of(call->node(), from->domain(), to->domain());
    ask_present(call, {*from, *to}, [call, verdict, contact, out](const NodeStatus& status, const Refused& refusal) {
        const json::object now = walk({call->node(), status, contact, verdict.from, verdict.to, refusal});
        json::object all = out;
        all["now_passes"] = now.at("passes");
        all["now_blocked_by"] = now.at("blocked_by");
        call->succeed(all);
    });
}

void explain_verdict(const SharedCall& call) {
    const std::string id = call->text("from");
    call->node().verdict(id, [call, id](const std::optional<record::Verdict>& verdict) {
        if (!verdict) {
            return call->fail({"verdict-unknown", "nothing was refused as " + id +
                                                      " since this node started, or too long ago; the ids are in the "
                                                      "log and in the errors that senders get"},
                              "from");
        }
        json::object out = json_of(*verdict);
        explain_rule(call->node(), *verdict, out);
        tell_present(call, *verdict, std::move(out));
    });
}

void run_why(const SharedCall& call) {
    if (!call->has("to") && call->text("from").starts_with("v-")) return explain_verdict(call);
    const auto from = named_in(*call, "from");
    if (!from) return;
    if (!call->has("to")) {
        return call->fail({"argument-missing", "give the recipient too, or only the id of a refusal"}, "to");
    }
    const auto to = named_in(*call, "to");
    if (!to) return;
    const policy::Contact contact = contact_of(call->node(), from->domain(), to->domain());
    ask_present(call, {*from, *to}, [call, contact](const NodeStatus& status, const Refused& refusal) {
        if (refusal || !asks_dns(call->node(), status, contact)) {
            return walk_with_account(call, status, contact, refusal);
        }
        auto question = std::make_shared<Question>(call, status, contact);
        call->keep(question);
        question->start();
    });
}

constexpr Argument why_args[] = {
    place("from", Form::text, "the sender: a domain or a full address; or the id of a refusal, such as v-0123456789ab"),
    optional_place("to", "the recipient: a domain or a full address")};

constexpr Verb why_rows[] = {
    {"why", "whether a stanza would pass; if not, what stops it and where to change that", why_args, run_why,
     "Walk|Refusal", print_why, Access::read, reads, Answers::yes_or_no},
};

}  // namespace

std::span<const Verb> why_verbs() { return why_rows; }

}  // namespace sallyport::admin
