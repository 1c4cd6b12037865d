// Looking a path up; the table itself is made by cmake/embed_web.cmake.
#include "admin/web/web_files.h"

#include <algorithm>

namespace sallyport::admin {

const WebFile* find_web_file(std::string_view path) {
    if (path == "/") path = "/index.html";
    const auto files = web_files();
    const auto at = std::find_if(files.begin(), files.end(), [path](const WebFile& file) { return file.path == path; });
    return at == files.end() ? nullptr : &*at;
}

}  // namespace sallyport::admin
