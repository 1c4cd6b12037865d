// The command line against a node on another thread: exit statuses, tables within the page, text that is fit for a
// terminal, and what the manual and the completion say of the verbs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

#include "admin/api/admin_server.h"
#include "admin/api/verbs.h"
#include "admin/print/json_text.h"
#include "admin/print/print.h"
#include "admin/print/table.h"
#include "fake_node.h"
#include "io/tls/files.h"
#include "nodes/ctl/cli.h"
#include "nodes/ctl/commands.h"
#include "nodes/ctl/completion.h"
#include "nodes/ctl/node_address.h"
#include "nodes/ctl/progress.h"
#include "nodes/ctl/rest_client.h"
#include "nodes/ctl/terminal.h"

namespace sallyport::test {
namespace {

namespace json = boost::json;

/// One command and what it printed.
struct Outcome {
    int status = -1;
    std::string out, err;
};

Outcome sallyport(std::vector<std::string> arguments, const std::string& typed = {}, const admin::Page& page = {}) {
    std::istringstream in{typed};
    std::ostringstream out, err;
    Outcome outcome;
    const ctl::NodeRunners nodes{[&](const std::string& file) { return err << "edge " << file, 7; },
                                 [&](const std::string& file) { return err << "core " << file, 8; },
                                 [&](const std::string& file) { return err << "presence " << file, 9; }};
    outcome.status = ctl::run_cli(arguments, {in, out, err, !typed.empty(), "anna", page}, nodes);
    outcome.out = out.str();
    outcome.err = err.str();
    return outcome;
}

/// A node that serves its admin socket on a thread of its own.
class ServedNode {
public:
    ServedNode() {
        if (!server_.start()) std::abort();
    }
    ~ServedNode() {
        node.real_loop().stop();
        if (thread_.joinable()) thread_.join();
    }
    ServedNode(const ServedNode&) = delete;
    ServedNode& operator=(const ServedNode&) = delete;

    /// From now on the node belongs to its thread.
    void serve() {
        thread_ = std::thread{[this] { node.real_loop().run(); }};
    }
    Outcome ask(std::vector<std::string> arguments, const admin::Page& page = {}) {
        if (!thread_.joinable()) serve();
        arguments.insert(arguments.end(), {"--node", node.folder.path()});
        return sallyport(std::move(arguments), {}, page);
    }

    FakeNode node;

private:
    admin::AdminServer server_{node, node.real_network(), node.folder.path() + "/admin.sock"};
    std::thread thread_;
};

void expect_page(const std::string& text, std::size_t width = admin::page_width) {
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(admin::display_width(line), width) << line;
    }
}

TEST(CommandLine, EndsWithTheStatusThatScriptsExpect) {
    ServedNode served;
    EXPECT_EQ(served.ask({"status"}).status, 0);
    EXPECT_EQ(served.ask({"why", "b.test", "c.test"}).status, 1);
    EXPECT_EQ(served.ask({"config", "set", "federation.bidi", "sideways"}).status, 1);
    EXPECT_EQ(served.ask({"check", "dns", "a.test"}).status, 1);
    EXPECT_EQ(served.ask({"peers", "show", "a..test"}).status, 2);
    EXPECT_EQ(served.ask({"peers", "show"}).status, 2);
    EXPECT_EQ(served.ask({"check"}).status, 2);
    EXPECT_EQ(served.ask({"frobnicate"}).status, 2);
    EXPECT_EQ(sallyport({}).status, 2);
    EXPECT_EQ(sallyport({"status", "--node", "/nonexistent/admin.sock"}).status, 3);
    const auto help = sallyport({"--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_NE(help.out.find("checks that look for the cause of a fault"), std::string::npos) << help.out;
    EXPECT_EQ(sallyport({"--version"}).status, 0);
}

TEST(CommandLine, HelpsWithTheSectionsOfTheManualAndTheOptionsOfEveryCommand) {
    const std::string all = sallyport({"--help"}).out;
    const auto manual = io::read_file(SALLYPORT_SOURCE_DIR "/docs/manual/cli.md");
    ASSERT_TRUE(manual);
    for (const admin::Verb& verb : admin::verbs()) {
        const std::string section{admin::section_of(verb)};
        if (section.empty()) continue;  // hidden
        EXPECT_NE(manual->find("\n## " + section + "\n"), std::string::npos) << verb.name << ": " << section;
        EXPECT_NE(all.find("\n" + section + ":\n"), std::string::npos) << section << all;
    }
    EXPECT_NE(all.find("\nWithout a node:\n"), std::string::npos) << all;
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"status"}, {"peers"}, {"peers", "ping"}, {"alarms"}}) {
        std::vector<std::string> asked = words;
        asked.emplace_back("--help");
        const std::string help = sallyport(asked).out;
        for (const char* option : {"--node", "--config", "--token-file", "--trust", "--json", "--color"}) {
            EXPECT_NE(help.find(option), std::string::npos) << option << help;
        }
    }
    EXPECT_EQ(all.find("\n  complete "), std::string::npos) << "it is for shells";
}

