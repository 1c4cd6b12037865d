// The state is in a file, so that a restart neither forgets a diagnosis nor makes it longer.
#include "services/diagnostics/diagnosis.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "io/archive/archive.h"
#include "io/capture/capture_file.h"
#include "io/log/log_text.h"
#include "io/store/folder.h"

namespace sallyport::services {

namespace json = boost::json;

namespace {

constexpr auto look_interval = std::chrono::seconds{1};

std::string diagnosis_name(WallTime time) {
    std::string name = "diag-";
    for (const char c : io::log_time(time).substr(0, 19)) {
        if (c == 'T') name += '-';
        if (c >= '0' && c <= '9') name += c;
    }
    return name;
}

json::object written(const DiagnosisState& state) {
    json::object levels;
    for (const auto& [module, level] : state.levels) levels[module] = text(level);
    const auto micros = [](WallTime time) { return time.time_since_epoch().count(); };
    return {{"name", state.name},           {"author", state.author},       {"started", micros(state.started)},
            {"until", micros(state.until)}, {"ended", micros(state.ended)}, {"end", state.end},
            {"levels", std::move(levels)},  {"capture", state.capture},     {"markers", state.markers},
            {"restarts", state.restarts}};
}

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* found = object.if_contains(json::string_view{key.data(), key.size()});
    if (found == nullptr || !found->is_string()) return {};
    return {found->as_string().data(), found->as_string().size()};
}

std::int64_t number_at(const json::object& object, std::string_view key) {
    const json::value* found = object.if_contains(json::string_view{key.data(), key.size()});
    if (found == nullptr || !found->is_number()) return 0;
    json::error_code ignored;
    return found->to_number<std::int64_t>(ignored);
}

DiagnosisState read(const json::object& object) {
    DiagnosisState state;
    const auto time = [&](std::string_view key) { return WallTime{std::chrono::microseconds{number_at(object, key)}}; };
    state.name = text_at(object, "name");
    state.author = text_at(object, "author");
    state.started = time("started");
    state.until = time("until");
    state.ended = time("ended");
    state.end = text_at(object, "end");
    state.capture = text_at(object, "capture");
    state.markers = static_cast<std::uint64_t>(number_at(object, "markers"));
    state.restarts = static_cast<std::uint64_t>(number_at(object, "restarts"));
    if (const json::value* levels = object.if_contains("levels"); levels != nullptr && levels->is_object()) {
        for (const auto& entry : levels->as_object()) {
            if (!entry.value().is_string()) continue;
            const json::string& word = entry.value().as_string();
            state.levels[std::string{entry.key()}] = log_level({word.data(), word.size()}, LogLevel::info);
        }
    }
    return state;
}

/// Runs on a thread of its own: values only.
struct Collecting {
    std::string path, folder_in_archive, log_file, capture_file;
    WallTime time{};
    ArchiveTexts texts;
    std::shared_ptr<io::LogCopy> copy;  ///< null: the diagnosis is over

    [[nodiscard]] Result<void> run() const {
        if (copy) copy->flush();
        auto archive = io::Archive::create(path, time);
        if (!archive) return archive.error();
        for (const auto& [name, bytes] : texts) {
            if (auto added = archive->add(folder_in_archive + name, bytes); !added) return added;
        }
        if (::access(log_file.c_str(), R_OK) == 0) {
            auto added = archive->add_file(folder_in_archive + "log.txt", log_file, Diagnosis::log_bytes);
            if (!added) return added;
        }
        if (!capture_file.empty() && ::access(capture_file.c_str(), R_OK) == 0) {
            auto added = archive->add_file(folder_in_archive + "capture.pcapng", capture_file, CaptureDesk::most_bytes);
            if (!added) return added;
        }
        return archive->finish();
    }
};

}  // namespace

Diagnosis::Diagnosis(std::string folder, io::Loop& loop, io::NodeLog& log, LogLevels& levels, CaptureDesk& captures)
    : shelf_{std::move(folder), ".tar.gz"},
      loop_{loop},
      log_{log},
      lines_{log, LogModule::node},
      levels_{levels},
      captures_{captures},
      timer_{loop.timer([this] { look(); })},
      self_{std::make_shared<Diagnosis*>(this)} {
    load();
}

