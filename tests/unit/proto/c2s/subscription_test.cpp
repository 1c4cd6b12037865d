// Every cell of RFC 6121 appendix A, written as the RFC writes it: existing state, passed on or not, new state.
#include "proto/c2s/subscription.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sallyport::c2s {
namespace {

using enum Subscription;

struct Cell {
    Subscription before;
    bool passed;
    Subscription after;
};
using Cells = std::array<Cell, subscription_states>;

void expect(const Cells& cells, Transition (*step)(Subscription, Managing), Managing type, const char* table) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        EXPECT_EQ(static_cast<std::size_t>(cells[i].before), i) << "a row is missing in " << table;
        const Transition made = step(cells[i].before, type);
        EXPECT_EQ(made.passed, cells[i].passed) << table << " row " << i;
        EXPECT_EQ(made.next, cells[i].after) << table << " row " << i;
    }
}

constexpr bool must = true, must_not = false;

TEST(Subscription, FollowsTheTablesForWhatTheUserSends) {
    expect(Cells{{{none, must, none_out},
                  {none_out, must, none_out},
                  {none_in, must, none_out_in},
                  {none_out_in, must, none_out_in},
                  {to, must, to},
                  {to_in, must, to_in},
                  {from, must, from_out},
                  {from_out, must, from_out},
                  {both, must, both}}},
           &outbound, Managing::subscribe, "A.2.1");
    expect(Cells{{{none, must, none},
                  {none_out, must, none},
                  {none_in, must, none_in},
                  {none_out_in, must, none_in},
                  {to, must, none},
                  {to_in, must, none_in},
                  {from, must, from},
                  {from_out, must, from},
                  {both, must, from}}},
           &outbound, Managing::unsubscribe, "A.2.2");
    expect(Cells{{{none, must_not, none},
                  {none_out, must_not, none_out},
                  {none_in, must, from},
                  {none_out_in, must, from_out},
                  {to, must_not, to},
                  {to_in, must, both},
                  {from, must_not, from},
                  {from_out, must_not, from_out},
                  {both, must_not, both}}},
           &outbound, Managing::subscribed, "A.2.3");
    expect(Cells{{{none, must_not, none},
                  {none_out, must_not, none_out},
                  {none_in, must, none},
                  {none_out_in, must, none_out},
                  {to, must_not, to},
                  {to_in, must, to},
                  {from, must, none},
                  {from_out, must, none_out},
                  {both, must, to}}},
           &outbound, Managing::unsubscribed, "A.2.4");
}

TEST(Subscription, FollowsTheTablesForWhatTheUserReceives) {
    expect(Cells{{{none, must, none_in},
                  {none_out, must, none_out_in},
                  {none_in, must_not, none_in},
                  {none_out_in, must_not, none_out_in},
                  {to, must, to_in},
                  {to_in, must_not, to_in},
                  {from, must_not, from},
                  {from_out, must_not, from_out},
                  {both, must_not, both}}},
           &inbound, Managing::subscribe, "A.3.1");
    expect(Cells{{{none, must_not, none},
                  {none_out, must_not, none_out},
                  {none_in, must, none},
                  {none_out_in, must, none_out},
                  {to, must_not, to},
                  {to_in, must, to},
                  {from, must, none},
                  {from_out, must, none_out},
                  {both, must, to}}},
           &inbound, Managing::unsubscribe, "A.3.2");
    expect(Cells{{{none, must_not, none},
                  {none_out, must, to},
                  {none_in, must_not, none_in},
                  {none_out_in, must, to_in},
                  {to, must_not, to},
                  {to_in, must_not, to_in},
                  {from, must_not, from},
                  {from_out, must, both},
                  {both, must_not, both}}},
           &inbound, Managing::subscribed, "A.3.3");
    expect(Cells{{{none, must_not, none},
                  {none_out, must, none},
                  {none_in, must_not, none_in},
                  {none_out_in, must, none_in},
                  {to, must, none},
                  {to_in, must, none_in},
                  {from, must_not, from},
                  {from_out, must, from},
                  {both, must, from}}},
           &inbound, Managing::unsubscribed, "A.3.4");
}

TEST(Subscription, SaysWhatEachStateMeans) {
    struct Row {
        Subscription state;
        const char* text;
        bool asks, asked;
    };
    for (const Row& row :
         {Row{none, "none", false, false}, Row{none_out, "none", true, false}, Row{none_in, "none", false, true},
          Row{none_out_in, "none", true, true}, Row{to, "to", false, false}, Row{to_in, "to", false, true},
          Row{from, "from", false, false}, Row{from_out, "from", true, false}, Row{both, "both", false, false}}) {
        EXPECT_EQ(roster_text(row.state), row.text);
        EXPECT_EQ(asks(row.state), row.asks);
        EXPECT_EQ(asked(row.state), row.asked);
        const std::string text{row.text};
        EXPECT_EQ(sees_contact(row.state), text == "to" || text == "both");
        EXPECT_EQ(seen_by_contact(row.state), text == "from" || text == "both");
    }
    EXPECT_EQ(managing("subscribed"), Managing::subscribed);
    EXPECT_EQ(managing("probe"), std::nullopt);
}

}  // namespace
}  // namespace sallyport::c2s
