// Asks authoritative servers about dialback keys (XEP-0220 2.1.2): one verify-only stream a domain at a time, further
// requests for the same pair share it; a domain that just could not be reached is answered from memory, and so is a
// pair of which the domain has just refused to speak (threat T13).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proto/s2s/action.h"
#include "services/s2s/context.h"

namespace sallyport::s2s {

class InquiryStream;

class DialbackDesk {
public:
    /// Outcome, the dialback error when the outcome is error, and words for log and peer.
    using OnVerified = std::function<void(Verified::Outcome, xmpp::StanzaCondition, const std::string&)>;

    explicit DialbackDesk(S2sContext& context);
    ~DialbackDesk();

    /// `owner` groups requests for cancel(); `counted` is let go with the answer.
    void ask(const void* owner, routing::Ledger::Entry counted, Verify request, OnVerified on_verified);
    /// The stream that asked is gone: its answers are not wanted.
    void cancel(const void* owner);
    void rules_changed();
    void tables(TableFills& all) const;
    [[nodiscard]] std::vector<StreamStatus> status() const;

private:
    struct Request {
        std::uint64_t number = 0;
        const void* owner = nullptr;
        routing::Ledger::Entry counted;
        Verify verify;
        OnVerified on_verified;
    };
    using Key = std::pair<std::string, std::string>;  // authoritative domain, our domain
    struct Inquiry {
        Key key;
        std::unique_ptr<InquiryStream> stream;
        std::vector<Request> requests;
    };
    /// A request that is answered from memory in the next turn.
    struct Delayed {
        Request request;
        xmpp::StanzaCondition condition{};
        std::string why;
    };

    Inquiry& inquiry_for(const Key& key, const xmpp::DomainPair& pair);
    void answered(std::uint64_t number, const Verified& answer);
    void gone(std::uint64_t number, const xmpp::Failure& failure, bool reached);
    [[nodiscard]] const Learned::Unreachable* known_of(const Key& key) const;
    void answer_delayed();
    /// Others want the place of the request.
    void make_way(std::uint64_t number);
    void finish(Request request, Verified::Outcome outcome, xmpp::StanzaCondition condition, const std::string& why);

    S2sContext& context_;
    std::map<std::uint64_t, Inquiry> inquiries_;  ///< all, also those whose stream is closing
    std::map<Key, std::uint64_t> open_;           ///< those that take further requests
    std::vector<Delayed> delayed_;
    std::vector<std::unique_ptr<InquiryStream>> dead_;
    std::uint64_t next_number_ = 0, next_request_ = 0;
    std::shared_ptr<DialbackDesk*> here_ = std::make_shared<DialbackDesk*>(this);  ///< for who comes from elsewhere
};

}  // namespace sallyport::s2s
