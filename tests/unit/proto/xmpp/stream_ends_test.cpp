// The manual's table of what ends a stream is the table in the code.
#include "proto/xmpp/stream_ends.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sallyport::xmpp {
namespace {

TEST(StreamEnds, AreTheTableOfTheManual) {
    std::ifstream file{std::string{SALLYPORT_SOURCE_DIR} + "/docs/manual/stream-ends.md"};
    ASSERT_TRUE(file.good());
    std::string wanted = "| condition | on streams of | for | why | |\n|---|---|---|---|---|\n";
    for (const StreamEnd& row : stream_ends()) {
        wanted += "| `" + std::string{text(row.condition)} + "` | " + std::string{row.streams} + " | " +
                  std::string{row.when} + " | " + std::string{row.why} + " | " + std::string{row.says} + " |\n";
    }
    std::ostringstream page;
    page << file.rdbuf();
    EXPECT_NE(page.str().find("\n" + wanted + "\n"), std::string::npos) << "the page should have\n" << wanted;
}

}  // namespace
}  // namespace sallyport::xmpp
