// Commands of the control loop, carried out on the SSH thread.
#include "io/ssh/ssh_node.h"

#include <unistd.h>

#include "io/ssh/ssh_ends.h"
#include "io/ssh/ssh_session.h"
#include "io/ssh/ssh_thread.h"

namespace sallyport::io {

struct SshNode::State {
    explicit State(Loop& loop) : control{loop} {}

    Loop& control;
    std::shared_ptr<SshThread> thread = std::make_shared<SshThread>();
    std::shared_ptr<const SshServer> server;
    std::uint64_t last_number = 0;
};

namespace {

class Attempt final : public SshAttempt {
public:
    Attempt(std::shared_ptr<SshThread> thread, std::uint64_t number, std::shared_ptr<const SshClientEvents> events)
        : thread_{std::move(thread)}, number_{number}, events_{std::move(events)} {}
    /// An open channel has an owner of its own by then and goes on.
    ~Attempt() override {
        thread_->post([thread = thread_.get(), number = number_] {
            SshSession* found = thread->find(number);
            if (found != nullptr && !found->open()) found->end("cancelled");
        });
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

private:
    std::shared_ptr<SshThread> thread_;
    std::uint64_t number_;
    std::shared_ptr<const SshClientEvents> events_;
};

}  // namespace

SshNode::SshNode(Loop& control) : state_{std::make_shared<State>(control)} {}

SshNode::~SshNode() { state_->thread->stop(); }

void SshNode::serve(SshServerSettings settings, SshServerEvents events) {
    DoorwayBounds bounds;
    bounds.strangers = settings.limits.unauthenticated;
    bounds.per_stranger = bounds.per_neighbour = settings.limits.unauthenticated_per_address;
    auto doorway = std::make_unique<Doorway>(settings.neighbours, bounds);
    state_->server =
        std::make_shared<const SshServer>(SshServer{std::move(settings), std::move(events), std::move(doorway)});
}

void SshNode::accept(int descriptor, const std::string& address) {
    state_->thread->post(
        [thread = state_->thread.get(), &control = state_->control, number = ++state_->last_number, descriptor, address,
         server = state_->server] { accept_ssh(*thread, control, number, descriptor, address, server); });
}

std::unique_ptr<SshAttempt> SshNode::connect(int descriptor, const std::string& address, SshClientSettings settings,
                                             SshClientEvents events) {
    auto shared = std::make_shared<const SshClientEvents>(std::move(events));
    const std::uint64_t number = ++state_->last_number;
    state_->thread->post([thread = state_->thread.get(), &control = state_->control, number, descriptor, address,
                          settings = std::move(settings), weak = std::weak_ptr<const SshClientEvents>(shared)] {
        connect_ssh(*thread, control, number, descriptor, address, settings, weak);
    });
    return std::make_unique<Attempt>(state_->thread, number, std::move(shared));
}

void close_descriptor(int descriptor) { ::close(descriptor); }

}  // namespace sallyport::io
