"""The part of the hook that answers without Python: whether what ``known`` wrote down is still so.

It can only say yes to what was written down, and compares all of it: cheap things with builtins first, then ``cat`` and
``stat``; before them ``cmp`` where the index was written since, and git where HEAD or the index do not speak for
themselves.
"""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .again import FORBIDDEN, OTHERS
from .known import ABSENT, BETWEEN, END, FORMAT, NAMES, PATHS, UNSEEN, Unfit, witnessed

# Device, inode, size, times with nanoseconds, name: as ``known.witnessed`` has them.
_FORMS = (("-L", "-c", "%d:%i %s %.9Y %.9Z %n"), ("-L", "-f", "%d:%i %z %.9Fm %.9Fc %N"))
_PROGRAMS = ("stat", "cmp", "cat")


class Fast(NamedTuple):
    """What the hook needs for it; all absolute."""

    home: str
    """Our package's folder as the hook's Python finds it."""
    stat: tuple[str, ...]
    """With the options that make it print what ``known.witnessed`` does."""
    cmp: str
    cat: str


def found(home: str, environ: Mapping[str, str], scratch: Path) -> Fast | None:
    """Return what this machine has for it, None where it has no ``stat`` that tells enough.

    *scratch* is a folder in which a file can be made to try.
    """
    import shutil

    programs = [shutil.which(name, path=environ.get("PATH")) for name in _PROGRAMS]
    stat, cmp, cat = (os.path.abspath(path) if path else None for path in programs)  # noqa: PTH100 - text for a shell
    if not (stat and cmp and cat):
        return None
    for form in _FORMS:
        if _tells((stat, *form), scratch):
            return Fast(home, (stat, *form), cmp, cat)
    return None


def _tells(stat: tuple[str, ...], scratch: Path) -> bool:
    """Tell whether *stat* prints what Python sees, of a file, a folder and a link."""
    from ..deadline import Deadline
    from ..proc import Children

    file, link = scratch / "a file", scratch / "link"
    try:
        file.write_text("some\n")
        os.utime(file, ns=(1_000_000_001, 1_000_000_000_000_000_012))
        link.symlink_to(file)
        paths = [str(path) for path in (file, scratch, link)]
        expected = witnessed(paths, before=float("inf"))
        with Children() as children:
            done = children.run(
                [*stat, "--", *paths],
                cwd=Path("/"),
                env={"LC_ALL": "C", "PATH": os.defpath},
                deadline=Deadline.after(5),
            )
    except (OSError, Unfit):
        return False
    finally:
        link.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
    return done.code == 0 and os.fsdecode(done.out) == "".join(f"{line}\n" for line in expected)


def lines(fast: Fast) -> str:
    """Return the shell function ``known`` and its call; ``$python`` is set before."""
    quoted = {"home": shlex.quote(fast.home), "stat": shlex.join(fast.stat)}
    quoted |= {"cmp": shlex.quote(fast.cmp), "cat": shlex.quote(fast.cat)}
    text = _KNOWN
    for name, value in {**quoted, **_WORDS}.items():
        text = text.replace(f"@{name}@", value)
    return text


