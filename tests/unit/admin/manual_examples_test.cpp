// The examples of the manual: whole node files pass the check, parts of them have keys that there are, command lines
// are of the grammar, and the first federation shows what `init` writes. What fails is named by page and line.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <sstream>

#include "admin/print/print.h"
#include "io/loop/asio_loop.h"
#include "io/tls/files.h"
#include "model/config/node_file.h"
#include "nodes/ctl/check_config.h"
#include "nodes/ctl/commands.h"
#include "nodes/ctl/init.h"
#include "services/provision/provisioner.h"

namespace sallyport::test {
namespace {

namespace fs = std::filesystem;

const std::string root = SALLYPORT_SOURCE_DIR;

/// What stands between two fences.
struct Block {
    std::string page, language;
    unsigned first = 0;  ///< line of the page
    std::vector<std::string> lines;

    [[nodiscard]] std::string text() const {
        std::string all;
        for (const std::string& line : lines) all += line + "\n";
        return all;
    }
    [[nodiscard]] std::string at(std::size_t line) const { return page + ":" + std::to_string(first + line); }
    [[nodiscard]] bool has(const std::string& line) const {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    }
};

void add_blocks(const std::string& page, std::vector<Block>& all) {
    const auto read = io::read_file(root + "/" + page);
    ASSERT_TRUE(read) << page;
    std::istringstream in{*read};
    bool inside = false;
    unsigned number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.starts_with("```")) {
            inside = !inside;
            if (inside) all.push_back({page, line.substr(3), number + 1, {}});
        } else if (inside) {
            all.back().lines.push_back(line);
        }
    }
    EXPECT_FALSE(inside) << page << ": a fence is not closed";
}

std::vector<Block> blocks_of(const std::string& page) {
    std::vector<Block> all;
    add_blocks(page, all);
    return all;
}

std::vector<Block> blocks() {
    std::vector<std::string> pages{"README.md"};
    for (const auto& entry : fs::directory_iterator{root + "/docs/manual"}) {
        if (entry.path().extension() == ".md") pages.push_back("docs/manual/" + entry.path().filename().string());
    }
    std::sort(pages.begin(), pages.end());
    std::vector<Block> all;
    for (const std::string& page : pages) add_blocks(page, all);
    return all;
}

/// Whatever a file names is there.
FileFacts anything(const std::string&) {
    return {true, true, true, false, "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"};
}

config::NodeFile parsed(const Block& block, const std::function<bool(const config::FileError&)>& counts) {
    const std::string path = "/etc/sallyport/node.toml";
    config::NodeFile file;
    const auto role = ctl::infer_role(block.text(), path);
    for (const config::FileError& error : config::parse_node_file(block.text(), path, role, file, anything)) {
        if (!counts(error)) continue;
        ADD_FAILURE() << block.at(error.line == 0 ? 0 : error.line - 1) << ": " << error.key << ": " << error.text;
    }
    return file;
}

TEST(ManualExamples, OfWholeNodeFilesPassTheCheck) {
    int whole = 0;
    for (const Block& block : blocks()) {
        if (block.language != "toml" || !block.has("[node]")) continue;
        ++whole;
        const auto file = parsed(block, [](const config::FileError&) { return true; });
        EXPECT_TRUE(file.weak_links.empty()) << block.at(0) << ": " << file.weak_links.front().text();
    }
    EXPECT_GE(whole, 5) << "the examples are no longer found";
}

TEST(ManualExamples, OfPartsOfNodeFilesHaveKeysThatThereAre) {
    for (const Block& block : blocks()) {
        if (block.language != "toml" || block.has("[node]")) continue;
        const auto file = parsed(block, [](const config::FileError& error) {
            // The rest of the file is not shown, so that something is missing is no mistake.
            return error.line != 0 && (error.key.empty() || error.text.find("unknown key") != std::string::npos ||
                                       error.text.find("no such setting") != std::string::npos);
        });
        EXPECT_TRUE(file.node.name.empty()) << block.at(0);
    }
}

/// As a shell splits it, up to what is no longer of this command. `line` moves on when a quotation does.
std::vector<std::string> words_of(const Block& block, std::size_t& line) {
    std::vector<std::string> words;
    std::string word;
    char quote = 0;
    bool open = false;
    for (; line < block.lines.size(); ++line) {
        const std::string text = block.lines[line].starts_with("$ ") ? block.lines[line].substr(2) : block.lines[line];
        bool goes_on = false;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (quote != 0) {
                if (c == quote)
                    quote = 0;
                else
                    word += c;
            } else if (c == '\'' || c == '"') {
                quote = c;
                open = true;
            } else if (c == '\\' && i + 1 == text.size()) {
                goes_on = true;
            } else if (std::string_view{"|<>;&"}.find(c) != std::string_view::npos || (c == '#' && !open)) {
                break;
            } else if (c == ' ') {
                if (open) words.push_back(std::exchange(word, {}));
                open = false;
            } else {
                word += c;
                open = true;
            }
        }
        if (quote != 0) word += '\n';
        if (quote == 0 && !goes_on) break;
    }
    if (open) words.push_back(word);
    return words;
}

