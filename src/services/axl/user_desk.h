// Application users of the AXL service: adding them, and judging who asks. A wrong password costs the address from
// which it came: after a few, everything from there is turned away for a while, before any password is looked at.
// Control thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "io/store/presence_store.h"

namespace sallyport::axl {

inline constexpr std::string_view axl_role = "Standard AXL API Access";

enum class Judgement : std::uint8_t {
    good,
    bad,        ///< no, unknown or wrong credentials, or the role is missing
    throttled,  ///< not looked at
    trouble,    ///< the users cannot be read
};

class UserDesk {
public:
    static constexpr std::size_t least_password = 8;
    static constexpr std::size_t most_failures = 5;  ///< of one address within `window`
    static constexpr Duration window = std::chrono::minutes{1};
    static constexpr std::size_t most_addresses = 1024;  ///< remembered; beyond, unknown ones are throttled
    static constexpr std::size_t longest_credentials = 1024;

    /// Both must outlive the desk. `random` is a secret of this process, 32 bytes.
    UserDesk(io::PresenceStore& store, const Clock& clock, std::string random)
        : store_{store}, clock_{clock}, random_{std::move(random)} {}

    /// Adds, or gives a new password. Errors: "user-malformed", and those of the store.
    [[nodiscard]] Result<void> put(const std::string& name, std::string_view password);
    /// Errors: "user-unknown", and those of the store.
    [[nodiscard]] Result<void> remove(const std::string& name);
    [[nodiscard]] Result<std::vector<io::ApplicationUser>> list() { return store_.application_users(); }

    /// Whether credentials were refused within `window`, and none accepted since.
    [[nodiscard]] bool refused_lately() const;

    struct Verdict {
        Judgement judgement = Judgement::bad;
        std::string user;  ///< as claimed, for the log; empty: none
    };
    /// `authorization` is the header's value (RFC 7617).
    [[nodiscard]] Verdict judge(const IpAddress& from, std::string_view authorization);

private:
    [[nodiscard]] bool is_throttled(const IpAddress& from);
    void note_failure(const IpAddress& from);
    [[nodiscard]] Judgement check(const std::string& user, std::string_view password);
    [[nodiscard]] std::string mark_of(const io::ApplicationUser& user, std::string_view password) const;

    io::PresenceStore& store_;
    const Clock& clock_;
    std::string random_;
    std::map<IpAddress, std::deque<TimePoint>> failures_;
    TimePoint good_at_{};                        ///< of the latest login
    std::map<std::string, std::string> proved_;  ///< user -> keyed digest of what was verified last
    std::string decoy_;                          ///< a verifier that nobody's password fits
};

}  // namespace sallyport::axl
