// Any bytes as HTTP requests: however they are cut into pieces, the same requests come out, with a body of the length
// that was announced, and whatever cannot be read ends with a status of its own (RFC 9112 11.2: nobody reads one
// message as two).
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/check.h"
#include "io/http/reader.h"

using namespace sallyport;

namespace {

constexpr std::uint64_t most_header = 4096, most_body = 8192;

/// What a reader says of the bytes, one line a message.
std::vector<std::string> read_all(std::string_view bytes, std::size_t piece) {
    io::HttpReader reader{io::HttpReader::Of::requests, most_header, most_body};
    std::vector<std::string> seen;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.feed(bytes.substr(at, piece));
        for (;;) {
            const io::HttpRead found = reader.next();
            if (found == io::HttpRead::need_more) break;
            if (found == io::HttpRead::failed) {
                fuzz::check(reader.status() >= 400 && reader.status() < 600, "refused without a status");
                fuzz::check(!reader.problem().empty(), "refused without a reason");
                seen.emplace_back("refused");
                return seen;
            }
            const io::HttpRequest& request = reader.request();
            if (found == io::HttpRead::head) {
                fuzz::check(!request.method.empty() && !request.target.empty(), "a request without method or target");
                fuzz::check(request.target.find_first_of(" \r\n") == std::string::npos, "a target of several words");
                for (const io::HttpField& field : request.fields) {
                    fuzz::check(field.value.find_first_of("\r\n") == std::string::npos, "a field of several lines");
                }
                continue;
            }
            fuzz::check(request.body.size() <= most_body, "a body above its limit");
            seen.push_back(request.method + ' ' + request.target + ' ' + request.body);
            if (!reader.keep_alive()) return seen;
        }
    }
    // What is wrong with a message that has not ended is seen sooner or later, and always when it ends.
    if (reader.finish() == io::HttpRead::failed) seen.emplace_back("refused");
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text = fuzz::as_text(bytes + 1, size - 1);
    const auto whole = read_all(text, text.size() + 1), pieces = read_all(text, 1 + bytes[0] % 32);
    fuzz::check(whole == pieces, "the pieces decide what is read");
    return 0;
}
