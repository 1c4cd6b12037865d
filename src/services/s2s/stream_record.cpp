// From notes to steps.
#include "services/s2s/stream_record.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>

#include "base/join.h"
#include "proto/s2s/events.h"
#include "services/s2s/stream_text.h"

namespace sallyport::s2s {

namespace {

std::string fact(const Note& note, std::string_view key) {
    for (const LogFact& fact : note.facts) {
        if (fact.key == key) return fact.value;
    }
    return {};
}

/// Recorded steps are named as the events, without "s2s.".
std::string_view step_name(std::string_view event) {
    constexpr std::string_view prefix = "s2s.";
    return event.starts_with(prefix) ? event.substr(prefix.size()) : event;
}

std::string first_of(const std::vector<std::string>& names) {
    constexpr std::size_t most = 10;
    const std::string all = joined(std::span{names}.first(std::min(names.size(), most)), " ");
    return names.size() > most ? all + " …" : all;
}

std::string day_text(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", int{date.year()}, unsigned{date.month()}, unsigned{date.day()});
    return text;
}

}  // namespace

StreamRecord::StreamRecord(S2sContext& context, Direction direction, bool verify_only)
    : context_{context},
      inbound_{direction == Direction::inbound},
      verify_only_{verify_only},
      notebook_{context.limits.recorded_bytes} {}

void StreamRecord::begin(const xmpp::DomainPair& pair) {
    if (context_.records == nullptr) return;
    local_ = pair.local.text();
    remote_ = pair.remote.text();
    notebook_.begin(inbound_, context_.shard.loop.now(), context_.shard.loop.wall());
}

void StreamRecord::step(Stage stage, std::string_view name, record::Facts facts, bool good) {
    if (notebook_.open()) notebook_.step(stage, name, std::move(facts), good, context_.shard.loop.now());
}

void StreamRecord::tls(const TlsFacts& facts, std::string_view asked_name) {
    tls_ = facts.version + " " + facts.cipher;
    record::Facts told{{"version", facts.version}, {"cipher", facts.cipher}};
    const std::string sni = inbound_ ? facts.sni : std::string{asked_name};
    if (!sni.empty()) told.emplace_back("sni", sni);
    if (!facts.alpn.empty()) told.emplace_back("alpn", facts.alpn);
    bool good = true;
    if (facts.peer) {
        const CertFacts& peer = *facts.peer;
        told.emplace_back("subject", peer.subject);
        told.emplace_back("issuer", peer.issuer);
        told.emplace_back("names", first_of(peer.dns_names) + (peer.srv_names.empty() ? "" : " ") +
                                       first_of(peer.srv_names) + (peer.xmpp_addrs.empty() ? "" : " ") +
                                       first_of(peer.xmpp_addrs));
        told.emplace_back("not-after", day_text(peer.not_after));
        told.emplace_back("public-key", peer.key);
        told.emplace_back("sha256", peer.sha256);
        told.emplace_back("chain", peer.chain_valid ? "accepted" : peer.chain_error);
        good = peer.chain_valid;
    } else {
        told.emplace_back("chain", "no certificate");
    }
    step(Stage::tls, "tls.session", std::move(told), good);
}

/// A further pair is proved on an open stream.
void StreamRecord::open_again(const Note& note) {
    const bool asks =
        note.event == (inbound_ ? event::result_received : event::result_sent) && fact(note, "type").empty();
    if (!asks || context_.records == nullptr || (inbound_ && remote_.empty() && local_.empty())) return;
    notebook_.begin(inbound_, context_.shard.loop.now(), context_.shard.loop.wall());
    shared_ = true;
    failed_at_ = Stage::none;
    why_.clear();
    verdict_.clear();
    step(Stage::stream, "stream.open-already", {{"address", address_}, {"tls", tls_.empty() ? "none" : tls_}}, true);
}

void StreamRecord::learn_pair(const Note& note) {
    const bool opened = note.event == event::stream_opened && inbound_;
    const bool result = note.event == event::result_received && inbound_;
    const bool sent = note.event == event::result_sent && shared_;
    const bool asked = note.event == event::verify_received && inbound_;
    if (!opened && !result && !sent && !asked) return;
    const std::string from = fact(note, "from");
    const std::string to = fact(note, "to");
    (sent ? local_ : remote_) = from.empty() ? (sent ? local_ : remote_) : from;
    (sent ? remote_ : local_) = to.empty() ? (sent ? remote_ : local_) : to;
}

/// Whether the handshake is over with this note.
void StreamRecord::judge(const Note& note) {
    if (note.event == event::verify_answered) vouched_ = fact(note, "type");
    if (note.event == event::verify_received && verify_only_ && !fact(note, "type").empty()) {
        return finish(true, "the key is " + fact(note, "type"));
    }
    if (note.failure && note.level >= LogLevel::warn) {
        failed_at_ = note.failure->stage;
        // The state of a pair is the consequence of what was told before, which says more.
        const bool is_consequence = note.event == event::state && failed_at_ != Stage::policy;
        if (!is_consequence || why_.empty()) why_ = note.failure->why;
    } else if (note.level >= LogLevel::warn) {
        failed_at_ = stage_of(note.event);
        if (std::string said = reason_in(note); !said.empty()) why_ = std::move(said);
        if (why_.empty()) why_ = std::string{step_name(note.event)};
    }
    if (note.event != event::state) return;
    if (!note.failure) return finish(true, fact(note, "method"));
    if (inbound_ || shared_) finish(false, why_);
}

std::string StreamRecord::note(const Note& note) {
    if (context_.records == nullptr) return {};
    const std::string verdict = refusal(note);
    if (!verdict.empty()) verdict_ = verdict;
    if (!notebook_.open()) open_again(note);
    if (!notebook_.open()) return verdict;
    learn_pair(note);
    record::Facts facts;
    for (const LogFact& fact : note.facts) facts.emplace_back(std::string{fact.key}, fact.value);
    step(stage_of(note.event), step_name(note.event), std::move(facts), note.level < LogLevel::warn);
    judge(note);
    return verdict;
}

std::string StreamRecord::refusal(const Note& note) {
    // A state is the consequence of what was told before it, but where the policy itself takes a pair away.
    if (!note.failure || (note.event == event::state && note.failure->stage != Stage::policy)) return {};
    const xmpp::Failure& failure = *note.failure;
    const std::string& from = inbound_ ? remote_ : local_;
    const std::string& to = inbound_ ? local_ : remote_;
    const std::string& known_from = from.empty() ? address_ : from;
    const auto subject = failure.stage == Stage::dialback ? record::Subject::dialback : record::Subject::stream;
    return context_.records->verdicts().keep(
        {failure.cause(), subject, known_from, to, failure.why, failure.verdict, failure.remedy},
        context_.shard.loop.wall());
}

void StreamRecord::closed(Stage stage, const std::string& why) {
    if (!notebook_.open()) return;
    if (inbound_ && !vouched_.empty()) {
        notebook_.current().proven_only = true;
        return finish(true, "vouched: " + vouched_);
    }
    if (stage != Stage::none) {
        failed_at_ = stage;
    } else if (failed_at_ == Stage::none) {
        failed_at_ = notebook_.reached();
    }
    finish(false, why_.empty() ? why : why_);
}

void StreamRecord::finish(bool good, std::string result) {
    auto done = notebook_.finish(good, failed_at_, std::move(result), context_.shard.loop.now());
    if (!done) return;
    done->peer = remote_.empty() ? address_.substr(0, address_.rfind(':')) : remote_;
    done->local = local_;
    done->proven_only = done->proven_only || verify_only_;
    done->address = address_;
    done->shard = context_.shard.index;
    done->verdict_id = good ? std::string{} : verdict_;
    context_.records->done(std::move(*done));
}

}  // namespace sallyport::s2s
