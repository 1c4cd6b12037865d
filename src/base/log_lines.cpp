// A case a module.
#include "base/log_lines.h"

namespace sallyport {

LogLevel finest_level(LogModule module) {
    switch (module) {
        case LogModule::settings:
        case LogModule::s2s:
        case LogModule::link:
        case LogModule::dns:
        case LogModule::tcp:
        case LogModule::routing:
        case LogModule::axl:
        case LogModule::users: return LogLevel::debug;
        case LogModule::node:
        case LogModule::admin: return LogLevel::info;
        case LogModule::tls:  // said by whoever asked for the session
        case LogModule::count_: break;
    }
    return LogLevel::off;
}

}  // namespace sallyport
