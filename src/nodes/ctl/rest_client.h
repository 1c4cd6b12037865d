// The command line's end of the admin address: REST with a token.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "admin/api/verbs.h"
#include "base/endpoint.h"
#include "nodes/ctl/node_client.h"

namespace sallyport::ctl {

struct RestPlace {
    HostPort address;
    std::string token_file;  ///< empty: the token is in the environment, SALLYPORT_TOKEN
    std::string trust;       ///< PEM; empty: the authorities of this host
};

/// As ask(), with a patience of its own. Errors: "node-unreachable", "node-token".
[[nodiscard]] Result<Answer> ask_rest(const RestPlace& place, const admin::Verb& verb,
                                      const boost::json::object& arguments, const Waiting& waiting);

/// The arguments of a verb that only reads, as the query of its GET.
[[nodiscard]] std::string query_of(const boost::json::object& arguments);

}  // namespace sallyport::ctl
