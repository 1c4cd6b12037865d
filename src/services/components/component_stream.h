// One connection of a component: its machine (XEP-0114), what was written to it, and how it ends. Life is bytes that
// its TCP takes (docs/decisions/0036-bytes-that-move-are-life.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/doorway.h"
#include "io/net/stream.h"
#include "proto/link/component.h"
#include "proto/xmpp/stanza.h"
#include "services/components/component_server.h"
#include "services/components/delivery.h"
#include "services/routing/ending.h"

namespace sallyport::components {

class ComponentStream final : public io::StreamOwner {
public:
    ComponentStream(ComponentServer& server, std::unique_ptr<io::Stream> stream, std::unique_ptr<Doorway::Place> place);

    [[nodiscard]] bool attached() const { return machine_.attached(); }
    /// The domain that it has authenticated for, or claims.
    [[nodiscard]] const xmpp::Domain& domain() const { return machine_.domain(); }
    /// It has shown that it is that domain's.
    [[nodiscard]] bool proved() const { return place_ == nullptr; }
    /// Something that it was given is still on its way there.
    [[nodiscard]] bool still_delivers();
    /// Everything that it was given is with the component's TCP.
    [[nodiscard]] bool all_taken() const { return stream_->taken() >= stream_->written(); }
    /// It takes another stanza now; looks how far the component's TCP is before it says no.
    [[nodiscard]] bool has_room();
    void send(Waiting waiting);
    /// Ends it in order: what it was given is sent first, as far as that goes within `linger`.
    void end(std::optional<xmpp::StreamCondition> condition, const std::string& why, Duration linger);
    /// The node stops: who has not shown who he is goes at once, anybody else within `linger`.
    void stop(Duration linger);
    void hold(bool held);
    /// To be called while something waits for it or stands in its window.
    void look_soon();
    [[nodiscard]] Status status() const { return {machine_.domain().text(), stream_->remote().text(), in_, out_}; }

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts&) override {}
    void on_drained() override { server_.flush(domain().text()); }
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    void work_off();
    void expired();
    void element(link::Actions& actions);
    void stanza(link::Actions& actions);
    void attached_now();
    void carry_out(link::Actions& actions);
    void look();
    void stand_still(bool begins);
    /// How far the component's TCP is.
    void refresh();

    ComponentServer& server_;
    std::unique_ptr<io::Stream> stream_;
    std::unique_ptr<Doorway::Place> place_;  ///< until it is attached
    link::ComponentAccept machine_;
    xml::Reader reader_;
    xmpp::StanzaIntake intake_;
    std::unique_ptr<io::Timer> timer_;
    Window window_;
    std::uint64_t in_ = 0, out_ = 0;
    std::uint64_t taken_ = 0;  ///< of the connection's bytes, at the latest look
    std::uint64_t due_ = 0;    ///< up to where it has to take them next, to be alive: all there is, or a little
    TimePoint took_at_{};      ///< when it had taken anything
    TimePoint moved_at_{};     ///< when it had taken what was due
    TimePoint held_at_{};      ///< when it was held, the last time
    TimePoint look_at_ = never;
    Duration look_in_{};  ///< how long before look_at_ it was asked for
    TimePoint closing_until_{};
    TimePoint abort_at_ = never;  ///< the node stops
    Duration linger_;
    routing::Ending ending_;
    std::string why_;  ///< it ended
    bool held_ = false;
    bool has_rest_ = false;  ///< what came before it was held, and is read when it no longer is
    bool finished_ = false;
};

}  // namespace sallyport::components
