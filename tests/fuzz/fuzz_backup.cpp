// Any bytes as the header of a backup and as its table of contents: what is taken is within its bounds, is written as
// it was read, and leads to no file but those that it may name.
#include <cstdint>
#include <set>

#include "fuzz/check.h"
#include "io/archive/backup_index.h"
#include "io/archive/sealed_header.h"

using namespace sallyport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text = fuzz::as_text(bytes, size);
    if (const auto header = io::SealedHeader::parse(text)) {
        fuzz::check(header->cost <= io::SealedHeader::most_cost, "a key that takes more memory than there is");
        fuzz::check(header->payload <= io::most_sealed, "more than fits");
        fuzz::check(header->file_bytes() > header->payload, "a length that has run over");
        fuzz::check(header->salt.size() == 16, "no salt");
    }
    const auto index = io::BackupIndex::decode(text);
    if (!index) {
        fuzz::check(index.error().code == "backup-index", "a refusal without its code");
        return 0;
    }
    const auto again = index->encode();
    fuzz::check(again && *again == text, "a table that is written otherwise than it was read");
    std::set<std::string> names;
    for (const io::BackupFile& file : index->files) {
        const bool named = file.place == io::BackupFile::Place::named;
        fuzz::check(file.name.starts_with('/') == named, "a path in the data folder, or a name outside");
        fuzz::check((file.name + "/").find("/../") == std::string::npos, "a step back");
        fuzz::check(names.insert((named ? "" : "data:") + file.name).second, "a file twice");
    }
    fuzz::check(names.contains(index->node_file), "no node's file");
    return 0;
}
