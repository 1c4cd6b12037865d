// Looking up prefixes. Trees, not hashes: nobody can choose prefixes that fall together.
#include "proto/xml/prefixes.h"

#include <map>
#include <string>
#include <vector>

namespace sallyport::xml {

namespace {

// Up to here they are compared one by one, which needs no heap.
constexpr std::size_t few = 8;

constexpr std::uint32_t none = 0xFFFFFFFF;

}  // namespace

struct Prefixes::More {
    using Innermost = std::map<std::string, std::uint32_t, std::less<>>;
    Innermost innermost;                                      ///< prefix -> its declaration
    std::vector<Innermost::iterator> of;                      ///< by declaration; empty as long as there are few
    std::vector<std::uint32_t> hidden;                        ///< by declaration: the one that it hides, or none
    std::map<std::string, std::uint32_t, std::less<>> names;  ///< namespace name -> its number
    std::vector<std::uint32_t> numbers;                       ///< by declaration; 0: not asked yet
};

Prefixes::Prefixes() = default;
Prefixes::~Prefixes() = default;

Prefixes::More& Prefixes::more() {
    if (!more_) more_ = std::make_unique<More>();
    return *more_;
}

void Prefixes::index(const char* base, std::uint32_t declaration) {
    More& index = more();
    const auto [at, fresh] = index.innermost.try_emplace(std::string{all_[declaration].prefix.in(base)}, declaration);
    index.hidden.push_back(fresh ? none : at->second);
    at->second = declaration;
    index.of.push_back(at);
}

void Prefixes::leave(std::uint32_t depth) {
    while (!all_.empty() && all_.top().depth >= depth) {
        all_.pop();
        if (!more_) continue;
        More& index = *more_;
        if (index.numbers.size() > all_.size()) index.numbers.resize(all_.size());
        if (index.of.size() <= all_.size()) continue;
        if (index.hidden.back() == none) {
            index.innermost.erase(index.of.back());
        } else {
            index.of.back()->second = index.hidden.back();
        }
        index.hidden.pop_back();
        index.of.pop_back();
    }
}

void Prefixes::drop() { more_.reset(); }

std::optional<std::uint32_t> Prefixes::find(const char* base, std::string_view prefix) {
    if (all_.size() > few) {
        for (auto next = static_cast<std::uint32_t>(more().of.size()); next < all_.size(); ++next) index(base, next);
        const auto at = more_->innermost.find(prefix);
        return at == more_->innermost.end() ? std::nullopt : std::optional{at->second};
    }
    for (auto i = static_cast<std::uint32_t>(all_.size()); i-- > 0;) {
        if (all_[i].prefix.in(base) == prefix) return i;
    }
    return std::nullopt;
}

std::uint32_t Prefixes::space_number(const char* base, std::uint32_t declaration) {
    std::vector<std::uint32_t>& numbers = more().numbers;
    if (numbers.size() <= declaration) numbers.resize(all_.size());
    if (numbers[declaration] == 0) {
        std::string name;
        append_attribute_value(name, all_[declaration].value.in(base));
        numbers[declaration] = space_number(name);
    }
    return numbers[declaration];
}

std::uint32_t Prefixes::space_number(std::string_view name) {
    auto& names = more().names;
    auto at = names.find(name);
    if (at == names.end()) at = names.emplace(std::string{name}, static_cast<std::uint32_t>(names.size() + 1)).first;
    return at->second;
}

std::size_t Prefixes::held() const {
    if (!more_) return all_.held();
    constexpr std::size_t entry = 96;  // of a map, about
    return all_.held() + sizeof(More) + (more_->innermost.size() + more_->names.size()) * entry +
           more_->of.capacity() * sizeof(void*) +
           (more_->hidden.capacity() + more_->numbers.capacity()) * sizeof(std::uint32_t);
}

}  // namespace sallyport::xml