TEST(CommandLine, HelpsWithAnExampleOfEachCommandInTheOrderOfTheManual) {
    EXPECT_NE(sallyport({"peers", "ping", "--help"}).out.find("Example: sallyport peers ping partner.example"),
              std::string::npos);
    EXPECT_NE(sallyport({"check-config", "--help"}).out.find("Example: sallyport check-config "), std::string::npos);
    const std::string all = sallyport({"--help"}).out;
    EXPECT_NE(all.find("\nExamples:\n"), std::string::npos) << all;
    const auto manual = io::read_file(SALLYPORT_SOURCE_DIR "/docs/manual/cli.md");
    std::size_t in_manual = 0, in_help = 0;
    std::string last;
    for (const admin::Verb& verb : admin::verbs()) {
        const std::string section{admin::section_of(verb)};
        if (section.empty() || section == last) continue;
        last = section;
        const std::size_t there = manual->find("\n## " + section + "\n"), here = all.find("\n" + section + ":\n");
        EXPECT_GT(there, in_manual) << section;
        EXPECT_GT(here, in_help) << section;
        in_manual = there;
        in_help = here;
    }
}

TEST(CommandLine, HandsNodesToTheirRunners) {
    const auto edge = sallyport({"edge", "--config", "e.toml"});
    EXPECT_EQ(edge.status, 7);
    EXPECT_EQ(edge.err, "edge e.toml");
    EXPECT_EQ(sallyport({"core", "--config", "c.toml"}).status, 8);
    EXPECT_EQ(sallyport({"core"}).status, 2);
    EXPECT_EQ(sallyport({"presence", "--config", "p.toml"}).status, 9);
}

TEST(CommandLine, TakesTheNodesFileBeforeTheCommandAndBehindIt) {
    ServedNode served;
    served.serve();
    const std::string file = served.node.folder.path() + "/node.toml";
    std::ofstream{file} << "[node]\nname = \"x\"\ndata = \"" << served.node.folder.path() << "\"\n";
    EXPECT_EQ(sallyport({"--config", file, "status"}).status, 0);
    EXPECT_EQ(sallyport({"--config", file, "peers", "list"}).status, 0);
    EXPECT_EQ(sallyport({"peers", "list", "--config", file}).status, 0);
    EXPECT_EQ(sallyport({"status", "--config", file}).status, 0);
    EXPECT_EQ(sallyport({"--config", "e.toml", "edge"}).err, "edge e.toml");
    for (const char* role : {"edge", "core", "presence"}) {
        const auto without = sallyport({role});
        EXPECT_EQ(without.status, 2);
        EXPECT_NE(without.err.find("--config"), std::string::npos) << without.err;
    }
}

TEST(CommandLine, NamesTheNearestCommandToOneThatIsMistyped) {
    const auto complaint = [](const std::vector<std::string>& words) {
        const auto outcome = sallyport(words);
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        return outcome.err;
    };
    const auto expect_hint = [&](const std::vector<std::string>& words, const std::string& name) {
        const std::string said = complaint(words);
        EXPECT_NE(said.find("did you mean '" + name + "'?"), std::string::npos) << said;
    };
    expect_hint({"statu"}, "status");
    expect_hint({"--json", "statsu"}, "status");
    expect_hint({"chek-config", "edge.toml"}, "check-config");
    expect_hint({"pers", "list"}, "peers");
    expect_hint({"peers", "pnig", "x"}, "ping");
    expect_hint({"peers", "--json", "lsit"}, "list");
    expect_hint({"alarms", "akk", "7"}, "ack");
    expect_hint({"check", "lnik"}, "link");
    expect_hint({"status", "--jsno"}, "--json");
    expect_hint({"events", "--folow"}, "--follow");
    const std::string unlike = complaint({"frobnicate"});
    EXPECT_NE(unlike.find("no such command: 'frobnicate'"), std::string::npos) << unlike;
    EXPECT_NE(unlike.find("sallyport --help"), std::string::npos) << unlike;
    EXPECT_NE(complaint({"peers", "frobnicate"}).find("list, show, ping, close"), std::string::npos);
    EXPECT_NE(complaint({}).find("sallyport --help"), std::string::npos);
}

