// One timer, one look, many readers.
#include "admin/rest/change_feed.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "admin/api/answer_text.h"
#include "admin/api/call.h"
#include "admin/api/setting_change.h"
#include "admin/api/status_json.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::uint64_t ticks_of_alarms = 2;
constexpr std::uint64_t ticks_of_status = 8;
constexpr std::uint64_t ticks_of_heartbeat = 60;
constexpr std::size_t most_behind = 4;  ///< times the limit, for a client that reads, only not as fast as things change

/// Each kind of event, and the verb that shows the same.
struct Seen {
    std::string_view event, verb;
};
constexpr Seen kinds[] = {{"log", "events"}, {"setting", "config.get"}, {"alarm", "alarms"}, {"status", "status"}};

bool may_see(const Principal& who, std::string_view event) {
    const auto* at =
        std::find_if(std::begin(kinds), std::end(kinds), [&](const Seen& kind) { return kind.event == event; });
    return at != std::end(kinds) && who.may(at->verb, find_verb(at->verb)->needs);
}

}  // namespace

ChangeFeed::ChangeFeed(NodeControl& node, AccessDesk& desk)
    : node_{node}, desk_{desk}, alive_{std::make_shared<ChangeFeed*>(this)} {
    timer_ = node_.loop().timer([this] { work(); });
    node_.settings().subscribe([weak = std::weak_ptr(alive_)](const config::Snapshot& now) {
        if (const auto feed = weak.lock()) (*feed)->on_settings(now);
    });
}

ChangeFeed::~ChangeFeed() = default;

bool ChangeFeed::may_follow(const Principal& who) {
    return std::any_of(std::begin(kinds), std::end(kinds), [&](const Seen& kind) { return may_see(who, kind.event); });
}

std::optional<Error> ChangeFeed::follow(const Principal& who, io::HttpResponse head,
                                        const std::shared_ptr<io::HttpExchange>& to) {
    sweep();
    const AdminLimits& limits = node_.file().admin.limits;
    const auto own = std::count_if(clients_.begin(), clients_.end(),
                                   [&](const Client& client) { return client.who.author == who.author; });
    if (clients_.size() >= limits.change_streams ||
        static_cast<std::uint64_t>(own) >= limits.change_streams_per_account) {
        return Error{"limit-streams", "too many clients follow the changes already"};
    }
    if (clients_.empty()) {
        const auto latest = node_.events(0, 1);
        last_log_ = latest.empty() ? 0 : latest.back().number;
        alarms_.clear();
        ticks_ = 0;
    }
    Client& client = clients_.emplace_back();
    client.who = who;
    io::HttpStreamEvents events;
    events.on_closed = [&client] { client.gone = true; };
    client.stream = to->stream(std::move(head), std::move(events));
    client.written = client.stream->pending();  // the head of the answer
    client.took_at = node_.loop().now();        // whose patience begins here, however large the first change is
    write(client, "retry: 3000\n\n");
    // Everybody gets the whole state once more with the next tick; the new one needs it. However many come, and however
    // often, the tick is not put off, and the state is asked for once.
    is_new_ = true;
    if (clients_.size() == 1) timer_->arm(node_.loop().now() + tick);
    return std::nullopt;
}

void ChangeFeed::work() {
    sweep();
    if (clients_.empty()) return;
    timer_->arm(node_.loop().now() + tick);
    ++ticks_;
    send_log();
    const bool whole = std::exchange(is_new_, false);
    if (whole) alarms_.clear();
    if (whole || ticks_ % ticks_of_alarms == 0) ask("alarms", "alarm", &alarms_);
    if (whole || ticks_ % ticks_of_status == 0) ask("status", "status", nullptr);
    if (ticks_ % ticks_of_heartbeat == 0) send_heartbeat();
}

void ChangeFeed::send_log() {
    for (const io::LogEvent& event : node_.events(last_log_, io::NodeLog::events_kept)) {
        last_log_ = event.number;
        send("log", answer_text(json_of(event)));
    }
}

/// The result of a verb; with `last` only when it is another than that.
void ChangeFeed::ask(const char* verb, const char* event, std::string* last) {
    Call::start(node_, Call::Caller{}, *find_verb(verb), {}, std::nullopt,
                [weak = std::weak_ptr(alive_), event, last](const json::object& answer, bool) {
                    const auto feed = weak.lock();
                    if (!feed || !answer.contains("result")) return;
                    std::string data = answer_text(answer.at("result"));
                    if (last != nullptr && *last == data) return;
                    (*feed)->send(event, data);
                    if (last != nullptr) *last = std::move(data);
                });
}

void ChangeFeed::on_settings(const config::Snapshot& now) {
    const config::Snapshot before = std::exchange(settings_, now);
    if (!before || clients_.empty()) return;
    json::array changes;
    for (const config::SettingRow& row : config::setting_rows()) {
        if (row.load(*before) == row.load(*now)) continue;
        changes.push_back(json::object{{"name", json::string_view{row.name.data(), row.name.size()}},
                                       {"value", shown_value(row, *now)}});
    }
    send("setting", answer_text(json::object{{"revision", now->revision}, {"changes", std::move(changes)}}));
}

void ChangeFeed::send(std::string_view event, const std::string& data) {
    const std::string block = "event: " + std::string{event} + "\ndata: " + data + "\n\n";
    for (Client& client : clients_) {
        if (may_see(client.who, event)) write(client, block);
    }
}

/// Who was logged out meanwhile, or whose token was taken back, follows no longer.
void ChangeFeed::send_heartbeat() {
    for (Client& client : clients_) {
        if (!still_good(client.who)) client.gone = true;
        write(client, ": still here\n\n");
    }
}

bool ChangeFeed::still_good(const Principal& who) {
    if (!who.session.empty()) return desk_.sessions().look(who.session) != nullptr;
    const auto tokens = desk_.tokens();
    return tokens && std::any_of(tokens->begin(), tokens->end(), [&](const io::AdminToken& token) {
               return token.name == who.name && token.expires > node_.loop().wall();
           });
}

void ChangeFeed::write(Client& client, std::string_view bytes) {
    if (client.gone) return;
    const std::size_t waiting = client.stream->pending();
    const TimePoint now = node_.loop().now();
    if (const std::uint64_t taken = client.written - waiting; waiting == 0 || taken > client.taken) {
        client.taken = taken;
        client.took_at = now;
    }
    // One change of a long list may be larger than the limit: nobody who reads is let go for its sake.
    const std::uint64_t limit = node_.file().admin.limits.change_stream_bytes;
    const bool much = waiting > 0 && waiting + bytes.size() > limit;
    if (much && (now - client.took_at >= patience || waiting + bytes.size() > most_behind * limit)) {
        client.gone = true;
        return;
    }
    client.written += bytes.size();
    client.stream->write(bytes);
}

void ChangeFeed::sweep() {
    clients_.remove_if([](const Client& client) { return client.gone; });
}

}  // namespace sallyport::admin
