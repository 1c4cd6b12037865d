# bash completion of sallyport; printed by `sallyport completion bash`
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
