// Any bytes as the values of a stream header: what is written is read back, by the reader and by expat; and any bytes
// as a header that is received.
#include <cstddef>
#include <cstdint>

#include "fuzz/check.h"
#include "proto/xmpp/stream_header.h"
#include "support/expat_oracle.h"

using namespace sallyport;

namespace {

const XmlLimits limits = Limits{}.before_auth;

void read_received(std::string_view bytes) {
    const test::Reading reading = test::read_with_reader(bytes, limits);
    const std::string difference = test::disagreement(reading, test::read_with_expat(bytes));
    fuzz::check(difference.empty(), difference);
    if (!reading.root) return;
    xml::Header header;
    header.attributes = reading.root->attributes;
    const xmpp::StreamVersion version = xmpp::stream_version(header);
    fuzz::check(!version.valid || version.major <= 1000000, "a version out of bounds");
}

/// Only characters of XML are ever given to the writer.
std::string cleaned(std::string_view text) {
    const auto parsed = xml::parse("<a>" + xml::escaped(text) + "</a>", Limits{}.after_auth);
    return parsed ? std::string{text} : std::string{};
}

void write_and_read(std::string_view text) {
    xmpp::StreamHeader header;
    const std::size_t third = text.size() / 3;
    header.from = cleaned(text.substr(0, third));
    header.to = cleaned(text.substr(third, third));
    header.id = cleaned(text.substr(2 * third));
    const std::string bytes = xmpp::write(header);
    const test::Reading reading = test::read_with_reader(bytes, Limits{}.after_auth);
    fuzz::check(reading.root.has_value() && !reading.refused, "our own header is refused");
    fuzz::check(reading.root->attribute("from") == header.from, "another from");
    fuzz::check(reading.root->attribute("to") == header.to, "another to");
    fuzz::check(reading.root->attribute("id") == header.id, "another id");
    fuzz::check(test::read_with_expat(bytes).root == reading.root, "expat reads another header");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size > 4096) return 0;
    read_received(fuzz::as_text(bytes, size));
    write_and_read(fuzz::as_text(bytes, size));
    return 0;
}
