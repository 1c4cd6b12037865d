// Random scripts of headers, elements, TLS, verdicts, time and rules against both stream machines. Whatever the script:
// no pair becomes ready and no stanza is delivered without a proof that this very stream asked for; nothing goes in
// clear when TLS is required; what is said is well-formed; who is done is silent; nobody who waits is forgotten.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fuzz/check.h"
#include "proto/s2s/certificate.h"
#include "proto/s2s/inbound.h"
#include "proto/s2s/outbound.h"
#include "proto/xmpp/namespaces.h"
#include "support/test_rules.h"

namespace {

using namespace sallyport;
using namespace sallyport::s2s;
using sallyport::testing::certificate_for;
using sallyport::testing::pair_of;
using sallyport::testing::self_signed_for;
using sallyport::testing::TestRules;
using sallyport::testing::tls_with;

void require(bool holds, const char* what) { fuzz::check(holds, what); }

class Script {
public:
    Script(const std::uint8_t* bytes, std::size_t size) : bytes_{bytes}, size_{size} {}
    [[nodiscard]] bool done() const { return at_ >= size_; }
    unsigned next(unsigned below) { return at_ < size_ ? bytes_[at_++] % below : 0; }

private:
    const std::uint8_t* bytes_;
    std::size_t size_, at_ = 0;
};

constexpr const char* domains[] = {"corp.example",     "partner.example",   "rooms.corp.example",
                                   "victim.example",   "PARTNER.example.",  "nowhere.example",
                                   "retired.example",  "u@partner.example", "",
                                   "x.partner.example"};
constexpr const char* types[] = {"valid", "invalid", "error", ""};
constexpr const char* ids[] = {"peer-1", "id1", "id2", "", "q1"};

std::optional<CertFacts> certificate(unsigned kind) {
    switch (kind) {
        case 0: return std::nullopt;
        case 1: return certificate_for("partner.example");
        case 2: return self_signed_for("partner.example");
        default: return certificate_for("victim.example");
    }
}

/// What both kinds of stream have in common: elements, headers, and the checks of what was said.
struct World {
    explicit World(Script& s) : script{s} {
        const unsigned mode = script.next(3);
        rules.everyone.security = mode == 0   ? SecurityMode::tls_required
                                  : mode == 1 ? SecurityMode::tls_optional
                                              : SecurityMode::no_tls;
        const unsigned flags = script.next(64);
        rules.everyone.require_certificate = (flags & 1) != 0;
        rules.everyone.bidi = (flags & 2) != 0;
        rules.everyone.certificate_shortcut = (flags & 4) == 0;
        rules.everyone.offer_dialback = (flags & 8) == 0;
        rules.everyone.offer_external = (flags & 16) == 0;
        direct = (flags & 32) != 0;
        echo = std::make_unique<xml::Reader>(Limits{}.after_auth);
    }

    xml::Element dialback(const char* name) {
        xml::Element element{std::string{xmpp::ns::dialback}, name};
        element.set("from", domains[script.next(10)]).set("to", domains[script.next(10)]);
        if (std::string_view{name} == "verify") element.set("id", ids[script.next(5)]);
        const unsigned type = script.next(6);
        if (type < 4) element.set("type", types[type]);
        if (script.next(2) != 0) element.add_text("d780f198");
        return element;
    }

    xml::Element element() {
        using xmpp::ns::sasl;
        using xmpp::ns::stream_management;
        switch (script.next(20)) {
            case 0:
            case 1: return dialback("result");
            case 2:
            case 3: return dialback("verify");
            case 4: return {std::string{xmpp::ns::tls}, "starttls"};
            case 5: return {std::string{xmpp::ns::tls}, "proceed"};
            case 6: return {std::string{xmpp::ns::tls}, "failure"};
            case 7: {
                xml::Element auth{std::string{sasl}, "auth"};
                auth.set("mechanism", script.next(4) == 0 ? "PLAIN" : "EXTERNAL");
                constexpr const char* responses[] = {"=", "", "cGFydG5lci5leGFtcGxl", "dmljdGltLmV4YW1wbGU=", "===="};
                return auth.add_text(responses[script.next(5)]);
            }
            case 8: return xml::Element{std::string{sasl}, "response"}.add_text("=");
            case 9: return {std::string{sasl}, "success"};
            case 10: return {std::string{sasl}, "failure"};
            case 11: return {std::string{xmpp::ns::bidi}, "bidi"};
            case 12: return {std::string{stream_management}, "enable"};
            case 13: return {std::string{stream_management}, "enabled"};
            case 14: return {std::string{stream_management}, "r"};
            case 15:
                return xml::Element{std::string{stream_management}, "a"}.set("h", std::to_string(script.next(256)));
            case 16:
            case 17: return features();
            case 18: return {std::string{xmpp::ns::streams}, "error"};
            default: return {"urn:x", "x"};
        }
    }

