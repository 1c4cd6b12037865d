// Who logs never waits for who reads the log; what is lost is counted and told in its place.
#include "io/log/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "support/test_pki.h"

namespace sallyport::io {
namespace {

std::string lost_text(std::uint64_t lines) { return "lost " + std::to_string(lines); }

/// Two ends: what the writer writes to, and what a reader reads from when it feels like it.
struct Ends {
    int read = -1, write = -1;

    static Ends pipe() {
        int ends[2] = {};
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        return {ends[0], ends[1]};
    }
    static Ends socket() {
        int ends[2] = {};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        return {ends[0], ends[1]};
    }
    Ends(int read_end, int write_end) : read{read_end}, write{write_end} {}
    Ends(const Ends&) = delete;
    Ends& operator=(const Ends&) = delete;
    ~Ends() {
        if (read >= 0) ::close(read);
    }
    /// Until the writer's end is closed.
    [[nodiscard]] std::vector<std::string> lines() const {
        std::string all;
        char buffer[8192];
        for (ssize_t count; (count = ::read(read, buffer, sizeof buffer)) > 0;)
            all.append(buffer, static_cast<std::size_t>(count));
        std::vector<std::string> found;
        std::istringstream text{all};
        for (std::string line; std::getline(text, line);) found.push_back(line);
        return found;
    }
};

std::string numbered(int number) { return "line " + std::to_string(number) + " " + std::string(90, 'x'); }

/// Numbered lines in their order; where some are missing a line before the next tells how many.
void expect_whole(const std::vector<std::string>& lines, int written) {
    int next = 0;
    for (const std::string& line : lines) {
        if (line.starts_with("lost ")) {
            next += std::stoi(line.substr(5));
        } else {
            ASSERT_EQ(line, numbered(next));
            ++next;
        }
    }
    EXPECT_EQ(next, written);
}

class LineWriterOver : public testing::TestWithParam<bool> {
protected:
    Ends ends = GetParam() ? Ends::socket() : Ends::pipe();
};
INSTANTIATE_TEST_SUITE_P(Kinds, LineWriterOver, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "ASocket" : "APipe"; });

TEST_P(LineWriterOver, NeverWaitsForAReaderAndTellsWhatWasLost) {
    auto writer = std::make_unique<LineWriter>(ends.write, true, 100'000, lost_text);
    constexpr int written = 20'000;  // 2 MB: neither the kernel's buffer nor ours has room for them
    std::uint64_t refused = 0;
    for (int i = 0; i < written; ++i) refused += writer->write(numbered(i)) ? 0 : 1;
    EXPECT_GT(refused, 10'000U);
    EXPECT_EQ(writer->state().lost, refused);
    EXPECT_LE(writer->state().waiting, 100'000U);
    std::vector<std::string> lines;
    std::thread reader{[&] { lines = ends.lines(); }};
    EXPECT_TRUE(writer->flush(std::chrono::seconds{60}));
    for (int i = written; i < written + 100; ++i) EXPECT_TRUE(writer->write(numbered(i)));
    writer.reset();
    reader.join();
    expect_whole(lines, written + 100);
}

TEST_P(LineWriterOver, WritesWhatWaitsBeforeItEnds) {
    auto writer = std::make_unique<LineWriter>(ends.write, true, 100'000, lost_text);
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(writer->write(numbered(i)));
    // A socket has room for a hundred lines or so, when each is sent by itself.
    std::vector<std::string> lines;
    std::thread reader{[&] { lines = ends.lines(); }};
    writer.reset();
    reader.join();
    expect_whole(lines, 200);
}

TEST_P(LineWriterOver, EndsAlthoughNobodyReads) {
    LineWriter writer{ends.write, true, 1'000'000, lost_text};
    for (int i = 0; i < 9'000; ++i) writer.write(numbered(i));
    EXPECT_FALSE(writer.flush(std::chrono::milliseconds{1}));
}

TEST_P(LineWriterOver, KeepsLinesWholeAndTheirOrderAmongThreads) {
    auto writer = std::make_unique<LineWriter>(ends.write, true, 8'000'000, lost_text);
    std::vector<std::string> lines;
    std::thread reader{[&] { lines = ends.lines(); }};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 2000; ++i) writer->write(std::to_string(t) + " " + std::to_string(i));
        });
    }
    for (std::thread& thread : threads) thread.join();
    writer.reset();
    reader.join();
    ASSERT_EQ(lines.size(), 8000U);
    std::array<int, 4> next{};
    for (const std::string& line : lines) {
        const auto thread = static_cast<std::size_t>(line[0] - '0');
        ASSERT_EQ(line, std::to_string(thread) + " " + std::to_string(next[thread]++));
    }
}

TEST_P(LineWriterOver, OutlivesItsReader) {
    LineWriter writer{ends.write, true, 100'000, lost_text};
    ::close(std::exchange(ends.read, -1));
    for (int i = 0; i < 10; ++i) writer.write(numbered(i));
    EXPECT_FALSE(writer.flush(std::chrono::milliseconds{500}));
    EXPECT_GT(writer.state().lost, 0U);
    EXPECT_TRUE(writer.state().stuck);
}

TEST(LineWriter, CountsWhatAFullDiskDoesNotTake) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(full, 0);
    LineWriter writer{full, true, 100'000, lost_text};
    for (int i = 0; i < 10; ++i) writer.write(numbered(i));
    writer.flush(std::chrono::milliseconds{1500});
    EXPECT_EQ(writer.state().lost, 10U) << "the line that tells of them is none of them";
}

TEST(LineWriter, WritesWhatWaitsBeforeAFatalEnd) {
    const test::TemporaryFolder folder;
    const std::string path = folder.path() + "/log";
    const pid_t child = ::fork();
    if (child == 0) {
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        LineWriter writer{file, true, 10'000'000, lost_text};
        writer.write_before_fatal_ends();
        for (int i = 0; i < 20'000; ++i) writer.write(numbered(i));
        std::abort();
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGABRT);
    std::vector<std::string> lines;
    std::ifstream text{path};
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    expect_whole(lines, 20'000);
}

}  // namespace
}  // namespace sallyport::io
