// Reading a line that nobody else should see.
#include "nodes/ctl/secret.h"

#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <istream>
#include <ostream>

namespace sallyport::ctl {

namespace {

/// The terminal shows nothing of what is typed as long as this lives.
class Hidden {
public:
    Hidden() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
    }
    Hidden(const Hidden&) = delete;
    Hidden& operator=(const Hidden&) = delete;
    ~Hidden() {
        if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }

private:
    termios before_{};
    bool changed_ = false;
};

Result<std::string> line_of(std::istream& in, const std::string& where) {
    std::string line;
    if (!std::getline(in, line)) return Error{"secret-unread", where + " is empty"};
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

}  // namespace

Result<std::string> read_secret(const std::string& what, const std::string& file, const Console& console, Typed typed) {
    if (!file.empty()) {
        std::ifstream in{file};
        if (!in) return Error{"secret-unread", file + " cannot be read"};
        return line_of(in, file);
    }
    if (!console.interactive) return line_of(console.in, "standard input");
    const Hidden hidden;
    console.err << what << ": " << std::flush;
    const auto first = line_of(console.in, "the terminal");
    if (typed == Typed::once) {
        console.err << "\n";
        return first;
    }
    console.err << "\n" << what << " again: " << std::flush;
    const auto second = line_of(console.in, "the terminal");
    console.err << "\n";
    if (!first) return first;
    if (!second || *first != *second) return Error{"secret-differs", "the two entries differ"};
    return first;
}

}  // namespace sallyport::ctl
