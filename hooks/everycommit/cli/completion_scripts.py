"""The scripts that complete the command line, a function a shell, made from the parsers' words."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

from .completion_words import Option, Words, lists, words

_HEAD = "# Completion of everycommit for {0}; `everycommit completion {0}` writes it.\n"
_REFS = "git for-each-ref --format='%(refname:short)' 2>/dev/null"


def script(shell: str) -> str:
    """Return the script for *shell*: bash, zsh or fish."""
    return _SHELLS[shell](words(), lists())


def _bash(every: Sequence[Words], known: Mapping[str, Sequence[str]]) -> str:
    return (
        _HEAD.format("bash")
        + f"_everycommit_values() {{\n    case $1 in\n{_cases(known)}    esac\n}}\n"
        + """\
_everycommit() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} place='' words='' flags='' kinds='' kind
    COMPREPLY=()
    # bash takes = for a word of its own.
    if [[ $current == = ]]; then
        current=''
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD-2]}
    fi
    (( COMP_CWORD > 1 )) && place=${COMP_WORDS[1]}
    (( COMP_CWORD > 2 )) && case "$place ${COMP_WORDS[2]}" in
"""
        + f"        {'|'.join(shlex.quote(' '.join(one.path)) for one in every if len(one.path) > 1)})\n"
        + """\
            place="$place ${COMP_WORDS[2]}" ;;
    esac
    (( COMP_CWORD > 3 )) && [[ ${COMP_WORDS[COMP_CWORD-3]}${COMP_WORDS[COMP_CWORD-1]} == --output= ]] && place=FILE
    case "$place $before" in
        FILE*) kinds=files ;;
"""
        + "".join(_bash_options(every))
        + "        *) case $place in\n"
        + "".join(_bash_words(one) for one in every)
        + """\
        esac ;;
    esac
    [[ $current == -* || -z "$words$kinds" ]] && words="$flags"
    [[ $current == -* ]] && kinds=''
    for kind in $kinds; do
        if [[ $kind == files ]]; then
            compopt -o filenames 2>/dev/null
            COMPREPLY+=( $(compgen -f -- "$current") )
        else
            [[ $kind == outputs ]] && compopt -o nospace 2>/dev/null
            words="$words $(_everycommit_values "$kind")"
        fi
    done
    COMPREPLY+=( $(compgen -W "$words" -- "$current") )
}
complete -F _everycommit everycommit
"""
    )


def _cases(known: Mapping[str, Sequence[str]]) -> str:
    fixed = "".join(f"        {kind}) echo {shlex.quote(' '.join(values))} ;;\n" for kind, values in known.items())
    return f'        gates|models) everycommit completion "$1" 2>/dev/null ;;\n        refs) {_REFS} ;;\n{fixed}'


def _bash_options(every: Sequence[Words]) -> Iterator[str]:
    for one in every:
        for option in one.options:
            if option.takes:
                where = shlex.quote(f"{' '.join(one.path)} {option.flag}")
                held = f"words={shlex.quote(' '.join(option.values))}" if option.values else f"kinds={option.kind}"
                # Nothing is offered for what nobody can list.
                yield f"        {where}) {held if option.values or option.kind else 'return'} ;;\n"


def _bash_words(one: Words) -> str:
    words_ = shlex.quote(" ".join((*(name for name, _ in one.parts), *one.values)))
    flags = shlex.quote(" ".join(option.flag for option in one.options))
    kinds = shlex.quote(" ".join(one.kinds))
    return f"            {shlex.quote(' '.join(one.path))}) words={words_} flags={flags} kinds={kinds} ;;\n"


def _zsh(every: Sequence[Words], known: Mapping[str, Sequence[str]]) -> str:
    return (
        "#compdef everycommit\n"
        + _HEAD.format("zsh")
        + f"_everycommit_values() {{\n    case $1 in\n{_cases(known)}    esac\n}}\n"
        + """\
