// Any bytes as an address: what is accepted is canonical, stable, bounded, and the fast judgement agrees.
#include <cstddef>
#include <cstdint>

#include "fuzz/check.h"
#include "proto/xmpp/jid.h"

using namespace sallyport;

namespace {

void check_domain(const xmpp::Domain& domain) {
    const auto again = xmpp::Domain::parse(domain.text());
    fuzz::check(again && *again == domain, "a domain that is not stable");
    const auto from_ascii = xmpp::Domain::parse(domain.ascii());
    fuzz::check(from_ascii && *from_ascii == domain, "an encoded domain that is another");
    fuzz::check(domain.text().find_first_of("@/ <>&'\"") == std::string::npos, "a domain that ends an address");
    fuzz::check(!domain.empty() && domain.ascii().size() <= 253, "a domain of a bad size");
    fuzz::check(domain.is_below(domain), "a domain outside itself");
}

void check_jid(const xmpp::Jid& jid) {
    const auto again = xmpp::Jid::parse(jid.text());
    fuzz::check(again && *again == jid, "an address that is not stable");
    fuzz::check(jid.local().size() <= 1023 && jid.resource().size() <= 1023, "a part too long");
    fuzz::check(jid.local().find_first_of("\"&'/:<>@ ") == std::string::npos, "a character that no localpart has");
    check_domain(jid.domain());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text = fuzz::as_text(bytes, size);
    const auto jid = xmpp::Jid::parse(text);
    if (jid) check_jid(*jid);
    if (const auto domain = xmpp::Domain::parse(text)) check_domain(*domain);
    std::string_view found;
    if (xmpp::split_canonical(text, found)) {
        fuzz::check(jid && jid->text() == text, "the fast judgement takes what is not canonical");
        fuzz::check(jid->domain().text() == found, "the fast judgement finds another domain");
    }
    return 0;
}
