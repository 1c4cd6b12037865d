// A stanza on its way: its bytes in the content namespace and its shell (RFC 6120 section 8). The body is never parsed
// to be forwarded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/xml/reader.h"
#include "proto/xmpp/errors.h"
#include "proto/xmpp/jid.h"

namespace sallyport::xmpp {

enum class StanzaKind { message, presence, iq };
[[nodiscard]] std::string_view text(StanzaKind kind);

/// Views into the bytes of the stanza; valid as long as those are.
struct Stanza {
    std::string_view bytes;  ///< without an own declaration of the content namespace; fit for any content namespace
    StanzaKind kind = StanzaKind::message;
    std::string_view to, from;                ///< canonical addresses, unescaped form equal to what stands in bytes
    std::string_view to_domain, from_domain;  ///< canonical domains: of a stanza that is good views into to and from
    std::string_view id, type;                ///< raw, as written in bytes (escaped)

    /// RFC 6120 8.3.1: an error, an iq result, is never answered with an error.
    [[nodiscard]] bool may_be_answered() const {
        return type != "error" && !(kind == StanzaKind::iq && type == "result");
    }
};

/// Owns what Stanza views, for queues and windows; in one piece, because there are many of them.
class OwnedStanza {
public:
    OwnedStanza() = default;
    explicit OwnedStanza(const Stanza& stanza);
    [[nodiscard]] Stanza view() const;
    [[nodiscard]] std::string_view bytes() const { return std::string_view{all_}.substr(0, size_); }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// What it takes of the memory.
    [[nodiscard]] std::size_t weight() const { return sizeof(OwnedStanza) + all_.size(); }

private:
    std::string all_;  ///< bytes, to, from, id, type; behind an address its domain where that does not stand in it
    StanzaKind kind_ = StanzaKind::message;
    std::uint32_t size_ = 0, to_size_ = 0, from_size_ = 0, id_size_ = 0, type_size_ = 0;
    std::uint32_t to_domain_at_ = 0, to_domain_size_ = 0, from_domain_at_ = 0, from_domain_size_ = 0;
};

/// Why a first-level element is not a deliverable stanza.
struct StanzaProblem {
    std::optional<StreamCondition> stream;  ///< close the stream
    std::optional<StanzaCondition> stanza;  ///< answer the stanza
    std::string_view why;                   ///< for the operator
};
/// What the stanza's sender is told.
[[nodiscard]] StanzaError refusal(const StanzaProblem& problem);

/// Turns a reader's current element into a Stanza: the fast path views the slice; when the slice is not plain or an
/// address is not canonical, it is rewritten from its tree into a buffer of the intake. Adds `xml:lang` of the stream
/// when the stanza has none and `default_lang` is not empty (RFC 6120 8.1.5).
class StanzaIntake {
public:
    /// True and `out` filled (valid until the next call or until the reader moves on), or false and `problem` filled.
    /// With a stanza condition `out` is filled as far as its sender's answer needs it: addresses that are malformed as
    /// they were given, domains empty where they are not to be had, no bytes of what was read past.
    /// Judges: kind (else unsupported-stanza-type), to and from present, a domain in from (else improper-addressing,
    /// with a stanza condition beside it for streams where one side's server has already vouched for the sender), to
    /// and from well formed (else jid-malformed), iq rules (type and id present, one child in a request: else
    /// bad-request), no element of the stream within (else bad-request), no name that
    /// other parsers refuse (else not-acceptable; docs/decisions/0022), and that every later hop will take what is
    /// passed on (passed_on_bytes: else policy-violation). Does not judge domains.
    [[nodiscard]] bool read(const xml::Reader& reader, std::string_view default_lang, Stanza& out,
                            StanzaProblem& problem);

private:
    void take(const xml::Reader& reader, std::string_view default_lang, Stanza& out);
    bool rewrite(const xml::Reader& reader, std::string_view default_lang, Stanza& out, StanzaProblem& problem);
    bool pass_over(const xml::Reader& reader, Stanza& out, StanzaProblem& problem);
    bool address(const xml::Shell& shell, std::string_view to, std::string_view from, Stanza& out,
                 StanzaProblem& problem);

    std::string to_, from_, rewritten_, id_, type_;
    Domain to_domain_, from_domain_;  ///< of malformed addresses
};

/// The bounce of `stanza`: same kind, swapped addresses, same id, type='error', no payload (RFC 6120 8.3.1). It comes
/// from the domain where the stanza named nobody. Empty when the stanza may not be answered.
[[nodiscard]] std::string bounce(const Stanza& stanza, const StanzaError& error);
/// Such a bounce as a stanza of its own, with `bytes`; views what `stanza` views.
[[nodiscard]] Stanza bounce_of(const Stanza& stanza, std::string_view bytes);

}  // namespace sallyport::xmpp
