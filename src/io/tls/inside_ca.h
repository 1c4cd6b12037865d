// The inside authority of a core: made on first use and kept in the data folder, it mints a certificate for whatever
// domain the core stands in for towards the internal servers. Those trust it, nobody else does.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/tls_facts.h"

namespace sallyport::io {

class InsideCa {
public:
    /// Opens `<folder>/inside-ca.pem` and `.key`, or makes them. Errors: "file-read", "file-write", "pki", "tls-*".
    static Result<InsideCa> open(const std::string& folder, const Clock& clock);

    /// The certificate that internal servers have to trust.
    [[nodiscard]] std::string ca_pem() const;
    /// What that certificate says.
    [[nodiscard]] CertFacts facts() const;
    /// Certificate, then key, in one PEM text; cached. Thread-safe. For TlsSettings::mint. Errors: "pki".
    [[nodiscard]] Result<std::string> mint(const std::string& name) const;

private:
    struct State;
    explicit InsideCa(std::shared_ptr<State> state) : state_{std::move(state)} {}
    std::shared_ptr<State> state_;
};

}  // namespace sallyport::io
