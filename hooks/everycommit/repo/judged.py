"""What the hook let pass last, for the hook that runs after the commit: a tree, and the commit that it stood on.

After a commit that was judged, nothing is said and no Python starts; so the shell looks first.
"""

import os

TYPE_CHECKING = False  # typing's own takes a third of a Python start
if TYPE_CHECKING:
    from pathlib import Path

_NONE = "-"


def remember(git_dir: "Path | str", tree: str, base: str | None) -> None:
    """Write down that *tree* may be committed on top of *base*, None for a first commit; a help, so nothing raises."""
    place = f"{git_dir}/everycommit/judged"
    new = f"{place}.{os.getpid()}"
    try:
        if not os.path.isdir(f"{git_dir}/everycommit"):
            os.mkdir(f"{git_dir}/everycommit", mode=0o700)
        with open(new, "w", encoding="ascii") as file:
            file.write(f"{tree} {base or _NONE}\n")
        os.replace(new, place)
    except OSError:
        pass


AFTER = """\
# Was exactly this judged before it was committed? Then nothing is to be said.
judged() (
    git=${GIT_DIR-.git}
    nl='
'
    GIT_NO_REPLACE_OBJECTS=1
    export GIT_NO_REPLACE_OBJECTS
    parent_of() {
        line=$(git cat-file commit "$1") || exit 1
        tree=${line%%"$nl"*}
        tree=${tree#tree }
        line=${line#*"$nl"}
        line=${line%%"$nl"*}
        case $line in 'parent '*) parent=${line#parent } ;; *) parent=- ;; esac
    }
    if [ -d "$git/rebase-merge" ]; then
        # Many at once: only after the last one it is said, of all of them.
        IFS= read -r line <"$git/rebase-merge/msgnum" && IFS= read -r tree <"$git/rebase-merge/end" || exit 1
        [ "$line" != "$tree" ]
        exit
    fi
    parent_of HEAD
    of=$tree on=$parent tree= base=
    if [ -f "$git/everycommit/judged" ]; then
        IFS=' ' read -r tree base <"$git/everycommit/judged" || exit 1
    fi
    if [ "$tree" != "$of" ] && [ -f "$git/everycommit/known/facts" ]; then
        # Known by the hook itself.
        { IFS= read -r line && IFS= read -r line && IFS= read -r base && IFS= read -r tree; } \\
            <"$git/everycommit/known/facts" || exit 1
    fi
    [ "$tree" = "$of" ] || exit 1
    [ "$base" = "$on" ] && exit 0
    # Amended: it was judged on top of the commit that it replaces.
    case $base in '' | - | *[!0123456789abcdef]*) exit 1 ;; esac
    parent_of "$base"
    [ "$parent" = "$on" ]
)
if judged 2>/dev/null; then exit 0; fi
"""