TEST(CommandLine, ChangesSettingsAsTheUser) {
    ServedNode served;
    EXPECT_EQ(served.ask({"config", "set", "federation.allow_list", R"(["a.test", "*.c.test"])"}).status, 0);
    EXPECT_EQ(served.ask({"config", "get", "federation.allow_list"}).out, "[\"a.test\",\"*.c.test\"]\n");
    EXPECT_EQ(served.ask({"allow", "add", "d.test", "e.test"}).status, 0);
    EXPECT_EQ(served.ask({"allow"}).out, "a.test\n*.c.test\nd.test\ne.test\n");
    EXPECT_EQ(served.ask({"routes", "add", "a.test", "[2001:db8::1]", "192.0.2.1:5270", "--fall-back-to-dns"}).status,
              0);
    const auto routes = served.ask({"routes"}).out;
    EXPECT_NE(routes.find("2001:db8::1"), std::string::npos);
    EXPECT_NE(routes.find("5270"), std::string::npos);
    EXPECT_NE(served.ask({"config", "history"}).out.find("anna"), std::string::npos);
}

TEST(CommandLine, PrintsJsonThatScriptsCanRead) {
    ServedNode served;
    const auto answer = served.ask({"status", "--json"});
    EXPECT_EQ(text_at(json::parse(answer.out), "role"), "edge");
    EXPECT_EQ(text_at(json::parse(served.ask({"--json", "config", "get"}).out), "revision"), "2");
}

TEST(CommandLine, PrintsMetricsThatPrometheusReads) {
    ServedNode served;
    const auto metrics = served.ask({"metrics"});
    EXPECT_EQ(metrics.status, 0);
    const TemporaryFolder folder;
    std::ofstream{folder.path() + "/metrics"} << metrics.out;
    const std::string parser = "/usr/bin/python3 " SALLYPORT_SOURCE_DIR "/tests/support/openmetrics.py ";
    EXPECT_EQ(std::system((parser + folder.path() + "/metrics").c_str()), 0) << metrics.out.substr(0, 300);
}

TEST(CommandLine, TellsAPingInPlainWords) {
    ServedNode served;
    served.node.pong = Duration{std::chrono::microseconds{6408}};
    served.node.while_pinging = [&] {
        const auto tell = [&](LogLevel level, const std::string& name,
                              std::vector<std::pair<std::string, std::string>> facts) {
            served.node.log_event(LogModule::s2s, level, name, std::move(facts));
        };
        tell(LogLevel::info, "dns.lookup.started", {{"Detail", "puny=a.test"}, {"host", "a.test"}});
        tell(LogLevel::info, "s2s.features.received", {{"from", "a.test"}, {"features", "starttls"}});
        tell(LogLevel::info, "s2s.result.received", {{"from", "a.test"}, {"type", "valid"}});
        tell(LogLevel::info, "s2s.pair.ready",
             {{"Detail", "PENDING->CONNECTED"}, {"pair", "b.test:a.test"}, {"method", "dialback"}, {"tls", "TLSv1.3"}});
        tell(LogLevel::warn, "s2s.new", {{"pair", "b.test:a.test"}});
    };
    const auto ping = served.ask({"peers", "ping", "a.test"});
    for (const char* words : {"  looking up the servers of a.test\n", "  the peer answered our dialback key: valid\n",
                              "  b.test:a.test is authenticated: dialback, TLSv1.3\n", "s2s.new pair=b.test:a.test\n",
                              "\na.test answered b.test after 6.4 ms\n"}) {
        EXPECT_NE(ping.out.find(words), std::string::npos) << words << ping.out;
    }
    EXPECT_EQ(ping.out.find("Detail="), std::string::npos) << ping.out;
    EXPECT_EQ(ping.out.find("features"), std::string::npos) << ping.out;
    const auto script = served.ask({"peers", "ping", "a.test", "--json"}).out;
    EXPECT_NE(script.find("\"features\":\"starttls\""), std::string::npos) << script;
    EXPECT_NE(script.find("\"milliseconds\": 6.408\n"), std::string::npos) << script;
}