TEST(ManualExamples, OfCommandLinesAreOfTheGrammar) {
    int lines = 0;
    for (const Block& block : blocks()) {
        const bool is_shell = block.language == "sh" || block.language == "console";
        for (std::size_t i = 0; i < block.lines.size(); ++i) {
            const std::string& text = block.lines[i];
            if (!text.starts_with("$ sallyport ") && !(is_shell && text.starts_with("sallyport "))) continue;
            ++lines;
            const std::string place = block.at(i);
            std::vector<std::string> words = words_of(block, i);
            words.erase(words.begin());
            std::istringstream in;
            std::ostringstream out, err;
            ctl::Chosen chosen;
            int status = 0;
            const bool good = ctl::parse_commands(words, {in, out, err, false, "anna"}, chosen, status) || status == 0;
            EXPECT_TRUE(good) << place << ": " << text << "\n" << err.str();
        }
    }
    EXPECT_GE(lines, 60) << "the examples are no longer found";
}

/// Secrets are new each time: only that there is one counts.
std::string without_secrets(const std::string& text) {
    std::istringstream in{text};
    std::string out;
    for (std::string line; std::getline(in, line);) {
        const std::size_t value = line.find("secret = \"");
        if (value != std::string::npos) {
            const std::size_t from = line.find('"', value) + 1;
            line.replace(from, line.find('"', from) - from, "SECRET");
        }
        out += line + "\n";
    }
    return out;
}

TEST(ManualExamples, OfTheFirstFederationAreWhatInitWrites) {
    const std::string page = "docs/manual/first-federation.md";
    ctl::InitAnswers answers;
    std::vector<Block> files;
    std::istringstream in;
    std::ostringstream out, err;
    const ctl::Console console{in, out, err, false, "anna"};
    for (const Block& block : blocks_of(page)) {
        if (block.language == "toml") files.push_back(block);
        std::size_t line = 0;
        if (block.lines.empty() || !block.lines[0].starts_with("sallyport init --")) continue;
        std::vector<std::string> words = words_of(block, line);
        words.erase(words.begin());
        ctl::Chosen chosen;
        int status = 0;
        ASSERT_TRUE(ctl::parse_commands(words, console, chosen, status)) << err.str();
        answers = chosen.init;
    }
    ASSERT_EQ(files.size(), 2u) << page;
    answers.force = true;  // whatever this host has in /etc/sallyport
    const WallTime now = io::AsioLoop{}.wall();
    const auto plan = ctl::plan_init(answers, console, now);
    ASSERT_TRUE(plan) << page << ": " << plan.error().text;
    const auto made = ctl::make_files(*plan, now);
    ASSERT_TRUE(made);
    for (const auto& [name, shown] : {std::pair{"edge.toml", files[0]}, {"core.toml", files[1]}}) {
        const auto file = std::find_if(made->begin(), made->end(), [&](const auto& one) { return one.name == name; });
        ASSERT_NE(file, made->end());
        EXPECT_EQ(without_secrets(shown.text()), without_secrets(file->text)) << shown.at(0) << ": " << name;
    }
    const auto all = [](const config::FileError&) { return true; };
    const auto edge = parsed(files[0], all), core = parsed(files[1], all);
    ASSERT_TRUE(edge.link.accept.size() == 1 && core.link.dial.size() == 1);
    EXPECT_EQ(edge.link.accept[0].secret, core.link.dial[0].secret);
    EXPECT_EQ(edge.settings, core.settings);
}

TEST(ManualExamples, OfAProvisioningChainThatHasFailedIsWhatStatusPrints) {
    provision::PublisherStatus status;
    status.address = "imp1.example.org:8443";
    status.state = provision::PublisherState::failed;
    status.code = "axl-unauthorized";
    status.reason = "wrong user or password, or the user has no AXL API access (401)";
    status.wanted = {"cm-2_s2scp-1.edge1-example-org"};
    const auto step = provision::step_of(status);
    std::ostringstream printed;
    admin::print_chain({boost::json::object{{"step", step.step}, {"state", "failed"}, {"reason", step.reason.text()}}},
                       printed);
    const std::string lines = printed.str().substr(printed.str().find("  failed"));
    const auto page = io::read_file(root + "/docs/manual/provisioning.md");
    ASSERT_TRUE(page);
    EXPECT_NE(page->find("\n" + lines + "```\n"), std::string::npos) << lines;
}

}  // namespace
}  // namespace sallyport::test
