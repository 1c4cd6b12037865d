// The window of bytes that the scanner sees: bytes are used where they were received, only the unfinished rest is kept.
#include <algorithm>
#include <utility>

#include "proto/xml/chars.h"
#include "proto/xml/reader_state.h"

namespace sallyport::xml {

namespace {

// How much of a feed is copied at first to complete an element that began in an earlier one.
constexpr std::size_t first_step = 512;

}  // namespace

void Reader::State::release() {
    if (passed) passing.reset();
    passed = false;
    if (slice_is_tail) std::string{}.swap(tail);
    slice_is_tail = false;
    slice = {};
}

Kind Reader::State::fail(const Fault& why) {
    fault = why;
    phase = Phase::failed;
    under_way = false;
    input = {};
    passing.reset();
    std::string{}.swap(undrained);
    std::string{}.swap(tail);
    return Kind::problem;
}

/// Runs `step` on the bytes of the token under way until it is complete, failed, or no byte is left. Never shows it
/// more than the limit: an endless token is refused as soon as it passes it, however it arrives (threat T57).
template <typename Step>
Scan Reader::State::drive(Step step) {
    const auto most = static_cast<std::size_t>(limits.element_bytes);
    const auto judge = [&](std::string_view bytes) {
        const Scan scan = step(bytes.substr(0, most));
        if (scan != Scan::more || bytes.size() <= most) return scan;
        fault = beyond(Bound::bytes);
        return Scan::failed;
    };
    if (tail.empty()) {
        const Scan scan = judge(input);
        if (scan == Scan::complete) {
            slice = input.substr(0, token_end);
            input.remove_prefix(token_end);
        } else if (scan == Scan::more) {
            tail = input;
            input = {};
        }
        return scan;
    }
    for (std::size_t size = first_step; !input.empty(); size *= 2) {
        const std::size_t taken = std::min(size, input.size());
        tail.append(input.substr(0, taken));
        const Scan scan = judge(tail);
        if (scan == Scan::complete) {
            input.remove_prefix(taken - (tail.size() - token_end));
            tail.resize(token_end);
            slice = tail;
            slice_is_tail = true;
            return scan;
        }
        if (scan == Scan::failed) {
            tail.resize(tail.size() - taken);  // what is of `input` is there still
            return scan;
        }
        input.remove_prefix(taken);
    }
    return Scan::more;
}

Kind Reader::State::next() {
    release();
    for (;;) {
        if (phase == Phase::failed) return Kind::problem;
        if (phase == Phase::closing) {
            phase = Phase::closed;
            return Kind::footer;
        }
        if (phase == Phase::closed) {
            input = {};
            return Kind::need_more;
        }
        const Kind kind = next_token();
        if (kind != Kind::need_more || (input.empty() && !slice_is_tail && slice.empty())) return kind;
        release();
    }
}

/// White space, then one token. need_more with a slice: an XML declaration was passed.
Kind Reader::State::next_token() {
    if (!under_way) {
        const char* const begin = input.data();
        const char* const at = skip_white(begin, begin + input.size());
        const auto skipped = static_cast<std::size_t>(at - begin);
        consumed += skipped;
        at_start = at_start && skipped == 0;
        input.remove_prefix(skipped);
        if (input.empty()) return Kind::need_more;
        if (input[0] != '<') return judge_between(input[0]);
        if (next_limits) limits = *std::exchange(next_limits, std::nullopt);
        under_way = true;
        progress = 0;
        scanner.restart(header);
    }
    if (input.empty()) return Kind::need_more;
    if (passing) return pass();
    found = Kind::need_more;
    const Scan scan = drive([&](std::string_view window) {
        return phase == Phase::prolog ? scan_prolog(window) : scan_first_level(window);
    });
    if (scan == Scan::failed) return may_pass() ? begin_passing() : fail(fault);
    if (scan == Scan::more) return Kind::need_more;
    under_way = false;
    at_start = false;
    consumed += token_end;
    if (found == Kind::element) scanner.fill(shell, slice.data(), header);
    return found;
}

/// An endless closing tag of the stream is no element.
bool Reader::State::may_pass() const {
    const std::string_view begin = tail.empty() ? input : std::string_view{tail};
    return passes_over && phase == Phase::open && fault.problem == Problem::limit && !begin.starts_with("</");
}

/// What is there of the element under way is read once more, and the rest as it comes (threats T50, T57).
Kind Reader::State::begin_passing() {
    passing = std::make_unique<ElementPassing>(header);
    Fault why;
    std::size_t used = 0;
    if (passing->run(tail, used, why) == Scan::failed) return fail(why);
    std::string{}.swap(tail);
    return pass();
}

Kind Reader::State::pass() {
    const std::uint64_t left =
        limits.element_bytes * patience - std::min(passing->size(), limits.element_bytes * patience);
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), left));
    Fault why;
    std::size_t used = 0;
    const Scan scan = passing->run(input.substr(0, most), used, why);
    if (scan == Scan::failed) return fail(why);
    input.remove_prefix(used);
    if (scan == Scan::more) return input.empty() ? Kind::need_more : fail({Problem::limit, "an element much too long"});
    consumed += passing->size();
    passed = true;
    under_way = false;
    shell = passing->shell();
    return Kind::excess;
}

}  // namespace sallyport::xml