    xml::Element features() {
        xml::Element all{std::string{xmpp::ns::streams}, "features"};
        const unsigned offered = script.next(64);
        if ((offered & 1) != 0) all.add({std::string{xmpp::ns::tls}, "starttls"});
        if ((offered & 2) != 0) {
            xml::Element mechanisms{std::string{xmpp::ns::sasl}, "mechanisms"};
            mechanisms.add(xml::Element{std::string{xmpp::ns::sasl}, "mechanism"}.add_text("EXTERNAL"));
            all.add(mechanisms);
        }
        if ((offered & 4) != 0) {
            xml::Element feature{std::string{xmpp::ns::dialback_feature}, "dialback"};
            all.add(feature.add({std::string{xmpp::ns::dialback_feature}, "errors"}));
        }
        if ((offered & 8) != 0) all.add({std::string{xmpp::ns::bidi_feature}, "bidi"});
        if ((offered & 16) != 0) all.add({std::string{xmpp::ns::stream_management}, "sm"});
        return all;
    }

    xml::Header header() {
        xml::Header h;
        const unsigned odd = script.next(16);
        h.space = odd == 1 ? "urn:x" : std::string{xmpp::ns::streams};
        h.name = "stream";
        h.prefix = odd == 2 ? "s" : "stream";
        h.content_space = odd == 3 ? "jabber:client" : "jabber:server";
        h.prefixes = {{"db", std::string{xmpp::ns::dialback}}};
        h.attributes.push_back({{}, "from", domains[script.next(10)]});
        h.attributes.push_back({{}, "to", domains[script.next(10)]});
        h.attributes.push_back({{}, "id", ids[script.next(5)]});
        if (odd != 4) h.attributes.push_back({{}, "version", odd == 5 ? "9.0" : "1.0"});
        return h;
    }

    xmpp::Stanza stanza() {
        xmpp::Stanza s;
        s.to = s.to_domain = domains[script.next(4)];
        s.from = s.from_domain = domains[script.next(4)];
        return s;
    }

    void say(const std::string& bytes) {
        require(!ended, "said after the end");
        said += bytes;
        echo->feed(bytes);
        for (;;) {
            const xml::Kind kind = echo->next();
            if (kind == xml::Kind::need_more) break;
            require(kind != xml::Kind::problem, "said what cannot be read");
        }
    }

    void close(const Close& closing) {
        if (!closing.silent) {
            if (closing.error) say(xmpp::write(*closing.error));
            say("</stream:stream>");
        }
        require(!ended, "ended twice");
        ended = true;
    }

    void restart() {
        echo = std::make_unique<xml::Reader>(Limits{}.after_auth);
        said.clear();
    }

