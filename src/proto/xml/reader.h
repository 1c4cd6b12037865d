// Streaming reader of one XMPP stream (RFC 6120 sections 4 and 11): bytes in, first-level elements out, under limits.
// A resumable scanner of our own: one pass, no tree, no allocation a stanza; refuses what XMPP forbids (DTD, comments,
// processing instructions, other encodings). Names are those of XML 1.0, 5th edition. A differential fuzz target holds
// it against expat: what it accepts, expat accepts with the same events, but for names that the 4th edition had not.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "proto/xml/bounds.h"
#include "proto/xml/element.h"

namespace sallyport::xml {

/// Why reading stopped for good; each has its stream error condition (RFC 6120 4.9.3).
enum class Problem {
    none,
    not_well_formed,       ///< also namespace errors
    restricted_xml,        ///< comment, processing instruction, DTD, undefined entity, late or odd XML declaration
    unsupported_encoding,  ///< not UTF-8 (declared or by its bytes)
    limit,                 ///< one of XmlLimits, or what we do not pass on; -> policy-violation
    bad_format,            ///< text between stanzas
};
[[nodiscard]] std::string_view text(Problem problem);

/// The opening tag of the stream.
struct Header {
    std::string space;                                          ///< namespace of the root element
    std::string name;                                           ///< local name
    std::string prefix;                                         ///< as written
    std::string content_space;                                  ///< default namespace in force for first-level elements
    std::vector<Attribute> attributes;                          ///< without namespace declarations
    std::vector<std::pair<std::string, std::string>> prefixes;  ///< declared: prefix -> namespace

    [[nodiscard]] std::string_view attribute(std::string_view attribute_name) const;
};

/// The opening tag of a first-level element, without a tree: the shell of a stanza.
struct Shell {
    std::string_view name;                      ///< local name
    std::string_view space;                     ///< namespace name
    std::string_view to, from, id, type, lang;  ///< attribute values as written (raw: may hold references, see `raw`)
    bool has_to = false, has_from = false, has_id = false, has_type = false, has_lang = false;
    /// Byte ranges of the values of to and from in the slice (between the quotes): for rewriting an address in place.
    std::size_t to_at = 0, from_at = 0;
    std::size_t tag_end = 0;  ///< offset behind the name of the opening tag: where attributes can be inserted
};

/// What one call of next() found.
enum class Kind {
    need_more,  ///< nothing complete; feed more bytes
    header,     ///< header() is valid
    element,    ///< a complete first-level element: slice(), shell(), plain(), tree()
    excess,     ///< one beyond the limits was read past: shell(), without a slice; problem() says why
    footer,     ///< the closing tag of the stream
    problem,    ///< problem() and explanation(); the reader is finished
};

class Reader {
public:
    /// `limits` in force at first (before authentication). `pre_read` white space between elements is accepted.
    explicit Reader(const XmlLimits& limits);
    ~Reader();
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;

    /// Replaces the limits, from the next element on (after authentication).
    void set_limits(const XmlLimits& limits);

    /// An element beyond the limits is read past from now on, without being kept, up to `patience` times element_bytes:
    /// what comes behind it is not lost. Whose stream it is has been proved.
    void pass_over_excess();
    static constexpr std::uint64_t patience = 4;

    /// Gives received bytes. Call next() until need_more afterwards. The bytes must stay valid until then: complete
    /// elements are slices of `bytes` itself where they lie in it whole; only an unfinished tail is copied.
    void feed(std::string_view bytes);
    /// What was fed and not read yet is copied: the buffer that it lies in is about to be used for something else. The
    /// latest element is no longer valid.
    void own_rest();
    [[nodiscard]] Kind next();

    [[nodiscard]] const Header& header() const;
    /// The bytes of the element, from `<` to `>`; valid until the next call of next() or feed().
    [[nodiscard]] std::string_view slice() const;
    [[nodiscard]] const Shell& shell() const;
    /// True when the slice may be passed on as it is: unprefixed stanza in the content namespace without an own
    /// declaration of it, no CDATA, no CR, no prefix or namespace that only the header declares, no element of the
    /// streams namespace, references in to/from absent.
    [[nodiscard]] bool plain() const;
    /// A name in it is one only since the 5th edition of XML 1.0: parsers with the names of the editions before, as
    /// expat, refuse the whole document, so that it must not be passed on to streams that others share.
    [[nodiscard]] bool has_new_names() const;
    /// Parses the slice into a tree (namespaces of the header applied). Never fails for a slice that next() accepted.
    [[nodiscard]] Element tree() const;
    /// Number of child elements of the element, counted up to 2 (an iq request has exactly one, RFC 6120 8.2.3).
    [[nodiscard]] unsigned children() const;
    /// The latest call of next() returned Kind::excess.
    [[nodiscard]] bool is_excess() const;

    [[nodiscard]] Problem problem() const;
    /// Of Problem::limit: which one.
    [[nodiscard]] Bound bound() const;
    /// For the log: what and where, without peer content.
    [[nodiscard]] std::string explanation() const;

    /// Bytes fed and not yet consumed by a complete element. After `<starttls/>` anything here is an injection
    /// (threat T16).
    [[nodiscard]] std::size_t unread() const;
    /// True while an element has begun and is not complete (a stanza deadline runs, threat T58).
    [[nodiscard]] bool inside_element() const;
    /// Heap bytes held right now; near zero between elements.
    [[nodiscard]] std::size_t held() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The value that an attribute of a shell, which is raw, has for an application.
[[nodiscard]] std::string attribute_value(std::string_view raw);

/// Parses one complete element that stands alone (link, SOAP, tests). `inherited` is the default namespace around it.
/// Errors: the texts of Problem as codes.
[[nodiscard]] Result<Element> parse(std::string_view text, const XmlLimits& limits, std::string_view inherited = {});

}  // namespace sallyport::xml
