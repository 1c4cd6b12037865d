// One request under way: its checked arguments, its author, and the lines that answer it. A verb may answer later, and
// may send events before its answer.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/api/node_control.h"
#include "admin/api/verbs.h"

namespace sallyport::admin {

class Call {
public:
    static constexpr std::size_t longest_author = 64;
    /// A line without its end; `last`: nothing follows, the answer is given.
    using OnLine = std::function<void(const std::string& line, bool last)>;
    /// {"event": …}, {"ok": true, "result": …} or {"ok": false, "error": …}.
    using OnAnswer = std::function<void(const boost::json::object& answer, bool last)>;
    /// Who asks, beyond doubt.
    struct Caller {
        std::string author;
        std::string address = "local";
        std::string origin = "cli";  ///< for the history of settings
        std::string session{};       ///< id of the session whose holder `author` is; empty: none
    };

    /// Reads a request and runs its verb. Answers may come from within.
    /// The author that the request names is only put beside `user`.
    static std::shared_ptr<Call> start(NodeControl& node, std::string_view request, std::string user,
                                       const OnLine& on_line);
    /// The same for one whose verb is known. `revision`: settings must not have changed since.
    static std::shared_ptr<Call> start(NodeControl& node, Caller caller, const Verb& verb,
                                       const boost::json::object& arguments, std::optional<std::uint64_t> revision,
                                       OnAnswer on_answer);

    Call(NodeControl& node, Caller caller, OnAnswer on_answer)
        : node_{&node}, on_answer_{std::move(on_answer)}, caller_{std::move(caller)} {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    [[nodiscard]] NodeControl& node() const { return *node_; }
    [[nodiscard]] const std::string& author() const { return caller_.author; }
    [[nodiscard]] const std::string& origin() const { return caller_.origin; }
    [[nodiscard]] const Caller& caller() const { return caller_; }
    /// A change of settings counts only if nobody changed them after this revision.
    [[nodiscard]] const std::optional<std::uint64_t>& revision() const { return revision_; }
    [[nodiscard]] bool finished() const { return !on_answer_; }

    /// Arguments by name; empty, zero or false when they were not given.
    [[nodiscard]] bool has(std::string_view name) const { return arguments_.contains(name); }
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t fallback) const;
    [[nodiscard]] bool flag(std::string_view name) const { return text(name) == "true"; }
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
    /// The argument as a domain; a malformed one ends the call, and there is none.
    [[nodiscard]] std::optional<xmpp::Domain> domain(std::string_view name);

    void event(const boost::json::object& event);
    void succeed(const boost::json::value& result);
    /// `field` names the argument at fault, if it is one and the code's row (error_codes.h) does not say it.
    void fail(const Error& error, std::string_view field = {});
    /// With what the caller should know beside it: members of the error.
    void fail(const Error& error, std::string_view field, const boost::json::object& more);
    /// What is done stands in the audit already; a failure is put there all the same.
    void is_audited() { audited_ = true; }
    /// Something that must live until the call ends: a probe, a timer. It may call back into the call weakly.
    void keep(std::shared_ptr<void> object) { kept_.push_back(std::move(object)); }
    /// Nobody listens any longer.
    void abandon() { on_answer_ = nullptr; }

private:
    /// The verb, or an Error with the field at fault in `field`.
    [[nodiscard]] Result<const Verb*> read(std::string_view request, std::string& field);
    [[nodiscard]] Result<void> read_arguments(const Verb& verb, const boost::json::object& given, std::string& field);
    [[nodiscard]] Result<void> read_author(const boost::json::object& request);
    void finish(const boost::json::object& answer, const std::string& outcome);
    [[nodiscard]] bool takes(std::string_view argument) const;
    void audit(const std::string& outcome);

    NodeControl* node_;
    OnAnswer on_answer_;
    Caller caller_;  ///< author: "anna", or "root (anna)" where the request names another than the user
    const Verb* verb_ = nullptr;
    bool audited_ = false;
    std::optional<std::uint64_t> revision_;
    std::map<std::string, std::vector<std::string>, std::less<>> arguments_;
    std::vector<std::shared_ptr<void>> kept_;
};

}  // namespace sallyport::admin
