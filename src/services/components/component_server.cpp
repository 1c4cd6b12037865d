// Driving component streams.
#include "services/components/component_server.h"

#include <algorithm>

#include "proto/xmpp/namespaces.h"

namespace sallyport::components {

namespace {
constexpr Duration negotiation = std::chrono::seconds{30};
constexpr Duration linger = std::chrono::seconds{5};
}  // namespace

class ComponentStream final : public io::StreamOwner {
public:
    ComponentStream(ComponentServer& server, std::unique_ptr<io::Stream> stream)
        : server_{server},
          stream_{std::move(stream)},
          machine_{server.context_.shard.fresh_id(),
                   [&server](const xmpp::Domain& domain) -> std::optional<std::string> {
                       const auto at = server.context_.secrets.find(domain);
                       if (at == server.context_.secrets.end()) return std::nullopt;
                       return at->second;
                   },
                   negotiation, server.context_.shard.loop.now()},
          reader_{server.context_.limits.before_auth},
          timer_{server.context_.shard.loop.timer([this] {
              link::Actions actions;
              machine_.on_deadline(actions);
              carry_out(actions);
          })} {
        timer_->arm(machine_.deadline());
        stream_->set_owner(this);
    }

    [[nodiscard]] bool attached_as(std::string_view domain) const {
        return !finished_ && machine_.attached() && machine_.domain().text() == domain;
    }
    void send(std::string_view bytes) {
        ++out_;
        stream_->write(bytes);
    }
    void shut(xmpp::StreamCondition condition) {
        link::Actions actions;
        machine_.close(xmpp::StreamError{condition, {}, {}, {}}, "shutting down", actions);
        carry_out(actions);
    }
    void hold(bool held) { stream_->pause(held); }
    /// What one large stanza leaves unsent for a moment must not turn back those behind it.
    [[nodiscard]] bool has_room() const { return stream_->pending() < server_.context_.limits.queue_bytes; }
    [[nodiscard]] Status status() const { return {machine_.domain().text(), stream_->remote().text(), in_, out_}; }
    [[nodiscard]] bool attached() const { return machine_.attached(); }
    [[nodiscard]] const xmpp::Domain& domain() const { return machine_.domain(); }

    void on_bytes(std::string_view bytes) override {
        reader_.feed(bytes);
        while (!finished_ && !machine_.closed()) {
            link::Actions actions;
            switch (reader_.next()) {
                case xml::Kind::need_more: return;
                case xml::Kind::header: machine_.on_header(reader_.header(), actions); break;
                case xml::Kind::footer: machine_.on_footer(actions); break;
                case xml::Kind::element: element(actions); break;
                case xml::Kind::excess:
                    if (reader_.shell().space == xmpp::ns::component) {
                        stanza(actions);
                        break;
                    }
                    [[fallthrough]];
                case xml::Kind::problem: machine_.on_problem(reader_.problem(), actions); break;
            }
            carry_out(actions);
        }
    }
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override {
        finished_ = true;
        timer_->disarm();
        server_.gone(*this);
    }

private:
    void element(link::Actions& actions) {
        const xml::Shell& shell = reader_.shell();
        const bool stanza_like = shell.space == xmpp::ns::component && shell.name != "handshake";
        if (!stanza_like) {
            machine_.on_element(reader_.tree(), actions);
            if (machine_.attached()) attached_now();
            return;
        }
        stanza(actions);
    }
    void stanza(link::Actions& actions) {
        xmpp::Stanza stanza;
        xmpp::StanzaProblem problem;
        const bool read = intake_.read(reader_, {}, stanza, problem);
        if (!read && !problem.stanza) {
            return machine_.close(xmpp::StreamError{*problem.stream, {}, {}, {}}, std::string{problem.why}, actions);
        }
        // Whoever it is of the component's users: the component answers for him, and hears of it (XEP-0114 3).
        if (stanza.from_domain.empty()) stanza.from_domain = machine_.domain().text();
        if (stanza.to_domain.empty()) stanza.to_domain = machine_.domain().text();
        if (!machine_.admits(stanza.from_domain, actions)) return;
        ++in_;
        if (!read) return server_.context_.bounce(stanza, xmpp::refusal(problem), {});
        server_.context_.router->route(stanza, {});
    }
    void attached_now() {
        timer_->disarm();
        reader_.set_limits(stanza_limits(server_.context_.limits));
        reader_.pass_over_excess();
        server_.log_.info("component.attached",
                          {{"domain", machine_.domain().text()}, {"remote", stream_->remote().text()}});
    }
    void carry_out(link::Actions& actions) {
        for (link::Action& action : actions) {
            if (auto* send_bytes = std::get_if<link::Send>(&action)) stream_->write(send_bytes->bytes);
            if (auto* close = std::get_if<link::Close>(&action)) {
                server_.log_.write_for(log_source(stream_->remote().address), LogLevel::warn, "component.closed",
                                       {{"domain", machine_.domain().text()}, {"why", close->why}});
                if (close->error) stream_->write(xmpp::write(*close->error));
                stream_->write("</stream:stream>");
                stream_->close(linger);
            }
        }
        actions.clear();
    }

