// The node's recorder of handshakes with its disk: the archive in memory, and beside it a small database from which the
// archive begins after a restart. Written in batches on the control thread, never by a shard. Without a disk that works
// the archive alone serves.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "io/loop/loop.h"
#include "io/store/handshake_store.h"
#include "services/record/archive.h"

namespace sallyport::services {

class HandshakeJournal {
public:
    /// `file` is made if it is not there; a damaged one is put aside and a new one begun. Both outlive it.
    HandshakeJournal(std::string file, const Limits& limits, io::Loop& loop, Logger log);
    ~HandshakeJournal();
    HandshakeJournal(const HandshakeJournal&) = delete;
    HandshakeJournal& operator=(const HandshakeJournal&) = delete;

    void add(const record::Handshake& kept);
    [[nodiscard]] const record::Archive& archive() const { return archive_; }

private:
    void open();
    void begin_anew(const Error& damage);
    void read();
    void write();

    std::string file_;
    Limits limits_;
    io::Loop& loop_;
    Logger log_;
    record::Archive archive_;
    std::optional<io::HandshakeStore> store_;
    std::vector<io::StoredHandshake> waiting_;
    std::unique_ptr<io::Timer> timer_;
    bool armed_ = false;
    std::string trouble_;
};

}  // namespace sallyport::services
