// As on a full disk: while it lives, no file of this process takes a byte more (setrlimit(2), RLIMIT_FSIZE).
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

namespace sallyport::test {

class FullDisk {
public:
    FullDisk() : on_excess_{std::signal(SIGXFSZ, SIG_IGN)} {
        EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
        const rlimit none{0, before_.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, on_excess_);
    }

private:
    rlimit before_{};
    void (*on_excess_)(int);
};

}  // namespace sallyport::test
