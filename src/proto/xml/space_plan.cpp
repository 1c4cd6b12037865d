// One walk over the tree before it is written. Iterative, and linear: each namespace name is compared once for each
// declaration that was read, and its place found in the path of open elements by halves.
#include "proto/xml/space_plan.h"

#include <algorithm>

#include "proto/xml/tag.h"

namespace sallyport::xml {

namespace {

// So many bytes of one namespace's name may be written again, which is what most readers expect to see.
constexpr std::size_t most_repeated = 160;

// Up to here names are compared one by one, which needs little heap.
constexpr std::size_t few = 8;

std::size_t escaped_size(std::string_view text) {
    std::size_t size = text.size();
    for (const char c : text) size += c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' ? 5 : 0;
    return size;
}

}  // namespace

void SpacePlan::rescope(std::string_view from, std::string_view to) {
    from_ = of(from);
    to_ = of(to);
    rescoping_ = true;
}

std::uint32_t SpacePlan::of(const Space& space) {
    const void* const identity = space.identity();
    for (const auto& [known, index] : known_) {
        if (known == identity) return index;
    }
    if (known_.size() < few) return known_.emplace_back(identity, of(space.text())).second;
    const auto [at, fresh] = more_known_.try_emplace(identity, 0);
    if (fresh) at->second = of(space.text());
    return at->second;
}

std::uint32_t SpacePlan::of(std::string_view name) {
    const auto index = static_cast<std::uint32_t>(entries_.size());
    if (index < few) {
        for (std::uint32_t i = 0; i < index; ++i) {
            if (entries_[i].name == name) return i;
        }
    } else {
        if (by_name_.empty()) {
            for (std::uint32_t i = 0; i < index; ++i) by_name_.emplace(entries_[i].name, i);
        }
        const auto [at, fresh] = by_name_.try_emplace(name, index);
        if (!fresh) return at->second;
    }
    const auto outer =
        std::find_if(outer_.begin(), outer_.end(), [&](const auto& known) { return known.first == name; });
    Entry& entry = entries_.emplace_back();
    entry.name = name;
    if (outer != outer_.end()) entry.outer = outer->second;
    entry.size = escaped_size(name);
    return index;
}

std::uint32_t SpacePlan::written_in(const Element& element, bool& rescoped) {
    const std::uint32_t own = of(element.space);
    rescoped = rescoped && rescoping_ && own == from_;
    return rescoped ? to_ : own;
}

void SpacePlan::make(const Element& root, std::string_view inherited) {
    struct Open {
        const Element* element;
        std::uint32_t space;  ///< the default namespace within, if no prefix were used
        std::size_t next;
        bool rescoped;
    };
    std::vector<Open> open;
    std::uint32_t number = 0;
    const auto enter = [&](const Element& element, std::uint32_t around, bool rescoped) {
        const std::uint32_t space = written_in(element, rescoped);
        path_.push_back(number++);
        visit(element, space, around);
        open.push_back({&element, entries_[space].outer.empty() ? space : around, 0, rescoped});
    };
    enter(root, of(inherited), rescoping_);
    while (!open.empty()) {
        Open& top = open.back();
        if (top.next == top.element->children.size()) {
            path_.pop_back();
            open.pop_back();
            continue;
        }
        const auto* const child = std::get_if<Element>(&top.element->children[top.next++]);
        if (child != nullptr) enter(*child, top.space, top.rescoped);
    }
    choose();
}

void SpacePlan::visit(const Element& element, std::uint32_t space, std::uint32_t around) {
    Entry& entry = entries_[space];
    if (space != around && entry.outer.empty()) {
        ++entry.changes;
        need(entry);
    }
    for (const Attribute& attribute : element.attributes) {
        if (attribute.space.empty() || attribute.space == xml_space) continue;
        Entry& of_attribute = entries_[of(attribute.space)];
        if (!of_attribute.outer.empty()) continue;
        of_attribute.of_attributes = true;
        need(of_attribute);
    }
}

/// The innermost open element is in the namespace: the declaration has to be around it too.
void SpacePlan::need(Entry& entry) {
    if (!entry.needed) {
        entry.needed = true;
        entry.at = path_.back();
        return;
    }
    // What is open and began no later than the element so far is around both.
    entry.at = *std::prev(std::upper_bound(path_.begin(), path_.end(), entry.at));
}

void SpacePlan::choose() {
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        const std::size_t times = entry.changes + (entry.of_attributes ? 1U : 0U);
        // No namespace is taken back by a prefix (Namespaces in XML 1.0 2.2).
        entry.of_elements = !entry.name.empty() && times > 1 && times * entry.size > most_repeated;
        if (entry.of_elements || entry.of_attributes) declarations_.push_back(i);
    }
    std::stable_sort(declarations_.begin(), declarations_.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return entries_[a].at < entries_[b].at; });
}

std::vector<std::uint32_t> SpacePlan::declared_at(std::uint32_t element) {
    std::vector<std::uint32_t> here;
    for (; next_ < declarations_.size() && entries_[declarations_[next_]].at == element; ++next_) {
        here.push_back(declarations_[next_]);
    }
    return here;
}

}  // namespace sallyport::xml