    Script& script;
    TestRules rules;
    bool direct = false;
    bool ended = false;
    std::unique_ptr<xml::Reader> echo;
    std::string said;  ///< on the current XML stream
    TimePoint now{};
};

std::string fresh(unsigned& count) { return "id" + std::to_string(++count); }

void play_inbound(Script& script) {
    World world{script};
    unsigned count = 0;
    InboundSettings settings;
    settings.direct_tls = world.direct;
    settings.fresh_id = [&count] { return fresh(count); };
    settings.fresh_session = [&count] { return fresh(count); };
    settings.limits.pairs_per_stream = 4;
    settings.limits.pending_dialbacks_per_stream = 2;
    Inbound machine{settings, world.rules, world.now};

    std::optional<TlsFacts> tls;
    bool tls_asked = world.direct;
    std::set<xmpp::DomainPair> asked, ready;
    std::optional<xmpp::DomainPair> granted;  // by the verdict of this very step
    bool authenticating = false, authenticated = false;
    std::uint64_t sequence = 0;
    std::optional<std::string> resumes;  // waits for an answer
    ReceivedCounter broken;              // of a stream that can be resumed
    broken.enable();
    broken.keep_marks(8);
    for (unsigned n = script.next(4); n > 0; --n) static_cast<void>(broken.receive(n));

    const auto proves_remote = [&](const xmpp::DomainPair& pair) {
        return tls && tls->peer && proves(*tls->peer, pair.remote);
    };
    const auto carry_out = [&](Actions& actions) {
        for (Action& action : actions) {
            if (auto* send = std::get_if<Send>(&action)) {
                if (!tls && world.rules.everyone.security == SecurityMode::tls_required) {
                    require(send->bytes.find("type='valid'") == std::string::npos, "a verdict in clear");
                    require(send->bytes.find("<success") == std::string::npos, "SASL in clear");
                }
                if (send->bytes.starts_with("<success")) {
                    require(authenticating && proves_remote(machine.peer()), "SASL without proof");
                    authenticated = true;
                }
                world.say(send->bytes);
            } else if (std::holds_alternative<StartTls>(action)) {
                require(!tls, "TLS twice");
                tls_asked = true;
            } else if (std::holds_alternative<RestartXml>(action)) {
                world.restart();
                asked.clear();
                ready.clear();
            } else if (auto* request = std::get_if<Verify>(&action)) {
                require(tls || world.rules.everyone.security != SecurityMode::tls_required, "a call in clear");
                require(request->stream_id == machine.id(), "a call with another id");
                asked.insert(request->pair);
            } else if (auto* pair = std::get_if<PairReady>(&action)) {
                require(tls || world.rules.everyone.security != SecurityMode::tls_required, "ready in clear");
                require(world.rules.serves(pair->pair.local) == Served::yes, "ready for a foreign domain");
                require(world.rules.serves(pair->pair.remote) == Served::no, "ready for a domain of ours");
                if (pair->method == Method::dialback) {
                    require(granted == pair->pair && asked.contains(pair->pair), "ready without a verdict");
                } else if (pair->method == Method::external) {
                    require(authenticated && proves_remote(pair->pair), "external without a certificate");
                } else {
                    require(proves_remote(pair->pair), "a shortcut without a certificate");
                }
                ready.insert(pair->pair);
            } else if (auto* wanted = std::get_if<Resume>(&action)) {
                require(!ready.empty(), "resumed by a stranger");
                resumes = wanted->id;
            } else if (auto* closing = std::get_if<Close>(&action)) {
                world.close(*closing);
            }
        }
        actions.clear();
    };

    while (!script.done()) {
        Actions actions;
        granted.reset();
        authenticating = false;
        switch (script.next(12)) {
            case 0:
            case 1: machine.on_header(world.header(), world.now, actions); break;
            case 2:
            case 3:
            case 4: {
                const xml::Element element = world.element();
                authenticating = element.space == xmpp::ns::sasl;
                machine.on_element(element, script.next(8) == 0 ? 1 : 0, world.now, actions);
                break;
            }
            case 5:
                if (tls_asked && !world.ended) {
                    tls_asked = false;
                    tls = tls_with(certificate(script.next(4)));
                    machine.on_tls(*tls, world.now, actions);
                }
                break;
            case 6:
            case 7: {
                const auto pair = pair_of(domains[script.next(4)], domains[script.next(4)]);
                const unsigned outcome = script.next(3);
                if (outcome == 0) granted = pair;
                machine.on_verified(pair, static_cast<Verified::Outcome>(outcome),
                                    xmpp::StanzaCondition::remote_server_timeout, "", world.now, actions);
                break;
            }
            case 8: {
                const xmpp::Stanza stanza = world.stanza();
                if (machine.on_stanza(stanza, world.now, sequence, actions)) {
                    require(ready.contains(pair_of(stanza.to_domain, stanza.from_domain)), "delivered without proof");
                    if (script.next(2) != 0) machine.on_handled(sequence, actions);
                }
                break;
            }
            case 9:
                world.now += std::chrono::seconds{script.next(64)};
                if (machine.deadline() <= world.now) machine.on_deadline(world.now, actions);
                break;
            case 10:
                if (script.next(4) == 0) {
                    if (!world.rules.denied_in.erase("partner.example"))
                        world.rules.denied_in.insert("partner.example");
                    machine.on_rules_changed(world.now, actions);
                } else {
                    machine.on_partial(script.next(2) != 0, world.now);
                }
                break;
            default:
                if (script.next(8) == 0) machine.on_footer(world.now, actions);
                if (script.next(16) == 0) machine.on_closed(world.now, actions);
                machine.on_sent(world.now, actions);
                break;
        }
        carry_out(actions);
        if (const auto wanted = std::exchange(resumes, std::nullopt)) {
            if (script.next(2) == 0) {
                machine.resume(*wanted, broken, world.now, actions);
            } else {
                machine.refuse_resumption(script.next(2) == 0 ? std::nullopt : std::optional{7U}, world.now, actions);
            }
            carry_out(actions);
        }
        require(!machine.resuming(), "a request to resume without an answer");
        require(machine.closed() == (machine.deadline() == never), "an open stream has a timer, a closed one has none");
        require(machine.pairs().size() <= 4, "more pairs than allowed");
        if (machine.closed()) {
            require(!machine.authenticated(), "authenticated when closed");
            world.ended = true;
        }
    }
}

void play_outbound(Script& script) {
    World world{script};
    OutboundSettings settings;
    settings.direct_tls = world.direct;
    const bool verify_only = script.next(2) != 0;
    const auto first = pair_of("corp.example", "partner.example");
    if (script.next(2) == 0) settings.limits.s2s_resume_seconds = 0;
    if (script.next(2) == 0) settings.resume = Resumption{"session", {first}, script.next(8), script.next(8), {}};
    std::set<std::string> answered;  // pairs as text
    Outbound machine{settings, world.rules, first, verify_only, world.now};

    std::optional<TlsFacts> tls;
    bool tls_asked = false, succeeded = false;
    std::optional<xml::Element> answer;              // the element of this step
    std::multiset<std::string> waiting;              // ids of questions without an answer
    std::set<std::string> pairs_waiting, requested;  // pairs as text
    if (!verify_only) pairs_waiting.insert(first.text());

    const auto says_valid = [&](const char* name, const xmpp::DomainPair& pair) {
        if (!answer || answer->name != name || answer->attribute("type") != "valid") return false;
        const auto from = xmpp::Domain::parse(answer->attribute("from"));
        const auto to = xmpp::Domain::parse(answer->attribute("to"));
        return from && to && *from == pair.remote && *to == pair.local;
    };
    const auto carry_out = [&](Actions& actions) {
        // Stanzas may wait for the answer to <enable/> or <resume/>.
        for (const std::string& waits : pairs_waiting) {
            const std::size_t colon = waits.find(':');
            const auto local = xmpp::Domain::parse(waits.substr(0, colon));
            const auto remote = xmpp::Domain::parse(waits.substr(colon + 1));
            if (local && remote && says_valid("result", {*local, *remote})) answered.insert(waits);
        }
        for (Action& action : actions) {
            if (auto* send = std::get_if<Send>(&action)) {
                const std::string& bytes = send->bytes;
                if (!tls && world.rules.everyone.security == SecurityMode::tls_required) {
                    require(bytes.starts_with("<?xml") || bytes.starts_with("<starttls"),
                            "more than starttls in clear");
                }
                if (bytes.starts_with("<auth")) {
                    require(tls && tls->peer && proves(*tls->peer, first.remote), "EXTERNAL to an unproven server");
                }
                world.say(bytes);
            } else if (std::holds_alternative<StartTls>(action)) {
                require(!tls, "TLS twice");
                tls_asked = true;
            } else if (std::holds_alternative<RestartXml>(action)) {
                world.restart();
            } else if (auto* pair = std::get_if<PairReady>(&action)) {
                require(tls || world.rules.everyone.security != SecurityMode::tls_required, "ready in clear");
                const std::string asked_for =
                    "<db:result from='" + pair->pair.local.text() + "' to='" + pair->pair.remote.text() + "'>";
                if (pair->method == Method::dialback) {
                    require(answered.contains(pair->pair.text()), "ready without an answer");
                    require(world.said.find(asked_for) != std::string::npos, "ready without a question");
                } else {
                    require(succeeded && pair->pair == first, "external without success");
                    require(tls && tls->peer && proves(*tls->peer, first.remote), "external with an unproven server");
                }
                require(pairs_waiting.erase(pair->pair.text()) == 1, "ready without waiting");
            } else if (auto* failed = std::get_if<PairFailed>(&action)) {
                require(pairs_waiting.erase(failed->pair.text()) == 1, "failed without waiting");
            } else if (auto* verified = std::get_if<Verified>(&action)) {
                const auto at = waiting.find(verified->stream_id);
                require(at != waiting.end(), "an answer to nothing");
                waiting.erase(at);
                if (verified->outcome == Verified::Outcome::valid) {
                    require(says_valid("verify", verified->pair), "verified without an answer");
                    require(answer->attribute("id") == verified->stream_id, "verified with another id");
                }
            } else if (auto* closing = std::get_if<Close>(&action)) {
                world.close(*closing);
            }
        }
        actions.clear();
    };

    while (!script.done()) {
        Actions actions;
        answer.reset();
        std::uint64_t sequence = 0;
        switch (script.next(12)) {
            case 0: machine.on_connected(world.now, actions); break;
            case 1: machine.on_header(world.header(), world.now, actions); break;
            case 2:
            case 3:
            case 4:
            case 5: {
                answer = world.element();
                if (answer->name == "success" && machine.state() == "authenticating") succeeded = true;
                machine.on_element(*answer, script.next(8) == 0 ? 1 : 0, world.now, actions);
                break;
            }
            case 6:
                if (tls_asked && !world.ended) {
                    tls_asked = false;
                    tls = tls_with(certificate(script.next(4)));
                    machine.on_tls(*tls, world.now, actions);
                }
                break;
            case 7: {
                const Verify request{pair_of("corp.example", domains[1 + 2 * script.next(2)]), ids[script.next(5)],
                                     "k"};
                waiting.insert(request.stream_id);
                machine.verify(request, world.now, actions);
                break;
            }
            case 8: {
                const auto pair = pair_of(domains[2 * script.next(2)], domains[1 + 2 * script.next(2)]);
                const auto before = machine.pairs();
                const bool known = std::any_of(before.begin(), before.end(),
                                               [&](const Inbound::Pair& p) { return p.domains == pair; });
                if (machine.add_pair(pair, world.now, actions) && !known) pairs_waiting.insert(pair.text());
                break;
            }
            case 9: {
                const xmpp::Stanza stanza = world.stanza();
                if (machine.on_stanza(stanza, world.now, sequence, actions)) {
                    require(machine.bidi(), "delivered against the direction");
                    machine.on_handled(sequence, actions);
                }
                break;
            }
            case 10:
                world.now += std::chrono::seconds{script.next(64)};
                if (machine.deadline() <= world.now) machine.on_deadline(world.now, actions);
                break;
            default:
                if (script.next(8) == 0) machine.on_footer(world.now, actions);
                if (script.next(16) == 0) machine.on_closed(world.now, actions);
                machine.on_sent(world.now, actions);
                if (script.next(4) == 0) static_cast<void>(machine.probe(world.now, actions));
                break;
        }
        carry_out(actions);
        require(machine.closed() == (machine.deadline() == never), "an open stream has a timer, a closed one has none");
        if (machine.closed()) {
            world.ended = true;
            require(waiting.empty(), "a question was forgotten");
            require(pairs_waiting.empty(), "a pair was forgotten");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size > 4096) return 0;
    Script script{bytes, size};
    if (script.next(2) == 0) {
        play_inbound(script);
    } else {
        play_outbound(script);
    }
    return 0;
}
