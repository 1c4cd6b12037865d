// The core's provisioning of IM&P servers: the list of publishers, what every table has to hold, and how far that is.
// Control thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/chain_step.h"
#include "services/provision/publisher.h"

namespace sallyport::provision {

/// Of what is known of a publisher; nothing stays as it is.
struct PublisherChange {
    std::optional<std::string> username, password;
    std::optional<bool> tls_verify;
};

class Provisioner {
public:
    static constexpr std::uint16_t axl_port = 8443;
    static constexpr std::size_t most_publishers = 32;

    struct Context {
        io::Loop& loop;
        io::Network& network;
        io::Resolver& resolver;
        services::AlarmBoard& alarms;
        Logger log;
        std::function<std::uint64_t(std::uint64_t)> random_below;
        std::shared_ptr<const io::TlsContext> tls;
    };

    /// Opens `<folder>/provision.db` and its key, and begins with the publishers in it. Errors: those of
    /// ProvisionStore and Seal.
    static Result<std::unique_ptr<Provisioner>> open(Context context, const std::string& folder);

    /// Why nothing can be stored, if so.
    [[nodiscard]] const std::optional<Error>& obstacle() const { return store_.obstacle(); }
    /// Tries again. Errors: the obstacle as it is now.
    [[nodiscard]] Result<void> overcome() { return store_.overcome(); }

    /// What the edges are: every publisher follows. The same again changes nothing.
    void set_edges(const std::vector<EdgeState>& edges);

    /// `address`: host or host:port. `on_done`: after the first round. Errors: "publisher-malformed",
    /// "publisher-exists", "publisher-full", and those of the store.
    [[nodiscard]] Result<void> add(const std::string& address, const std::string& username, const std::string& password,
                                   bool tls_verify, std::function<void(const PublisherStatus&)> on_done);
    /// The rows that stay in its table. Errors: "publisher-unknown", and those of the store.
    [[nodiscard]] Result<std::vector<std::string>> remove(const std::string& address);
    /// What is named becomes another, and is tried at once; `on_done`: after that round. Errors: as add(), and
    /// "publisher-unknown".
    [[nodiscard]] Result<void> change(const std::string& address, const PublisherChange& change,
                                      std::function<void(const PublisherStatus&)> on_done);
    /// One, or all when `address` is empty. Errors: "publisher-unknown".
    [[nodiscard]] Result<void> refresh(const std::string& address,
                                       std::function<void(const std::vector<PublisherStatus>&)> on_done);
    /// What list() or chain() say may have changed.
    void on_changed(std::function<void()> on_changed) { on_changed_ = std::move(on_changed); }
    [[nodiscard]] std::vector<PublisherStatus> list() const;
    [[nodiscard]] std::vector<ChainStep> chain() const;
    void replace_tls(std::shared_ptr<const io::TlsContext> tls) { client_.replace_tls(std::move(tls)); }

private:
    Provisioner(Context context, io::ProvisionStore store, io::Seal seal);
    [[nodiscard]] Publisher::Context publisher_context();
    /// With the password sealed; without one, that of `publisher` stays.
    [[nodiscard]] Result<io::StoredPublisher> judged(io::StoredPublisher publisher,
                                                     const std::optional<std::string>& password) const;
    void start(const io::StoredPublisher& stored);
    [[nodiscard]] Publisher* find(const std::string& address);

    Context context_;
    io::ProvisionStore store_;
    io::Seal seal_;
    AxlClient client_;
    std::vector<EdgeState> edges_;
    bool edges_known_ = false;
    std::function<void()> on_changed_;
    std::map<std::string, std::unique_ptr<Publisher>> publishers_;
};

/// What `status` is for the chain: never a code, always what follows from it and the remedy.
[[nodiscard]] ChainStep step_of(const PublisherStatus& status);

}  // namespace sallyport::provision
