"""Which git commands an agent is not left to run: those that skip hooks, force, or throw work away."""

from collections.abc import Iterator, Sequence

from .shell import Command

_GLOBAL_WITH_WORD = (
    "-C",
    "-c",
    "--git-dir",
    "--work-tree",
    "--namespace",
    "--exec-path",
    "--config-env",
    "--super-prefix",
)
_HOOKS = "core.hookspath"
_RUN_HOOKS = frozenset({"commit", "push", "merge", "rebase", "am", "cherry-pick", "revert", "pull"})
_SKIP = "Let the hooks run: what they refuse says what to mend, and `everycommit run` shows it beforehand."
_SHORT_WITH_WORD = frozenset("mFcCtuS")
"""Short options of ``git commit`` whose word may follow at once: what comes after is no option."""
_ASKING = frozenset({"--get", "--get-all", "--get-regexp", "--list", "-l", "get", "list"})


def refused(command: Command) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a git command, and the way on."""
    settings, verb, rest = parted(command.words)
    if any(one.lower().startswith(_HOOKS) for one in settings):
        yield "it sets core.hooksPath, which takes the hooks away", _SKIP
    if any(one.lower().startswith("alias.") for one in settings):
        yield "it hides a git command behind an alias", "Call the command by its name."
    if verb == "config":
        yield from _config(rest)
    elif verb in _RUN_HOOKS:
        yield from _skipping(verb, rest)
    if verb == "push":
        yield from _push(rest)
    yield from _losing(verb, rest)


def parted(words: Sequence[str]) -> tuple[list[str], str, tuple[str, ...]]:
    """Return what ``-c`` and ``--config-env`` set, git's command, and its arguments."""
    settings, place = [], 1
    while place < len(words):
        word = words[place]
        if word in {"-c", "--config-env"} and place + 1 < len(words):
            settings.append(words[place + 1])
        elif word.startswith("--config-env="):
            settings.append(word.partition("=")[2])
        elif not word.startswith("-"):
            return settings, word, tuple(words[place + 1 :])
        place += 2 if word in _GLOBAL_WITH_WORD else 1
    return settings, "", ()


def folder(words: Sequence[str]) -> str:
    """Return where ``git -C`` says that it is run; empty where it does not."""
    for place, word in enumerate(words[1:], start=1):
        if word == "-C" and place + 1 < len(words):
            return words[place + 1]
        if not word.startswith("-"):
            break
    return ""


def _config(rest: Sequence[str]) -> Iterator[tuple[str, str]]:
    if not any(word.lower() == _HOOKS for word in rest) or not _ASKING.isdisjoint(rest):
        return
    values = [word for word in rest if not word.startswith("-") and word not in {"set", "unset"}]
    if len(values) > 1 or any(word.startswith(("--unset", "--add", "--replace", "unset")) for word in rest):
        yield "it sets core.hooksPath, which takes the hooks away", _SKIP


def _skipping(verb: str, rest: Sequence[str]) -> Iterator[tuple[str, str]]:
    words = rest[: rest.index("--")] if "--" in rest else rest
    # An option may be cut short as long as it is the only one that begins so.
    if any("--no-verify".startswith(word) and len(word) > 6 for word in words) or (verb == "commit" and _has_n(words)):
        yield f"`git {verb} --no-verify` skips the hooks", _SKIP


def _has_n(words: Sequence[str]) -> bool:
    """Tell whether ``-n`` is among the short options of ``git commit``, which bundle: ``-anm``."""
    taken = False
    for word in words:
        if taken or word.startswith("--") or not word.startswith("-"):
            taken = False
            continue
        for place, letter in enumerate(word[1:], start=1):
            if letter == "n":
                return True
            if letter in _SHORT_WITH_WORD:
                taken = place == len(word) - 1 and letter in "mFcCt"
                break
    return False


def _push(rest: Sequence[str]) -> Iterator[tuple[str, str]]:
    short = "".join(word[1:] for word in rest if word.startswith("-") and not word.startswith("--"))
    refs = [word for word in rest if not word.startswith("-")]
    if (
        "f" in short
        or any(word.startswith("--force") for word in rest)
        or "--mirror" in rest
        or any(word.startswith("+") for word in refs[1:])
    ):
        yield (
            "a forced push writes over what others have",
            "Push without force: `git pull --rebase` first, or push a new branch; a person decides on force.",
        )
    if "d" in short or "--delete" in rest or any(word.startswith(":") and len(word) > 1 for word in refs[1:]):
        yield "it deletes a branch of the remote", "Leave that to a person."


def _losing(verb: str, rest: Sequence[str]) -> Iterator[tuple[str, str]]:
    short = "".join(word[1:] for word in rest if word.startswith("-") and not word.startswith("--"))
    paths = {word for word in rest if not word.startswith("-")}
    one_file = "Take back single files by name: git restore -- PATH."
    if verb == "reset" and "--hard" in rest:
        yield "`git reset --hard` throws away all that is not committed", one_file
    elif verb == "clean" and ("f" in short or "--force" in rest) and not ("n" in short or "--dry-run" in rest):
        yield "`git clean -f` deletes files that no commit has", "Delete by name what you made yourself."
    elif verb in {"checkout", "switch"} and ("f" in short or not {"--force", "--discard-changes"}.isdisjoint(rest)):
        yield f"`git {verb} --force` throws away all that is not committed", one_file
    elif verb in {"checkout", "restore"} and not {".", ":/", "*"}.isdisjoint(paths) and "--staged" not in rest:
        yield f"`git {verb} .` throws away all that is not committed", one_file
    elif verb == "stash" and not {"drop", "clear"}.isdisjoint(paths):
        yield "it deletes work that was put aside", "Leave the stash to who filled it."
    elif verb == "branch" and ("D" in short or {"--delete", "--force"} <= set(rest)):
        yield (
            "`git branch -D` deletes commits that no other branch has",
            "Use `git branch -d`, which asks whether it is merged.",
        )
    elif verb == "update-ref" and any(word.startswith("refs/heads/") or word == "HEAD" for word in rest):
        yield "it moves a branch past the hooks", _SKIP
