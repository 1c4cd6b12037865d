// Taking stanzas in (RFC 6120 8.1 and 8.2.3) and sending them back (RFC 6120 8.3.1).
#include "proto/xmpp/stanza.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "proto/xmpp/namespaces.h"

namespace sallyport::xmpp {

namespace {

constexpr std::array<std::string_view, 3> kind_names = {"message", "presence", "iq"};

// No namespace name can hold this character, so nothing in a stanza is in the namespace it stands for: what was in the
// content namespace comes out without a declaration, and everything else keeps its own.
constexpr std::string_view no_space = "\x01";

std::uint32_t length(std::string_view part) { return static_cast<std::uint32_t>(part.size()); }

bool read_kind(std::string_view name, StanzaKind& kind) {
    for (std::size_t i = 0; i < kind_names.size(); ++i) {
        if (kind_names[i] != name) continue;
        kind = static_cast<StanzaKind>(i);
        return true;
    }
    return false;
}

/// In a stream whose header declares no content namespace (RFC 6120 4.8.2), each stanza declares it.
bool in_content_space(std::string_view space, std::string_view content) {
    if (content.empty() || content == ns::streams) return space == ns::server || space == ns::component;
    return space == content;
}

/// RFC 6120 8.2.3.
bool good_iq(std::string_view type, bool has_id, unsigned children) {
    if (!has_id) return false;
    if (type == "get" || type == "set") return children == 1;
    return type == "result" || type == "error";
}

/// Elements of the stream itself have no place in a stanza (threat T45).
bool holds_stream_element(const xml::Element& root) {
    std::vector<const xml::Element*> waiting{&root};
    while (!waiting.empty()) {
        const xml::Element& element = *waiting.back();
        waiting.pop_back();
        if (element.space == ns::streams) return true;
        for (const xml::Element::Child& child : element.children) {
            if (const auto* const inner = std::get_if<xml::Element>(&child)) waiting.push_back(inner);
        }
    }
    return false;
}

/// A raw value between quotes of our choice: references stay, the other kind of quotes may be in it. One with many of
/// our quotes stands between the others, and does not grow.
void append_raw_attribute(std::string& out, std::string_view name, std::string_view raw) {
    constexpr std::ptrdiff_t few = 8;
    const bool many = std::count(raw.begin(), raw.end(), '\'') > few && raw.find('"') == std::string_view::npos;
    const char quote = many ? '"' : '\'';
    out.append(" ").append(name).push_back('=');
    out.push_back(quote);
    for (const char c : raw) {
        if (c == quote) {
            out += "&apos;";
        } else {
            out.push_back(c);
        }
    }
    out.push_back(quote);
}

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
    out.append(" ").append(name).append("='");
    xml::append_escaped(out, value);
    out.push_back('\'');
}

/// Is `part` a piece of `whole`? `at`: where; or behind it.
bool piece_of(std::string_view whole, std::string_view part, std::uint32_t& at) {
    const auto begin = reinterpret_cast<std::uintptr_t>(whole.data());
    const auto place = reinterpret_cast<std::uintptr_t>(part.data());
    const bool is_piece = !part.empty() && place >= begin && place + part.size() <= begin + whole.size();
    at = is_piece ? static_cast<std::uint32_t>(place - begin) : length(whole);
    return is_piece;
}

bool has_reference(std::string_view raw) { return raw.find('&') != std::string_view::npos; }

}  // namespace

