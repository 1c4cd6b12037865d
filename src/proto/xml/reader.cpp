// The stream around the elements (RFC 6120 4.2 to 4.4): prolog, opening tag, first-level elements, closing tag; and the
// window of bytes that the scanner sees. Bytes are used where they were received; only the unfinished rest is kept.
#include "proto/xml/reader.h"

#include <algorithm>
#include <cassert>

#include "proto/xml/chars.h"
#include "proto/xml/declaration.h"
#include "proto/xml/passing.h"
#include "proto/xml/scanner.h"
#include "proto/xml/tree.h"

namespace sallyport::xml {

namespace {

// Offsets are 32 bits wide, and trees are destroyed recursively: whatever the configuration says, these hold.
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;
constexpr std::uint64_t most_depth = 1024;

// How much of a feed is copied at first to complete an element that began in an earlier one.
constexpr std::size_t first_step = 512;

XmlLimits bounded(XmlLimits limits) {
    limits.element_bytes = std::min(limits.element_bytes, most_bytes);
    limits.depth = std::min(limits.depth, most_depth);
    return limits;
}

}  // namespace

std::string_view text(Problem problem) {
    switch (problem) {
        case Problem::none: return "none";
        case Problem::not_well_formed: return "not-well-formed";
        case Problem::restricted_xml: return "restricted-xml";
        case Problem::unsupported_encoding: return "unsupported-encoding";
        case Problem::limit: return "limit";
        case Problem::bad_format: return "bad-format";
    }
    return "none";
}

std::string_view Header::attribute(std::string_view attribute_name) const {
    for (const Attribute& candidate : attributes) {
        if (candidate.space.empty() && candidate.name == attribute_name) return candidate.value;
    }
    return {};
}

struct Reader::State {
    enum class Phase : std::uint8_t { prolog, open, closing, closed, failed };

    explicit State(const XmlLimits& first) : limits{bounded(first)}, scanner{header} {}

    Kind next();
    Kind next_token();
    [[nodiscard]] bool may_pass() const;
    Kind begin_passing();
    Kind pass();
    void release();
    Kind fail(const Fault& why);
    template <typename Step>
    Scan drive(Step step);
    Scan scan_prolog(std::string_view window);
    Scan scan_root(std::string_view window);
    Scan scan_first_level(std::string_view window);
    Scan scan_footer(std::string_view window);
    Kind judge_between(char c);
    void take_header(std::string_view bytes, const Tag& tag);

