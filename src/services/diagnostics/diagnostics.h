// What an operator has at hand to look into a node; one of them a node. Control thread only.
#pragma once

#include <set>
#include <string>

#include "services/diagnostics/capture_desk.h"
#include "services/diagnostics/diagnosis.h"
#include "services/diagnostics/event_journal.h"
#include "services/diagnostics/log_levels.h"

namespace sallyport::services {

/// All of them outlive what is made with them.
struct DiagnosticsSeams {
    io::Loop& loop;
    io::NodeLog& log;
    AlarmBoard& alarms;
};

struct Diagnostics {
    /// `folder` is the node's data folder, `program` what captures name as their author.
    Diagnostics(JournalOptions options, const std::string& folder, std::set<std::uint16_t> ports,
                const std::string& program, const DiagnosticsSeams& seams)
        : journal{std::move(options), seams.loop, seams.log, seams.alarms},
          levels{seams.loop, seams.alarms, Logger{seams.log, LogModule::node},
                 [&log = seams.log](LogModule module, LogLevel level) { log.set_level(module, level); }},
          captures{folder + "/captures", std::move(ports), program, seams.loop, Logger{seams.log, LogModule::node},
                   seams.alarms},
          diagnosis{folder + "/diagnostics", seams.loop, seams.log, levels, captures} {}

    EventJournal journal;
    LogLevels levels;
    CaptureDesk captures;
    Diagnosis diagnosis;
};

}  // namespace sallyport::services
