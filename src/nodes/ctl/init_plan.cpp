// From questions to a plan. Each answer is judged when it is given; at a terminal a wrong one is asked for again, and
// what was answered before stays.
#include <algorithm>
#include <istream>
#include <ostream>

#include "admin/print/words.h"
#include "base/join.h"
#include "nodes/ctl/init.h"
#include "nodes/ctl/init_answers.h"

namespace sallyport::ctl {

namespace {

std::string without_margins(const std::string& line) {
    const std::size_t from = line.find_first_not_of(" \t\r"), to = line.find_last_not_of(" \t\r");
    return from == std::string::npos ? std::string{} : line.substr(from, to - from + 1);
}

/// Reads answers from a terminal, or notes what is missing elsewhere.
class Interview {
public:
    Interview(Draft& draft, const Console& console) : draft_{draft}, console_{console} {}

    /// The answer is in the plan; or it is missing, or wrong, and nobody can be asked.
    void settle(const Question& question) {
        while (question.applies == nullptr || question.applies(draft_.answers)) {
            if (question.text != nullptr && is_open(question) && !read(question)) {
                if (!question.is_for_people) append_item(missing_, question.flag);
                return;
            }
            const auto understood = question.understand(draft_);
            if (understood) return;
            if (question.text == nullptr || !has_person()) {
                if (!wrong_) wrong_ = understood.error();
                return;
            }
            console_.err << admin::safe(understood.error().text) << '\n';
            give(question, {});
        }
    }

    /// More answers do not help.
    [[nodiscard]] bool is_over() const { return console_.interactive && wrong_; }

    [[nodiscard]] Result<void> outcome() const {
        if (!missing_.empty()) return wrong_answer("missing: " + missing_);
        if (wrong_) return *wrong_;
        return {};
    }

private:
    [[nodiscard]] bool has_person() const { return console_.interactive && !ended_; }
    [[nodiscard]] bool is_open(const Question& question) const {
        return question.answer != nullptr ? (draft_.answers.*question.answer).empty()
                                          : (draft_.answers.*question.answers).empty();
    }

    /// False: there is no answer.
    bool read(const Question& question) {
        const std::string usual = question.usual == nullptr ? std::string{} : question.usual(draft_);
        std::string line;
        while (has_person() && line.empty()) {
            console_.out << question.text << (usual.empty() ? "" : " [" + usual + "]") << ": " << std::flush;
            ended_ = !std::getline(console_.in, line);
            line = without_margins(line);
            if (line.empty() && !usual.empty()) break;
            if (line.empty() && !ended_) console_.err << "an answer is needed\n";
        }
        if (line.empty() && (has_person() || !question.is_for_people)) line = usual;
        give(question, std::move(line));
        return !is_open(question);
    }

    void give(const Question& question, std::string line) {
        if (question.answer != nullptr) {
            draft_.answers.*question.answer = std::move(line);
            return;
        }
        std::vector<std::string>& answers = draft_.answers.*question.answers;
        answers.clear();
        std::replace(line.begin(), line.end(), ',', ' ');
        for (std::size_t at = line.find_first_not_of(' '); at != std::string::npos;
             at = line.find_first_not_of(' ', at)) {
            const std::size_t end = std::min(line.find(' ', at), line.size());
            answers.push_back(line.substr(at, end - at));
            at = end;
        }
    }

    Draft& draft_;
    const Console& console_;
    bool ended_ = false;  ///< the terminal has no more to read
    std::string missing_;
    std::optional<Error> wrong_;
};

}  // namespace

Result<InitPlan> plan_init(InitAnswers answers, const Console& console, WallTime now) {
    Draft draft{std::move(answers), {}, now, console.user};
    draft.plan.admin_port = draft.answers.admin_port;
    Interview interview{draft, console};
    for (const Question& question : questions()) {
        if (!interview.is_over()) interview.settle(question);
    }
    if (auto outcome = interview.outcome(); !outcome) return outcome.error();
    for (const std::string& warning : draft.warnings) console.err << "sallyport: " << admin::safe(warning) << '\n';
    return std::move(draft.plan);
}

}  // namespace sallyport::ctl