    XmlLimits limits;
    std::optional<XmlLimits> next_limits;  ///< for what begins after the token that is under way
    Header header;
    ElementScanner scanner;
    Shell shell;
    std::string_view input;                   ///< received, not looked at
    std::string undrained;                    ///< holds `input` when a feed came before the last was read to its end
    std::string tail;                         ///< the unfinished element
    std::unique_ptr<ElementPassing> passing;  ///< the element that is read past
    std::string_view slice;                   ///< the current element
    std::string root_name;                    ///< as written
    std::uint64_t consumed = 0;               ///< bytes of the stream before the element under way
    std::uint32_t progress = 0;               ///< within the token under way, outside the scanner
    std::uint32_t token_end = 0;              ///< of a complete token
    TagFinder finder;
    Fault fault;
    Kind found = Kind::need_more;
    Phase phase = Phase::prolog;
    bool at_start = true;    ///< nothing came yet: the only place of an XML declaration
    bool under_way = false;  ///< the token began
    bool slice_is_tail = false;
    bool passes_over = false;  ///< what is beyond the limits
    bool passed = false;       ///< `passing` has its end
};

void Reader::State::release() {
    if (passed) passing.reset();
    passed = false;
    if (slice_is_tail) std::string{}.swap(tail);
    slice_is_tail = false;
    slice = {};
}

Kind Reader::State::fail(const Fault& why) {
    fault = why;
    phase = Phase::failed;
    under_way = false;
    input = {};
    passing.reset();
    std::string{}.swap(undrained);
    std::string{}.swap(tail);
    return Kind::problem;
}

/// Runs `step` on the bytes of the token under way until it is complete, failed, or no byte is left. Never shows it
/// more than the limit: an endless token is refused as soon as it passes it, however it arrives (threat T57).
template <typename Step>
Scan Reader::State::drive(Step step) {
    const auto most = static_cast<std::size_t>(limits.element_bytes);
    const auto judge = [&](std::string_view bytes) {
        const Scan scan = step(bytes.substr(0, most));
        if (scan != Scan::more || bytes.size() <= most) return scan;
        fault = beyond(Bound::bytes);
        return Scan::failed;
    };
    if (tail.empty()) {
        const Scan scan = judge(input);
        if (scan == Scan::complete) {
            slice = input.substr(0, token_end);
            input.remove_prefix(token_end);
        } else if (scan == Scan::more) {
            tail = input;
            input = {};
        }
        return scan;
    }
    for (std::size_t size = first_step; !input.empty(); size *= 2) {
        const std::size_t taken = std::min(size, input.size());
        tail.append(input.substr(0, taken));
        const Scan scan = judge(tail);
        if (scan == Scan::complete) {
            input.remove_prefix(taken - (tail.size() - token_end));
            tail.resize(token_end);
            slice = tail;
            slice_is_tail = true;
            return scan;
        }
        if (scan == Scan::failed) {
            tail.resize(tail.size() - taken);  // what is of `input` is there still
            return scan;
        }
        input.remove_prefix(taken);
    }
    return Scan::more;
}

Kind Reader::State::next() {
    release();
    for (;;) {
        if (phase == Phase::failed) return Kind::problem;
        if (phase == Phase::closing) {
            phase = Phase::closed;
            return Kind::footer;
        }
        if (phase == Phase::closed) {
            input = {};
            return Kind::need_more;
        }
        const Kind kind = next_token();
        if (kind != Kind::need_more || (input.empty() && !slice_is_tail && slice.empty())) return kind;
        release();
    }
}

/// White space, then one token. need_more with a slice: an XML declaration was passed.
Kind Reader::State::next_token() {
    if (!under_way) {
        const char* const begin = input.data();
        const char* const at = skip_white(begin, begin + input.size());
        const auto skipped = static_cast<std::size_t>(at - begin);
        consumed += skipped;
        at_start = at_start && skipped == 0;
        input.remove_prefix(skipped);
        if (input.empty()) return Kind::need_more;
        if (input[0] != '<') return judge_between(input[0]);
        if (next_limits) limits = *std::exchange(next_limits, std::nullopt);
        under_way = true;
        progress = 0;
        scanner.restart(header);
    }
    if (input.empty()) return Kind::need_more;
    if (passing) return pass();
    found = Kind::need_more;
    const Scan scan = drive([&](std::string_view window) {
        return phase == Phase::prolog ? scan_prolog(window) : scan_first_level(window);
    });
    if (scan == Scan::failed) return may_pass() ? begin_passing() : fail(fault);
    if (scan == Scan::more) return Kind::need_more;
    under_way = false;
    at_start = false;
    consumed += token_end;
    if (found == Kind::element) scanner.fill(shell, slice.data(), header);
    return found;
}

/// An endless closing tag of the stream is no element.
bool Reader::State::may_pass() const {
    const std::string_view begin = tail.empty() ? input : std::string_view{tail};
    return passes_over && phase == Phase::open && fault.problem == Problem::limit && !begin.starts_with("</");
}

/// What is there of the element under way is read once more, and the rest as it comes (threats T50, T57).
Kind Reader::State::begin_passing() {
    passing = std::make_unique<ElementPassing>(header);
    Fault why;
    std::size_t used = 0;
    if (passing->run(tail, used, why) == Scan::failed) return fail(why);
    std::string{}.swap(tail);
    return pass();
}

Kind Reader::State::pass() {
    const std::uint64_t left =
        limits.element_bytes * patience - std::min(passing->size(), limits.element_bytes * patience);
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), left));
    Fault why;
    std::size_t used = 0;
    const Scan scan = passing->run(input.substr(0, most), used, why);
    if (scan == Scan::failed) return fail(why);
    input.remove_prefix(used);
    if (scan == Scan::more) return input.empty() ? Kind::need_more : fail({Problem::limit, "an element far too long"});
    consumed += passing->size();
    passed = true;
    under_way = false;
    shell = passing->shell();
    return Kind::excess;
}

/// Something other than white space or markup outside the elements.
Kind Reader::State::judge_between(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (phase != Phase::prolog) {
        if (byte < 0x20) return fail({Problem::not_well_formed, "a character XML forbids"});
        return fail({Problem::bad_format, "text between stanzas"});
    }
    if (byte == 0 || byte >= 0xFE) return fail({Problem::unsupported_encoding, "not UTF-8"});
    return fail({Problem::not_well_formed, "text before the stream header"});
}

