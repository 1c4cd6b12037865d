// Bounded writing down.
#include "services/record/notebook.h"

#include <algorithm>

namespace sallyport::record {

namespace {

constexpr std::size_t longest_value = 512;

std::string cut(std::string text) {
    if (text.size() <= longest_value) return text;
    std::size_t end = longest_value;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not within a character
    text.resize(end);
    return text + "…";
}

}  // namespace

void Notebook::begin(bool inbound, TimePoint now, WallTime wall) {
    current_ = std::make_unique<Handshake>();
    current_->inbound = inbound;
    current_->started = wall;
    began_ = now;
    bytes_ = current_->bytes();
    reached_ = Stage::tcp;
}

void Notebook::step(Stage stage, std::string_view name, Facts facts, bool good, TimePoint now) {
    if (!current_) return;
    Step step{now - began_, std::string{name}, good, {}};
    std::size_t size = sizeof step + name.size();
    for (auto& [key, value] : facts) {
        if (key == "key") continue;
        step.facts.emplace_back(std::move(key), cut(std::move(value)));
        size += sizeof(Facts::value_type) + step.facts.back().first.size() + step.facts.back().second.size();
    }
    if (bytes_ + size > most_bytes_) {
        ++current_->left_out;
        return;
    }
    bytes_ += size;
    reached_ = stage;
    current_->steps.push_back(std::move(step));
}

std::optional<Handshake> Notebook::finish(bool good, Stage failed_at, std::string result, TimePoint now) {
    if (!current_) return std::nullopt;
    std::optional<Handshake> done{std::move(*current_)};
    current_.reset();
    done->took = now - began_;
    done->good = good;
    done->failed_at = good ? Stage::none : failed_at;
    done->result = cut(std::move(result));
    return done;
}

}  // namespace sallyport::record
