// Namespace constraints (Namespaces in XML 1.0 3 to 6.3; threats T35, T44, T45, T55).
#include "proto/xml/scopes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "proto/xml/chars.h"

namespace sallyport::xml {

namespace {

constexpr Fault twice{Problem::not_well_formed, "an attribute twice"};

// Up to here every pair of names is compared; above, names are sorted (threat T55).
constexpr std::size_t few_attributes = 12;

std::string value_of(const char* base, const Range& value) {
    std::string out;
    append_attribute_value(out, value.in(base));
    return out;
}

/// Namespace names with white space could be taken for something else by a parser behind us (threat T44).
bool clean_space_name(std::string_view name) {
    return std::none_of(name.begin(), name.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= 0x20 || byte == 0x7F;
    });
}

bool few_are_unique(const char* base, const Tag& tag) {
    for (std::size_t i = 1; i < tag.attributes.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (tag.attributes[i].name.size == tag.attributes[j].name.size &&
                tag.attributes[i].name.in(base) == tag.attributes[j].name.in(base)) {
                return false;
            }
        }
    }
    return true;
}

bool many_are_unique(const char* base, const Tag& tag) {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < tag.attributes.size(); ++i) names.push_back(tag.attributes[i].name.in(base));
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) == names.end();
}

}  // namespace

bool Scopes::enter(const char* base, const Tag& tag, std::uint32_t depth, Fault& fault) {
    std::size_t prefixed = 0;
    for (std::size_t i = 0; i < tag.attributes.size(); ++i) prefixed += tag.attributes[i].prefix != 0 ? 1 : 0;
    if (!(tag.attributes.size() <= few_attributes ? few_are_unique(base, tag) : many_are_unique(base, tag))) {
        fault = twice;
        return false;
    }
    if (tag.declarations > 0) {
        for (std::size_t i = 0; i < tag.attributes.size(); ++i) {
            if (!declare(base, tag.attributes[i], depth, fault)) return false;
        }
    }
    if (prefixed == 0 && tag.prefix == 0) return true;
    if (!judge_prefixes(base, tag, fault)) return false;
    if (prefixed < 2 || expanded_are_unique(base, tag)) return true;
    fault = twice;
    return false;
}

bool Scopes::declare(const char* base, const AttributeRange& attribute, std::uint32_t depth, Fault& fault) {
    if (!attribute.declares(base)) return true;
    const Range prefix = attribute.prefix == 0 ? Range{0, 0} : Range{attribute.name.at + 6, attribute.name.size - 6};
    std::string normal;
    std::string_view value = attribute.value.in(base);
    if (attribute.reference) {
        normal = value_of(base, attribute.value);
        value = normal;
    }
    const std::string_view name = prefix.in(base);
    const bool is_xml = name == "xml";
    if (!clean_space_name(value)) {
        // Namespaces in XML 2.2 leaves it to us: other parsers take it, so it is no reason to end a stream.
        fault = {Problem::limit, "white space in a namespace name"};
    } else if (name == "xmlns" || value == xmlns_space || is_xml != (value == xml_space)) {
        fault = {Problem::not_well_formed, "a reserved prefix or namespace declared"};
    } else if (prefix.size != 0 && value.empty()) {
        fault = {Problem::not_well_formed, "a prefix undeclared"};
    } else {
        declares_content_ |= value == header_->content_space;
        declares_streams_ |= value == streams_space;
        declared_.push({prefix, attribute.value, depth, attribute.reference});
        return true;
    }
    return false;
}

bool Scopes::known(const char* base, std::string_view prefix) {
    if (prefix == "xml" || declared_.find(base, prefix)) return true;
    const auto& outer = header_->prefixes;
    const bool found =
        std::any_of(outer.begin(), outer.end(), [&](const auto& entry) { return entry.first == prefix; });
    header_used_ |= found;
    return found;
}

std::string Scopes::space_of(const char* base, std::string_view prefix) {
    if (prefix == "xml") return std::string{xml_space};
    if (const auto at = declared_.find(base, prefix)) return value_of(base, declared_[*at].value);
    if (prefix.empty()) return header_->content_space;
    for (const auto& [outer, space] : header_->prefixes) {
        if (outer == prefix) return space;
    }
    return {};
}

std::string Scopes::element_space(const char* base, const Tag& tag) {
    return space_of(base, tag.name.in(base).substr(0, tag.prefix));
}

bool Scopes::judge_prefixes(const char* base, const Tag& tag, Fault& fault) {
    bool good = true;
    if (tag.prefix != 0) good = known(base, tag.name.in(base).substr(0, tag.prefix));
    for (std::size_t i = 0; good && i < tag.attributes.size(); ++i) {
        const AttributeRange& attribute = tag.attributes[i];
        if (attribute.prefix == 0 || attribute.declares_prefix(base)) continue;
        good = known(base, attribute.name.in(base).substr(0, attribute.prefix));
    }
    if (!good) fault = {Problem::not_well_formed, "an undeclared prefix"};
    return good;
}

/// A number that stands for the namespace of a prefix that is known.
std::uint32_t Scopes::space_number(const char* base, std::string_view prefix) {
    if (prefix == "xml") return declared_.space_number(xml_space);
    if (const auto at = declared_.find(base, prefix)) return declared_.space_number(base, *at);
    const auto& outer = header_->prefixes;
    outer_numbers_.resize(outer.size());
    for (std::size_t i = 0; i < outer.size(); ++i) {
        if (outer[i].first != prefix) continue;
        if (outer_numbers_[i] == 0) outer_numbers_[i] = declared_.space_number(outer[i].second);
        return outer_numbers_[i];
    }
    return 0;
}

/// By namespace and local name (Namespaces in XML 6.3). Namespaces are asked for only where local names are equal.
bool Scopes::expanded_are_unique(const char* base, const Tag& tag) {
    struct Name {
        std::string_view local, prefix;
        std::uint32_t space;
    };
    std::vector<Name> names;
    for (std::size_t i = 0; i < tag.attributes.size(); ++i) {
        const AttributeRange& attribute = tag.attributes[i];
        if (attribute.prefix == 0 || attribute.declares_prefix(base)) continue;
        names.push_back({attribute.local(base), attribute.name.in(base).substr(0, attribute.prefix), 0});
    }
    std::sort(names.begin(), names.end(), [](const Name& a, const Name& b) { return a.local < b.local; });
    const auto same_local = [](const Name& a, const Name& b) { return a.local == b.local; };
    auto begin = names.begin();
    while ((begin = std::adjacent_find(begin, names.end(), same_local)) != names.end()) {
        auto end = begin;
        while (end != names.end() && end->local == begin->local) {
            end->space = space_number(base, end->prefix);
            ++end;
        }
        std::sort(begin, end, [](const Name& a, const Name& b) { return a.space < b.space; });
        const auto same_space = [](const Name& a, const Name& b) { return a.space == b.space; };
        if (std::adjacent_find(begin, end, same_space) != end) return false;
        begin = end;
    }
    return true;
}

}  // namespace sallyport::xml
