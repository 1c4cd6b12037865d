// A listening socket that hands out accepted connections.
#pragma once

#include <functional>
#include <string>

#include "s2s/loop.h"

namespace sallyport::bench {

class Listener final : public Watched {
public:
    Listener(Loop& loop, const std::string& address, std::function<void(int fd)> accepted);
    ~Listener() override;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    void ready(std::uint32_t events) override;

private:
    Loop& loop_;
    std::function<void(int)> accepted_;
    int fd_;
};

}  // namespace sallyport::bench
