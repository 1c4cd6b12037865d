// The history on disk: slots of rings, as texts that somebody else reads and writes. A slot has its place in its ring,
// so a new one takes the place of the oldest: the file is bounded by the number of subjects. No slot is deleted for its
// age; who reads says which times he means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/store/database.h"

namespace sallyport::io {

struct StoredSlot {
    std::int64_t kind = 0;  ///< with `name` a subject
    std::string name;
    std::int64_t ring = 0, place = 0;
    std::int64_t time = 0, seconds = 0;  ///< Unix time of its begin; how much of it is known
    std::string figures;
};

/// A subject and what is noted of it.
struct StoredSubject {
    std::int64_t kind = 0;
    std::string name, note;
};

struct HistoryBatch {
    std::vector<StoredSlot> slots;
    std::vector<StoredSubject> notes;
    std::vector<StoredSubject> forgotten;  ///< with all their slots; done first
};

class HistoryStore {
public:
    /// Errors: those of Database.
    static Result<HistoryStore> open(const std::string& path,
                                     std::chrono::milliseconds lock_wait = std::chrono::seconds{2});

    /// All of a batch, or none.
    [[nodiscard]] Result<void> put(const HistoryBatch& batch);
    /// Slots of one subject with `from` <= time < `until`, by time.
    [[nodiscard]] Result<std::vector<StoredSlot>> read(std::int64_t ring, std::int64_t kind, const std::string& name,
                                                       std::int64_t from, std::int64_t until);
    /// The same of all subjects of a kind, by subject.
    [[nodiscard]] Result<std::vector<StoredSlot>> read_all(std::int64_t ring, std::int64_t kind, std::int64_t from,
                                                           std::int64_t until);
    [[nodiscard]] Result<std::vector<StoredSubject>> subjects(std::int64_t kind);

private:
    explicit HistoryStore(Database database) : database_{std::move(database)} {}
    [[nodiscard]] Result<void> forget(const StoredSubject& subject);
    [[nodiscard]] Result<void> note(const StoredSubject& subject);
    [[nodiscard]] Result<void> put_slots(const std::vector<StoredSlot>& slots);
    [[nodiscard]] static Result<std::vector<StoredSlot>> rows(Statement& select);

    Database database_;
};

}  // namespace sallyport::io
