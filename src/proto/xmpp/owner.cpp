// Who owns a name, as far as the name says.
#include <algorithm>
#include <array>

#include "proto/xmpp/jid.h"

namespace sallyport::xmpp {

namespace {

/// Countries whose registries give out names below labels of their own, and those labels. Where one is missing,
/// strangers share what is for one owner; where there were one that somebody can buy, he would count as many.
struct Registry {
    std::string_view country, labels;
};
constexpr std::array registries{
    Registry{"ae", "ac co gov mil net org sch"},
    Registry{"ar", "com edu gob gov int mil net org tur"},
    Registry{"at", "ac co gv or"},
    Registry{"au", "asn com edu gov id net org"},
    Registry{"bd", "ac co com edu gov mil net org"},
    Registry{"br", "adm adv agr art blog com coop eco edu eng gov ind jus leg med mil mp net org tur tv"},
    Registry{"cl", "co gob gov mil"},
    Registry{"cn", "ac com edu gov mil net org"},
    Registry{"co", "com edu gov mil net nom org"},
    Registry{"cr", "ac co ed fi go or sa"},
    Registry{"cy", "ac com gov ltd net org"},
    Registry{"do", "art com edu gob gov mil net org sld web"},
    Registry{"ec", "com edu fin gob gov info k12 med mil net org pro"},
    Registry{"eg", "com edu gov mil net org sci"},
    Registry{"es", "com edu gob nom org"},
    Registry{"fr", "asso com gouv nom prd tm"},
    Registry{"ge", "com edu gov mil net org"},
    Registry{"gh", "com edu gov mil org"},
    Registry{"gr", "com edu gov net org"},
    Registry{"hk", "com edu gov idv net org"},
    Registry{"hr", "com from iz name"},
    Registry{"hu", "co info org"},
    Registry{"id", "ac biz co desa go mil my net or sch web"},
    Registry{"il", "ac co gov idf k12 muni net org"},
    Registry{"in", "ac co edu firm gen gov ind mil net nic org res"},
    Registry{"ir", "ac co gov id net org sch"},
    Registry{"it", "edu gov"},
    Registry{"jo", "com edu gov mil net org sch"},
    Registry{"jp", "ac ad co ed go gr lg ne or"},
    Registry{"ke", "ac co go info me mobi ne or sc"},
    Registry{"kr", "ac co go hs kg mil ms ne or pe re sc"},
    Registry{"kw", "com edu gov net org"},
    Registry{"kz", "com edu gov mil net org"},
    Registry{"lb", "com edu gov net org"},
    Registry{"lk", "ac com edu gov ltd net ngo org sch"},
    Registry{"lv", "com edu gov mil net org"},
    Registry{"ma", "ac co gov net org press"},
    Registry{"mo", "com edu gov net org"},
    Registry{"mx", "com edu gob net org"},
    Registry{"my", "com edu gov mil name net org"},
    Registry{"ng", "com edu gov mil net org sch"},
    Registry{"np", "com edu gov mil net org"},
    Registry{"nz", "ac co cri geek gen govt health iwi kiwi maori mil net org parliament school"},
    Registry{"om", "co com edu gov med net org pro"},
    Registry{"pe", "com edu gob mil net nom org"},
    Registry{"ph", "com edu gov mil net ngo org"},
    Registry{"pk", "com edu fam gob gok gon gop gos gov net org web"},
    Registry{"pl", "com edu gov info mil net org waw"},
    Registry{"pt", "com edu gov int net nome org publ"},
    Registry{"py", "com coop edu gov mil net org"},
    Registry{"qa", "com edu gov mil net org sch"},
    Registry{"ro", "com info nom org www"},
    Registry{"rs", "ac co edu gov in org"},
    Registry{"sa", "com edu gov med net org pub sch"},
    Registry{"se", "org pp tm"},
    Registry{"sg", "com edu gov net org per"},
    Registry{"sv", "com edu gob org red"},
    Registry{"th", "ac co go in mi net or"},
    Registry{"tr", "av bel com dr edu gen gov info k12 mil name net org pol tel tv web"},
    Registry{"tw", "com edu gov idv mil net org"},
    Registry{"tz", "ac co go me mil mobi ne or sc"},
    Registry{"ua", "com edu gov in net org"},
    Registry{"ug", "ac co com go ne or org sc"},
    Registry{"uk", "ac co gov ltd me net nhs org plc police sch"},
    Registry{"uy", "com edu gub mil net org"},
    Registry{"ve", "co com edu gob gov info mil net org web"},
    Registry{"vn", "ac biz com edu gov health info net org pro"},
    Registry{"za", "ac co edu gov law mil net nom org school web"},
    Registry{"zm", "ac co com edu gov mil net org"},
    Registry{"zw", "ac co gov mil org"},
};
static_assert(std::is_sorted(registries.begin(), registries.end(),
                             [](const Registry& one, const Registry& other) { return one.country < other.country; }));

bool is_registrys(std::string_view label, std::string_view country) {
    const auto at = std::lower_bound(registries.begin(), registries.end(), country,
                                     [](const Registry& one, std::string_view wanted) { return one.country < wanted; });
    if (at == registries.end() || at->country != country) return false;
    for (std::string_view rest = at->labels; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (rest.substr(0, end) == label) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

/// Where the label begins that ends before `end`.
std::size_t label_before(std::string_view domain, std::size_t end) {
    const std::size_t dot = end == 0 ? std::string_view::npos : domain.rfind('.', end - 1);
    return dot == std::string_view::npos ? 0 : dot + 1;
}

}  // namespace

std::string_view owner_of(std::string_view domain) {
    const std::size_t last = label_before(domain, domain.size());
    if (last < 2) return domain;
    std::size_t begin = label_before(domain, last - 1);
    if (begin >= 2 && is_registrys(domain.substr(begin, last - 1 - begin), domain.substr(last))) {
        begin = label_before(domain, begin - 1);
    }
    return domain.substr(begin);
}

}  // namespace sallyport::xmpp
