// "example.org" and "*.example.org".
#include "model/config/settings.h"

namespace sallyport::config {

Result<NamePattern> NamePattern::parse(std::string_view text) {
    constexpr std::string_view wildcard = "*.";
    NamePattern pattern;
    if (text.starts_with(wildcard)) {
        pattern.below = true;
        text.remove_prefix(wildcard.size());
    }
    if (text.find('*') != std::string_view::npos) {
        return Error{"domain-malformed", "'*' can only be used for all names below a domain, as in *.example.org"};
    }
    auto domain = xmpp::Domain::parse(text);
    if (!domain) return domain.error();
    if (pattern.below && domain->is_address()) {
        return Error{"domain-malformed", "there are no names below the address " + domain->text()};
    }
    pattern.domain = std::move(*domain);
    return pattern;
}

bool NamePattern::matches(const xmpp::Domain& name) const {
    return below ? name != domain && name.is_below(domain) : name == domain;
}

bool NamePattern::matches_text(std::string_view canonical) const {
    const std::string& name = domain.text();
    if (!below) return canonical == name;
    return canonical.size() > name.size() + 1 && canonical.ends_with(name) &&
           canonical[canonical.size() - name.size() - 1] == '.';
}

std::string NamePattern::text() const { return below ? "*." + domain.text() : domain.text(); }

}  // namespace sallyport::config
