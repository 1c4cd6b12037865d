// A provider in front of OpenSSL's default one. For each certificate OpenSSL 3.0 asks every key type and every decoder
// that there is whether it can read the public key; with the few that TLS knows that takes a third of the time.
#include "io/tls/tls_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::io {

namespace {

/// Keys of certificates and key exchanges, and the derivations that OpenSSL keeps among the key types.
constexpr std::array<std::string_view, 12> key_types = {"RSA",  "RSA-PSS", "EC",   "ED25519", "ED448",   "X25519",
                                                        "X448", "DH",      "HKDF", "HMAC",    "SIPHASH", "TLS1-PRF"};
/// Certificates hold keys in this form only (RFC 5280 4.1).
constexpr std::string_view certificate_form = "structure=SubjectPublicKeyInfo";

/// `names`: alternatives with colons between them.
bool names_key_type(std::string_view names) {
    while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find(':'));
        names.remove_prefix(std::min(names.size(), name.size() + 1));
        const bool known = std::any_of(key_types.begin(), key_types.end(), [&](std::string_view type) {
            return type.size() == name.size() && strncasecmp(type.data(), name.data(), type.size()) == 0;
        });
        if (known) return true;
    }
    return false;
}

bool is_needed(int operation, const OSSL_ALGORITHM& algorithm) {
    switch (operation) {
        case OSSL_OP_KEYMGMT: return names_key_type(algorithm.algorithm_names);
        case OSSL_OP_DECODER:
            return names_key_type(algorithm.algorithm_names) &&
                   std::string_view{algorithm.property_definition}.find(certificate_form) != std::string_view::npos;
        case OSSL_OP_ENCODER: return false;
        default: return true;
    }
}

/// The default provider and the rows of its tables that are shown. OpenSSL keeps pointers into them.
class Shown {
public:
    Shown() : whole_{OSSL_PROVIDER_load(nullptr, "default")} {
        for (int operation = 1; whole_ != nullptr && operation <= OSSL_OP__HIGHEST; ++operation) choose(operation);
    }

    [[nodiscard]] OSSL_PROVIDER* whole() const { return whole_; }
    [[nodiscard]] const OSSL_ALGORITHM* algorithms(int operation) const {
        if (operation < 1 || operation > OSSL_OP__HIGHEST) return nullptr;
        const auto& chosen = chosen_.at(static_cast<std::size_t>(operation));
        return chosen.empty() ? nullptr : chosen.data();
    }

private:
    void choose(int operation) {
        int may_change = 0;
        auto& chosen = chosen_.at(static_cast<std::size_t>(operation));
        const OSSL_ALGORITHM* row = OSSL_PROVIDER_query_operation(whole_, operation, &may_change);
        for (; row != nullptr && row->algorithm_names != nullptr; ++row) {
            if (is_needed(operation, *row)) chosen.push_back(*row);
        }
        if (!chosen.empty()) chosen.push_back({nullptr, nullptr, nullptr, nullptr});
    }

    OSSL_PROVIDER* whole_;
    std::array<std::vector<OSSL_ALGORITHM>, OSSL_OP__HIGHEST + 1> chosen_;
};

const Shown& shown() {
    static const Shown only;
    return only;
}

// What OpenSSL calls. The algorithms are the default provider's own functions, so they get its context, not one of
// ours.
const OSSL_PARAM* known_facts(void*) { return OSSL_PROVIDER_gettable_params(shown().whole()); }
int facts(void*, OSSL_PARAM* wanted) { return OSSL_PROVIDER_get_params(shown().whole(), wanted); }
const OSSL_ALGORITHM* algorithms(void*, int operation, int* may_change) {
    *may_change = 0;
    return shown().algorithms(operation);
}
int capabilities(void*, const char* kind, OSSL_CALLBACK* each, void* argument) {
    return OSSL_PROVIDER_get_capabilities(shown().whole(), kind, each, argument);
}

int begin(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** calls, void** context) {
    static const std::array<OSSL_DISPATCH, 5> table = {{
        {OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, reinterpret_cast<void (*)()>(&known_facts)},
        {OSSL_FUNC_PROVIDER_GET_PARAMS, reinterpret_cast<void (*)()>(&facts)},
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(&algorithms)},
        {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, reinterpret_cast<void (*)()>(&capabilities)},
        {0, nullptr},
    }};
    *calls = table.data();
    *context = OSSL_PROVIDER_get0_provider_ctx(shown().whole());
    return *context == nullptr ? 0 : 1;
}

OSSL_LIB_CTX* make_library() {
    if (OSSL_PROVIDER_available(nullptr, "fips") == 1 || shown().whole() == nullptr) return nullptr;
    OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();
    if (library != nullptr && OSSL_PROVIDER_add_builtin(library, "sallyport", &begin) == 1 &&
        OSSL_PROVIDER_load(library, "sallyport") != nullptr) {
        return library;
    }
    OSSL_LIB_CTX_free(library);
    return nullptr;
}

}  // namespace

OSSL_LIB_CTX* tls_library() {
    static OSSL_LIB_CTX* const library = make_library();
    return library;
}

}  // namespace sallyport::io
