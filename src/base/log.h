// The log as an interface: a record is an event name from a table plus key=value facts, never prose put together by
// hand. Sinks live in io/log. proto/ and model/ never log; services and nodes do.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace sallyport {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

/// "trace" … "off"; unknown text gives `fallback`.
[[nodiscard]] LogLevel log_level(std::string_view text, LogLevel fallback);
[[nodiscard]] std::string_view text(LogLevel level);

/// One key=value of a record. Values are escaped by the sink: peer text can hold anything (threat T81).
struct LogFact {
    std::string_view key;
    std::string value;
};

/// The modules whose level an operator can set at run time (`log.modules.<name>`).
enum class LogModule : std::uint8_t {
    node,      ///< start, stop, reload
    settings,  ///< configuration changes
    s2s,       ///< developer.xcp.federation: streams, dialback, SASL
    link,      ///< developer.xcp.jabber: router link
    dns,       ///< network.dns
    tcp,       ///< network.tcp
    tls,
    routing,  ///< stanza decisions
    admin,
    axl,    ///< network.axl: provisioning of IM&P servers, and the AXL service
    users,  ///< client streams, sessions, accounts
    count_
};
[[nodiscard]] std::string_view text(LogModule module);
/// Accepts our names and the aliases above; false when unknown.
[[nodiscard]] bool log_module(std::string_view name, LogModule& out);

struct LogRecord {
    LogModule module;
    LogLevel level;
    std::string_view event;  ///< stable, dotted, from the events table, e.g. "s2s.dialback.sent"
    std::source_location where;
    std::vector<LogFact> facts;
    std::string source{};  ///< the remote address that caused it and draws on a budget for it; empty: nobody does
};

struct IpAddress;
/// The source that a remote address is in a record; of IPv6 its /64, since one subscriber has that many addresses.
[[nodiscard]] std::string log_source(const IpAddress& address);

/// Thread-safe.
class LogSink {
public:
    virtual ~LogSink() = default;
    /// Cheap test before facts are put together.
    [[nodiscard]] virtual bool wants(LogModule module, LogLevel level) const = 0;
    virtual void write(LogRecord record) = 0;
};

/// A module's handle on the sink; cheap to copy.
class Logger {
public:
    Logger(LogSink& sink, LogModule module) : sink_{&sink}, module_{module} {}

    [[nodiscard]] bool wants(LogLevel level) const { return sink_->wants(module_, level); }
    void write(LogLevel level, std::string_view event, std::vector<LogFact> facts,
               std::source_location where = std::source_location::current()) const {
        if (wants(level)) sink_->write({module_, level, event, where, std::move(facts)});
    }
    /// Whatever `source`, a remote address, can cause before it has proved who it is, or as often as it likes.
    void write_for(std::string source, LogLevel level, std::string_view event, std::vector<LogFact> facts,
                   std::source_location where = std::source_location::current()) const {
        if (wants(level)) sink_->write({module_, level, event, where, std::move(facts), std::move(source)});
    }
    void debug(std::string_view event, std::vector<LogFact> facts,
               std::source_location where = std::source_location::current()) const {
        write(LogLevel::debug, event, std::move(facts), where);
    }
    void info(std::string_view event, std::vector<LogFact> facts,
              std::source_location where = std::source_location::current()) const {
        write(LogLevel::info, event, std::move(facts), where);
    }
    void warn(std::string_view event, std::vector<LogFact> facts,
              std::source_location where = std::source_location::current()) const {
        write(LogLevel::warn, event, std::move(facts), where);
    }
    void error(std::string_view event, std::vector<LogFact> facts,
               std::source_location where = std::source_location::current()) const {
        write(LogLevel::error, event, std::move(facts), where);
    }
    [[nodiscard]] LogSink& sink() const { return *sink_; }

private:
    LogSink* sink_;
    LogModule module_;
};

}  // namespace sallyport
