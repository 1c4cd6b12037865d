// Findings whose words are rows: sentences with their values and plurals, and the names that they carry for others.
#include "admin/judge/finding_rows.h"

#include <gtest/gtest.h>

#include <set>

#include "admin/diag/check_rows.h"
#include "services/alarms/alarm_codes.h"

namespace sallyport::admin {
namespace {

TEST(FindingRows, FillTheirValuesInAndChooseTheFormThatGoesWithANumber) {
    EXPECT_EQ(filled("{a} and {b}; {a}", {{"a", "1"}, {"b", "{a}"}}), "1 and {a}; 1") << "a value is no template";
    for (const auto& [n, said] : {std::pair{"1", "1 stanza is"}, {"0", "0 stanzas are"}, {"11", "11 stanzas are"}}) {
        EXPECT_EQ(filled("{n} {n|stanza is|stanzas are}", {{"n", n}}), said);
    }
    EXPECT_EQ(filled("nothing here", {}), "nothing here");
}

TEST(FindingRows, AFindingCarriesTheNameOfItsRowAndTheValues) {
    const Finding found = say(Says::peer_unreachable, {{"domain", "a.test"}, {"why", "no answer"}});
    EXPECT_EQ(found.text, "a.test cannot be reached: no answer");
    EXPECT_EQ(found.remedy, "sallyport peers show a.test");
    EXPECT_EQ(found.rows.code, "peer.unreachable");
    EXPECT_EQ(found.rows.remedy_code, "peer.unreachable");
    EXPECT_EQ(found.rows.values.size(), 2u);
    const Finding better = say(Says::peer_unreachable, {{"domain", "a.test"}, {"why", "no answer"}}, "do this");
    EXPECT_EQ(better.remedy, "do this");
    EXPECT_EQ(better.rows.remedy_code, "") << "these words are nobody's row";
    EXPECT_EQ(say(Says::covered, {{"domain", "a.test"}}).rows.remedy_code, "") << "there is nothing to be done";
}

TEST(FindingRows, AnAlarmCarriesItsCodeUnlessItsWordsAreItsOwn) {
    const Finding plain = alarm(services::AlarmCode::link_down, "core1", "timed out");
    EXPECT_EQ(plain.rows.code, "link.down");
    EXPECT_EQ(plain.rows.remedy_code, "link.down");
    const Finding own = alarm(services::AlarmCode::link_down, "core1", "timed out", {.cure = "do this"});
    EXPECT_EQ(own.rows.code, "link.down");
    EXPECT_EQ(own.rows.remedy_code, "");
}

TEST(FindingRows, AnAlarmOfAnotherNodeIsSaidByARowToo) {
    const Finding far =
        alarm(services::AlarmCode::far_alarm, "core1.b.test: disk.low", "the disk is full",
              {.text = "an alarm of core1.b.test", .cure = "on core1.b.test: free it", .node = "core1.b.test"});
    EXPECT_EQ(far.rows.code, "far.alarm_of");
    EXPECT_EQ(far.rows.remedy_code, "") << "what helps there was said there";
    EXPECT_EQ(say(Says::far_alarm, far.rows.values).text, far.text);
}

TEST(FindingRows, NoNameIsThatOfAnAlarmOrAnotherRow) {
    std::set<std::string_view> names;
    for (const services::AlarmRow& row : services::alarm_rows()) names.insert(row.name);
    for (const FindingRow& row : finding_rows()) EXPECT_TRUE(names.insert(row.code).second) << row.code;
    for (const diag::CheckRow& row : diag::check_rows()) EXPECT_TRUE(names.insert(row.code).second) << row.code;
}

}  // namespace
}  // namespace sallyport::admin
