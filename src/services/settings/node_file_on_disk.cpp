// io/store reads, model/config judges.
#include "services/settings/node_file_on_disk.h"

#include "io/store/file_facts.h"
#include "io/store/folder.h"

namespace sallyport::services {

std::vector<config::FileError> read_node_file(const std::string& path, config::Role role, config::NodeFile& out) {
    const auto text = io::read_whole(path);
    if (!text) {
        const bool is_missing = text.error().code == "store-missing";
        const char* const remedy = is_missing ? "; `sallyport init` writes the files of a new installation" : "";
        return {{path, 0, {}, text.error().text + remedy}};
    }
    return config::parse_node_file(*text, path, role, out, io::file_facts);
}

}  // namespace sallyport::services
