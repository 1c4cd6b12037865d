// The values of settings between JSON text and C++: one reader and one writer a kind. Readers refuse what they do not
// understand and say which field is wrong.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/config/settings.h"

namespace sallyport::config {

/// Bounds of what one setting may hold.
struct SettingBounds {
    static constexpr std::size_t json_bytes = 4 << 20;
    static constexpr std::size_t list_entries = 20'000;
    static constexpr std::size_t routes = 20'000;
    static constexpr std::size_t peers = 2'000;
    static constexpr std::size_t note_bytes = 1024;
    static constexpr std::size_t secret_bytes_least = 16;
    static constexpr std::size_t secret_bytes_most = 1024;
};

[[nodiscard]] Result<bool> read_bool(std::string_view json);
/// One of `words`, as its place in the list.
[[nodiscard]] Result<std::size_t> read_word(std::string_view json, const std::vector<std::string_view>& words);
[[nodiscard]] Result<std::string> read_secret(std::string_view json);
[[nodiscard]] Result<std::vector<NamePattern>> read_patterns(std::string_view json);
[[nodiscard]] Result<std::vector<StaticRoute>> read_routes(std::string_view json);
[[nodiscard]] Result<std::vector<PeerException>> read_peers(std::string_view json);
[[nodiscard]] Result<std::map<std::string, std::string>> read_log_modules(std::string_view json);

[[nodiscard]] std::string write_bool(bool value);
[[nodiscard]] std::string write_string(std::string_view value);
[[nodiscard]] std::string write_patterns(const std::vector<NamePattern>& patterns);
[[nodiscard]] std::string write_routes(const std::vector<StaticRoute>& routes);
[[nodiscard]] std::string write_peers(const std::vector<PeerException>& peers);
[[nodiscard]] std::string write_log_modules(const std::map<std::string, std::string>& modules);

/// In the order of the enums.
[[nodiscard]] const std::vector<std::string_view>& security_mode_words();
[[nodiscard]] const std::vector<std::string_view>& privacy_mode_words();
[[nodiscard]] const std::vector<std::string_view>& authentication_words();
[[nodiscard]] const std::vector<std::string_view>& switch_words();  ///< off, on

}  // namespace sallyport::config