Scan Reader::State::scan_prolog(std::string_view window) {
    if (window.size() < 2) return Scan::more;
    switch (window[1]) {
        case '?': {
            if (!at_start) {
                fault = {Problem::restricted_xml, "a processing instruction"};
                return Scan::failed;
            }
            std::size_t size = 0;
            const Scan scan = read_declaration(window, size, fault);
            token_end = static_cast<std::uint32_t>(size);
            return scan;
        }
        case '!': fault = {Problem::restricted_xml, "a document type or comment"}; return Scan::failed;
        case '\0': fault = {Problem::unsupported_encoding, "not UTF-8"}; return Scan::failed;
        default: return scan_root(window);
    }
}

/// The opening tag of the stream, read as ElementScanner::scan_start_tag reads others.
Scan Reader::State::scan_root(std::string_view window) {
    Tag tag;
    Scan scan = Scan::more;
    const bool resumed = progress != 0;
    if (!resumed) scan = read_tag(window, 0, limits, tag, fault);
    if (scan != Scan::complete) {
        if (!resumed) finder.start(1);
        progress = 1;
        Fault early;
        const Scan end = finder.find(window, early);
        if (end == Scan::failed) fault = early;
        if (end != Scan::complete) return end;
        if (resumed) scan = read_tag(window, 0, limits, tag, fault);
        if (scan == Scan::more) fault = {Problem::not_well_formed, "a malformed tag"};
        if (scan != Scan::complete) return Scan::failed;
    }
    const Header outer;
    Scopes scopes{outer};
    if (!scopes.enter(window.data(), tag, 0, fault)) return Scan::failed;
    take_header(window, tag);
    token_end = tag.end;
    found = Kind::header;
    phase = tag.empty ? Phase::closing : Phase::open;
    return Scan::complete;
}

void Reader::State::take_header(std::string_view bytes, const Tag& tag) {
    const char* const base = bytes.data();
    for (std::size_t i = 0; i < tag.attributes.size(); ++i) {
        const AttributeRange& attribute = tag.attributes[i];
        std::string value;
        append_attribute_value(value, attribute.value.in(base));
        if (attribute.declares_default(base)) {
            header.content_space = value;
        } else if (attribute.declares_prefix(base)) {
            header.prefixes.emplace_back(attribute.local(base), value);
        } else {
            header.attributes.push_back({{}, std::string{attribute.name.in(base)}, value});
        }
    }
    const auto space_of = [&](std::string_view prefix) -> std::string {
        if (prefix == "xml") return std::string{xml_space};
        for (const auto& [known, space] : header.prefixes) {
            if (known == prefix) return space;
        }
        return {};
    };
    for (Attribute& attribute : header.attributes) {
        const std::size_t colon = attribute.name.find(':');
        if (colon == std::string::npos) continue;
        attribute.space = space_of(std::string_view{attribute.name}.substr(0, colon));
        attribute.name.erase(0, colon + 1);
    }
    root_name = tag.name.in(base);
    header.prefix = root_name.substr(0, tag.prefix);
    header.name = root_name.substr(tag.prefix == 0 ? 0 : tag.prefix + 1);
    header.space = tag.prefix == 0 ? header.content_space : space_of(header.prefix);
}

Scan Reader::State::scan_first_level(std::string_view window) {
    if (window.size() < 2) return Scan::more;
    const char kind = window[1];
    if (kind == '/') return scan_footer(window);
    if (kind == '!') {
        if (window.size() < 3) return Scan::more;
        const bool section = window[2] == '[';
        fault = section ? Fault{Problem::bad_format, "text between stanzas"}
                        : Fault{Problem::restricted_xml, "a document type or comment"};
        return Scan::failed;
    }
    const Scan scan = scanner.run(window, limits, fault);
    if (scan == Scan::complete) {
        token_end = scanner.end();
        found = Kind::element;
    }
    return scan;
}

Scan Reader::State::scan_footer(std::string_view window) {
    // `progress` counts what was compared already.
    for (progress = std::max(progress, 2U); progress < window.size(); ++progress) {
        const char c = window[progress];
        const std::size_t in_name = progress - 2;
        if (in_name < root_name.size() ? c == root_name[in_name] : is_white(c)) continue;
        if (in_name >= root_name.size() && c == '>') {
            token_end = progress + 1;
            found = Kind::footer;
            phase = Phase::closed;
            return Scan::complete;
        }
        fault = {Problem::not_well_formed, "an end tag of another element"};
        return Scan::failed;
    }
    return Scan::more;
}

