// The desk for users' clients of a presence node: takes questions to the thread of its shard, and answers back.
#pragma once

#include "io/loop/loop.h"
#include "nodes/presence/presence_shard.h"
#include "services/im/client_desk.h"

namespace sallyport::nodes {

class ShardClients final : public im::ClientDesk {
public:
    /// `on_data` runs work on the shard's thread, while it runs. All outlive this; the shard has users.
    ShardClients(PresenceShard& shard, io::Loop& control, std::function<void(std::function<void()>)> on_data)
        : shard_{shard}, control_{control}, on_data_{std::move(on_data)} {}

    void page(im::OnlineQuery query, OnPage on_page) override;
    void end(std::string_view jid, std::uint64_t number, OnEnded on_ended) override;
    void refused(std::size_t most, OnRefused on_refused) override;

private:
    void look(im::OnlineQuery query, im::OnlinePage so_far, OnPage on_page);

    PresenceShard& shard_;
    io::Loop& control_;
    std::function<void(std::function<void()>)> on_data_;
};

}  // namespace sallyport::nodes
