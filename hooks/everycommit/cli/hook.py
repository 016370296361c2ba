"""What git calls: judges the change that the hook stands for and refuses it with a non-zero exit.

`everycommit install` writes hooks that call this; under pre-commit and prek the ids of .pre-commit-hooks.yaml do.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..change import Candidate
from ..errors import UsageError
from ..record import replace
from ..repo.judged import remember
from ..result import Verdict
from .call import Call
from .ending import parent_gone, signals
from .judge import Place, Wish, place, verdict
from .outputs import Outputs
from .show import Once, show, watcher

BESIDE = "EVERYCOMMIT_BESIDE"
"""The variable in which the installed hook tells the one it calls first that it judges next."""

if TYPE_CHECKING:
    import argparse

CALLED_BY = "EVERYCOMMIT_HOOK"
"""The variable in which the installed hook hands on who called it: git."""
HOOKS = ("pre-commit", "pre-merge-commit", "pre-push", "post-commit")


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.add_argument("name", choices=HOOKS, help="the hook's name as git has it")
    parser.add_argument(
        "words", nargs="*", metavar="ARG", help="what git passes on: remote and URL at push; else gates"
    )


def main(args: "argparse.Namespace", call: Call) -> int:
    """Judge and show; return the exit code that git acts on."""
    return answer(args.name, args.words, call)


def answer(name: str, words: Sequence[str], call: Call) -> int:
    """Judge the change that hook *name*, called with *words*, stands for; return the exit code that git acts on."""
    if name not in HOOKS:
        raise UsageError(f"hook '{name}': no such hook here; there are {', '.join(HOOKS)}")
    if name == "post-commit":
        from .after_commit import said

        return said(call)
    gone = parent_gone(call.environ.get(CALLED_BY))
    beside = call.environ.get(BESIDE)
    call = replace(call, environ={key: value for key, value in call.environ.items() if key not in {CALLED_BY, BESIDE}})
    at_push = name == "pre-push"
    framework = "PRE_COMMIT" in call.environ
    if beside and (not words or (at_push and not framework)) and _left_to_ours(beside, call):
        return 0
    wish = Wish(
        gates=() if at_push and not framework else words,
        of_index=name == "pre-commit" and not framework and not words,
        records=name == "pre-commit",
        again=(name == "pre-commit" and not words) or (at_push and not framework),
    )
    outputs = Outputs()
    watch = watcher(call, outputs)
    repeat = "everycommit run" + " --at push" * at_push
    passing: list[tuple[Path, Candidate]] = []

    def told(verdicts: Sequence[Verdict], notes: Sequence[str]) -> int:
        code = show(verdicts, call, outputs, notes=notes, repeat=repeat)
        for git_dir, candidate in passing if code == 0 else ():
            remember(git_dir, candidate.change.target, candidate.base_commit)
        return code

    once = Once(told)
    try:
        with signals(), place(call) as here:
            candidates, notes = _candidates(name, words, call, here, framework=framework)
            if not at_push and not words:
                passing += [(here.repository.git_dir, candidate) for candidate in candidates]

            def shown(verdict: Verdict) -> int:
                return once([verdict], notes)

            verdicts = [
                verdict(here, candidate, call, wish, watch=watch, gone=gone, show=shown) for candidate in candidates
            ]
    finally:
        watch.close()
    if not verdicts:
        call.stdout.write("".join(f"everycommit: {note}\n" for note in notes))
        return 0
    return once(verdicts, notes)


def _left_to_ours(pid: str, call: Call) -> bool:
    """Tell whether our own hook started this one, so that it judges next and sees more, and say so."""
    from .beside import stands_over

    if not stands_over(pid):
        return False
    call.stdout.write("everycommit: left to everycommit's own git hook, which comes next\n")
    return True


def _candidates(
    name: str, words: Sequence[str], call: Call, here: Place, *, framework: bool
) -> tuple[Sequence[Candidate], Sequence[str]]:
    from ..repo import read

    repository, quarantine = here.repository, here.quarantine
    if framework and call.environ.get("PRE_COMMIT_REMOTE_NAME"):
        return _framework_push(call.environ, here)
    if name == "pre-push":
        if not words:
            raise UsageError("hook pre-push: the remote's name is missing; git passes it, so does the installed hook")
        return read.pushed(repository, quarantine, words[0], call.stdin.read().splitlines())
    return [commit(call, here, framework=framework)], ()


def commit(call: Call, here: Place, *, framework: bool) -> Candidate:
    """Return the change that a commit made now would be; where nothing is staged, HEAD's own."""
    from ..repo import read

    repository, quarantine, environ = here.repository, here.quarantine, call.environ
    heads = [name.removeprefix("GITHEAD_") for name in environ if name.startswith("GITHEAD_")]
    if heads and not (repository.git_dir / "MERGE_HEAD").exists():
        # A clean merge: pre-merge-commit runs before git writes MERGE_HEAD.
        return read.merging(repository, quarantine, heads)
    if framework and environ.get("PRE_COMMIT_FROM_REF") and environ.get("PRE_COMMIT_TO_REF"):
        spec = f"{environ['PRE_COMMIT_FROM_REF']}...{environ['PRE_COMMIT_TO_REF']}"
        return replace(read.between(repository, quarantine, spec), occasion="ci")
    candidate = read.staged(repository, quarantine)
    if not candidate.change.empty or repository.head is None:
        return candidate
    if framework and "GIT_INDEX_FILE" not in environ:
        note = "nothing is staged and no commit is under way: all files of HEAD are judged (run --all-files)"
        return _noted(read.all_files(repository, quarantine), note)
    # A message-only amend or an empty commit: the commit that it stands on answers.
    return _noted(read.one_commit(repository, quarantine, "HEAD"), "nothing is staged: HEAD itself is judged")


def _framework_push(environ: Mapping[str, str], here: Place) -> tuple[Sequence[Candidate], Sequence[str]]:
    """Read the one ref of a push that pre-commit and prek let their hooks see."""
    from ..repo import read

    ref = environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
    # Where the push holds the root commit, pre-commit names no commit, only the branches.
    to = environ.get("PRE_COMMIT_TO_REF") or ref
    local = here.repository.git.text("rev-parse", "--verify", "--quiet", "--end-of-options", to + "^{commit}")
    remote_ref = environ.get("PRE_COMMIT_REMOTE_BRANCH") or ref
    line = f"{ref} {local} {remote_ref} {'0' * len(local)}"
    candidates, notes = read.pushed(here.repository, here.quarantine, environ["PRE_COMMIT_REMOTE_NAME"], [line])
    seen = f"only {remote_ref} is visible under pre-commit and prek; other refs of this push are not judged"
    return candidates, (*notes, seen)


def _noted(candidate: Candidate, note: str) -> Candidate:
    return replace(candidate, notes=(*candidate.notes, note))
