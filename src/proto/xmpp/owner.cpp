// Who owns a name, as far as the name says: the part of it that somebody has from a registry. Which names registries
// give out is told by the Public Suffix List, its part of ICANN's domains; its other part, of hosting companies, would
// make every customer of one of them an owner of his own.
#include <libpsl.h>

#include <string>

#include "proto/xmpp/jid.h"

namespace sallyport::xmpp {

namespace {

bool is_registrys(std::string_view domain) {
    const psl_ctx_t* list = psl_builtin();
    const std::string terminated{domain};
    return list != nullptr &&
           psl_is_public_suffix2(list, terminated.c_str(), PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
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
    while (begin >= 2 && is_registrys(domain.substr(begin))) begin = label_before(domain, begin - 1);
    return domain.substr(begin);
}

}  // namespace sallyport::xmpp
