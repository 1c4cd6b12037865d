// What an operator can ask of a running node: one row a verb. The admin socket, the command line, its completion, what
// it prints, REST with its description, and the manual are made from these rows.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "admin/access/roles.h"
#include "admin/print/print.h"

namespace sallyport::admin {

class Call;

/// The form of an argument's value in a request.
enum class Form {
    text,
    number,
    flag,    ///< true or false
    secret,  ///< a text; on the command line it is asked for or read from a file, never written
    texts,   ///< a list of texts; on the command line the rest of the line
};

struct Argument {
    std::string_view name;  ///< with '_' between words
    Form form = Form::text;
    bool positional = true;  ///< on the command line: by place, or as --name
    bool required = true;
    std::string_view help;
    bool confidential = false;  ///< may hold a secret: not for the audit
};

/// Does a verb change anything, or cause any traffic? One that only reads is a GET in REST, and not audited.
enum class Effect : bool { acts, reads };

/// What the command line makes of an answer beside printing it.
enum class Answers {
    plainly,    ///< nothing: the verb did its work
    yes_or_no,  ///< exit status 1 if the answer is no
    grade,      ///< exit status as of monitoring plugins: 0 fine, 1 warning, 2 failing
    pieces,     ///< a piece of a file; it fetches them all
};

struct Verb {
    std::string_view name;  ///< "peers.show": on the command line `peers show`
    std::string_view help;
    std::span<const Argument> arguments;
    void (*run)(const std::shared_ptr<Call>& call);
    std::string_view answer;  ///< its form, as answer_form.h writes it
    Print print;              ///< the answer for people
    Access needs = Access::administer;
    Effect effect = Effect::acts;
    Answers answers = Answers::plainly;
    Print print_meanwhile = print_event;  ///< an event that comes before the answer, for people
};

/// In the order of the manual; the first verb of a group is what the group's bare name means.
[[nodiscard]] std::span<const Verb> verbs();
/// What the bare name of a group means: its first verb, if it needs no arguments; null otherwise.
[[nodiscard]] const Verb* first_verb(std::string_view group);
/// What the list of commands says of a group; empty when there is none of that name.
[[nodiscard]] std::string_view help_of_group(std::string_view group);
/// The heading in the manual below which a verb is; empty: the help does not list it.
[[nodiscard]] std::string_view section_of(const Verb& verb);
/// Null when there is none.
[[nodiscard]] const Verb* find_verb(std::string_view name);

}  // namespace sallyport::admin
