// The command line of bench_s2s: `bench_s2s flood|outbound|sessions|idle|relay --name value …`.
#pragma once

#include <string>

namespace sallyport::bench {

struct Options {
    std::string run;                        ///< flood, outbound, sessions, idle, relay
    std::string server = "127.0.0.1:5269";  ///< S2S address of the server under test
    std::string inside;                     ///< address of its inside; empty: none
    std::string inside_kind = "component";  ///< component or link
    std::string inside_domain = "comp.b.test";
    std::string secret = "secret";
    std::string realm, far_realm;  ///< of the link
    std::string link_certificate, link_key;
    std::string certificate, key;               ///< of the sending servers
    std::string from_domain = "a%.remote.lab";  ///< % is the number of the stream
    std::string to_domain = "b.test";           ///< of the stream
    std::string to = "sink@comp.b.test";        ///< of the stanzas
    std::string local = "127.0.1.0";            ///< first of 200 addresses that streams come from
    std::string listen;                         ///< outbound: where the remote servers accept
    unsigned streams = 10;                      ///< or sessions at a time
    unsigned batch = 50;                        ///< stanzas in one write, that is one TLS record
    unsigned rate = 0;                          ///< stanzas a second over all streams; 0: as flow control permits
    unsigned window = 0;                        ///< stanzas under way; 0: no bound
    double warm_up = 1;                         ///< seconds
    double seconds = 3;                         ///< of measuring
    double settle = 2;                          ///< idle: seconds before memory is read
    int peer = 0;                               ///< process id of the server under test
};

/// Throws std::runtime_error with a sentence for the person at the terminal.
[[nodiscard]] Options parse_options(int count, char** words);

}  // namespace sallyport::bench
