// What a stranger who asks in the name of a partner does to that partner (threat T13).
#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

/// Says one thing on a stream to the edge of a.test.
class Stranger final : public io::StreamOwner {
public:
    Stranger(SimNetwork& host, const std::string& edge, std::string says)
        : says_{std::move(says)}, dial_{host.dial({*IpAddress::parse(edge), 5269}, nullptr, 5s, [this](auto result) {
              if (!result) return;
              stream_ = std::move(*result);
              stream_->set_owner(this);
              stream_->write(says_);
          })} {}
    void on_bytes(std::string_view) override {}
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override {}

private:
    std::string says_;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
};

/// b.test does not want rooms.a.test, and says so to whoever asks in its name.
TEST(Unreachable, IsNotWhomAStrangerHasAskedForAnotherDomainOfOurs) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    f.b.settings.deny_list = {*config::NamePattern::parse("rooms.a.test")};
    ASSERT_TRUE(f.start());
    SimNetwork host{f.world, {"198.51.100.66"}};
    Stranger stranger{host, f.a.edge_public,
                      "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
                      "xmlns:db='jabber:server:dialback' from='b.test' to='rooms.a.test' version='1.0'>"
                      "<db:result from='b.test' to='rooms.a.test'>key</db:result>"};
    f.world.advance(5s);
    f.b.user().message("juliet@b.test", "romeo@a.test", "m1");
    f.world.advance(20s);
    EXPECT_TRUE(f.a.user().got("m1")) << "b.test proves itself to a.test all the same";
}

}  // namespace
}  // namespace sallyport::test