_everycommit() {
    local before=$words[CURRENT-1] place='' kind
    local -a found flags kinds
    if [[ $words[CURRENT] == --*=* ]]; then
        before=${words[CURRENT]%%=*}
        compset -P 1 '*='
    fi
    (( CURRENT > 2 )) && place=$words[2]
    (( CURRENT > 3 )) && case "$place $words[3]" in
"""
        + f"        {'|'.join(shlex.quote(' '.join(one.path)) for one in every if len(one.path) > 1)})\n"
        + """\
            place="$place $words[3]" ;;
    esac
    case "$place $before" in
"""
        + "".join(_zsh_options(every))
        + "        *) case $place in\n"
        + "".join(_zsh_words(one) for one in every)
        + """\
        esac ;;
    esac
    if [[ $PREFIX == -* ]] || (( $#found + $#kinds == 0 )); then
        found=($flags)
        kinds=()
    fi
    for kind in $kinds; do
        case $kind in
            files) _files ;;
            outputs) compadd -S '' -- ${=$(_everycommit_values outputs)} ;;
            *) compadd -- ${=$(_everycommit_values $kind)} ;;
        esac
    done
    (( $#found )) && _describe everycommit found
    return 0
}
if [ "$funcstack[1]" = _everycommit ]; then
    _everycommit "$@"
else
    compdef _everycommit everycommit
fi
"""
    )


def _zsh_options(every: Sequence[Words]) -> Iterator[str]:
    for one in every:
        for option in one.options:
            if option.takes:
                where = shlex.quote(f"{' '.join(one.path)} {option.flag}")
                values = " ".join(map(shlex.quote, option.values))
                held = f"found=({values})" if values else f"kinds=({option.kind})" if option.kind else "return 1"
                yield f"        {where}) {held} ;;\n"


def _zsh_words(one: Words) -> str:
    parts = " ".join(shlex.quote(_described(name, text)) for name, text in (*one.parts, *((v, "") for v in one.values)))
    flags = " ".join(shlex.quote(_described(option.flag, option.help)) for option in one.options)
    where = shlex.quote(" ".join(one.path))
    return f"            {where}) found=({parts}) flags=({flags}) kinds=({' '.join(one.kinds)}) ;;\n"


def _described(word: str, text: str) -> str:
    shown = word.replace(":", "\\:")
    return f"{shown}:{_first(text)}" if text else shown


def _fish(every: Sequence[Words], known: Mapping[str, Sequence[str]]) -> str:
    fixed = "".join(
        f"        case {kind}\n            printf '%s\\n' {' '.join(map(_fish_quoted, values))}\n"
        for kind, values in known.items()
    )
    lines = [
        _HEAD.format("fish"),
        f"""\
function __everycommit_values
    switch $argv[1]
        case gates models
            everycommit completion $argv[1] 2>/dev/null
        case refs
            {_REFS}
        case files
            __fish_complete_path (commandline -ct)
{fixed}    end
end
function __everycommit_at
    set -l words (commandline -opc)
    set -l last (math (count $argv) + 1)
    test (count $words) -ge $last
    and test "$words[2..$last]" = "$argv"
end
complete -c everycommit -f
""",
    ]
    for one in every:
        lines += _fish_words(one)
    return "".join(lines)


def _fish_words(one: Words) -> Iterator[str]:
    place = " ".join(one.path)
    here = (
        f"complete -c everycommit -n {_fish_quoted(f'__everycommit_at {place}' if place else '__fish_use_subcommand')}"
    )
    first = f"complete -c everycommit -n {_fish_quoted(_fish_first(one.path))}"
    for name, text in one.parts:
        yield f"{first} -a {_fish_quoted(name)} -d {_fish_quoted(_first(text))}\n"
    for value in one.values:
        yield f"{here} -a {_fish_quoted(value)}\n"
    for kind in one.kinds:
        yield f"{here} -a {_fish_quoted(f'(__everycommit_values {kind})')}\n"
    for option in one.options:
        yield f"{here} -l {option.flag.lstrip('-')}{_fish_takes(option)} -d {_fish_quoted(_first(option.help))}\n"


def _fish_first(path: Sequence[str]) -> str:
    """Return the test that only *path* stands there yet."""
    if not path:
        return "__fish_use_subcommand"
    return f"__everycommit_at {' '.join(path)}; and test (count (commandline -opc)) -eq {len(path) + 1}"


def _fish_takes(option: Option) -> str:
    if not option.takes:
        return ""
    if option.values:
        return f" -x -a {_fish_quoted(' '.join(option.values))}"
    return f" -x -a {_fish_quoted(f'(__everycommit_values {option.kind})')}" if option.kind else " -x"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _first(text: str) -> str:
    """Return the first part of a help text, short enough for a list."""
    return text.partition(";")[0].partition(":")[0].strip()


_SHELLS: Mapping[str, Callable[[Sequence[Words], Mapping[str, Sequence[str]]], str]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
