// One line; the terminal's echo is off while it is typed.
#include "nodes/ctl/secret.h"

#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <istream>
#include <ostream>

namespace sallyport::ctl {

namespace {

/// Typed letters do not show as long as it lives.
class Unseen {
public:
    Unseen() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios now = before_;
        now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &now) == 0;
    }
    ~Unseen() {
        if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    Unseen(const Unseen&) = delete;
    Unseen& operator=(const Unseen&) = delete;

private:
    termios before_{};
    bool changed_ = false;
};

}  // namespace

Result<std::string> read_secret(const Console& console, const std::string& name, const std::string& file) {
    std::string line;
    if (!file.empty()) {
        std::ifstream from{file};
        if (!std::getline(from, line)) return Error{"argument-missing", file + ": cannot be read, or is empty"};
        return line;
    }
    if (console.interactive) console.err << name << ": " << std::flush;
    {
        const Unseen unseen;
        std::getline(console.in, line);
    }
    if (console.interactive) console.err << '\n';
    if (!line.empty()) return line;
    return Error{"argument-missing",
                 "the " + name + " is wanted on standard input, or in the file that --" + name + "-file names"};
}

}  // namespace sallyport::ctl
