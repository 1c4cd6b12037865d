// A small authoritative answer machine over UDP on loopback, for tests of the resolver.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/loop/asio_loop.h"
#include "io/net/socket.h"

namespace sallyport::test {

class DnsServer {
public:
    explicit DnsServer(io::AsioLoop& loop);

    [[nodiscard]] Endpoint endpoint() const { return io::local_endpoint(socket_.get()); }
    void srv(const std::string& name, std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
             const std::string& target);
    void address(const std::string& name, const std::string& address);
    void cname(const std::string& name, const std::string& target);
    /// Answers every question for `name` with this response code; 3 is NXDOMAIN (also for names it does not know).
    void fail(const std::string& name, int code) { codes_[name] = code; }
    /// Never answers questions for `name`.
    void ignore(const std::string& name) { codes_[name] = -1; }
    /// Data of type `type` as it stands.
    void raw(const std::string& name, int type, const std::string& data, unsigned ttl = 60);

    int questions = 0;

private:
    struct Record {
        int type;
        unsigned ttl;
        std::string data;
    };
    void answer_some();
    [[nodiscard]] std::string reply(std::string_view question) const;
    void append_records(const std::string& name, int type, std::string& out, int& count) const;

    io::Socket socket_;
    std::map<std::string, std::vector<Record>> records_;
    std::map<std::string, std::string> aliases_;
    std::map<std::string, int> codes_;
    std::unique_ptr<io::Readiness> readiness_;
};

}  // namespace sallyport::test
