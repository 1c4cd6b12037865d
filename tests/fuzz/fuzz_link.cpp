// Whatever a far side says on the router link (docs/protocol/link.md) or as a component (XEP-0114): nothing is granted
// before the handshake that the secret proves, what is answered is well-formed, and who is done is silent.
#include <cstdint>
#include <memory>
#include <string>

#include "base/hash.h"
#include "base/limits.h"
#include "fuzz/check.h"
#include "proto/link/component.h"
#include "proto/link/machine.h"
#include "proto/xmpp/namespaces.h"

namespace {

using namespace sallyport;
using namespace sallyport::link;

constexpr const char* stream_id = "id1";
constexpr const char* secret = "secret";

/// The digest that proves the secret stands in what was received.
bool proved(std::string_view received) {
    static const std::string digest = to_hex(sha1(std::string{stream_id} + secret));
    return received.find(digest) != std::string_view::npos;
}

/// Reads what we say, as the far side would.
class Echo {
public:
    void say(const std::string& bytes) {
        fuzz::check(!ended_, "said after the end");
        reader_.feed(bytes);
        for (xml::Kind kind = reader_.next(); kind != xml::Kind::need_more; kind = reader_.next()) {
            fuzz::check(kind != xml::Kind::problem, "said what cannot be read");
        }
    }
    void end() {
        fuzz::check(!ended_, "ended twice");
        ended_ = true;
    }

private:
    xml::Reader reader_{Limits{}.after_auth};
    bool ended_ = false;
};

/// Gives header, elements and ends to `machine` in pieces of `piece` bytes.
template <typename Play>
void read_in_pieces(std::string_view text, std::size_t piece, Play&& play) {
    xml::Reader reader{Limits{}.before_auth};
    for (std::size_t at = 0; at < text.size(); at += piece) {
        const std::string_view next = text.substr(at, piece);
        reader.feed(next);
        for (xml::Kind kind = reader.next(); kind != xml::Kind::need_more; kind = reader.next()) {
            if (!play(kind, reader, text.substr(0, at + next.size())) || kind == xml::Kind::problem) return;
        }
    }
}

void play_link(End end, std::string_view text, std::size_t piece) {
    MachineSettings settings;
    settings.end = end;
    settings.realm = "core-b-test";
    settings.far_realm = "edge-b-test";
    settings.node = "n1";
    settings.secret = secret;
    settings.stream_id = stream_id;
    Machine machine{settings, {}};
    Echo echo;
    bool session = false;
    const auto carry_out = [&](Actions& actions, std::string_view received, auto& self) -> void {
        for (Action& action : actions) {
            Actions answer;
            if (auto* send = std::get_if<Send>(&action)) {
                echo.say(send->bytes);
            } else if (auto* wanted = std::get_if<SessionWanted>(&action)) {
                if (end == End::listener) {
                    fuzz::check(proved(received), "a session without the secret");
                    wanted->previous.empty() ? machine.enabled("s1", answer) : machine.resume_failed(answer);
                } else {
                    machine.enable("s0", answer);
                }
            } else if (std::holds_alternative<SessionOpen>(action)) {
                session = true;
            } else if (std::holds_alternative<CountWanted>(action)) {
                machine.acknowledge(0, {}, answer);
            } else if (auto* closing = std::get_if<Close>(&action)) {
                if (closing->error) echo.say(xmpp::write(*closing->error));
                echo.say("</stream:stream>");
                echo.end();
            } else if (std::holds_alternative<Bound>(action) || std::holds_alternative<DoneReceived>(action) ||
                       std::holds_alternative<FactsReceived>(action)) {
                fuzz::check(end == End::dialler ? session : proved(received), "taken before a session");
            }
            self(answer, received, self);
        }
    };
    Actions actions;
    machine.on_connected(actions);
    carry_out(actions, {}, carry_out);
    read_in_pieces(text, piece, [&](xml::Kind kind, xml::Reader& reader, std::string_view received) {
        Actions out;
        machine.on_bytes({});
        if (kind == xml::Kind::header) machine.on_header(reader.header(), {}, out);
        if (kind == xml::Kind::footer) machine.on_footer(out);
        if (kind == xml::Kind::problem) machine.on_problem(reader.problem(), out);
        if (kind == xml::Kind::element) {
            const bool is_stanza =
                reader.shell().space == xmpp::ns::component && reader.shell().name != std::string_view{"handshake"};
            if (!is_stanza) {
                machine.on_element(reader.tree(), {}, out);
            } else if (machine.may_carry(out)) {
                fuzz::check(end == End::dialler ? session : proved(received), "carried before a session");
            }
        }
        carry_out(out, received, carry_out);
        return !machine.closed();
    });
}

void play_component(std::string_view text, std::size_t piece) {
    ComponentAccept machine{stream_id,
                            [](const xmpp::Domain& domain) -> std::optional<std::string> {
                                return domain.text() == "bot.b.test" ? std::optional<std::string>{secret}
                                                                     : std::nullopt;
                            },
                            std::chrono::seconds{10},
                            {}};
    Echo echo;
    read_in_pieces(text, piece, [&](xml::Kind kind, xml::Reader& reader, std::string_view received) {
        Actions out;
        if (kind == xml::Kind::header) machine.on_header(reader.header(), out);
        if (kind == xml::Kind::footer) machine.on_footer(out);
        if (kind == xml::Kind::problem) machine.on_problem(reader.problem(), out);
        if (kind == xml::Kind::element) {
            if (machine.attached()) {
                static_cast<void>(machine.admits("bot.b.test", out));
            } else {
                machine.on_element(reader.tree(), out);
            }
        }
        for (const Action& action : out) {
            if (const auto* send = std::get_if<Send>(&action)) echo.say(send->bytes);
            if (const auto* closing = std::get_if<Close>(&action)) {
                if (closing->error) echo.say(xmpp::write(*closing->error));
                echo.say("</stream:stream>");
                echo.end();
            }
        }
        fuzz::check(!machine.attached() || proved(received), "attached without the secret");
        return !machine.closed();
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2 || size > 8192) return 0;
    const std::string_view text = fuzz::as_text(bytes + 2, size - 2);
    const std::size_t piece = bytes[1] % 64 + std::size_t{1};
    switch (bytes[0] % 3) {
        case 0: play_link(End::listener, text, piece); break;
        case 1: play_link(End::dialler, text, piece); break;
        default: play_component(text, piece); break;
    }
    return 0;
}