TEST(CommandLine, ChecksTheStatusForScripts) {
    const auto check = [](std::size_t held, bool is_linked) {
        ServedNode served;
        (void)served.node.ask("allow.add", R"({"domain":["a.test"]})");
        admin::OwnCertificate own{admin::CertificateUse::s2s, "b.test", "b.pem", {}};
        own.facts.dns_names = {"b.test"};
        own.facts.not_after = served.node.loop().wall() + std::chrono::hours{24 * 90};
        served.node.current.certificates = {own};
        served.node.current.held_for_link = held;
        link::SessionStatus link;
        link.state = link::LinkState::open;
        link.far_realm = "core1-b-test";
        link.far_role = Role::core;
        link.bound = {"b.test"};
        if (is_linked) served.node.current.links = {link};
        EXPECT_EQ(served.ask({"status"}).status, 0) << "it shows, and judges only when asked";
        const auto json = served.ask({"status", "--check", "--json"});
        const auto words = served.ask({"status", "--check"});
        EXPECT_EQ(json.status, words.status);
        EXPECT_EQ(text_at(json::parse(json.out), "verdict"),
                  std::vector({"good", "warning", "bad"}).at(static_cast<std::size_t>(words.status)));
        return words;
    };
    const auto good = check(0, true);
    EXPECT_EQ(good.status, 0) << good.out;
    EXPECT_EQ(std::ranges::count(good.out, '\n'), 1) << good.out;
    EXPECT_NE(good.out.find(": all in order"), std::string::npos) << good.out;
    const auto warning = check(1, true);
    EXPECT_EQ(warning.status, 1) << warning.out;
    EXPECT_NE(warning.out.find(": 1 warning\n  - 1 stanza is held for a link that is down\n    -> "), std::string::npos)
        << warning.out;
    const auto bad = check(2, false);
    EXPECT_EQ(bad.status, 2) << bad.out;
    EXPECT_NE(bad.out.find(": 1 error, 1 warning\n  ! "), std::string::npos) << bad.out;
    EXPECT_NE(bad.out.find("  - 2 stanzas are held"), std::string::npos) << bad.out;
    EXPECT_EQ(sallyport({"status", "--check", "--node", "/nonexistent/admin.sock"}).status, 3);
}

TEST(CommandLine, SaysOneStreamAndTwoStreams) {
    const auto close = [](unsigned streams) {
        ServedNode served;
        served.node.streams_to_close = streams;
        return served.ask({"peers", "close", "a.test"}).out;
    };
    EXPECT_EQ(close(1), "closed 1 stream with a.test\n");
    EXPECT_EQ(close(2), "closed 2 streams with a.test\n");
    const auto printed = [](admin::Print print, const json::object& result) {
        std::ostringstream out;
        print(result, out);
        return out.str();
    };
    EXPECT_EQ(printed(admin::print_sql, {{"changed", 1}}), "1 row changed\n");
    EXPECT_EQ(printed(admin::print_sql, {{"changed", 0}}), "0 rows changed\n");
    EXPECT_EQ(printed(admin::print_forgotten, {{"user", "anna@b.test"}, {"forgotten", 1}}),
              "anna@b.test: 1 request removed\n");
    EXPECT_NE(printed(admin::print_handshake, {{"left_out", 1}}).find("1 more step was not recorded"),
              std::string::npos);
    EXPECT_NE(printed(admin::print_handshake, {{"left_out", 2}}).find("2 more steps were not recorded"),
              std::string::npos);
}

TEST(CommandLine, KeepsToThePageWhateverPeersAreCalled) {
    ServedNode served;
    for (int i = 0; i < 3; ++i) {
        s2s::StreamStatus stream;
        stream.id = std::string(70, 's');
        stream.remote = std::string(60, 'r') + std::to_string(i) + ".example";
        stream.local = std::string(60, 'l') + ".example";
        stream.pairs = {{{*xmpp::Domain::parse(stream.local), *xmpp::Domain::parse(stream.remote)},
                         s2s::Method::certificate_dialback,
                         false}};
        stream.remote_address = "[2001:db8:1111:2222:3333:4444:5555:6666]:52690";
        stream.tls_version = "TLSv1.3";
        stream.state = "authenticated";
        stream.stanzas_in = 123'456'789;
        stream.certificate_sha256 = std::string(64, 'f');
        stream.certificate_subject = std::string(300, 'c');
        served.node.current.streams.push_back(stream);
        s2s::DestinationStatus destination;
        destination.pair = stream.pairs[0].domains;
        destination.failure = xmpp::Failure{.why = std::string(250, 'e') + " and more words"};
        destination.failures = 3;
        served.node.current.destinations.push_back(destination);
        served.node.current.links.emplace_back().far_realm = std::string(90, 'k');
        served.node.current.certificates.push_back(
            {admin::CertificateUse::s2s, std::string(80, 'u'), std::string(120, 'p'), {}});
        served.node.log_event(LogModule::s2s, LogLevel::info, "s2s.long", {{"why", std::string(400, 'w')}});
    }
    const std::string remote = served.node.current.streams[0].remote;
    served.node.current.dials.push_back(
        {"address", "name", Role::edge, link::DialState::waiting, std::string(200, 'y'), {}});
    served.node.board.raise(services::AlarmCode::ssh_down, std::string(90, 'k'), std::string(300, 'd'));
    served.node.current.chain = {{std::string(120, 's'), StepState::in_force, {std::string(90, 'r')}}};
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"status"},
                                                                       {"alarms"},
                                                                       {"peers"},
                                                                       {"peers", "show", remote},
                                                                       {"events"},
                                                                       {"config", "get"},
                                                                       {"config", "history"},
                                                                       {"why", "b.test", remote},
                                                                       {"check", "dns", remote},
                                                                       {"allow", "add", remote},
                                                                       {"deny", "add", "x.test"}}) {
        const auto outcome = served.ask(arguments);
        EXPECT_FALSE(outcome.out.empty()) << arguments.front();
        expect_page(outcome.out);
    }
}

