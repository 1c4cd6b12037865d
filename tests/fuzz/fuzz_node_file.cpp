// Any bytes as a node's file of each role: every mistake is told with its file, a good file has what its role needs,
// and what is shown of a file holds no secret of it.
#include <cstdint>
#include <string>

#include "fuzz/check.h"
#include "model/config/masked_file.h"
#include "model/config/node_file.h"

using namespace sallyport;

namespace {

FileFacts probe(const std::string& path) {
    FileFacts facts;
    facts.exists = facts.is_regular = facts.readable = path.size() % 7 != 0;
    facts.world_readable = path.size() % 5 == 0;
    facts.beginning = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";
    return facts;
}

void check_good(const config::NodeFile& file) {
    fuzz::check(!file.node.name.empty() && !file.node.data.empty(), "a node without a name or a folder");
    fuzz::check(file.realm().find('.') == std::string::npos, "a realm with dots");
    const bool listens = file.role != config::Role::core;
    fuzz::check(listens ? !file.link.listen.empty() : !file.link.dial.empty(), "a node that nobody is linked to");
    for (const config::LinkAccept& core : file.link.accept) {
        fuzz::check(!core.name.empty() && (core.secret + file.link.secret).size() >= 16,
                    "a core without name or secret");
    }
    for (const config::LinkDial& far : file.link.dial) {
        fuzz::check(!far.name.empty() && (far.secret + file.link.secret).size() >= 16, "a link without name or secret");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view toml = fuzz::as_text(bytes + 1, size - 1);
    constexpr config::Role roles[] = {config::Role::edge, config::Role::core, config::Role::presence};
    config::NodeFile file;
    const auto errors = config::parse_node_file(toml, "/etc/sallyport/node.toml", roles[bytes[0] % 3], file, probe);
    for (const config::FileError& error : errors) {
        fuzz::check(error.sentence().starts_with("/etc/sallyport/node.toml"), "a mistake without its file");
        fuzz::check(!error.text.empty(), "a mistake without a text");
    }
    if (errors.empty()) check_good(file);
    const std::string shown = config::without_secrets(toml);
    const std::string& secret = file.link.secret;
    const bool is_rare =
        secret.size() >= 16 && toml.find(secret) == toml.rfind(secret) && secret.find("***") == std::string::npos;
    if (errors.empty() && is_rare) fuzz::check(shown.find(secret) == std::string::npos, "a secret that is shown");
    return 0;
}
