// One token ahead, no recursion. What the grammar does not name is refused: comments, functions, other quotes, a second
// statement.
#include "proto/axl/statement.h"

#include <algorithm>
#include <span>

#include "base/join.h"

namespace sallyport::axl {

namespace {

constexpr std::string_view changeable = "xmpps2snodes";
constexpr std::string_view s2s_columns[] = {"pkid", "cp_id"};
constexpr std::string_view process_columns[] = {"pkid", "name", "nodeid"};
constexpr std::string_view user_columns[] = {"name"};

struct Table {
    std::string_view name;
    std::span<const std::string_view> columns;
};
constexpr Table tables[] = {
    {changeable, s2s_columns}, {"processnode", process_columns}, {"applicationuser", user_columns}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

enum class Kind : std::uint8_t { word, value, sign, end, broken };
struct Token {
    Kind kind = Kind::end;
    std::string text;  ///< words in lower case, values without quotes
    std::size_t at = 0;
};

class Tokens {
public:
    explicit Tokens(std::string_view sql) : sql_{sql} { advance(); }

    [[nodiscard]] const Token& now() const { return now_; }
    void advance() {
        while (at_ < sql_.size() && is_space(sql_[at_])) ++at_;
        now_ = {Kind::end, {}, at_};
        if (at_ == sql_.size()) return;
        const char c = sql_[at_];
        if (is_letter(c)) return take_word();
        if (c == '\'') return take_value();
        const bool known = std::string_view{"*,()=;"}.find(c) != std::string_view::npos;
        now_ = {known ? Kind::sign : Kind::broken, std::string(1, c), at_++};
    }

private:
    void take_word() {
        now_.kind = Kind::word;
        while (at_ < sql_.size() && (is_letter(sql_[at_]) || is_digit(sql_[at_])))
            now_.text.push_back(lower(sql_[at_++]));
    }
    void take_value() {
        for (++at_; at_ < sql_.size(); ++at_) {
            if (sql_[at_] == '\'' && (at_ + 1 == sql_.size() || sql_[at_ + 1] != '\'')) {
                ++at_;
                now_.kind = Kind::value;
                return;
            }
            if (sql_[at_] == '\'') ++at_;  // a doubled quote stands for one
            now_.text.push_back(sql_[at_]);
        }
        now_ = {Kind::broken, "a quote that is not closed", now_.at};
    }

    std::string_view sql_;
    std::size_t at_ = 0;
    Token now_;
};

class Parser {
public:
    explicit Parser(std::string_view sql) : tokens_{sql} {}

    Result<Statement> parse() {
        const bool good = statement() && finish();
        if (!good) return Error{"sql-refused", std::move(why_)};
        return std::move(statement_);
    }

private:
    bool statement() {
        if (take_word("select")) return select();
        if (take_word("insert")) return insert();
        if (take_word("update")) return update();
        if (take_word("delete")) return remove();
        return refuse("select, insert, update or delete");
    }

    bool select() {
        statement_.act = Act::select;
        const std::size_t columns_at = tokens_.now().at;
        if (take_sign('*')) {
        } else if (take_word("count")) {
            statement_.count = true;
            if (!need_sign('(') || !need_sign('*') || !need_sign(')')) return false;
        } else if (!names(statement_.columns)) {
            return false;
        }
        if (!need_word("from") || !table()) return false;
        for (const std::string& column : statement_.columns) {
            if (!known(column, columns_at)) return false;
        }
        if (take_word("where") && !conditions()) return false;
        if (!take_word("order")) return true;
        const std::size_t order_at = tokens_.now().at;
        if (!need_word("by") || !names(statement_.order_by)) return false;
        return std::all_of(statement_.order_by.begin(), statement_.order_by.end(),
                           [&](const std::string& column) { return known(column, order_at); });
    }

    bool insert() {
        statement_.act = Act::insert;
        if (!need_word("into") || !changeable_table() || !need_sign('(')) return false;
        const bool pkid_first = tokens_.now().text == "pkid";
        if (!need_word(pkid_first ? "pkid" : "cp_id") || !need_sign(',') || !need_word(pkid_first ? "cp_id" : "pkid")) {
            return false;
        }
        if (!need_sign(')') || !need_word("values") || !need_sign('(')) return false;
        if (!(pkid_first ? pkid() : cp_id()) || !need_sign(',') || !(pkid_first ? cp_id() : pkid())) return false;
        return need_sign(')');
    }

    bool update() {
        statement_.act = Act::update;
        return changeable_table() && need_word("set") && need_word("cp_id") && need_sign('=') && cp_id() &&
               need_word("where") && conditions();
    }

    bool remove() {
        statement_.act = Act::remove;
        return need_word("from") && changeable_table() && need_word("where") && conditions();
    }

    bool table() {
        const auto at = std::find_if(std::begin(tables), std::end(tables), [this](const Table& row) {
            return tokens_.now().kind == Kind::word && row.name == tokens_.now().text;
        });
        if (at == std::end(tables)) return refuse("a table: xmpps2snodes, processnode or applicationuser");
        table_ = &*at;
        statement_.table = at->name;
        tokens_.advance();
        return true;
    }

    bool changeable_table() {
        if (tokens_.now().kind != Kind::word || tokens_.now().text != changeable) {
            return refuse("xmpps2snodes, the only table that may be changed");
        }
        return table();
    }

    bool names(std::vector<std::string>& out) {
        do {
            if (tokens_.now().kind != Kind::word || out.size() == most_conditions) return refuse("a column");
            out.push_back(tokens_.now().text);
            tokens_.advance();
        } while (take_sign(','));
        return true;
    }

    bool known(const std::string& column, std::size_t at) {
        if (std::find(table_->columns.begin(), table_->columns.end(), column) != table_->columns.end()) return true;
        const std::string all = joined(table_->columns);
        return say("the table " + std::string{table_->name} + " has no column '" + column.substr(0, 64) +
                   "' (position " + std::to_string(at + 1) + "); it has " + all);
    }

    bool conditions() {
        do {
            if (statement_.where.size() == most_conditions) return say("more than 16 conditions");
            if (tokens_.now().kind != Kind::word) return refuse("a column");
            Equals condition{tokens_.now().text, {}};
            if (!known(condition.column, tokens_.now().at)) return false;
            tokens_.advance();
            if (!need_sign('=') || !value(condition.value)) return false;
            statement_.where.push_back(std::move(condition));
        } while (take_word("and"));
        return true;
    }

    bool value(std::string& out) {
        if (tokens_.now().kind != Kind::value) return refuse("a value between single quotes");
        if (tokens_.now().text.size() > longest_value) return say("a value has more than 512 bytes");
        if (tokens_.now().text.find('\0') != std::string::npos) return say("a value contains a zero byte");
        out = tokens_.now().text;
        tokens_.advance();
        return true;
    }

    bool pkid() {
        if (take_word("newid")) return need_sign('(') && need_sign(')');
        if (!value(statement_.pkid)) return false;
        constexpr std::string_view form = "00000000-0000-0000-0000-000000000000";
        const std::string& id = statement_.pkid;
        bool good = id.size() == form.size();
        for (std::size_t i = 0; good && i < form.size(); ++i) {
            good = form[i] == '-' ? id[i] == '-' : is_digit(id[i]) || (id[i] >= 'a' && id[i] <= 'f');
        }
        return good || say("pkid is not a UUID in lower case, such as '055c13d9-943d-459d-a3c6-af1d1176936d'");
    }

    bool cp_id() {
        if (!value(statement_.cp_id)) return false;
        const auto checked = check_cp_id(statement_.cp_id);
        return checked || say(checked.error().text);
    }

    bool finish() {
        static_cast<void>(take_sign(';'));
        return tokens_.now().kind == Kind::end || refuse("the end of the statement");
    }

    bool take_word(std::string_view word) {
        if (tokens_.now().kind != Kind::word || tokens_.now().text != word) return false;
        tokens_.advance();
        return true;
    }
    bool take_sign(char sign) {
        if (tokens_.now().kind != Kind::sign || tokens_.now().text[0] != sign) return false;
        tokens_.advance();
        return true;
    }
    bool need_word(std::string_view word) { return take_word(word) || refuse("'" + std::string{word} + "'"); }
    bool need_sign(char sign) { return take_sign(sign) || refuse(std::string{"'"} + sign + "'"); }

    bool refuse(const std::string& wanted) {
        const Token& found = tokens_.now();
        std::string what = "the end";
        if (found.kind == Kind::value) what = "a value";
        if (found.kind == Kind::word || found.kind == Kind::sign) what = "'" + found.text.substr(0, 64) + "'";
        if (found.kind == Kind::broken) what = found.text.size() == 1 ? "an unexpected character" : found.text;
        return say("expected " + wanted + " at position " + std::to_string(found.at + 1) + ", found " + what);
    }
    bool say(std::string why) {
        why_ = std::move(why);
        return false;
    }

    Tokens tokens_;
    const Table* table_ = nullptr;
    Statement statement_;
    std::string why_;
};

/// Drops "<digits>" from the front; false when there is none.
bool drop_number(std::string_view& rest) {
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) ++digits;
    rest.remove_prefix(digits);
    return digits > 0 && digits <= 4;
}
bool drop(std::string_view& rest, std::string_view beginning) {
    if (!rest.starts_with(beginning)) return false;
    rest.remove_prefix(beginning.size());
    return true;
}

}  // namespace

Result<Statement> parse_statement(std::string_view sql) {
    if (sql.size() > longest_statement) return Error{"sql-refused", "the statement has more than 8192 bytes"};
    return Parser{sql}.parse();
}

Result<void> check_cp_id(std::string_view cp_id) {
    constexpr std::size_t longest_realm = 255;
    std::string_view rest = cp_id;
    const bool shaped =
        drop(rest, "cm-") && drop_number(rest) && drop(rest, "_s2scp-") && drop_number(rest) && drop(rest, ".");
    const bool realm =
        !rest.empty() && rest.size() <= longest_realm && std::all_of(rest.begin(), rest.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-';
        });
    if (shaped && realm) return {};
    return Error{"cp-id-malformed", "cp_id is not a component such as 'cm-2_s2scp-1.edge1-example-com'"};
}

std::string quoted(std::string_view value) {
    std::string text = "'";
    for (const char c : value) text += c == '\'' ? "''" : std::string(1, c);
    return text + "'";
}

}  // namespace sallyport::axl
