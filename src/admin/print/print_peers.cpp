// `peers` for people.
#include <boost/json.hpp>
#include <ostream>

#include "admin/print/print.h"
#include "admin/print/table.h"
#include "base/counted.h"
#include "base/join.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// From our side: out to the right, in to the left.
std::string arrow(const json::value& peer) {
    const bool in = flag_of(peer, "inbound");
    const bool out = flag_of(peer, "outbound");
    return in && out ? "<->" : in ? "<--" : out ? "-->" : "---";
}

std::string short_method(const std::string& method) {
    if (method == "certificate-dialback") return "cert+db";
    if (method == "external") return "cert";
    return method.empty() || method == "none" ? "-" : method;
}

std::string short_tls(const std::string& version) {
    constexpr std::string_view prefix = "TLSv";
    if (version.empty()) return "-";
    return version.starts_with(prefix) ? version.substr(prefix.size()) : version;
}

/// "anna@b.test, bert@b.test and 3 more"; empty when nobody is.
std::string hurt_users(const json::value& row) {
    std::string all;
    for (const json::value& user : list_of(row, "users")) {
        append_item(all, (user.is_string() ? std::string{user.get_string()} : std::string{}));
    }
    const std::uint64_t more = count_of(row, "users_more");
    return more == 0 ? all : all + " and " + count_words(more) + " more";
}

/// "name  value" lines, each only when there is a value.
class Facts {
public:
    Facts(std::ostream& out, std::size_t indent) : out_{out}, indent_{indent} {}
    void line(const std::string& name, const std::string& value) {
        constexpr std::size_t column = 16;
        if (value.empty()) return;
        std::string head = std::string(indent_, ' ') + name;
        head.resize(std::max(indent_ + column, head.size() + 1), ' ');
        write_hanging(out_, head, value);
    }

private:
    std::ostream& out_;
    std::size_t indent_;
};

void print_stream(const json::value& stream, std::ostream& out) {
    const bool inbound = text_of(stream, "direction") == "inbound";
    const std::string id = text_of(stream, "id");
    out << '\n';
    write_hanging(out, inbound ? "<-- " : "--> ",
                  std::string{inbound ? "inbound" : "outbound"} + " stream " + id +
                      (flag_of(stream, "dialback_only") ? " (dialback only)" : ""));
    Facts facts{out, 4};
    std::string pairs;
    for (const json::value& pair : list_of(stream, "pairs")) {
        append_item(pairs, text_of(pair, "local") + ":" + text_of(pair, "remote") + " (" +
                               (flag_of(pair, "pending") ? "pending" : text_of(pair, "method")) + ")");
    }
    facts.line("pairs", pairs);
    facts.line("state", text_of(stream, "state") + ", open for " + duration_words(number_of(stream, "open_seconds")));
    const std::string address = text_of(stream, "remote_address");
    if (!address.empty()) facts.line("address", address + " (here " + text_of(stream, "local_address") + ")");
    facts.line("TLS", member(stream, "tls") ? text_of(stream, "tls") + ", " + text_of(stream, "cipher") : "none");
    if (const json::value* certificate = member(stream, "certificate")) {
        facts.line("certificate", text_of(*certificate, "subject"));
        facts.line("issuer", text_of(*certificate, "issuer"));
        facts.line("valid until", time_words(text_of(*certificate, "not_after")));
        facts.line("fingerprint", text_of(*certificate, "sha256"));
    }
    facts.line("verdict", text_of(stream, "certificate_verdict"));
    facts.line("extensions",
               std::string{flag_of(stream, "acknowledgements") ? "acknowledgements" : "no acknowledgements"} +
                   (flag_of(stream, "bidirectional") ? ", bidirectional" : ""));
    facts.line("stanzas", "in " + count_words(count_of(stream, "stanzas_in")) + ", out " +
                              count_words(count_of(stream, "stanzas_out")) + ", unacknowledged " +
                              count_words(count_of(stream, "unacknowledged")));
    facts.line("bytes", "in " + count_words(count_of(stream, "bytes_in")) + ", out " +
                            count_words(count_of(stream, "bytes_out")));
    if (member(stream, "quiet_seconds")) facts.line("idle for", duration_words(number_of(stream, "quiet_seconds")));
}

