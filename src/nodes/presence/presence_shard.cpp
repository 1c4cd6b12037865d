// Wiring of the presence node's shard.
#include "nodes/presence/presence_shard.h"

namespace sallyport::nodes {

PresenceShard::PresenceShard(routing::Shard& shard, const PresenceParts& parts)
    : shard_{shard},
      records_{parts.limits, nullptr, nullptr},
      router_{{.shard = shard, .on_obstacle = parts.on_obstacle, .records = &records_}},
      hub_{hub_context(parts)},
      components_{component_context(parts)},
      services_{&components_},
      stop_{shard_.loop} {
    shard_.bus.attach(shard_,
                      [this](routing::Forwarded message) { router_.route(message.stanza.view(), message.ticket); });
    make_users(parts);
    router_.connect(hub_, services_);
}

link::HubContext PresenceShard::hub_context(const PresenceParts& parts) {
    link::HubContext context = link_context(parts, link::End::listener, shard_, records_);
    context.far_role = Role::core;
    context.router = &router_.from_link();
    // A core that speaks for a domain of this node is broken or in other hands; but an error may answer what was sent
    // before the domain was served here.
    context.admission = [this](const link::Session&, const xmpp::Stanza& stanza) {
        if (router_.owner(stanza.from_domain) == nullptr) return link::Admission::route;
        return stanza.type == "error" ? link::Admission::refuse : link::Admission::end;
    };
    context.way = [this](const xmpp::Stanza& stanza) { return router_.way(stanza); };
    context.bounce = [this](const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
        router_.give_up(stanza, error, ticket);
    };
    // Those who write here write to everybody, and to each other: they wait for who takes what it gets, and for nobody
    // else. What goes to a core that takes nothing is bounded, and returned beyond that.
    context.on_heavy = [this](link::Pace pace) {
        heavy_ = pace == link::Pace::brisk;
        hold();
    };
    context.on_pace = [this](const link::Partner& partner) {
        if (partner.pace == link::Pace::brisk) {
            brisk_.insert(partner.domain);
        } else {
            brisk_.erase(partner.domain);
        }
        hold();
    };
    context.on_change = [this](const link::Session*) { router_.links_changed(); };
    return context;
}

components::ServerContext PresenceShard::component_context(const PresenceParts& parts) {
    components::ServerContext context{.shard = shard_};
    context.secrets = parts.components;
    context.limits = parts.limits;
    context.router = &router_;
    context.bounce = [this](const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
        router_.bounce(stanza, error, ticket);
    };
    return context;
}

void PresenceShard::make_users(const PresenceParts& parts) {
    if (!parts.users) return;
    storage_ = std::make_unique<im::Storage>(shard_.loop, *parts.users->writing, *parts.users->reading);
    storage_->on_trouble(parts.users->on_trouble);
    im::ServiceContext context{.shard = shard_, .storage = *storage_};
    context.domains = parts.users->domains;
    context.tls = parts.users->tls;
    context.channel_binding = parts.users->channel_binding;
    context.limits = parts.limits;
    context.timers = parts.users->timers;
    context.router = &router_;
    context.bounce = [this](const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
        router_.bounce(stanza, error, ticket);
    };
    context.version = parts.users->version;
    users_ = std::make_unique<im::Service>(std::move(context));
    services_.push_back(users_.get());
}

void PresenceShard::restart_links(std::string realm, std::string secret, link::Neighbours neighbours,
                                  std::shared_ptr<const io::TlsContext> tls) {
    hub_.replace_identity(std::move(realm), std::move(secret), std::move(neighbours));
    hub_.replace_tls(std::move(tls));
    hub_.restart();
}

TableFills PresenceShard::tables() const {
    TableFills all;
    hub_.tables(all);
    components_.tables(all);
    all.push_back({"record.verdicts", records_.verdicts().size(), records_.verdicts().most()});
    all.push_back({"presence.brisk", brisk_.size(), hub_.most_partners()});
    if (users_) users_->tables(all);
    return all;
}

void PresenceShard::shut() {
    stop_.begin({[this] {
                     stopping_ = true;
                     hold();
                     components_.quiesce();
                     hub_.quiesce();
                     // What users have is told as done while there is a link to tell it on.
                     if (users_) users_->put_down();
                 },
                 [this] { return hub_.quiet() && components_.idle() && (!users_ || users_->put_down_done()); },
                 [] { return true; }, [this] { hub_.end_silent(); }, [this] { hub_.shut(); },
                 [this] {
                     for (routing::LocalService* service : services_) service->shut();
                 }});
}

void PresenceShard::hold() {
    const bool held = heavy_ || stopping_ || !brisk_.empty();
    for (routing::LocalService* service : services_) service->hold(held);
}

}  // namespace sallyport::nodes
