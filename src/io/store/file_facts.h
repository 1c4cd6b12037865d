// The FileProbe of a running node.
#pragma once

#include "base/file_facts.h"

namespace sallyport::io {

[[nodiscard]] FileFacts file_facts(const std::string& path);

}  // namespace sallyport::io