void print_destination(const json::value& destination, std::ostream& out) {
    out << '\n';
    write_hanging(out, "queue ", text_of(destination, "local") + " --> " + text_of(destination, "remote"));
    Facts facts{out, 4};
    facts.line("state", text_of(destination, "state"));
    facts.line("queued", count_words(count_of(destination, "queued"), "stanza") + ", " +
                             count_words(count_of(destination, "queued_bytes"), "byte") + ", unacknowledged " +
                             count_words(count_of(destination, "unacknowledged")));
    facts.line("last success", time_words(text_of(destination, "last_success")));
    facts.line("last failure", time_words(text_of(destination, "last_failure")));
    const std::string step = text_of(destination, "last_step");
    const std::string error = text_of(destination, "last_error");
    facts.line("last error", step.empty() || error.empty() ? error : "at " + step + ": " + error);
    facts.line("affects users", hurt_users(destination));
    if (count_of(destination, "failures") == 0) return;
    facts.line("failures", count_words(count_of(destination, "failures")) + " in a row, next attempt in " +
                               duration_words(number_of(destination, "next_retry_seconds")));
}

void print_last_handshakes(const json::value& result, std::ostream& out) {
    for (const std::string which : {"last_good_handshake", "last_failed_handshake"}) {
        const json::value* one = member(result, which);
        if (one == nullptr) continue;
        const bool good = flag_of(*one, "good");
        out << '\n';
        write_hanging(out, good ? "last good handshake   " : "last failed handshake ",
                      text_of(*one, "id") + ", " + text_of(*one, "direction") + ", " +
                          time_words(text_of(*one, "started")) + ": " +
                          (good ? "" : "at " + text_of(*one, "failed_at") + ": ") + text_of(*one, "outcome"));
    }
}

}  // namespace

void print_peers(const json::value& result, std::ostream& out) {
    Table table{{{"DIR"},
                 {"REMOTE", false, 14},
                 {"LOCAL", false, 12},
                 {"AUTH"},
                 {"TLS"},
                 {"ADDRESS", false, 12},
                 {"STATE", false, 8, true},
                 {"QUEUED", true},
                 {"IN", true},
                 {"OUT", true}}};
    for (const json::value& peer : list_of(result, "peers")) {
        table.row({arrow(peer), text_of(peer, "remote"), text_of(peer, "local"), short_method(text_of(peer, "method")),
                   short_tls(text_of(peer, "tls")), text_of(peer, "address"), text_of(peer, "state"),
                   count_words(count_of(peer, "queued")), count_words(count_of(peer, "stanzas_in")),
                   count_words(count_of(peer, "stanzas_out"))});
        if (member(peer, "via")) table.note("through " + text_of(peer, "via"));
        if (member(peer, "last_error")) table.note("last error: " + text_of(peer, "last_error"));
        if (const std::string users = hurt_users(peer); !users.empty()) table.note("affects users: " + users);
    }
    if (table.empty()) {
        out << "No peers.\n";
    } else {
        table.write(out);
    }
}

void print_peer(const json::value& result, std::ostream& out) {
    if (!flag_of(result, "known")) {
        write_hanging(out, "",
                      "No streams, queue or handshakes with " + text_of(result, "domain") + "; `sallyport why OURS " +
                          text_of(result, "domain") + "` says whether it can federate.");
        return;
    }
    print_peers(result, out);
    for (const json::value& stream : list_of(result, "streams")) print_stream(stream, out);
    for (const json::value& destination : list_of(result, "destinations")) print_destination(destination, out);
    print_last_handshakes(result, out);
    for (const json::value& peer : list_of(result, "described")) {
        out << "\nas reported by " << text_of(peer, "edge") << '\n';
        Facts facts{out, 4};
        facts.line("pair", text_of(peer, "local") + ":" + text_of(peer, "remote") + " " + text_of(peer, "direction"));
        facts.line("authenticated by", text_of(peer, "method"));
        facts.line("TLS", text_of(peer, "tls") + ", " + text_of(peer, "cipher"));
        facts.line("address", text_of(peer, "address"));
        facts.line("verdict id", text_of(peer, "verdict"));
    }
}

void print_ping(const json::value& result, std::ostream& out) {
    write_hanging(out, "",
                  text_of(result, "remote") + " answered " + text_of(result, "local") + " after " +
                      millisecond_words(number_of(result, "milliseconds")));
}

void print_close(const json::value& result, std::ostream& out) {
    write_hanging(out, "",
                  "closed " + counted(count_of(result, "closed"), "stream") + " with " + text_of(result, "remote"));
}

void print_trace(const json::value& result, std::ostream& out) {
    const std::string of = text_of(result, "remote");
    const std::uint64_t seconds = count_of(result, "seconds");
    if (seconds == 0) return write_hanging(out, "", "tracing is off");
    write_hanging(out, "",
                  "stanzas of " + of + (member(result, "local") ? " and " + text_of(result, "local") : "") +
                      " are in the log for " + counted(seconds, "second") + ", level VBOSE, event s2s.stanza");
}

}  // namespace sallyport::admin