TEST(CommandLine, FitsTheTerminalAndCutsNothingForPrograms) {
    ServedNode served;
    s2s::StreamStatus stream;
    stream.remote = std::string(50, 'r') + ".example";
    stream.local = std::string(50, 'l') + ".example";
    stream.pairs = {
        {{*xmpp::Domain::parse(stream.local), *xmpp::Domain::parse(stream.remote)}, s2s::Method::dialback, false}};
    stream.remote_address = "[2001:db8:1111:2222:3333:4444:5555:6666]:52690";
    stream.state = "authenticated";
    served.node.current.streams = {stream};
    served.node.log_event(LogModule::s2s, LogLevel::info, "s2s.long",
                          {{"why", "it has many words " + std::string(300, 'w')}});
    const auto widest = [](const std::string& text) {
        std::size_t most = 0;
        std::istringstream lines{text};
        for (std::string line; std::getline(lines, line);) most = std::max(most, admin::display_width(line));
        return most;
    };
    for (const std::size_t width : {80, 120}) {
        const std::string peers = served.ask({"peers"}, {width}).out;
        EXPECT_EQ(widest(peers), width) << peers;
        expect_page(served.ask({"events"}, {width}).out, width);
        expect_page(served.ask({"status"}, {width}).out, width);
    }
    EXPECT_EQ(widest(served.ask({"peers"}).out), admin::page_width);
    const std::string whole = served.ask({"peers"}, {admin::endless_width}).out;
    for (const std::string& name : {stream.remote, stream.local, stream.remote_address}) {
        EXPECT_NE(whole.find(" " + name + " "), std::string::npos) << whole;
    }
    EXPECT_EQ(std::ranges::count(served.ask({"events"}, {admin::endless_width}).out, '\n'), 1);
    EXPECT_FALSE(served.ask({"events"}, {40}).out.empty()) << "narrower than what precedes the text";
}

TEST(Terminal, IsAsWideAsItSaysElseAsTheUserWishes) {
    EXPECT_EQ(ctl::page_for({true, 132, "80"}).width, 132u);
    EXPECT_EQ(ctl::page_for({true, 0, "80"}).width, 80u);
    EXPECT_EQ(ctl::page_for({true, 0, std::nullopt}).width, 100u);
    EXPECT_EQ(ctl::page_for({true, 12, std::nullopt}).width, 40u);
    EXPECT_EQ(ctl::page_for({false, 0, std::nullopt}).width, admin::endless_width);
    EXPECT_EQ(ctl::page_for({false, 0, "72"}).width, 72u);
    for (const char* none : {"", "0", "wide", "80x24", "-1"}) {
        EXPECT_EQ(ctl::page_for({false, 0, none}).width, admin::endless_width) << none;
    }
}

TEST(CommandLine, ColoursStatesAndSeveritiesAtATerminalOnly) {
    ServedNode served;
    served.node.current.held_for_link = 1;
    served.node.current.links.emplace_back().far_realm = "core1-b-test";
    served.node.current.links.back().state = link::LinkState::open;
    served.node.board.raise(services::AlarmCode::ssh_down, "core1", "no answer");
    const admin::Page terminal{.width = 100, .colours = true};
    const std::string status = served.ask({"status"}, terminal).out;
    EXPECT_NE(status.find("\x1b[32mopen\x1b[0m"), std::string::npos) << status;
    EXPECT_NE(status.find("\x1b[33m  - \x1b[0m1 stanza is held"), std::string::npos) << status;
    EXPECT_NE(served.ask({"alarms"}, terminal).out.find("\x1b[3"), std::string::npos);
    EXPECT_EQ(served.ask({"status"}, {.width = 100}).out.find('\x1b'), std::string::npos);
    EXPECT_EQ(served.ask({"status", "--json"}, terminal).out.find('\x1b'), std::string::npos);
    std::string without = status;
    for (std::size_t at = without.find('\x1b'); at != std::string::npos; at = without.find('\x1b')) {
        without.erase(at, without.find('m', at) - at + 1);
    }
    expect_page(without);
}

