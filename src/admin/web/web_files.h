// The pages of the admin address, as they were in web/ when this binary was built. There is no file system behind
// them: a path is in the table, or it is not served (threat T79).
#pragma once

#include <span>
#include <string_view>

namespace sallyport::admin {

struct WebFile {
    std::string_view path;  ///< "/index.html"
    std::string_view type;  ///< Content-Type
    std::string_view etag;  ///< with its quotation marks
    std::string_view bytes;
    std::string_view gzip;  ///< the same, packed; empty: not worth it
};

[[nodiscard]] std::span<const WebFile> web_files();
/// "/" is "/index.html". Null: there is no such file.
[[nodiscard]] const WebFile* find_web_file(std::string_view path);

}  // namespace sallyport::admin
