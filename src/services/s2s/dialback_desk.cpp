// Verify-only streams and the memory of unreachable domains.
#include "services/s2s/dialback_desk.h"

#include <algorithm>

#include "services/s2s/outbound_stream.h"

namespace sallyport::s2s {

/// The owner of one verify-only stream; forwards its answers to the desk.
class InquiryStream final : public OutboundOwner {
public:
    using OnAnswer = std::function<void(const Verified&)>;
    using OnGone = std::function<void(xmpp::StanzaCondition, const std::string&, bool reached)>;

    InquiryStream(S2sContext& context, const xmpp::DomainPair& pair, OnAnswer on_answer, OnGone on_gone)
        : on_answer_{std::move(on_answer)}, on_gone_{std::move(on_gone)}, stream_{context, *this, pair, true} {}

    OutboundStream& stream() { return stream_; }

    void outbound_ready(OutboundStream&, const PairReady&) override {}
    void outbound_failed(OutboundStream&, const PairFailed&) override {}
    void outbound_verified(OutboundStream&, const Verified& answer) override { on_answer_(answer); }
    void outbound_acknowledged(OutboundStream&, std::uint64_t) override {}
    void outbound_drained(OutboundStream&) override {}
    void outbound_limits(OutboundStream&, const PeerLimits&) override {}
    bool outbound_answered(const xmpp::Stanza&, const routing::Ticket&) override { return false; }
    void outbound_refused(const xmpp::Stanza&, const xmpp::StanzaError&, const routing::Ticket&) override {}
    void outbound_gone(OutboundStream&, const DialFailure& failure, bool was_ready) override {
        on_gone_(failure.condition, failure.why, was_ready);
    }

private:
    OnAnswer on_answer_;
    OnGone on_gone_;
    OutboundStream stream_;
};

DialbackDesk::DialbackDesk(S2sContext& context) : context_{context} {}
DialbackDesk::~DialbackDesk() = default;

void DialbackDesk::ask(const void* owner, routing::Ledger::Entry counted, Verify verify, OnVerified on_verified) {
    const Key key{verify.pair.remote.text(), verify.pair.local.text()};
    Request request{owner, std::move(counted), std::move(verify), std::move(on_verified)};
    const Learned::Unreachable* const known =
        context_.learned == nullptr ? nullptr
                                    : context_.learned->unreachable.recall(key.first, context_.shard.loop.now());
    if (known != nullptr) {
        // From the loop, not from within the stream's own call.
        delayed_.push_back({std::move(request), known->condition, known->why});
        if (delayed_.size() == 1) context_.shard.loop.defer([this] { answer_delayed(); });
        return;
    }
    Inquiry& inquiry = inquiry_for(key, request.verify.pair);
    const bool fresh = inquiry.requests.empty();
    inquiry.stream->stream().verify(request.verify);
    inquiry.requests.push_back(std::move(request));
    if (fresh) inquiry.stream->stream().start();
}

DialbackDesk::Inquiry& DialbackDesk::inquiry_for(const Key& key, const xmpp::DomainPair& pair) {
    if (const auto at = open_.find(key); at != open_.end()) return inquiries_.at(at->second);
    const std::uint64_t number = ++next_number_;
    open_[key] = number;
    Inquiry& inquiry = inquiries_[number];
    inquiry.key = key;
    inquiry.stream = std::make_unique<InquiryStream>(
        context_, pair, [this, number](const Verified& answer) { answered(number, answer); },
        [this, number](xmpp::StanzaCondition condition, const std::string& why, bool reached) {
            gone(number, condition, why, reached);
        });
    return inquiry;
}

void DialbackDesk::cancel(const void* owner) {
    const auto forget = [owner](Request& request) {
        if (request.owner == owner) request.on_verified = nullptr;
    };
    for (auto& [number, inquiry] : inquiries_) std::for_each(inquiry.requests.begin(), inquiry.requests.end(), forget);
    for (Delayed& delayed : delayed_) forget(delayed.request);
}

void DialbackDesk::answer_delayed() {
    std::vector<Delayed> now;
    now.swap(delayed_);
    for (Delayed& delayed : now) {
        finish(std::move(delayed.request), Verified::Outcome::error, delayed.condition, delayed.why);
    }
}

void DialbackDesk::answered(std::uint64_t number, const Verified& answer) {
    const auto at = inquiries_.find(number);
    if (at == inquiries_.end()) return;
    auto& requests = at->second.requests;
    const auto match = std::find_if(requests.begin(), requests.end(), [&](const Request& request) {
        return request.verify.pair == answer.pair && request.verify.stream_id == answer.stream_id;
    });
    if (match == requests.end()) return;
    Request request = std::move(*match);
    requests.erase(match);
    // Its stream closes now; the next request opens another.
    if (requests.empty()) open_.erase(at->second.key);
    finish(std::move(request), answer.outcome, answer.condition, answer.text);
}

void DialbackDesk::gone(std::uint64_t number, xmpp::StanzaCondition condition, const std::string& why, bool reached) {
    auto node = inquiries_.extract(number);
    if (node.empty()) return;
    Inquiry inquiry = std::move(node.mapped());
    if (const auto at = open_.find(inquiry.key); at != open_.end() && at->second == number) open_.erase(at);
    if (!reached && context_.learned != nullptr) {
        context_.learned->unreachable.learn(inquiry.key.first, {condition, why}, context_.shard.loop.now());
    }
    for (Request& request : inquiry.requests) finish(std::move(request), Verified::Outcome::error, condition, why);
    // The stream is in the middle of telling us: it is destroyed from the loop.
    dead_.push_back(std::move(inquiry.stream));
    if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
}

void DialbackDesk::finish(Request request, Verified::Outcome outcome, xmpp::StanzaCondition condition,
                          const std::string& why) {
    request.counted.let_go();
    if (request.on_verified) request.on_verified(outcome, condition, why);
}

void DialbackDesk::tables(TableFills& all) const {
    all.push_back({"s2s.inquiries", inquiries_.size(), context_.limits.pending_dialbacks});
}

void DialbackDesk::rules_changed() {
    for (auto& [number, inquiry] : inquiries_) inquiry.stream->stream().rules_changed();
}

std::vector<StreamStatus> DialbackDesk::status() const {
    std::vector<StreamStatus> all;
    for (const auto& [number, inquiry] : inquiries_) all.push_back(inquiry.stream->stream().status());
    return all;
}

}  // namespace sallyport::s2s
