// Any bytes as the data of DNS records: names that come out are host names within their bounds, and written as records
// they are read as the same (RFC 1035 3.1, RFC 2782).
#include <algorithm>
#include <cstdint>
#include <string>

#include "fuzz/check.h"
#include "io/dns/answer.h"

using namespace sallyport;

namespace {

std::string data_of(const SrvRecord& record) {
    std::string data;
    for (const std::uint16_t number : {record.priority, record.weight, record.port}) {
        data += static_cast<char>(number >> 8U);
        data += static_cast<char>(number & 0xffU);
    }
    std::string_view rest = record.target == "." ? std::string_view{} : std::string_view{record.target};
    while (!rest.empty()) {
        const std::size_t dot = std::min(rest.find('.'), rest.size());
        data += static_cast<char>(dot);
        data += rest.substr(0, dot);
        rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    return data + '\0';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view data = fuzz::as_text(bytes, size);
    if (const auto record = io::read_srv(data)) {
        fuzz::check(!record->target.empty() && record->target.size() <= 254, "a target that is no name");
        const bool is_clean = std::all_of(record->target.begin(), record->target.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        });
        fuzz::check(is_clean, "a target with other characters");
        const auto again = io::read_srv(data_of(*record));
        fuzz::check(again && *again == *record, "a record that changes when it is written");
    }
    for (const bool v6 : {false, true}) {
        const auto address = io::read_address(data, v6);
        fuzz::check(address.has_value() == (size == (v6 ? 16U : 4U)), "an address of another length");
        if (address) fuzz::check(address->v6 == v6, "an address of the other family");
    }
    return 0;
}
