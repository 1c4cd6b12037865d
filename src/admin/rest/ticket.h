// Where a request goes and whose it is. Only for .cpp files of admin/rest.
#pragma once

#include "admin/rest/rest_service.h"

namespace sallyport::admin {

struct RestService::Route {
    enum class To : std::uint8_t {
        nowhere,
        file,
        verb,
        session,
        handover,  ///< somebody goes to another node
        arrival,   ///< somebody comes from one
        settings,
        setting,
        changes,
        openapi,
        metrics
    };
    To to = To::nowhere;
    const Verb* verb = nullptr;
    const WebFile* file = nullptr;
    std::string setting;
};

struct RestService::Ticket {
    Route route;
    bool reads = true;  ///< GET or HEAD
    std::optional<Principal> principal;
    std::string csrf;  ///< of the session; empty: there is none
};

}  // namespace sallyport::admin