    ComponentServer& server_;
    std::unique_ptr<io::Stream> stream_;
    link::ComponentAccept machine_;
    xml::Reader reader_;
    xmpp::StanzaIntake intake_;
    std::unique_ptr<io::Timer> timer_;
    std::uint64_t in_ = 0, out_ = 0;
    bool finished_ = false;
};

ComponentServer::ComponentServer(ServerContext context)
    : context_{std::move(context)}, log_{context_.shard.logger(LogModule::routing)} {}

ComponentServer::~ComponentServer() = default;

Result<void> ComponentServer::listen(const Endpoint& at) {
    auto listener = context_.shard.network.listen(at, [this](std::unique_ptr<io::Stream> stream) {
        streams_.push_back(std::make_unique<ComponentStream>(*this, std::move(stream)));
        if (held_) streams_.back()->hold(true);
    });
    if (!listener) return listener.error();
    endpoints_.push_back((*listener)->endpoint());
    listeners_.push_back(std::move(*listener));
    return {};
}

bool ComponentServer::owns(std::string_view domain) const {
    return std::any_of(context_.secrets.begin(), context_.secrets.end(),
                       [&](const auto& entry) { return entry.first.text() == domain; });
}

std::vector<xmpp::Domain> ComponentServer::domains() const {
    std::vector<xmpp::Domain> all;
    for (const auto& [domain, secret] : context_.secrets) all.push_back(domain);
    return all;
}

void ComponentServer::send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    for (const auto& stream : streams_) {
        if (!stream->attached_as(stanza.to_domain)) continue;
        if (!stream->has_room()) {
            return context_.bounce(stanza, {xmpp::StanzaCondition::resource_constraint, {}, "component-full"}, ticket);
        }
        stream->send(stanza.bytes);
        return context_.shard.settle(ticket);
    }
    context_.bounce(stanza, {xmpp::StanzaCondition::service_unavailable, {}, "component-away"}, ticket);
}

void ComponentServer::hold(bool held) {
    held_ = held;
    for (const auto& stream : streams_) stream->hold(held);
}

void ComponentServer::gone(ComponentStream& stream) {
    const auto at = std::find_if(streams_.begin(), streams_.end(), [&](const auto& s) { return s.get() == &stream; });
    if (at == streams_.end()) return;
    dead_.push_back(std::move(*at));
    streams_.erase(at);
    if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
}

void ComponentServer::shut() {
    listeners_.clear();
    for (const auto& stream : streams_) stream->shut(xmpp::StreamCondition::system_shutdown);
}

std::vector<Status> ComponentServer::status() const {
    std::vector<Status> all;
    for (const auto& stream : streams_) {
        if (stream->attached()) all.push_back(stream->status());
    }
    return all;
}

}  // namespace sallyport::components
