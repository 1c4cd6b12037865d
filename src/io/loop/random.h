// Randomness for stream ids, nonces and jitter, from the kernel's generator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sallyport::io {

/// `count` unpredictable bytes.
[[nodiscard]] std::string random_bytes(std::size_t count);
/// An unguessable id of more than 128 bits in letters and digits, fit for XML attributes and file names (threat T07).
[[nodiscard]] std::string fresh_id();
/// Uniform in [0, bound); 0 when `bound` is 0.
[[nodiscard]] std::uint64_t random_below(std::uint64_t bound);

}  // namespace sallyport::io