_WORDS = {
    "format": shlex.quote(FORMAT),
    "forbidden": "".join(f"${{{name}+x}}" for name in FORBIDDEN),
    "environ": "".join(f"{BETWEEN}${{{name}+x${name}}}" for name in NAMES),
    "names": " | ".join(NAMES),
    "others": " | ".join(f"{beginning}*" for beginning in OTHERS),
    "absent": ABSENT,
    "paths": PATHS,
    "end": END,
    "unseen": UNSEEN,
}
_KNOWN = """\
# Did exactly this pass before? Only text is compared, nothing is evaluated; in any doubt Python judges.
known() (
    set -f
    home=@home@
    line= base= tree= id= seen= common= head= exact=1 midnight=1
    git=${GIT_DIR-.git}
    here=$git/everycommit/known
    [ -f "$here/facts" ] && [ ! -h "$here/facts" ] && [ -O "$here/facts" ] || exit 1
    [ -z "@forbidden@" ] && [ ! -e "$git/MERGE_HEAD" ] || exit 1
    [ "${GIT_INDEX_FILE-$git/index}" = "$git/index" ] || exit 1
    cd -P . || exit 1
    path=${PATH-}
    case $path in */git-core:*) case ${path%%:*} in */git-core) path=${path#*:} ;; esac ;; esac
    {
        IFS= read -r line && [ "$line" = @format@ ] &&
        IFS= read -r common && IFS= read -r base && IFS= read -r tree && IFS= read -r id && IFS= read -r seen &&
        IFS= read -r line && [ "$line" = @end@ ] || exit 1
        if IFS= read -r line || [ -n "$line" ]; then exit 1; fi
    } <"$here/facts"
    [ -n "$base" ] && [ -n "$tree" ] && [ -n "$id" ] && [ -n "$seen" ] || exit 1

    IFS= read -r line <"$git/HEAD" || exit 1
    case $line in
        'ref: refs/heads/'*)
            line=$common/${line#ref: }
            if [ -f "$line" ]; then IFS= read -r head <"$line" || exit 1; fi ;;
        *) head=$line ;;
    esac
    # Packed, or kept in another way.
    case $head in '' | *[!0123456789abcdef]*) head=$(git rev-parse --verify --quiet HEAD) || exit 1 ;; esac
    nl='
'
    if [ "$seen" = @unseen@ ] || [ "$git/index" -nt "$here/$id.index" ]; then
        exact=0
        if ! @cmp@ -s -- "$git/index" "$here/$id.index"; then
            # Other times of files, the same tree?
            exact=
            [ "$head" = "$base" ] || exit 1
            GIT_NO_REPLACE_OBJECTS=1 GIT_OPTIONAL_LOCKS=0 git -c core.fsmonitor=false diff-index --cached --quiet \\
                --ita-invisible-in-index --ignore-submodules=none --no-ext-diff --no-textconv "$tree" -- || exit 1
        fi
    fi
    if [ "$head" != "$base" ]; then
        # An amended message: HEAD is what was judged, on the same parent.
        [ -n "$exact" ] || exit 1
        line=$(GIT_NO_REPLACE_OBJECTS=1 git cat-file commit "$head") || exit 1
        case $line in "tree $tree${nl}parent $base${nl}author "*) midnight=0 ;; *) exit 1 ;; esac
    fi

    IFS=$nl
    line=$(export -p && echo "$id" && exec @cat@ <"$here/$id.files") || exit 1
    set -- $line
    while [ "${1-$id}" != "$id" ]; do
        name=${1%%=*}
        name=${name##* }
        case $name in @others@) case $name in @names@) ;; *) exit 1 ;; esac ;; esac
        shift
    done
    [ $# -gt 9 ] && shift || exit 1
    [ "$1" = "$python" ] && [ "$2" = "$home" ] && [ "$3" = "$PWD" ] && [ "$4" = "$path@environ@" ] || exit 1
    [ "$5" = "$common $base $tree $seen" ] && [ "$6" -gt 0 ] && [ "$7" -ge 0 ] || exit 1
    count=$6
    midnight=$((midnight * $7))
    today=$8
    later=$9
    shift 9
    [ $# -gt "$count" ] || exit 1
    shift "$count"
    [ "$1" = @absent@ ] || exit 1
    shift
    while [ "${1-@paths@}" != @paths@ ]; do
        case $1 in /*) ;; *) exit 1 ;; esac
        [ ! -e "$1" ] && [ ! -h "$1" ] || exit 1
        shift
    done
    [ $# -eq $((count + 1)) ] || exit 1
    shift
    found=$(LC_ALL=C @stat@ -- "$git/index" "$@") || exit 1
    [ "$exact" != 1 ] || [ "${found%%"$nl"*}" = "$seen $git/index" ] || exit 1
    case $line in *"$nl$later$nl${found#*"$nl"}${nl}@absent@$nl"*) ;; *) exit 1 ;; esac

    # git says when it is: without a date only what was judged on the same day has no need of one.
    line=${GIT_AUTHOR_DATE-}
    line=${line#@}
    line=${line%% *}
    case $line in '' | *[!0123456789]*) line=$midnight ;; esac
    [ "$line" -lt "$midnight" ] && later=$today
    printf '%s\\n' "$later"
)
if [ -f "$python" ] && [ -x "$python" ] && known 2>/dev/null; then exit 0; fi
"""
