// [limits]: the rows of base/limits and base/admin_limits by their keys.
#include "model/config/node_file_parts.h"

namespace sallyport::config {

namespace {

template <typename Row>
void read_limit(TomlTable& table, const Row& row, std::uint64_t& limit, bool may_lift) {
    const toml::node* node = table.take(row.key);
    if (node == nullptr) return;
    if (const auto* word = node->as_string(); word != nullptr && word->get() == "off") {
        if (!may_lift) return table.complain(row.key, "this limit cannot be off; set a number");
        limit = unlimited;
        return;
    }
    const auto* number = node->as_integer();
    if (number == nullptr) {
        table.complain(row.key, "must be a whole number or \"off\"");
    } else if (number->get() == 0) {
        table.complain(row.key, "0 does not switch a limit off; use \"off\"");
    } else if (number->get() < 0 || static_cast<std::uint64_t>(number->get()) < row.least) {
        table.complain(row.key, "must be at least " + std::to_string(row.least) + " " + std::string{row.unit});
    } else {
        limit = static_cast<std::uint64_t>(number->get());
    }
}

/// What must fit into what: a stanza that is allowed must find room in every queue.
void check_room(TomlTable& table, const Limits& limits) {
    const std::uint64_t stanza = limits.after_auth.element_bytes;
    if (stanza == unlimited) return;
    if (limits.queue_bytes < stanza) table.complain("queue_bytes", "is smaller than stanza_bytes");
    if (limits.link_bytes < stanza) table.complain("link_bytes", "is smaller than stanza_bytes");
}

}  // namespace

void read_limits(TomlTable table, NodeFile& file) {
    if (const auto profile = table.word("profile", {"default", "open"})) file.open_profile = *profile == 1;
    if (file.open_profile) file.limits = open_profile(file.limits);
    for (const LimitRow& row : limit_rows()) read_limit(table, row, row.member(file.limits), true);
    for (const AdminLimitRow& row : admin_limit_rows()) read_limit(table, row, file.admin.limits.*row.member, false);
    check_room(table, file.limits);
    table.finish();
}

}  // namespace sallyport::config
