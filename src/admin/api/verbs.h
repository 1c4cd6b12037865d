// What an operator can ask of a running node: one row a verb. The admin socket, the command line, its completion, REST
// with its description, and the manual are made from this table.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "admin/access/roles.h"

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

struct Verb {
    std::string_view name;  ///< "peers.show": on the command line `peers show`
    std::string_view help;
    std::span<const Argument> arguments;
    void (*run)(const std::shared_ptr<Call>& call);
    Access needs = Access::administer;
    Effect effect = Effect::acts;
};

/// In the order of the manual; the first verb of a group is what the group's bare name means.
[[nodiscard]] std::span<const Verb> verbs();
/// What the bare name of a group means: its first verb, if it needs no arguments; null otherwise.
[[nodiscard]] const Verb* first_verb(std::string_view group);
/// Null when there is none.
[[nodiscard]] const Verb* find_verb(std::string_view name);

}  // namespace sallyport::admin