std::string_view text(StanzaKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

OwnedStanza::OwnedStanza(const Stanza& stanza)
    : kind_{stanza.kind},
      size_{length(stanza.bytes)},
      to_size_{length(stanza.to)},
      from_size_{length(stanza.from)},
      id_size_{length(stanza.id)},
      type_size_{length(stanza.type)},
      to_domain_size_{length(stanza.to_domain)},
      from_domain_size_{length(stanza.from_domain)} {
    const bool to_apart = !piece_of(stanza.to, stanza.to_domain, to_domain_at_);
    const bool from_apart = !piece_of(stanza.from, stanza.from_domain, from_domain_at_);
    const std::string_view to_extra = to_apart ? stanza.to_domain : std::string_view{};
    const std::string_view from_extra = from_apart ? stanza.from_domain : std::string_view{};
    const auto parts = {stanza.bytes, stanza.to, to_extra, stanza.from, from_extra, stanza.id, stanza.type};
    std::size_t all = 0;
    for (const std::string_view part : parts) all += part.size();
    all_.reserve(all);
    for (const std::string_view part : parts) all_.append(part);
}

Stanza OwnedStanza::view() const {
    Stanza stanza;
    std::string_view rest = all_;
    const auto take = [&](std::size_t size) {
        const std::string_view part = rest.substr(0, size);
        rest.remove_prefix(size);
        return part;
    };
    stanza.bytes = take(size_);
    stanza.kind = kind_;
    const auto with_domain = [&](std::uint32_t size, std::uint32_t at, std::uint32_t domain_size) {
        return take(std::max(size, at + domain_size));
    };
    const std::string_view to = with_domain(to_size_, to_domain_at_, to_domain_size_);
    const std::string_view from = with_domain(from_size_, from_domain_at_, from_domain_size_);
    stanza.to = to.substr(0, to_size_);
    stanza.from = from.substr(0, from_size_);
    stanza.to_domain = to.substr(to_domain_at_, to_domain_size_);
    stanza.from_domain = from.substr(from_domain_at_, from_domain_size_);
    stanza.id = take(id_size_);
    stanza.type = take(type_size_);
    return stanza;
}

StanzaError refusal(const StanzaProblem& problem) {
    const StanzaCondition condition = problem.stanza.value_or(StanzaCondition::bad_request);
    const bool excess = condition == StanzaCondition::policy_violation;
    return {condition, {}, excess ? Rule::excess : Rule::malformed, std::string{problem.why}};
}

bool StanzaIntake::read(const xml::Reader& reader, std::string_view default_lang, Stanza& out, StanzaProblem& problem) {
    const xml::Shell& shell = reader.shell();
    out = {};
    problem = {};
    if (!in_content_space(shell.space, reader.header().content_space) || !read_kind(shell.name, out.kind)) {
        problem.stream = StreamCondition::unsupported_stanza_type;
        problem.why = "no stanza";
        return false;
    }
    if (reader.is_excess()) return pass_over(reader, out, problem);
    const bool canonical = split_canonical(shell.to, out.to_domain) && split_canonical(shell.from, out.from_domain);
    if (reader.plain() && canonical && !has_reference(shell.type)) {
        take(reader, default_lang, out);
    } else if (!rewrite(reader, default_lang, out, problem)) {
        return false;
    }
    // The reader's limits have seen to the rest: only bytes grow when a stanza is written afresh.
    if (out.bytes.size() > passed_on_bytes) {
        problem.stanza = StanzaCondition::policy_violation;
        problem.why = "rewritten, it is longer than any limit";
        return false;
    }
    if (reader.has_new_names()) {
        problem.stanza = StanzaCondition::not_acceptable;
        problem.why = "a name that few XML parsers accept";
        return false;
    }
    if (out.kind == StanzaKind::iq && !good_iq(out.type, shell.has_id, reader.children())) {
        problem.stanza = StanzaCondition::bad_request;
        problem.why = "an iq without id, type or payload";
        return false;
    }
    return true;
}

/// What is known of a stanza that was read past.
bool StanzaIntake::pass_over(const xml::Reader& reader, Stanza& out, StanzaProblem& problem) {
    const xml::Shell& shell = reader.shell();
    id_ = xml::escaped(xml::attribute_value(shell.id));
    type_ = xml::escaped(xml::attribute_value(shell.type));
    out.id = id_;
    out.type = type_;
    (void)address(shell, xml::attribute_value(shell.to), xml::attribute_value(shell.from), out, problem);
    problem.stanza = StanzaCondition::policy_violation;
    problem.why = "beyond a limit of stanzas";
    return false;
}

/// True when both are XMPP addresses; otherwise what of them an answer needs.
bool StanzaIntake::address(const xml::Shell& shell, std::string_view to, std::string_view from, Stanza& out,
                           StanzaProblem& problem) {
    const auto place = [](std::string_view given, std::string& text, Domain& refused, std::string_view& whole,
                          std::string_view& domain) {
        if (const auto jid = Jid::parse(given)) {
            text = jid->text();
            whole = text;
            domain = whole.substr(jid->local().empty() ? 0 : jid->local().size() + 1, jid->domain().text().size());
            return true;
        }
        text = given;
        whole = text;
        refused = domain_of(given).value_or(Domain{});
        domain = refused.text();
        return false;
    };
    const bool good_to = place(to, to_, to_domain_, out.to, out.to_domain);
    const bool good_from = place(from, from_, from_domain_, out.from, out.from_domain);
    if (good_to && good_from) return true;
    problem.stanza = StanzaCondition::jid_malformed;
    problem.why = good_to ? "from is not an XMPP address" : "to is not an XMPP address";
    // RFC 6120 8.1.1.2, 8.1.2.2. Without a domain nobody has proved that the sender is who it says.
    if (shell.has_to && shell.has_from && !out.from_domain.empty()) return false;
    problem.stream = StreamCondition::improper_addressing;
    if (!shell.has_to || !shell.has_from) problem.stanza = StanzaCondition::bad_request;
    return false;
}

/// The stanza as it was received; only xml:lang may have to be added.
void StanzaIntake::take(const xml::Reader& reader, std::string_view default_lang, Stanza& out) {
    const xml::Shell& shell = reader.shell();
    out.to = shell.to;
    out.from = shell.from;
    out.id = shell.id;
    out.type = shell.type;
    out.bytes = reader.slice();
    if (shell.has_lang || default_lang.empty()) return;
    rewritten_.assign(out.bytes.substr(0, shell.tag_end));
    append_attribute(rewritten_, "xml:lang", default_lang);
    rewritten_ += out.bytes.substr(shell.tag_end);
    out.bytes = rewritten_;
}

/// The stanza written afresh from its tree, with canonical addresses.
bool StanzaIntake::rewrite(const xml::Reader& reader, std::string_view default_lang, Stanza& out,
                           StanzaProblem& problem) {
    xml::Element tree = reader.tree();
    id_ = xml::escaped(tree.attribute("id"));
    type_ = xml::escaped(tree.attribute("type"));
    out.id = id_;
    out.type = type_;
    if (!address(reader.shell(), tree.attribute("to"), tree.attribute("from"), out, problem)) return false;
    if (holds_stream_element(tree)) {
        problem.stanza = StanzaCondition::bad_request;
        problem.why = "an element of the stream in a stanza";
        return false;
    }
    tree.set("to", to_).set("from", from_);
    if (!reader.shell().has_lang && !default_lang.empty()) {
        tree.attributes.push_back({std::string{ns::xml}, "lang", std::string{default_lang}});
    }
    rewritten_ = xml::write_rescoped(tree, tree.space, no_space);
    out.bytes = rewritten_;
    return true;
}

std::string bounce(const Stanza& stanza, const StanzaError& error) {
    if (!stanza.may_be_answered()) return {};
    std::string out{"<"};
    out += text(stanza.kind);
    append_attribute(out, "to", stanza.from.empty() ? stanza.from_domain : stanza.from);
    append_attribute(out, "from", stanza.to.empty() ? stanza.to_domain : stanza.to);
    if (!stanza.id.empty()) append_raw_attribute(out, "id", stanza.id);
    out += " type='error'>";
    out += write(error);
    out.append("</").append(text(stanza.kind)).append(">");
    return out;
}

Stanza bounce_of(const Stanza& stanza, std::string_view bytes) {
    Stanza answer;
    answer.bytes = bytes;
    answer.kind = stanza.kind;
    answer.to = stanza.from;
    answer.from = stanza.to;
    answer.to_domain = stanza.from_domain;
    answer.from_domain = stanza.to_domain;
    answer.id = stanza.id;
    answer.type = "error";
    return answer;
}

}  // namespace sallyport::xmpp
