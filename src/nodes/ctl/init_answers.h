// What `sallyport init` has to know, a row each: the option, the question, the default, and what an answer means. The
// order is that in which an operator thinks: names, addresses, certificate.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "nodes/ctl/init.h"

namespace sallyport::ctl {

/// What has been answered and understood so far.
struct Draft {
    InitAnswers answers;
    InitPlan plan;
    WallTime now;
    std::string user;  ///< who answers
    std::vector<std::string> warnings{};
};

/// One thing that has to be known.
struct Question {
    const char* flag;  ///< the option that answers it
    const char* text;  ///< what a person is asked; null: nobody is asked
    std::string InitAnswers::*answer;
    std::vector<std::string> InitAnswers::*answers;  ///< of which there may be several
    std::string (*usual)(const Draft&);              ///< null: there is no default
    bool (*applies)(const InitAnswers&);             ///< null: always
    Result<void> (*understand)(Draft&);
    bool is_for_people = false;  ///< where nobody is asked it stays open, and has no default
};
/// In this order: an answer is judged by those above it.
[[nodiscard]] std::span<const Question> questions();

/// Nobody can go on with that answer. The code is "init".
[[nodiscard]] Error wrong_answer(std::string text);

}  // namespace sallyport::ctl
