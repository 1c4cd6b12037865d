// Connections to the admin socket: lines in, lines out, one request at a time.
#include "admin/api/admin_server.h"

#include <algorithm>

#include "admin/api/call.h"
#include "io/net/local_socket.h"

namespace sallyport::admin {

namespace {

constexpr Duration linger = std::chrono::seconds{5};
constexpr std::string_view too_long =
    R"({"ok":false,"error":{"code":"request-too-long","text":"a request may have 1 MiB at most"}})";

}  // namespace

class AdminServer::Connection final : public io::StreamOwner {
public:
    Connection(AdminServer& server, std::unique_ptr<io::Stream> stream, std::string user)
        : server_{server}, stream_{std::move(stream)}, user_{std::move(user)} {
        stream_->set_owner(this);
    }
    ~Connection() override {
        if (call_) call_->abandon();
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void on_bytes(std::string_view bytes) override {
        if (closing_) return;
        received_ += bytes;
        serve();
    }
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { server_.remove(this); }

private:
    /// Takes complete lines until one has to wait for its answer.
    void serve() {
        while (!call_ && !closing_) {
            const std::size_t end = received_.find('\n');
            if (end == std::string::npos) break;
            std::string line = received_.substr(0, end);
            received_.erase(0, end + 1);
            if (!line.empty() && line.back() == '\r') line.pop_back();
            if (line.empty()) continue;
            if (line.size() > longest_request) return refuse();
            begin(line);
        }
        if (received_.size() > longest_request) refuse();
    }

    void begin(const std::string& line) {
        answered_ = false;
        auto call = Call::start(server_.node_, line, user_,
                                [this](const std::string& answer, bool last) { respond(answer, last); });
        if (!answered_) call_ = std::move(call);
    }

    void respond(const std::string& line, bool last) {
        stream_->write(line + "\n");
        if (last) {
            answered_ = true;
            if (!call_) return;
            // The call may be on the stack, and so may what it keeps; the next request waits for its end too.
            server_.node_.loop().defer([call = std::move(call_)]() mutable { call.reset(); });
            call_ = nullptr;
            return serve();
        }
        if (stream_->pending() > io::Stream::high_water) {
            closing_ = true;  // a reader that follows events and does not read
            stream_->abort();
        }
    }

    void refuse() {
        closing_ = true;
        received_.clear();
        stream_->write(std::string{too_long} + "\n");
        stream_->close(linger);
    }

    AdminServer& server_;
    std::unique_ptr<io::Stream> stream_;
    std::string user_;            ///< whose process it is
    std::shared_ptr<Call> call_;  ///< the request whose answer is awaited
    std::string received_;
    bool answered_ = false, closing_ = false;
};

AdminServer::AdminServer(NodeControl& node, io::TcpNetwork& network, std::string path)
    : node_{node}, network_{network}, path_{std::move(path)} {}

AdminServer::~AdminServer() = default;

Result<void> AdminServer::start() {
    auto listener =
        io::listen_local(network_, path_, [this](std::unique_ptr<io::Stream> stream, const io::LocalUser& user) {
            accept(std::move(stream), user.name);
        });
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    return {};
}

void AdminServer::accept(std::unique_ptr<io::Stream> stream, const std::string& user) {
    // Without an owner the connection is closed with the stream.
    if (connections_.size() >= most_connections) return;
    connections_.push_back(std::make_unique<Connection>(*this, std::move(stream), user));
}

void AdminServer::remove(const Connection* connection) {
    std::erase_if(connections_, [connection](const auto& candidate) { return candidate.get() == connection; });
}

}  // namespace sallyport::admin