// Streams are many, and most of them idle.
Reader::Reader(const XmlLimits& limits) : state_{std::make_unique<State>(limits)} {
    static_assert(sizeof(State) <= 1280);
}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

void Reader::set_limits(const XmlLimits& limits) {
    // A token that is under way keeps what it began with: the scanner may be further than the new limit.
    if (state_->under_way) {
        state_->next_limits = bounded(limits);
    } else {
        state_->limits = bounded(limits);
        state_->next_limits.reset();
    }
}

void Reader::own_rest() {
    State& state = *state_;
    state.release();
    if (state.input.empty()) return;
    std::string own{state.input};
    state.undrained = std::move(own);
    state.input = state.undrained;
}

void Reader::pass_over_excess() { state_->passes_over = true; }

void Reader::feed(std::string_view bytes) {
    State& state = *state_;
    state.release();
    if (state.phase == State::Phase::failed || state.phase == State::Phase::closed) return;
    if (state.input.empty()) {
        std::string{}.swap(state.undrained);
        state.input = bytes;
        return;
    }
    std::string joined{state.input};
    joined += bytes;
    state.undrained = std::move(joined);
    state.input = state.undrained;
}

Kind Reader::next() { return state_->next(); }

const Header& Reader::header() const { return state_->header; }
std::string_view Reader::slice() const { return state_->slice; }
const Shell& Reader::shell() const { return state_->shell; }
bool Reader::plain() const { return state_->scanner.plain() && state_->header.content_space != streams_space; }
bool Reader::has_new_names() const { return state_->scanner.has_new_names(); }
Element Reader::tree() const { return build_tree(state_->slice, state_->header); }
unsigned Reader::children() const { return state_->scanner.children(); }
bool Reader::is_excess() const { return state_->passed; }
Problem Reader::problem() const { return state_->fault.problem; }
Bound Reader::bound() const { return state_->fault.bound; }

std::string Reader::explanation() const {
    return std::string{text(problem())} + ": " + state_->fault.what + ", in what starts at byte " +
           std::to_string(state_->consumed) + " of the stream";
}

std::size_t Reader::unread() const { return state_->input.size() + (state_->slice_is_tail ? 0 : state_->tail.size()); }

bool Reader::inside_element() const { return state_->under_way; }

std::size_t Reader::held() const {
    const auto heap = [](const std::string& buffer) {
        return buffer.capacity() > std::string{}.capacity() ? buffer.capacity() + 1 : 0;
    };
    return heap(state_->tail) + heap(state_->undrained) + state_->scanner.held();
}

std::string attribute_value(std::string_view raw) {
    std::string value;
    append_attribute_value(value, raw);
    return value;
}

Result<Element> parse(std::string_view text_bytes, const XmlLimits& limits, std::string_view inherited) {
    const auto failed = [](const Fault& fault) {
        return Error{std::string{text(fault.problem)}, std::string{"the XML has "} + fault.what};
    };
    Fault fault;
    std::string_view rest = text_bytes;
    std::size_t size = 0;
    if (rest.starts_with("<?") && read_declaration(rest, size, fault) != Scan::complete) {
        return failed(fault.problem == Problem::none ? Fault{Problem::not_well_formed, "no end"} : fault);
    }
    rest.remove_prefix(size);
    const auto drop_white = [&] {
        while (!rest.empty() && is_white(rest.front())) rest.remove_prefix(1);
    };
    drop_white();
    const XmlLimits bounds = bounded(limits);
    const std::string_view window = rest.substr(0, static_cast<std::size_t>(bounds.element_bytes));
    Header scope;
    scope.content_space = inherited;
    ElementScanner scanner{scope};
    if (!window.starts_with('<')) return failed({Problem::not_well_formed, "no element"});
    if (window.starts_with("</")) return failed({Problem::not_well_formed, "an end tag without a start"});
    if (window.starts_with("<![")) return failed({Problem::not_well_formed, "no element"});
    const Scan scan = scanner.run(window, bounds, fault);
    if (scan == Scan::failed) return failed(fault);
    if (scan == Scan::more) {
        return failed(window.size() < rest.size() ? Fault{Problem::limit, "too many bytes"}
                                                  : Fault{Problem::not_well_formed, "no end"});
    }
    Element element = build_tree(window.substr(0, scanner.end()), scope);
    rest.remove_prefix(scanner.end());
    drop_white();
    if (!rest.empty()) return failed({Problem::not_well_formed, "something behind the element"});
    return element;
}

}  // namespace sallyport::xml
