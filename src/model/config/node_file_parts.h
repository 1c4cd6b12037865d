// The parts of reading a node's file: sections, limits, first values of settings, and the checks across keys. Only
// node_file*.cpp include it.
#pragma once

#include "model/config/toml_table.h"

namespace sallyport::config {

void read_sections(TomlTable& root, NodeFile& file);
void read_limits(TomlTable table, NodeFile& file);
void read_first_settings(TomlTable table, NodeFile& file);
/// What no single key can tell: required keys, roles, addresses that clash, files that must be there.
void check_whole(NodeFile& file, Complaints& complaints);
void check_named_files(NodeFile& file, const FileProbe& probe, Complaints& complaints);

}  // namespace sallyport::config
