// The words that are complete lead to a command; the last one is one of its commands, options or values.
#include "nodes/ctl/candidates.h"

#include <algorithm>
#include <sstream>

namespace sallyport::ctl {

namespace {

/// What the complete words say.
class Line {
public:
    explicit Line(const CommandNode& tree) : root_{tree}, command_{&tree} {}

    void take(const std::string& word) {
        if (waiting_ != nullptr && !word.starts_with('-')) {
            if (!waiting_->repeats) waiting_ = nullptr;
            return;
        }
        waiting_ = nullptr;
        if (word.starts_with('-')) {
            const OptionNode* const option = find_option(word.substr(0, word.find('=')));
            if (option != nullptr && option->takes_value && word.find('=') == std::string::npos) waiting_ = option;
            return;
        }
        const auto below = std::ranges::find(command_->below, word, &CommandNode::name);
        if (places_ == 0 && below != command_->below.end()) {
            command_ = &*below;
            return;
        }
        if (++places_ == 1) about_ = word;
    }

    /// Of the command, and of the whole line.
    [[nodiscard]] const OptionNode* find_option(const std::string& name) const {
        for (const CommandNode* node : {command_, &root_}) {
            const auto at = std::ranges::find(node->options, name, &OptionNode::name);
            if (at != node->options.end() && !at->by_place) return &*at;
        }
        return nullptr;
    }
    [[nodiscard]] std::vector<const OptionNode*> options() const {
        std::vector<const OptionNode*> all;
        for (const CommandNode* node : {command_, &root_}) {
            for (const OptionNode& option : node->options) {
                if (option.by_place || (node == &root_ && command_ != &root_ && find_option(option.name) != &option))
                    continue;
                all.push_back(&option);
            }
            if (command_ == &root_) break;
        }
        return all;
    }
    /// The argument whose turn it is by its place; null: none is left.
    [[nodiscard]] const OptionNode* place() const {
        std::size_t left = places_;
        for (const OptionNode& option : command_->options) {
            if (!option.by_place) continue;
            if (left == 0 || option.repeats) return &option;
            --left;
        }
        return nullptr;
    }
    [[nodiscard]] const std::vector<CommandNode>& below() const { return command_->below; }
    [[nodiscard]] bool may_name_command() const { return places_ == 0; }
    [[nodiscard]] const OptionNode* waiting() const { return waiting_; }
    [[nodiscard]] const std::string& about() const { return about_; }

private:
    const CommandNode& root_;
    const CommandNode* command_;
    const OptionNode* waiting_ = nullptr;  ///< an option whose value comes next
    std::size_t places_ = 0;
    std::string about_;
};

class Offer {
public:
    Offer(std::string current, const AskValues& ask, std::string about)
        : current_{std::move(current)}, ask_{ask}, about_{std::move(about)} {}

    void word(const std::string& word, const std::string& help) {
        if (word.starts_with(current_)) found.words.push_back({word, help});
    }
    /// `before` is what the word has in front of the value: "--level=".
    void values(const std::string& values, const std::string& before = {}) {
        if (values == "<file>") {
            found.files = true;
        } else if (values.starts_with('<')) {
            for (const std::string& value : ask_(values.substr(1, values.size() - 2), about_)) word(before + value, {});
        } else {
            std::istringstream words{values};
            for (std::string one; words >> one;) word(before + one, {});
        }
    }

    Candidates found;

private:
    std::string current_;
    const AskValues& ask_;
    std::string about_;
};

}  // namespace

Candidates candidates_for(const CommandNode& tree, const std::vector<std::string>& typed, const AskValues& ask) {
    Line line{tree};
    for (std::size_t i = 0; i + 1 < typed.size(); ++i) line.take(typed[i]);
    const std::string current = typed.empty() ? std::string{} : typed.back();
    Offer offer{current, ask, line.about()};
    const std::size_t equals = current.find('=');
    if (current.starts_with("--") && equals != std::string::npos) {
        const OptionNode* const option = line.find_option(current.substr(0, equals));
        if (option != nullptr) offer.values(option->values, current.substr(0, equals + 1));
    } else if (current.starts_with('-')) {
        for (const OptionNode* option : line.options()) offer.word(option->name, option->help);
    } else if (line.waiting() != nullptr) {
        offer.values(line.waiting()->values);
    } else {
        for (const CommandNode& node : line.may_name_command() ? line.below() : std::vector<CommandNode>{}) {
            if (!node.hidden) offer.word(node.name, node.help);
        }
        if (const OptionNode* const place = line.place()) offer.values(place->values);
    }
    return std::move(offer.found);
}

}  // namespace sallyport::ctl