Diagnosis::~Diagnosis() {
    *self_ = nullptr;
    log_.copy_to(nullptr);
    if (worker_.joinable()) worker_.join();
}

void Diagnosis::load() {
    const auto found = io::read_whole(state_file());
    if (!found) return;
    json::error_code problem;
    const json::value value = json::parse(*found, problem);
    if (problem || !value.is_object()) return;
    state_ = read(value.as_object());
    std::error_code absent;
    if (const auto size = std::filesystem::file_size(log_file(), absent); !absent) state_->bytes = size;
    if (!runs()) return;
    ++state_->restarts;
    if (state_->until <= loop_.wall()) return end("restart");
    if (auto begun = begin_copy(); !begun) return end("disk");
    raise_levels();
    save();
    timer_->arm(loop_.now() + look_interval);
    lines_.info("diag.resumed", {{"name", state_->name}});
}

Result<void> Diagnosis::begin_copy() {
    auto copy = io::LogCopy::open(log_file(), log_bytes);
    if (!copy) return copy.error();
    copy_ = std::move(*copy);
    log_.copy_to(copy_);
    return {};
}

/// For the rest of the time: they go back even if nobody says stop.
void Diagnosis::raise_levels() {
    for (const auto& [name, level] : state_->levels) {
        LogModule module{};
        if (log_module(name, module)) levels_.set(module, level, state_->until - loop_.wall());
    }
}

Result<DiagnosisState> Diagnosis::start(const DiagnosisOrder& order, const std::string& author) {
    if (runs()) return Error{"diag-running", "'" + state_->name + "' is running; stop it with `diag stop`"};
    if (collecting_) return Error{"diag-collecting", "an archive is being made; try again when it is done"};
    if (order.seconds > most_seconds)
        return Error{"diag-bound", "seconds may be " + std::to_string(most_seconds) + " at most"};
    const auto name = shelf_.name_of(order.name.empty() ? diagnosis_name(loop_.wall()) : order.name);
    if (!name) return name.error();
    if (auto room = shelf_.make_room(); !room) return room.error();
    if (io::free_space(shelf_.folder()) < io::disk_floor)
        return Error{"diag-disk", shelf_.folder() + ": less than " + std::to_string(io::disk_floor >> 20U) +
                                      " MiB are free on this disk"};
    DiagnosisState state;
    state.name = *name;
    state.author = author;
    state.started = loop_.wall();
    const auto seconds = static_cast<std::int64_t>(order.seconds == 0 ? usual_seconds : order.seconds);
    state.until = state.started + std::chrono::seconds{seconds};
    state.levels = order.levels;
    ::unlink(log_file().c_str());
    if (auto begun = begin_copy(); !begun) return begun.error();
    if (order.capture) {
        CaptureOrder wanted;
        wanted.name = *name;
        wanted.seconds = static_cast<std::uint64_t>(seconds);
        wanted.with_secrets = order.with_secrets;
        const auto captured = captures_.start(wanted, author);
        if (!captured) {
            log_.copy_to(nullptr);
            copy_.reset();
            return captured.error();
        }
        state.capture = captured->name;
    }
    state_ = std::move(state);
    raise_levels();
    save();
    timer_->arm(loop_.now() + look_interval);
    lines_.info("diag.started", {{"name", state_->name}, {"author", author}, {"capture", state_->capture}});
    return *this->state();
}

Result<DiagnosisState> Diagnosis::marker(const std::string& text, const std::string& author) {
    if (!runs()) return Error{"diag-none", "no diagnostic log is running; start one with `diag start`"};
    ++state_->markers;
    // DEBUG_MARKER is what readers of such logs look for.
    lines_.info("diag.marker", {{"DEBUG_MARKER", text.substr(0, longest_marker)}, {"author", author}});
    save();
    return *state();
}

Result<DiagnosisState> Diagnosis::stop() {
    if (!runs()) return Error{"diag-none", "no diagnostic log is running; start one with `diag start`"};
    end("stopped");
    return *state();
}

