// The program: one binary for nodes and for the command line.
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "nodes/core/core_node.h"
#include "nodes/ctl/cli.h"
#include "nodes/ctl/terminal.h"
#include "nodes/edge/edge_node.h"
#include "nodes/presence/presence_node.h"

namespace {

/// Who gives the command; behind sudo the one who called it.
std::string user_name() {
    constexpr std::size_t longest = 64;
    const char* behind_sudo = std::getenv("SUDO_USER");
    if (::geteuid() == 0 && behind_sudo != nullptr && *behind_sudo != '\0')
        return std::string{behind_sudo}.substr(0, longest);
    const passwd* entry = ::getpwuid(::geteuid());
    return entry == nullptr ? "uid " + std::to_string(::geteuid()) : std::string{entry->pw_name}.substr(0, longest);
}

}  // namespace

int main(int count, char** words) {
    using namespace sallyport;
    const ctl::Terminal errors = ctl::look_at_terminal(STDERR_FILENO);
    const ctl::Console console{std::cin,
                               std::cout,
                               std::cerr,
                               ::isatty(STDIN_FILENO) == 1,
                               user_name(),
                               ctl::page_for(ctl::look_at_terminal(STDOUT_FILENO)),
                               errors.is_there && !errors.is_dumb};
    return ctl::run_cli(
        std::vector<std::string>(words + 1, words + count), console,
        {nodes::run_node<nodes::EdgeNode>, nodes::run_node<nodes::CoreNode>, nodes::run_node<nodes::PresenceNode>});
}
