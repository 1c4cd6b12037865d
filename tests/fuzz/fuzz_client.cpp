// Whatever a client of a local domain says, before its login or after it, to the whole service of the users: nothing
// falls, nobody else's session suffers, and nothing leaves in another's name (RFC 6120 8.1.2.1).
#include <cstdint>
#include <memory>
#include <string>

#include "fuzz/check.h"
#include "unit/services/im/im_world.h"

using namespace sallyport;

namespace {

/// The world lasts: what one input leaves behind is there for the next.
struct World {
    World() : world{limits()}, romeo{world, "romeo"} {
        fuzz::check(romeo.online("garden"), "the other user cannot log in");
    }
    static Limits limits() {
        Limits limits;
        limits.scram_iterations = 1;
        limits.login_failures_per_minute = unlimited;
        return limits;
    }
    test::ImWorld world;
    test::Client romeo;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    static auto* const stage = new World;
    const std::string said{fuzz::as_text(bytes + 1, size - 1)};
    {
        test::Client juliet{stage->world, "juliet"};
        if (bytes[0] % 4 == 0) {
            juliet.connect();
        } else if (bytes[0] % 4 == 1) {
            juliet.connect();
            juliet.header();
            juliet.secure();
        } else {
            fuzz::check(juliet.login("desk"), "a user cannot log in");
        }
        const std::size_t piece = 1 + bytes[0] / 4;
        for (std::size_t at = 0; at < said.size(); at += piece * 16) juliet.say(said.substr(at, piece * 16));
        stage->world.settle();
        while (const auto gone = stage->world.left()) {
            const std::string_view from = gone->attribute("from");
            fuzz::check(from.starts_with("juliet@corp.example") || from.starts_with("romeo@corp.example") ||
                            from == "corp.example",
                        "a stanza left in another's name");
        }
    }
    stage->world.settle();
    const auto answer =
        stage->romeo.ask("<iq type='get' id='alive' to='corp.example'><ping xmlns='urn:xmpp:ping'/></iq>");
    fuzz::check(answer.has_value() && !stage->romeo.closed, "another user's session suffered");
    stage->romeo.received.clear();
    fuzz::check(stage->world.log.without_source().empty(), "what a client caused to be logged draws on no budget");
    stage->world.log.forget();
    return 0;
}
