// What stands before the chunks of a sealed file (docs/protocol/backup.md), and the keys that come from a passphrase:
// scrypt (RFC 7914). Pure but for the salt.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace sallyport::io {

/// Bytes of a payload between two seals.
inline constexpr std::size_t sealed_chunk = 64 << 10;
/// What a chunk grows by: the tag of GCM.
inline constexpr std::size_t sealed_tag = 16;
/// The longest payload that is written or read: 64 GiB.
inline constexpr std::uint64_t most_sealed = std::uint64_t{64} << 30U;
/// Of a passphrase, in bytes.
inline constexpr std::size_t least_passphrase = 12, most_passphrase = 1024;

/// The keys of one file; they are gone from memory when this is.
class SealedKeys {
public:
    /// `cost` is log2 of scrypt's N: 17 takes 128 MiB and some tenths of a second. Errors: "sealed-failed".
    static Result<SealedKeys> derive(std::string_view passphrase, std::string_view salt, unsigned cost);
    SealedKeys(SealedKeys&& other) noexcept : both_{std::move(other.both_)} {}
    SealedKeys& operator=(SealedKeys&&) = delete;
    ~SealedKeys();

    [[nodiscard]] std::string_view of_chunks() const { return std::string_view{both_}.substr(0, both_.size() / 2); }
    [[nodiscard]] std::string_view of_header() const { return std::string_view{both_}.substr(both_.size() / 2); }

private:
    explicit SealedKeys(std::string both) : both_{std::move(both)} {}
    std::string both_;
};

struct SealedHeader {
    static constexpr std::size_t bytes = 76;
    static constexpr unsigned usual_cost = 17, least_cost = 10, most_cost = 20;

    unsigned cost = usual_cost;
    std::uint64_t payload = 0;  ///< bytes, as they were before they were sealed
    std::string salt;           ///< 16 bytes

    /// A new one with a salt of its own. Errors: "sealed-failed", "sealed-too-long".
    static Result<SealedHeader> make(std::uint64_t payload, unsigned cost);
    /// Of the first bytes of a file. Errors: "sealed-foreign", "sealed-version", "sealed-damaged", "sealed-truncated".
    static Result<SealedHeader> parse(std::string_view beginning);
    /// With a code that only the passphrase makes.
    [[nodiscard]] std::string encode(const SealedKeys& keys) const;
    /// What the whole file has to measure.
    [[nodiscard]] std::uint64_t file_bytes() const;
};

}  // namespace sallyport::io