void Diagnosis::look() {
    if (!runs()) return;
    if (loop_.wall() >= state_->until) return end("time");
    if (copy_ && copy_->lost() > 0) return end(io::free_space(shelf_.folder()) < (1U << 20U) ? "disk" : "full");
    if (io::free_space(shelf_.folder()) < io::disk_floor) return end("disk");
    timer_->arm(loop_.now() + look_interval);
}

void Diagnosis::end(const char* why) {
    timer_->disarm();
    const auto running = captures_.running();
    if (running && running->name == state_->capture) {
        // Its own end is in the log.
        [[maybe_unused]] const auto stopped = captures_.stop();
    }
    lines_.info("diag.ended", {{"name", state_->name}, {"end", why}, {"bytes", std::to_string(state()->bytes)}});
    if (copy_) {
        state_->bytes = copy_->bytes();
        state_->lost = copy_->lost();
    }
    state_->end = why;
    state_->ended = std::min(loop_.wall(), state_->until);
    log_.copy_to(nullptr);
    if (copy_) copy_->flush();
    copy_.reset();
    for (const auto& [name, level] : state_->levels) {
        LogModule module{};
        if (log_module(name, module)) levels_.reset(module);
    }
    save();
}

std::optional<DiagnosisState> Diagnosis::state() const {
    if (!state_) return std::nullopt;
    DiagnosisState now = *state_;
    if (copy_) {
        now.bytes = copy_->bytes();
        now.lost = copy_->lost();
    }
    return now;
}

void Diagnosis::save() {
    const auto saved = io::write_whole(state_file(), json::serialize(written(*state_)) + "\n");
    if (!saved) lines_.warn("diag.unsaved", {{"name", state_->name}, {"why", saved.error().text}});
}

void Diagnosis::collect(ArchiveTexts texts, std::function<void(Result<std::string>)> on_done) {
    if (!state_) return on_done(Error{"diag-none", "no diagnostic log yet; start one with `diag start`"});
    if (collecting_) return on_done(Error{"diag-collecting", "an archive is being made; try again when it is done"});
    if (auto room = shelf_.make_room(); !room) return on_done(room.error());
    std::uint64_t wanted = copy_ ? copy_->bytes() : state_->bytes;
    Collecting job;
    if (!state_->capture.empty()) {
        job.capture_file = captures_.shelf().path_of(state_->capture);
        for (const io::Shelf::File& file : captures_.shelf().list())
            wanted += file.name == state_->capture ? file.bytes : 0;
    }
    if (io::free_space(shelf_.folder()) < io::disk_floor + wanted) {
        return on_done(Error{"diag-disk", shelf_.folder() + ": an archive may need " + std::to_string(wanted >> 20U) +
                                              " MiB, and " + std::to_string(io::disk_floor >> 20U) +
                                              " MiB must stay free"});
    }
    // Each collection has a name of its own: the first that is free.
    std::string name = state_->name;
    for (int again = 2; ::access(shelf_.path_of(name).c_str(), F_OK) == 0; ++again)
        name = state_->name.substr(0, io::Shelf::longest_name - 8) + "-" + std::to_string(again);
    job.path = shelf_.path_of(name);
    job.folder_in_archive = name + "/";
    job.log_file = log_file();
    job.time = loop_.wall();
    job.copy = copy_;
    job.texts = std::move(texts);
    collecting_ = true;
    if (worker_.joinable()) worker_.join();
    worker_ = std::thread{[job = std::move(job), name, &loop = loop_, weak = std::weak_ptr{self_},
                           on_done = std::move(on_done)]() mutable {
        auto outcome = std::make_shared<Result<void>>(job.run());
        // Moved: what it holds ends on the thread of the loop.
        loop.post([outcome, name, weak, on_done = std::move(on_done)] {
            const auto self = weak.lock();
            if (!self || *self == nullptr) return;
            (*self)->collecting_ = false;
            if (!*outcome) return on_done(outcome->error());
            (*self)->lines_.info("diag.collected", {{"name", name}});
            on_done(name);
        });
    }};
}

}  // namespace sallyport::services