TEST(CommandLine, ColoursAsWished) {
    ServedNode served;
    served.node.board.raise(services::AlarmCode::ssh_down, "core1", "no answer");
    const admin::Page file{.width = admin::endless_width}, terminal{.width = 100, .colours = true};
    const auto coloured = [&](std::vector<std::string> words, const admin::Page& page) {
        return served.ask(std::move(words), page).out.find('\x1b') != std::string::npos;
    };
    EXPECT_FALSE(coloured({"alarms", "--color", "auto"}, file));
    EXPECT_TRUE(coloured({"alarms", "--color=auto"}, terminal));
    EXPECT_TRUE(coloured({"alarms", "--color", "always"}, file));
    EXPECT_FALSE(coloured({"--color", "never", "alarms"}, terminal));
    EXPECT_EQ(served.ask({"alarms", "--color", "sometimes"}).status, 2);
}

TEST(Progress, IsShownAtATerminalAndLeavesNothingBehind) {
    std::ostringstream terminal, pipe;
    {
        ctl::Progress shown{terminal, true, "diag collect"}, hidden{pipe, false, "diag collect"};
        shown.waited(std::chrono::seconds{1});
        EXPECT_EQ(terminal.str(), "") << "what is quick needs none";
        shown.waited(std::chrono::seconds{3});
        EXPECT_EQ(terminal.str(), "\rdiag collect: 3 s\x1b[K");
        shown.brought(3U << 20U, 10U << 20U);
        hidden.waited(std::chrono::seconds{3});
        hidden.brought(1, 2);
    }
    EXPECT_TRUE(terminal.str().ends_with("\rdiag collect: 3.0 MiB of 10.0 MiB\x1b[K\r\x1b[K")) << terminal.str();
    EXPECT_EQ(pipe.str(), "");
}

TEST(Terminal, HasColoursUnlessTheyAreNotWished) {
    EXPECT_TRUE(ctl::page_for({true, 80, std::nullopt, true}).colours);
    EXPECT_FALSE(ctl::page_for({true, 80, std::nullopt, false}).colours);
    EXPECT_FALSE(ctl::page_for({false, 0, "80", true}).colours);
    EXPECT_TRUE(ctl::takes_colours({}, "xterm"));
    EXPECT_TRUE(ctl::takes_colours("", "xterm"));
    EXPECT_FALSE(ctl::takes_colours("1", "xterm"));
    EXPECT_FALSE(ctl::takes_colours({}, "dumb"));
}

TEST(CommandLine, CutsOffWhatCouldCommandATerminal) {
    ServedNode served;
    served.node.log_event(LogModule::s2s, LogLevel::info, "s2s.bad",
                          {{"why",
                            "\x1b[2Jx\xc2\x9b"
                            "31my\xe2\x80\xae"
                            "z"}});
    const auto words = served.ask({"events"}).out;
    EXPECT_EQ(words.find('\x1b'), std::string::npos);
    EXPECT_EQ(words.find("\xc2\x9b"), std::string::npos);
    EXPECT_EQ(words.find("\xe2\x80\xae"), std::string::npos);
    const auto script = served.ask({"events", "--json"}).out;
    EXPECT_EQ(script.find("\xc2\x9b"), std::string::npos);
    EXPECT_EQ(text_at(json::parse(script).as_object().at("events").as_array().at(0).as_object().at("facts"), "why"),
              "\x1b[2Jx\xc2\x9b"
              "31my\xe2\x80\xae"
              "z");
}

TEST(CommandLine, EveryVerbHasWordsForPeople) {
    for (const admin::Verb& verb : admin::verbs()) {
        std::ostringstream out;
        verb.print(json::object{}, out);
        const bool is_a_file = verb.name == "handshakes.export";
        EXPECT_EQ(out.str() == "{}\n", is_a_file) << verb.name << " is printed as JSON";
        expect_page(out.str());
    }
}

TEST(Table, GivesWayInItsFlexibleColumnsAndCountsWideCharacters) {
    admin::Table table{{{"A", false, 4}, {"B"}, {"N", true}}};
    table.row({std::string(200, 'a'), "b", "1"});
    table.row({"\xe4\xb8\xad\xe6\x96\x87", "b", "22"});
    table.note("a note");
    std::ostringstream out;
    table.write(out);
    expect_page(out.str());
    EXPECT_NE(out.str().find("      a note\n"), std::string::npos);
    EXPECT_EQ(admin::display_width("\xe4\xb8\xad\xe6\x96\x87"), 4u);
}

