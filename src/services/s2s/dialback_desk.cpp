// Verify-only streams and the memory of unreachable domains.
#include "services/s2s/dialback_desk.h"

#include <algorithm>
#include <optional>

#include "base/networks.h"
#include "services/s2s/outbound_stream.h"

namespace sallyport::s2s {

/// The owner of one verify-only stream; forwards its answers to the desk.
class InquiryStream final : public OutboundOwner {
public:
    using OnAnswer = std::function<void(const Verified&)>;
    using OnGone = std::function<void(const xmpp::Failure&, bool reached)>;

    InquiryStream(S2sContext& context, const xmpp::DomainPair& pair, OnAnswer on_answer, OnGone on_gone)
        : on_answer_{std::move(on_answer)}, on_gone_{std::move(on_gone)}, stream_{context, *this, pair, true} {}

    /// For whoever asks first; names are chosen by strangers, unless somebody has proved himself from there.
    void start(const routing::Ledger::Entry& counted) {
        stream_.ask_for(counted.of_reserve() ? io::Asker::Kind::users : io::Asker::Kind::strangers,
                        site_network(counted.from()).text());
        stream_.start();
    }

    OutboundStream& stream() { return stream_; }
    /// Everything is answered. Until the peer has closed the stream, too, it counts: its answers cost it nothing.
    void keep(routing::Ledger::Entry counted) { counted_.emplace(std::move(counted)); }

    void outbound_ready(OutboundStream&, const PairReady&) override {}
    void outbound_failed(OutboundStream&, const PairFailed&) override {}
    void outbound_verified(OutboundStream&, const Verified& answer) override { on_answer_(answer); }
    void outbound_acknowledged(OutboundStream&, std::uint64_t) override {}
    void outbound_drained(OutboundStream&) override {}
    void outbound_limits(OutboundStream&, const PeerLimits&) override {}
    bool outbound_answered(const xmpp::Stanza&, const routing::Ticket&) override { return false; }
    void outbound_refused(const xmpp::Stanza&, const xmpp::StanzaError&, const routing::Ticket&) override {}
    void outbound_gone(OutboundStream&, const xmpp::Failure& failure, bool was_ready) override {
        on_gone_(failure, was_ready);
    }

private:
    OnAnswer on_answer_;
    OnGone on_gone_;
    std::optional<routing::Ledger::Entry> counted_;
    OutboundStream stream_;
};

namespace {
/// That names, addresses and ports lead nowhere holds for all pairs of the domain. What it said, and how it ended the
/// stream, it may have meant for the one of ours that it was asked for, by whomever: strangers choose that.
std::string lesson_key(const std::pair<std::string, std::string>& key, Stage stage) {
    const bool of_domain = stage == Stage::dns || stage == Stage::tcp;
    return of_domain ? key.first : key.first + ' ' + key.second;
}
}  // namespace

DialbackDesk::DialbackDesk(S2sContext& context) : context_{context} {}
DialbackDesk::~DialbackDesk() = default;

void DialbackDesk::ask(const void* owner, routing::Ledger::Entry counted, Verify verify, OnVerified on_verified) {
    const Key key{verify.pair.remote.text(), verify.pair.local.text()};
    Request request{++next_request_, owner, std::move(counted), std::move(verify), std::move(on_verified)};
    request.counted.make_way_by(
        [loop = &context_.shard.loop, number = request.number, here = std::weak_ptr<DialbackDesk*>{here_}] {
            loop->post([here, number] {
                if (const auto desk = here.lock()) (*desk)->make_way(number);
            });
        });
    if (const Learned::Unreachable* const known = known_of(key)) {
        // From the loop, not from within the stream's own call.
        delayed_.push_back({std::move(request), known->condition, known->why});
        if (delayed_.size() == 1) context_.shard.loop.defer([this] { answer_delayed(); });
        return;
    }
    Inquiry& inquiry = inquiry_for(key, request.verify.pair);
    const bool fresh = inquiry.requests.empty();
    inquiry.stream->stream().verify(request.verify);
    inquiry.requests.push_back(std::move(request));
    if (fresh) inquiry.stream->start(inquiry.requests.back().counted);
}

DialbackDesk::Inquiry& DialbackDesk::inquiry_for(const Key& key, const xmpp::DomainPair& pair) {
    if (const auto at = open_.find(key); at != open_.end()) return inquiries_.at(at->second);
    const std::uint64_t number = ++next_number_;
    open_[key] = number;
    Inquiry& inquiry = inquiries_[number];
    inquiry.key = key;
    inquiry.stream = std::make_unique<InquiryStream>(
        context_, pair, [this, number](const Verified& answer) { answered(number, answer); },
        [this, number](const xmpp::Failure& failure, bool reached) { gone(number, failure, reached); });
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
    if (requests.empty()) {
        // Its stream closes now; the next request opens another.
        open_.erase(at->second.key);
        at->second.stream->keep(std::move(request.counted));
    }
    finish(std::move(request), answer.outcome, answer.condition, answer.text);
}

const Learned::Unreachable* DialbackDesk::known_of(const Key& key) const {
    if (context_.learned == nullptr) return nullptr;
    const TimePoint now = context_.shard.loop.now();
    const auto* of_domain = context_.learned->unreachable.recall(lesson_key(key, Stage::dns), now);
    return of_domain != nullptr ? of_domain : context_.learned->unreachable.recall(lesson_key(key, Stage::stream), now);
}

void DialbackDesk::gone(std::uint64_t number, const xmpp::Failure& failure, bool reached) {
    auto node = inquiries_.extract(number);
    if (node.empty()) return;
    Inquiry inquiry = std::move(node.mapped());
    if (const auto at = open_.find(inquiry.key); at != open_.end() && at->second == number) open_.erase(at);
    // That we had no room to ask says nothing about the domain.
    if (!reached && failure.rule != Rule::look_ups && context_.learned != nullptr) {
        context_.learned->unreachable.learn(lesson_key(inquiry.key, failure.stage), {failure.condition, failure.why},
                                            context_.shard.loop.now());
    }
    for (Request& request : inquiry.requests) {
        finish(std::move(request), Verified::Outcome::error, failure.condition, failure.why);
    }
    // The stream is in the middle of telling us: it is destroyed from the loop.
    dead_.push_back(std::move(inquiry.stream));
    if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
}

void DialbackDesk::make_way(std::uint64_t number) {
    for (auto at = inquiries_.begin(); at != inquiries_.end(); ++at) {
        auto& requests = at->second.requests;
        const auto match = std::find_if(requests.begin(), requests.end(),
                                        [number](const Request& request) { return request.number == number; });
        if (match == requests.end()) continue;
        Request request = std::move(*match);
        requests.erase(match);
        if (requests.empty()) {
            // Whether its domain can be reached is not known: nothing is learned from it.
            open_.erase(at->second.key);
            inquiries_.erase(at);
        }
        return finish(std::move(request), Verified::Outcome::error, xmpp::StanzaCondition::resource_constraint,
                      "too many verifications at once; this one was the oldest");
    }
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
