# fish completion of sallyport; printed by `sallyport completion fish`
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
