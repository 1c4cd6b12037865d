// What the answer of a verb holds, in short:
//   {name:text other:count? more?:flag}   an object with just these fields: `other` may be null, `more` absent
//   [text]       a list
//   One|Other    the one or the other
//   text count number flag time map any
//   Peer         the form of that name in the table of answer_form.cpp
// The description of REST is made from it, and tests hold answers against it.
#pragma once

#include <boost/json/value.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::admin {

struct AnswerForm {
    enum class Kind { text, count, number, flag, time, map, any, object, list, named, either };
    struct Field;

    Kind kind = Kind::any;
    bool nullable = false;
    std::string_view name;          ///< named
    std::vector<Field> fields;      ///< object
    std::vector<AnswerForm> parts;  ///< list: one, of its entries; either: the choices
};

struct AnswerForm::Field {
    std::string_view name;
    bool always = true;
    AnswerForm form;
};

/// What is written in the table of verbs, read. `text` outlives it.
[[nodiscard]] AnswerForm read_form(std::string_view text);

struct NamedForm {
    std::string_view name, form;
};
[[nodiscard]] std::span<const NamedForm> named_forms();

/// Where `value` is not what `form` says, such as "peers[0].tls: not a text"; empty: nowhere.
[[nodiscard]] std::vector<std::string> deviations(const AnswerForm& form, const boost::json::value& value);

}  // namespace sallyport::admin
