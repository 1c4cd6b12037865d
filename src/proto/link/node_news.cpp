// One element, a child a finding.
#include "proto/link/node_news.h"

#include <algorithm>

#include "base/whole_text.h"
#include "proto/link/wire.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::link {

namespace ns = xmpp::ns;

namespace {

/// Whole characters that XML 1.0 has and a line of text needs.
std::string plain(std::string_view text, std::size_t most) {
    std::string whole = whole_text(text, most);
    std::replace_if(
        whole.begin(), whole.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
    // U+FFFE and U+FFFF are the only others that are no characters of XML.
    for (const std::string_view none : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
        for (std::size_t at = whole.find(none); at != std::string::npos; at = whole.find(none, at)) {
            whole.replace(at, none.size(), "?");
        }
    }
    return whole;
}

/// Are the values within their bounds? If not, the words alone are told: half of the values would make another
/// sentence.
bool fits(const NodeFinding& finding) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : finding.values) bytes += name.size() + value.size();
    return finding.values.size() <= NodeNews::most_values && bytes <= NodeNews::longest_text;
}

std::string write(const NodeFinding& finding) {
    std::string bytes = "<finding" + attribute("severity", finding.is_error ? "error" : "warning") +
                        attribute("text", plain(finding.text, NodeNews::longest_text)) +
                        attribute("remedy", plain(finding.remedy, NodeNews::longest_text));
    if ((finding.code.empty() && finding.remedy_code.empty()) || !fits(finding)) return bytes + "/>";
    if (!finding.code.empty()) bytes += attribute("code", plain(finding.code, NodeNews::longest_code));
    if (!finding.remedy_code.empty())
        bytes += attribute("remedy-code", plain(finding.remedy_code, NodeNews::longest_code));
    bytes += ">";
    for (const auto& [name, value] : finding.values) {
        bytes += "<value" + attribute("name", plain(name, NodeNews::longest_text)) +
                 attribute("is", plain(value, NodeNews::longest_text)) + "/>";
    }
    return bytes + "</finding>";
}

NodeFinding read_finding(const xml::Element& element) {
    NodeFinding finding{element.attribute("severity") == "error",
                        plain(element.attribute("text"), NodeNews::longest_text),
                        plain(element.attribute("remedy"), NodeNews::longest_text),
                        plain(element.attribute("code"), NodeNews::longest_code),
                        plain(element.attribute("remedy-code"), NodeNews::longest_code),
                        {}};
    for (const auto& child : element.children) {
        const auto* const value = std::get_if<xml::Element>(&child);
        if (value == nullptr || !value->is(ns::link, "value")) continue;
        finding.values.emplace_back(plain(value->attribute("name"), NodeNews::longest_text),
                                    plain(value->attribute("is"), NodeNews::longest_text));
        if (fits(finding)) continue;
        finding.code.clear();
        finding.remedy_code.clear();
        finding.values.clear();
        break;
    }
    return finding;
}

constexpr Role all_roles[] = {Role::edge, Role::core, Role::presence};

}  // namespace

NodeNews outline_of(NodeNews news) {
    if (news.findings.empty()) return news;
    news.more += news.findings.size() - 1;
    news.findings = {
        {news.findings.front().is_error, std::string{NodeNews::outline}, {}, std::string{NodeNews::outline_code}}};
    return news;
}

std::string write(const NodeNews& news) {
    std::string bytes =
        "<node xmlns='" + std::string{ns::link} + "'" + attribute("name", plain(news.name, NodeNews::longest_name)) +
        attribute("role", text(news.role)) + attribute("version", plain(news.version, NodeNews::longest_version));
    if (!news.origin.empty()) bytes += attribute("pages", plain(news.origin, NodeNews::longest_origin));
    if (!news.linked) bytes += attribute("linked", "false");
    const std::size_t told = std::min(news.findings.size(), NodeNews::most_findings);
    const std::uint64_t more = news.more + (news.findings.size() - told);
    if (more != 0) bytes += attribute("more", std::to_string(more));
    bytes += ">";
    for (std::size_t i = 0; i < told; ++i) bytes += write(news.findings[i]);
    return bytes + "</node>";
}

std::optional<NodeNews> read_node_news(const xml::Element& element) {
    NodeNews news;
    news.name = plain(element.attribute("name"), NodeNews::longest_name);
    const auto* const role =
        std::ranges::find_if(all_roles, [said = element.attribute("role")](Role one) { return text(one) == said; });
    if (news.name.empty() || role == std::end(all_roles)) return std::nullopt;
    news.role = *role;
    news.version = plain(element.attribute("version"), NodeNews::longest_version);
    news.origin = plain(element.attribute("pages"), NodeNews::longest_origin);
    news.linked = element.attribute("linked") != "false";
    if (!read_number(element.attribute("more"), news.more)) news.more = 0;
    for (const auto& child : element.children) {
        const auto* const found = std::get_if<xml::Element>(&child);
        if (found == nullptr || !found->is(ns::link, "finding")) continue;
        if (news.findings.size() >= NodeNews::most_findings) {
            ++news.more;
            continue;
        }
        news.findings.push_back(read_finding(*found));
    }
    return news;
}

}  // namespace sallyport::link
