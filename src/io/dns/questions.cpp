// Counting questions, and remembering silence.
#include "io/dns/questions.h"

#include <algorithm>

namespace sallyport::io {

namespace {

/// Those in whose share a question is.
std::vector<std::string> sharers(const Asker& asker) {
    std::vector<std::string> all;
    if (asker.kind == Asker::Kind::node) return all;
    const std::string kind = asker.kind == Asker::Kind::strangers ? "strangers " : "users ";
    if (!asker.who.empty()) all.push_back(kind + "who " + asker.who);
    if (!asker.whose.empty()) all.push_back(kind + "whose " + asker.whose);
    return all;
}

}  // namespace

bool Questions::has_room(const Asker& asker) const {
    if (asker.kind == Asker::Kind::node) return open_ < most_;
    const std::uint64_t open = open_ - open_of_node_;
    const std::uint64_t most = most_ - std::max<std::uint64_t>(most_ / share_of_node, 1);
    std::uint64_t free = most - std::min(most, open);
    if (asker.kind == Asker::Kind::strangers) {
        const std::uint64_t theirs = most_ / share_of_strangers;
        free = std::min(free, theirs - std::min(theirs, open_of_strangers_));
    }
    free = std::min(free, most_ - std::min(most_, open_));
    if (free == 0) return false;
    const std::uint64_t share = std::max<std::uint64_t>(free / share_of_one, 1);
    const auto all = sharers(asker);
    return std::none_of(all.begin(), all.end(), [&](const std::string& one) {
        const auto at = open_of_.find(one);
        return at != open_of_.end() && at->second >= share;
    });
}

void Questions::count(const Asker& asker, bool in) {
    const auto step = [in](std::uint64_t& number) { in ? ++number : --number; };
    step(open_);
    if (asker.kind == Asker::Kind::node) step(open_of_node_);
    if (asker.kind == Asker::Kind::strangers) step(open_of_strangers_);
    for (const std::string& one : sharers(asker)) {
        const auto at = open_of_.try_emplace(one).first;
        step(at->second);
        if (at->second == 0) open_of_.erase(at);
    }
}

std::optional<DnsAnswer> Questions::begin(const Question& question) {
    forget(question.since);
    DnsAnswer refused;
    if (question.asker.kind != Asker::Kind::node && silent_.contains({question.type, question.name})) {
        refused.status = DnsStatus::timed_out;
        refused.detail = "it got no answer a moment ago";
        return refused;
    }
    if (!has_room(question.asker)) {
        refused.status = DnsStatus::busy;
        refused.detail =
            std::to_string(open_) + " of at most " + std::to_string(most_) + " look-ups wait for an answer";
        return refused;
    }
    count(question.asker, true);
    return std::nullopt;
}

void Questions::silent(const Question& question, TimePoint now) {
    forget(now);
    const Name name{question.type, question.name};
    silent_[name] = now + patience_;
    silences_.emplace_back(now + patience_, name);
    if (silences_.size() <= most_silent) return;
    const auto& [until, oldest] = silences_.front();
    if (const auto at = silent_.find(oldest); at != silent_.end() && at->second == until) silent_.erase(at);
    silences_.pop_front();
}

void Questions::over(const Question& question, DnsStatus how, TimePoint now) {
    count(question.asker, false);
    if (how != DnsStatus::failed) {
        silent_.erase({question.type, question.name});
    } else if (now - question.since >= patience_) {
        silent(question, now);
    }
}

/// What has been silent for long enough.
void Questions::forget(TimePoint now) {
    for (; !silences_.empty() && silences_.front().first <= now; silences_.pop_front()) {
        const auto& [until, name] = silences_.front();
        if (const auto at = silent_.find(name); at != silent_.end() && at->second == until) silent_.erase(at);
    }
}

void Questions::tables(TableFills& all, TimePoint now) {
    forget(now);
    all.push_back({"dns.questions", open_, most_});
    all.push_back({"dns.silent", silences_.size(), most_silent});
}

}  // namespace sallyport::io
