// A capture on the loopback interface: what passed before the stop is in the file.
#include "io/capture/capture.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace sallyport::io {
namespace {

/// A datagram to a socket of our own, on loopback.
class Datagrams {
public:
    Datagrams() {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address_;
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address_), length), 0);
        EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &length), 0);
    }
    ~Datagrams() { ::close(socket_); }
    Datagrams(const Datagrams&) = delete;
    Datagrams& operator=(const Datagrams&) = delete;

    [[nodiscard]] std::string filter() const { return "udp port " + std::to_string(ntohs(address_.sin_port)); }
    void send(const std::string& text) const {
        EXPECT_EQ(::sendto(socket_, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&address_),
                           sizeof address_),
                  static_cast<ssize_t>(text.size()));
    }

private:
    int socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address_{};
};

std::string content(const std::string& path) {
    std::ostringstream all;
    all << std::ifstream{path, std::ios::binary}.rdbuf();
    return all.str();
}

TEST(Capture, HoldsWhatPassedBeforeTheStop) {
    const Datagrams datagrams;
    const auto folder = std::filesystem::temp_directory_path() / ("sallyport-capture-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    for (int turn = 0; turn < 10; ++turn) {
        CaptureRequest request;
        request.path = folder / (std::to_string(turn) + ".pcapng");
        request.interface = "lo";
        request.filter = datagrams.filter();
        auto capture = Capture::start(request, [] {});
        if (!capture && capture.error().code == "capture-permission") GTEST_SKIP() << "packets need CAP_NET_RAW";
        ASSERT_TRUE(capture) << capture.error().text;
        datagrams.send("just before stop " + std::to_string(turn));
        (*capture)->stop();
        EXPECT_EQ((*capture)->status().end, "stopped");
        EXPECT_NE(content(request.path).find("just before stop " + std::to_string(turn)), std::string::npos) << turn;
    }
    std::filesystem::remove_all(folder);
}

TEST(Capture, WritesTheClassicFormatWhenAsked) {
    const Datagrams datagrams;
    const auto folder = std::filesystem::temp_directory_path() / ("sallyport-classic-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    CaptureRequest request;
    request.path = folder / "a.pcap";
    request.form = CaptureForm::classic;
    request.interface = "lo";
    request.filter = datagrams.filter();
    auto capture = Capture::start(request, [] {});
    if (!capture && capture.error().code == "capture-permission") GTEST_SKIP() << "packets need CAP_NET_RAW";
    ASSERT_TRUE(capture) << capture.error().text;
    datagrams.send("for an old tool");
    (*capture)->stop();
    // Read back by libpcap, as such a tool does.
    char problem[PCAP_ERRBUF_SIZE] = {};
    const std::unique_ptr<pcap_t, void (*)(pcap_t*)> file{pcap_open_offline(request.path.c_str(), problem), pcap_close};
    ASSERT_NE(file.get(), nullptr) << problem;
    EXPECT_EQ(pcap_major_version(file.get()), 2);
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    ASSERT_EQ(pcap_next_ex(file.get(), &header, &bytes), 1);
    EXPECT_NE((std::string{reinterpret_cast<const char*>(bytes), header->caplen}.find("for an old tool")),
              std::string::npos);
    EXPECT_EQ(pcap_next_ex(file.get(), &header, &bytes), PCAP_ERROR_BREAK) << "and nothing behind it";
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sallyport::io
