// RFC 6121 appendix A, table by table, in the order of its rows.
#include "proto/c2s/subscription.h"

#include <array>

namespace sallyport::c2s {

namespace {

using enum Subscription;
using Table = std::array<Transition, subscription_states>;

constexpr Transition pass(Subscription next) { return {true, next}; }
constexpr Transition keep(Subscription next) { return {false, next}; }

constexpr std::array<Table, managing_types> outbound_tables{
    // none, none_out, none_in, none_out_in, to, to_in, from, from_out, both
    Table{pass(none_out), pass(none_out), pass(none_out_in), pass(none_out_in), pass(to), pass(to_in), pass(from_out),
          pass(from_out), pass(both)},  // A.2.1 subscribe
    Table{pass(none), pass(none), pass(none_in), pass(none_in), pass(none), pass(none_in), pass(from), pass(from),
          pass(from)},  // A.2.2 unsubscribe
    Table{keep(none), keep(none_out), pass(from), pass(from_out), keep(to), pass(both), keep(from), keep(from_out),
          keep(both)},  // A.2.3 subscribed
    Table{keep(none), keep(none_out), pass(none), pass(none_out), keep(to), pass(to), pass(none), pass(none_out),
          pass(to)},  // A.2.4 unsubscribed
};

constexpr std::array<Table, managing_types> inbound_tables{
    Table{pass(none_in), pass(none_out_in), keep(none_in), keep(none_out_in), pass(to_in), keep(to_in), keep(from),
          keep(from_out), keep(both)},  // A.3.1 subscribe
    Table{keep(none), keep(none_out), pass(none), pass(none_out), keep(to), pass(to), pass(none), pass(none_out),
          pass(to)},  // A.3.2 unsubscribe
    Table{keep(none), pass(to), keep(none_in), pass(to_in), keep(to), keep(to_in), keep(from), pass(both),
          keep(both)},  // A.3.3 subscribed
    Table{keep(none), pass(none), keep(none_in), pass(none_in), pass(none), pass(none_in), keep(from), pass(from),
          pass(from)},  // A.3.4 unsubscribed
};

constexpr std::array<std::string_view, managing_types> names{"subscribe", "unsubscribe", "subscribed", "unsubscribed"};

const Transition& at(const std::array<Table, managing_types>& tables, Subscription now, Managing type) {
    return tables[static_cast<std::size_t>(type)][static_cast<std::size_t>(now)];
}

}  // namespace

std::string_view text(Managing type) { return names[static_cast<std::size_t>(type)]; }

std::optional<Managing> managing(std::string_view type) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == type) return static_cast<Managing>(i);
    }
    return std::nullopt;
}

Transition outbound(Subscription now, Managing type) { return at(outbound_tables, now, type); }
Transition inbound(Subscription now, Managing type) { return at(inbound_tables, now, type); }

bool sees_contact(Subscription state) { return state == to || state == to_in || state == both; }
bool seen_by_contact(Subscription state) { return state == from || state == from_out || state == both; }
bool asks(Subscription state) { return state == none_out || state == none_out_in || state == from_out; }
bool asked(Subscription state) { return state == none_in || state == none_out_in || state == to_in; }

std::string_view roster_text(Subscription state) {
    if (state == both) return "both";
    if (sees_contact(state)) return "to";
    return seen_by_contact(state) ? "from" : "none";
}

}  // namespace sallyport::c2s
