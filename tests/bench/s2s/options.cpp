#include "s2s/options.h"

#include <functional>
#include <map>
#include <stdexcept>

namespace sallyport::bench {
namespace {

using Setter = std::function<void(Options&, const std::string&)>;

Setter text(std::string Options::*member) {
    return [member](Options& options, const std::string& value) { options.*member = value; };
}
Setter number(unsigned Options::*member) {
    return [member](Options& options, const std::string& value) {
        options.*member = static_cast<unsigned>(std::stoul(value));
    };
}
Setter seconds(double Options::*member) {
    return [member](Options& options, const std::string& value) { options.*member = std::stod(value); };
}

const std::map<std::string, Setter>& table() {
    static const std::map<std::string, Setter> rows{
        {"--server", text(&Options::server)},
        {"--inside", text(&Options::inside)},
        {"--inside-kind", text(&Options::inside_kind)},
        {"--inside-domain", text(&Options::inside_domain)},
        {"--secret", text(&Options::secret)},
        {"--realm", text(&Options::realm)},
        {"--far-realm", text(&Options::far_realm)},
        {"--link-certificate", text(&Options::link_certificate)},
        {"--link-key", text(&Options::link_key)},
        {"--certificate", text(&Options::certificate)},
        {"--key", text(&Options::key)},
        {"--from-domain", text(&Options::from_domain)},
        {"--to-domain", text(&Options::to_domain)},
        {"--to", text(&Options::to)},
        {"--listen", text(&Options::listen)},
        {"--local", text(&Options::local)},
        {"--streams", number(&Options::streams)},
        {"--batch", number(&Options::batch)},
        {"--rate", number(&Options::rate)},
        {"--window", number(&Options::window)},
        {"--warm-up", seconds(&Options::warm_up)},
        {"--seconds", seconds(&Options::seconds)},
        {"--settle", seconds(&Options::settle)},
        {"--peer", [](Options& options, const std::string& value) { options.peer = std::stoi(value); }},
    };
    return rows;
}

}  // namespace

Options parse_options(int count, char** words) {
    if (count < 2) throw std::runtime_error{"usage: bench_s2s flood|outbound|sessions|idle|relay --name value ..."};
    Options options;
    options.run = words[1];
    for (int i = 2; i < count; i += 2) {
        const auto row = table().find(words[i]);
        if (row == table().end()) throw std::runtime_error{std::string{"unknown option "} + words[i]};
        if (i + 1 == count) throw std::runtime_error{std::string{words[i]} + " wants a value"};
        row->second(options, words[i + 1]);
    }
    return options;
}

}  // namespace sallyport::bench