TEST(JsonText, HasNumbersAsPlainDecimals) {
    const std::vector<std::pair<json::value, std::string>> numbers = {
        {6.408, "6.408"},
        {-0.001, "-0.001"},
        {-7.25, "-7.25"},
        {5.0, "5"},
        {-0.0, "0"},
        {1e21, "1000000000000000000000"},
        {1e-7, "0.0000001"},
        {0.1 + 0.2, "0.30000000000000004"},
        {UINT64_MAX, "18446744073709551615"},
        {INT64_MIN, "-9223372036854775808"},
        {std::numeric_limits<double>::infinity(), "null"}};
    for (const auto& [number, text] : numbers) EXPECT_EQ(admin::json_text(number), text);
    for (const double extreme : {std::numeric_limits<double>::max(), std::numeric_limits<double>::min(),
                                 std::numeric_limits<double>::denorm_min()}) {
        const std::string text = admin::json_text(json::value(extreme));
        EXPECT_EQ(text.find_first_not_of("0123456789."), std::string::npos) << text;
        EXPECT_EQ(std::strtod(text.c_str(), nullptr), extreme) << text;
    }
    const json::value all = {{"a\"\n", {1.5, true, nullptr, json::object{}, json::array{}}}, {"b", "\x1f ü"}};
    EXPECT_EQ(admin::json_text(all), R"({"a\"\n":[1.5,true,null,{},[]],"b":"\u001f ü"})");
    EXPECT_EQ(json::parse(admin::json_lines(all)), all);
    EXPECT_EQ(admin::json_lines(json::value{{"a", {1}}}), "{\n  \"a\": [\n    1\n  ]\n}");
}

TEST(Words, LieToNoTerminal) {
    // U+202E, U+2066, U+200F, U+061C, U+2028, U+200B, U+FEFF, a tag; then what may stand.
    for (const char* raw : {"\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x80\x8F", "\xD8\x9C", "\xE2\x80\xA8", "\xE2\x80\x8B",
                            "\xEF\xBB\xBF", "\xF3\xA0\x81\xBF", "\x1b", "\xC2\x9B"}) {
        EXPECT_EQ(admin::safe("a" + std::string{raw} + "b"),
                  "a\xEF\xBF\xBD"
                  "b");
    }
    EXPECT_EQ(admin::safe("Zürich \xE2\x80\xA7 日本"), "Zürich \xE2\x80\xA7 日本");
    EXPECT_EQ(admin::safe_json("{\"a\": \"\xE2\x80\xAE\xF3\xA0\x81\xBF\x7f\xC2\x9B ü\"}\n"),
              "{\"a\": \"\\u202e\\udb40\\udc7f\\u007f\\u009b ü\"}\n");
}

TEST(Words, SayDurationsAndCounts) {
    EXPECT_EQ(admin::duration_words(0.25), "0.2 s");
    EXPECT_EQ(admin::duration_words(59.9), "59 s");
    EXPECT_EQ(admin::duration_words(125), "2 min 5 s");
    EXPECT_EQ(admin::duration_words(7200), "2 h");
    EXPECT_EQ(admin::duration_words(90000), "1 d 1 h");
    EXPECT_EQ(admin::count_words(9999), "9999");
    EXPECT_EQ(admin::count_words(12345), "12.3k");
    EXPECT_EQ(admin::time_words("2026-11-22T06:00:00.123456Z"), "2026-11-22 06:00:00");
    EXPECT_EQ(admin::time_words(""), "");
}

TEST(NodeAddress, TellsPathsFoldersAndFilesApart) {
    TemporaryFolder folder;
    std::ofstream{folder.path() + "/edge.toml"} << "[node]\nname = \"x\"\ndata = \"data\"\n";
    EXPECT_EQ(ctl::find_node(folder.path(), {}, {})->socket, folder.path() + "/admin.sock");
    EXPECT_EQ(ctl::find_node(folder.path() + "/edge.toml", {}, {})->socket, folder.path() + "/data/admin.sock");
    EXPECT_EQ(ctl::find_node({}, folder.path() + "/edge.toml", {})->socket, folder.path() + "/data/admin.sock");
    EXPECT_EQ(ctl::find_node("/somewhere/admin.sock", {}, {})->socket, "/somewhere/admin.sock");
    for (const char* address :
         {"127.0.0.1:9443", "https://127.0.0.1:9443", "https://127.0.0.1", "https://127.0.0.1/"}) {
        const auto place = ctl::find_node(address, {}, {});
        ASSERT_TRUE(place && place->address) << address;
        EXPECT_EQ(place->address->text(), "127.0.0.1:9443") << address;
        EXPECT_TRUE(place->socket.empty());
    }
    EXPECT_EQ(ctl::find_node("edge1.example.org", {}, {})->address->port, 9443);
    EXPECT_EQ(ctl::find_node("https://a b/", {}, {}).error().code, "node-address");
    EXPECT_EQ(ctl::find_node({}, folder.path() + "/none.toml", {}).error().code, "node-address");
}

