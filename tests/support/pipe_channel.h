// Two ends of a byte channel in one process, for tests: what one writes the other gets in a later turn of the loop,
// until it is cut.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "io/loop/loop.h"
#include "io/ssh/byte_channel.h"

namespace sallyport::test {

class PipeChannel final : public io::ByteChannel {
public:
    /// Both ends; `most` bytes pass from the first to the second before the pipe breaks.
    static std::pair<std::unique_ptr<PipeChannel>, std::unique_ptr<PipeChannel>> pair(io::Loop& loop,
                                                                                      std::size_t most = SIZE_MAX) {
        auto pipe = std::make_shared<Pipe>(loop);
        pipe->left[0] = most;
        return {std::unique_ptr<PipeChannel>{new PipeChannel{pipe, 0}},
                std::unique_ptr<PipeChannel>{new PipeChannel{pipe, 1}}};
    }
    ~PipeChannel() override {
        pipe_->owners[side_] = nullptr;
        pipe_->break_off("closed");
    }
    PipeChannel(const PipeChannel&) = delete;
    PipeChannel& operator=(const PipeChannel&) = delete;

    void set_owner(io::ByteChannelOwner* owner) override {
        pipe_->owners[side_] = owner;
        pipe_->flush(side_);
    }
    void write(std::string bytes) override { pipe_->carry(side_, std::move(bytes)); }
    [[nodiscard]] std::size_t pending() const override { return 0; }
    void finish() override { pipe_->break_off("closed"); }

private:
    struct Pipe : std::enable_shared_from_this<Pipe> {
        explicit Pipe(io::Loop& on) : loop{on} {}
        void carry(std::size_t from, std::string bytes) {
            if (broken) return;
            const bool breaks = bytes.size() > left[from];
            if (breaks) bytes.resize(left[from]);
            left[from] -= bytes.size();
            held[1 - from] += bytes;
            flush(1 - from);
            if (breaks) break_off("cut");
        }
        void flush(std::size_t to) {
            loop.post([self = shared_from_this(), to] {
                if (self->owners[to] == nullptr || self->held[to].empty()) return;
                const std::string bytes = std::exchange(self->held[to], {});
                self->owners[to]->on_bytes(bytes);
            });
        }
        void break_off(const std::string& why) {
            if (std::exchange(broken, true)) return;
            loop.post([self = shared_from_this(), why] {
                for (std::size_t side : {std::size_t{0}, std::size_t{1}}) {
                    if (io::ByteChannelOwner* owner = std::exchange(self->owners[side], nullptr)) owner->on_closed(why);
                }
            });
        }
        io::Loop& loop;
        io::ByteChannelOwner* owners[2]{};
        std::string held[2];
        std::size_t left[2] = {SIZE_MAX, SIZE_MAX};
        bool broken = false;
    };
    PipeChannel(std::shared_ptr<Pipe> pipe, std::size_t side) : pipe_{std::move(pipe)}, side_{side} {}

    std::shared_ptr<Pipe> pipe_;
    std::size_t side_;
};

}  // namespace sallyport::test
