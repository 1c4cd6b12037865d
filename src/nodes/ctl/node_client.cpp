// One request, its events, its answer.
#include "nodes/ctl/node_client.h"

#include <boost/json.hpp>

#include "admin/print/json_text.h"
#include "admin/print/words.h"
#include "io/loop/asio_loop.h"
#include "io/net/local_socket.h"
#include "nodes/ctl/seconds.h"

namespace sallyport::ctl {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_line = 64 << 20;

Error unreachable_node(std::string text) { return {"node-unreachable", std::move(text)}; }

/// The sentences of an error; line ends between them stay.
std::string lines_of(const json::value& error) {
    const json::value* text = admin::member(error, "text");
    if (text == nullptr || !text->is_string()) return {};
    std::string_view rest{text->as_string().data(), text->as_string().size()};
    std::string lines;
    for (;;) {
        const std::size_t end = rest.find('\n');
        lines += admin::safe(rest.substr(0, end));
        if (end == std::string_view::npos) return lines;
        lines += '\n';
        rest.remove_prefix(end + 1);
    }
}

class Conversation final : public io::StreamOwner {
public:
    Conversation(std::string socket, const OnEvent& on_event) : socket_{std::move(socket)}, on_event_{on_event} {}

    void on_bytes(std::string_view bytes) override {
        received_ += bytes;
        for (std::size_t end = received_.find('\n'); end != std::string::npos && !is_over();
             end = received_.find('\n')) {
            const std::string line = received_.substr(0, end);
            received_.erase(0, end + 1);
            read(line);
        }
        if (received_.size() > longest_line) problem_ = unreachable_node(socket_ + ": the answer is too long");
    }
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override {
        if (!is_over()) problem_ = unreachable_node(socket_ + ": the node closed the connection");
    }

    [[nodiscard]] bool is_over() const { return answer_.has_value() || problem_.has_value(); }
    [[nodiscard]] Result<Answer> take() { return answer_ ? Result<Answer>{*answer_} : Result<Answer>{*problem_}; }

private:
    void read(const std::string& line) {
        json::error_code problem;
        const json::value value = json::parse(line, problem);
        if (problem || !value.is_object()) {
            problem_ = unreachable_node(socket_ + ": the answer is not that of a Sallyport node");
            return;
        }
        if (const json::value* event = admin::member(value, "event")) return on_event_(admin::json_text(*event));
        answer_ = read_answer(value);
    }

    std::string socket_;
    const OnEvent& on_event_;
    std::string received_;
    std::optional<Answer> answer_;
    std::optional<Error> problem_;
};

}  // namespace

Answer read_answer(const json::value& value) {
    Answer answer;
    if (const json::value* result = value.as_object().if_contains("result")) {
        answer.ok = true;
        answer.result = admin::json_text(*result);
    }
    if (const json::value* error = admin::member(value, "error")) {
        answer.ok = false;
        answer.error = {admin::text_of(*error, "code"), lines_of(*error)};
        answer.field = admin::text_of(*error, "field");
    }
    return answer;
}

Result<Answer> ask(const std::string& socket, std::string_view verb, const json::object& arguments,
                   const std::string& author, const Waiting& waiting) {
    io::AsioLoop loop;
    io::TcpNetwork network{loop};
    auto stream = io::dial_local(network, socket);
    if (!stream)
        return unreachable_node(stream.error().text +
                                "; check that the node is running and that you may open its socket");
    Conversation conversation{socket, waiting.on_event};
    (*stream)->set_owner(&conversation);
    const json::object request{
        {"verb", json::string_view{verb.data(), verb.size()}}, {"args", arguments}, {"author", author}};
    (*stream)->write(admin::json_text(request) + "\n");
    const Seconds seconds{loop, waiting.on_second};
    bool is_late = false;
    const auto timer = loop.timer([&] { is_late = true; });
    if (waiting.patience > Duration{}) timer->arm(loop.now() + waiting.patience);
    loop.run_until([&] { return conversation.is_over() || is_late; });
    if (!conversation.is_over()) return unreachable_node(socket + ": the node does not answer");
    return conversation.take();
}

}  // namespace sallyport::ctl
