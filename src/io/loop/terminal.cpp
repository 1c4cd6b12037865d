// ioctl_tty(2): TIOCGWINSZ.
#include "io/loop/terminal.h"

#include <sys/ioctl.h>

namespace sallyport::io {

std::size_t terminal_columns(int descriptor) {
    winsize size{};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace sallyport::io