TEST(RestClient, WritesArgumentsAsAQuery) {
    EXPECT_EQ(ctl::query_of({}), "");
    EXPECT_EQ(ctl::query_of({{"all", true}, {"limit", 7}, {"domain", boost::json::array{"a b", "\xc3\xa4&="}}}),
              "?all=true&limit=7&domain=a%20b&domain=%C3%A4%26%3D");
}

TEST(NodeAddress, TakesTheOneNodeOfThisHost) {
    TemporaryFolder folder;
    const std::string edge = folder.path() + "/edge", core = folder.path() + "/core";
    EXPECT_FALSE(ctl::find_node({}, {}, {edge, core}));
    std::ofstream{edge} << "";
    EXPECT_EQ(ctl::find_node({}, {}, {edge, core})->socket, edge);
    std::ofstream{core} << "";
    EXPECT_FALSE(ctl::find_node({}, {}, {edge, core}));
}

TEST(CheckConfig, NamesEveryErrorAndInfersTheRole) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/node.toml";
    std::ofstream{path} << "[node]\nname = \"x\"\nspeed = 3\n[[link.dial]]\naddress = \"\"\n";
    const auto wrong = sallyport({"check-config", path});
    EXPECT_EQ(wrong.status, 2);
    EXPECT_NE(wrong.err.find(path + ":3: node.speed"), std::string::npos) << wrong.err;
    EXPECT_EQ(wrong.err.find("s2s.listen"), std::string::npos) << "a file that dials is a core's: " << wrong.err;
    EXPECT_NE(sallyport({"check-config", path, "--role", "edge"}).err.find("s2s.listen"), std::string::npos);
    EXPECT_EQ(sallyport({"check-config", folder.path() + "/none.toml"}).status, 2);
    EXPECT_EQ(sallyport({"check-config", path, "--role", "nothing"}).status, 2);
    EXPECT_NE(
        sallyport({"check-config", path, "--role", "presence"}).err.find("the core connects to the presence node"),
        std::string::npos);
    std::ofstream{path} << "[node]\nname = \"x\"\n[link]\nlisten = [\"10.0.1.7:7400\"]\n";
    const auto presence = sallyport({"check-config", path});
    EXPECT_EQ(presence.err.find("s2s.listen"), std::string::npos)
        << "nobody else's file listens for links only: " << presence.err;
}

TEST(Manual, DescribesEveryVerbAndCommand) {
    const auto manual = io::read_file(SALLYPORT_SOURCE_DIR "/docs/manual/cli.md");
    ASSERT_TRUE(manual);
    for (const admin::Verb& verb : admin::verbs()) {
        std::string words{verb.name};
        std::replace(words.begin(), words.end(), '.', ' ');
        EXPECT_NE(manual->find("`" + words), std::string::npos) << words;
        for (const admin::Argument& argument : verb.arguments) {
            std::string option = "--" + std::string{argument.name};
            std::replace(option.begin(), option.end(), '_', '-');
            EXPECT_TRUE(argument.positional || manual->find(option) != std::string::npos) << words << " " << option;
        }
    }
    for (const ctl::LocalCommand& command : ctl::local_commands()) {
        EXPECT_NE(manual->find("`" + std::string{command.name}), std::string::npos) << command.name;
    }
}

TEST(Completion, IsTheOneThatIsPackaged) {
    for (const ctl::CompletionScript& script : ctl::completion_scripts()) {
        const std::string shell{script.shell}, file = "packaging/completion/" + std::string{script.file};
        const auto packaged = io::read_file(SALLYPORT_SOURCE_DIR "/" + file);
        ASSERT_TRUE(packaged) << file;
        EXPECT_EQ(sallyport({"completion", shell}).out, *packaged)
            << "run: sallyport completion " << shell << " > " << file;
    }
    EXPECT_EQ(sallyport({"completion", "csh"}).status, 2);
}

}  // namespace
}  // namespace sallyport::test
