// Scripts as they are installed, and the candidates as they read them.
#include "nodes/ctl/completion.h"

#include <boost/json.hpp>
#include <ostream>

#include "admin/print/json_text.h"
#include "admin/print/words.h"
#include "nodes/ctl/candidates.h"
#include "nodes/ctl/node_address.h"
#include "nodes/ctl/node_client.h"

namespace sallyport::ctl {

namespace json = boost::json;

namespace {

/// Somebody waits at the keyboard.
constexpr Duration a_moment = std::chrono::milliseconds{700};

constexpr std::string_view bash_script = R"(# bash completion of sallyport; printed by `sallyport completion bash`
_sallyport() {
    local cur=${COMP_WORDS[COMP_CWORD]} cword=$COMP_CWORD line word
    local -a words=("${COMP_WORDS[@]}")
    # Addresses have colons, which bash takes for the ends of words.
    declare -F _get_comp_words_by_ref >/dev/null && _get_comp_words_by_ref -n := cur words cword
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o filenames
            while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
        else
            printf -v word %q "${line%%$'\t'*}"
            COMPREPLY+=("$word")
        fi
    done < <("${words[0]}" __complete "${words[@]:1:cword}" 2>/dev/null)
    if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
}
complete -F _sallyport sallyport
)";

constexpr std::string_view zsh_script = R"(#compdef sallyport
# zsh completion of sallyport; printed by `sallyport completion zsh`
_sallyport() {
    local line word files=
    local -a found
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            files=1
            continue
        fi
        word=${${line%%$'\t'*}//:/\\:}
        [[ $line == *$'\t'* ]] && word+=:${line#*$'\t'}
        found+=("$word")
    done < <("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( $#found )) && _describe 'sallyport' found
    [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _sallyport ]]; then
    _sallyport "$@"
else
    compdef _sallyport sallyport
fi
)";

constexpr std::string_view fish_script = R"(# fish completion of sallyport; printed by `sallyport completion fish`
function __sallyport_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (command $words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c sallyport -f -a '(__sallyport_candidates)'
)";

constexpr CompletionScript scripts[] = {{"bash", "sallyport.bash", bash_script},
                                        {"zsh", "_sallyport", zsh_script},
                                        {"fish", "sallyport.fish", fish_script}};

/// The value of a global option in the words before the last.
std::string option_in(const std::vector<std::string>& typed, const std::string& name) {
    for (std::size_t i = 0; i + 1 < typed.size(); ++i) {
        if (typed[i] == name && i + 2 < typed.size()) return typed[i + 1];
        if (typed[i].starts_with(name + "=")) return typed[i].substr(name.size() + 1);
    }
    return {};
}

}  // namespace

std::span<const CompletionScript> completion_scripts() { return scripts; }

int print_candidates(const std::vector<std::string>& typed, const Console& console) {
    const AskValues ask_node = [&](const std::string& kind, const std::string& about) {
        std::vector<std::string> values;
        const auto place = find_node(option_in(typed, "--node"), option_in(typed, "--config"), usual_sockets());
        if (!place || place->address) return values;
        json::object arguments{{"kind", kind}};
        if (!about.empty()) arguments["about"] = about;
        const auto answer =
            ask(place->socket, "complete", arguments, console.user, {[](const std::string&) {}, {}, a_moment});
        if (!answer || !answer->ok) return values;
        json::error_code ignored;
        const json::value result = json::parse(answer->result, ignored);
        for (const json::value& value : admin::list_of(result, "values")) values.push_back(admin::value_words(value));
        return values;
    };
    const Candidates found = candidates_for(command_tree(), typed, ask_node);
    for (const Candidate& candidate : found.words) {
        console.out << admin::safe(candidate.word);
        if (!candidate.help.empty()) console.out << '\t' << admin::safe(candidate.help);
        console.out << '\n';
    }
    if (found.files) console.out << ":files\n";
    return Exit::done;
}

}  // namespace sallyport::ctl
