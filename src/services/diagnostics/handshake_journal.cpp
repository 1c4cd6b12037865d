// Reading at the start; writing a moment after what happened.
#include "services/diagnostics/handshake_journal.h"

#include <algorithm>
#include <filesystem>

#include "services/diagnostics/handshake_text.h"

namespace sallyport::services {

namespace {

constexpr auto handshakes_interval = std::chrono::seconds{2};
constexpr auto handshakes_pause = std::chrono::seconds{30};
constexpr auto handshakes_lock_wait = std::chrono::milliseconds{200};
constexpr std::size_t most_waiting = 256;  ///< handshakes; while a disk does not work, or somebody floods us

bool same_kind(const io::StoredHandshake& one, const io::StoredHandshake& other) {
    return one.peer == other.peer && one.kind == other.kind && one.good == other.good;
}

}  // namespace

HandshakeJournal::HandshakeJournal(std::string file, const Limits& limits, io::Loop& loop, Logger log)
    : file_{std::move(file)}, limits_{limits}, loop_{loop}, log_{log}, archive_{limits}, timer_{loop.timer([this] {
          armed_ = false;
          write();
      })} {
    open();
}

HandshakeJournal::~HandshakeJournal() { write(); }

void HandshakeJournal::open() {
    const io::HandshakeStore::Bounds bounds{limits_.recorder_file_bytes, limits_.recorder_file_failures};
    auto store = io::HandshakeStore::open(file_, bounds, handshakes_lock_wait);
    if (!store && store.error().code == "store-corrupt") {
        begin_anew(store.error());
        store = io::HandshakeStore::open(file_, bounds, handshakes_lock_wait);
    }
    if (!store) {
        log_.warn("handshakes.unwritten", {{"why", store.error().text}});
        return;
    }
    store_.emplace(std::move(*store));
    read();
}

void HandshakeJournal::begin_anew(const Error& damage) {
    const std::string aside = file_ + ".damaged";
    for (const char* part : {"", "-wal", "-shm"}) {
        std::error_code ignored;
        std::filesystem::rename(file_ + part, aside + part, ignored);
    }
    log_.warn("handshakes.damaged", {{"why", damage.text}, {"aside", aside}});
}

void HandshakeJournal::read() {
    const auto rows = store_->all();
    const auto newest = store_->newest();
    if (!rows || !newest) {
        log_.warn("handshakes.unwritten", {{"why", rows ? newest.error().text : rows.error().text}});
        store_.reset();
        return;
    }
    std::size_t unread = 0;
    for (const io::StoredHandshake& row : *rows) {
        auto handshake = read_handshake(row.text);
        if (handshake) {
            archive_.restore(*handshake, row.number);
        } else {
            ++unread;
        }
    }
    archive_.number_after(*newest);
    if (unread > 0) {
        log_.warn("handshakes.damaged",
                  {{"why", std::to_string(unread) + " of " + std::to_string(rows->size()) + " could not be read"},
                   {"aside", ""}});
    }
}

void HandshakeJournal::add(const record::Handshake& kept) {
    archive_.add(kept);
    if (!store_) return;
    const std::int64_t kind = (kept.inbound ? 1 : 0) + (kept.proven_only ? 2 : 0);
    io::StoredHandshake row{archive_.newest(), kept.peer, kind, kept.good, handshake_text(kept)};
    // What the disk would forget again at once does not wait for it.
    const auto alike = [&](const io::StoredHandshake& other) { return same_kind(row, other); };
    const auto most = row.good ? 1 : static_cast<std::ptrdiff_t>(limits_.recorder_file_failures);
    if (std::count_if(waiting_.begin(), waiting_.end(), alike) >= most) {
        waiting_.erase(std::find_if(waiting_.begin(), waiting_.end(), alike));
    }
    if (waiting_.size() >= most_waiting) {
        // Failures of strangers are what comes in floods.
        const auto failed = std::find_if(waiting_.begin(), waiting_.end(), [](const auto& one) { return !one.good; });
        waiting_.erase(failed == waiting_.end() ? waiting_.begin() : failed);
    }
    waiting_.push_back(std::move(row));
    if (armed_) return;
    armed_ = true;
    timer_->arm(loop_.now() + handshakes_interval);
}

void HandshakeJournal::write() {
    if (!store_ || waiting_.empty()) return;
    const auto written = store_->append(waiting_);
    if (written) {
        waiting_.clear();
        trouble_.clear();
        return;
    }
    if (trouble_ != written.error().text) log_.warn("handshakes.unwritten", {{"why", written.error().text}});
    trouble_ = written.error().text;
    armed_ = true;
    timer_->arm(loop_.now() + handshakes_pause);
}

}  // namespace sallyport::services
