// One `check` call: reports of several diagnoses, some there at once and some from the loop, answered together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/api/call.h"
#include "admin/diag/check.h"

namespace sallyport::admin {

/// What the checks of admin/diag want, from the node; `domain` is the one that is looked at.
[[nodiscard]] diag::CheckContext check_context(NodeControl& node, const xmpp::Domain& domain);
/// The first domain of ours without a wildcard; empty: none.
[[nodiscard]] xmpp::Domain first_own_domain(NodeControl& node);

class CheckRun : public std::enable_shared_from_this<CheckRun> {
public:
    CheckRun(const std::shared_ptr<Call>& call, std::string name, std::string domain);

    void add(diag::Report report);
    /// A report that comes later. The call is answered when each has come.
    [[nodiscard]] diag::OnReport expect();
    /// Something that lives until the call ends.
    void keep(std::shared_ptr<void> running) { running_.push_back(std::move(running)); }
    /// Everything is started.
    void started();
    [[nodiscard]] const std::vector<diag::Report>& reports() const { return reports_; }

private:
    void answer_if_complete();

    std::weak_ptr<Call> call_;
    std::string name_, domain_;
    std::vector<diag::Report> reports_;
    std::vector<std::shared_ptr<void>> running_;
    std::size_t missing_ = 0;
    bool started_ = false, answered_ = false;
};

}  // namespace sallyport::admin
