// What this shard has under way of a lane, for a stream on another shard that is about to bring more of it
// (docs/protocol/link.md, section 9): each shard has its own link, and what a link is given later may be there sooner.
// Once the far side has received it, it is passed on before anything that comes later, over whatever link.
#include <algorithm>
#include <utility>

#include "services/link/hub.h"

namespace sallyport::link {

namespace {
constexpr Duration look_every = std::chrono::milliseconds{10};
}  // namespace

void Hub::when_received(std::string_view from, std::string_view to, std::function<void()> then) {
    const TimePoint now = context_.shard.loop.now();
    Receipt receipt{std::string{from}, std::string{to}, 0, 0, now + most_awaited, std::move(then)};
    const Lane& lane = lanes_.lane(from, to);
    arm_sweep();
    if (Session* session = lane.held + lane.elsewhere > 0 ? nullptr : session_with(lane)) {
        receipt.session = session->serial;
        receipt.last = session->out.last();
        if (session->out.confirmed() < receipt.last) ask(*session);
    }
    if (is_over(receipt, now) || receipts_.size() >= most_waiting_streams) return receipt.then();
    if (receipts_.empty()) receiver_->arm(now + look_every);
    receipts_.push_back(std::move(receipt));
}

bool Hub::is_over(const Receipt& receipt, TimePoint now) {
    const Lane& lane = lanes_.lane(receipt.from, receipt.to);
    if (lane.under_way == 0 || now >= receipt.until) return true;
    const Session* session = receipt.session == 0 ? nullptr : session_with(lane);
    return session != nullptr && session->serial == receipt.session && session->out.confirmed() >= receipt.last;
}

void Hub::look_at_receipts() {
    const TimePoint now = context_.shard.loop.now();
    std::deque<Receipt> over, rest;
    for (Receipt& receipt : receipts_) (is_over(receipt, now) ? over : rest).push_back(std::move(receipt));
    receipts_ = std::move(rest);
    if (!receipts_.empty()) receiver_->arm(now + look_every);
    for (const Receipt& receipt : over) receipt.then();
}

}  // namespace sallyport::link
