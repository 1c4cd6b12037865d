// The rules of the chain, one file each. A rule has an opinion on a contact, or none; it says why and what to do.
#pragma once

#include "model/policy/policy.h"

namespace sallyport::policy::rules {

[[nodiscard]] std::optional<Opinion> federation_off(const Contact& contact, const config::Settings& settings);
[[nodiscard]] std::optional<Opinion> self(const Contact& contact, const config::Settings& settings);
[[nodiscard]] std::optional<Opinion> not_local(const Contact& contact, const config::Settings& settings);
[[nodiscard]] std::optional<Opinion> deny_list(const Contact& contact, const config::Settings& settings);
[[nodiscard]] std::optional<Opinion> allow_list(const Contact& contact, const config::Settings& settings);

}  // namespace sallyport::policy::rules
