// The public face of Reader, and elements that stand alone.
#include "proto/xml/reader.h"

#include <algorithm>

#include "proto/xml/chars.h"
#include "proto/xml/declaration.h"
#include "proto/xml/reader_state.h"
#include "proto/xml/tree.h"

namespace sallyport::xml {

namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;
constexpr std::uint64_t most_depth = 1024;

}  // namespace

XmlLimits bounded(XmlLimits limits) {
    limits.element_bytes = std::min(limits.element_bytes, most_bytes);
    limits.depth = std::min(limits.depth, most_depth);
    return limits;
}

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
    return std::string{text(problem())} + ": " + state_->fault.what + ", after byte " +
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
    if (!rest.empty()) return failed({Problem::not_well_formed, "content after the element"});
    return element;
}

}  // namespace sallyport::xml
