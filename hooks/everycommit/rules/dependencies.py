"""What a change makes the project depend on: requirements, actions of workflows, lock files."""

from collections.abc import Iterator, Mapping

from ..change import Blobs, Change, FileChange
from ..errors import RepositoryError
from ..result import NOTE, WARNING, Finding
from ..text import printable
from .locks import LOCKS, locked, manifests_of
from .manifests import Requirement, is_manifest, requirements
from .rule import Rule
from .sources import content, finding, old_content

_PYPROJECT = '[project]\nname = "x"\ndependencies = ["httpx>=0.27"{more}]\n'
_WORKFLOW = "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@{ref}\n"
_PIN = "11bd71901bbe5b1630ceea73d27597364c9af683"

RULES = (
    Rule(
        id="policy/dependency-new",
        severity=WARNING,
        what="The change requires something that it did not require before.",
        why="Everything installed runs with the rights of whoever installs it; a name with a typo is somebody else's.",
        bad={"pyproject.toml": (_PYPROJECT.format(more=""), _PYPROJECT.format(more=', "rich>=14"'))},
        good={"pyproject.toml": (_PYPROJECT.format(more=""), _PYPROJECT.format(more="").replace("x", "y", 1))},
        way_on="Check name, owner and licence; then accept it.",
    ),
    Rule(
        id="policy/dependency-changed",
        severity=NOTE,
        what="The version asked of a requirement changes, or a requirement is dropped.",
        why="It is a change of code that no line of the diff shows.",
        bad={"requirements.txt": ("httpx==0.27\n", "httpx==0.28\n")},
        good={"requirements.txt": ("httpx==0.27\n", "# the client\nhttpx==0.27\n")},
        way_on="Read what changed between the two.",
    ),
    Rule(
        id="policy/action-by-tag",
        severity=WARNING,
        what="A workflow uses an action by a tag or a branch, which its owner can move.",
        why="The action runs with the workflow's token; a moved tag ran in thousands of repositories in 2025.",
        bad={".github/workflows/a.yml": (None, _WORKFLOW.format(ref="v4"))},
        good={".github/workflows/a.yml": (None, _WORKFLOW.format(ref=_PIN + " # v4.2.2"))},
        way_on="Name the commit, with the tag as a comment: `uses: owner/action@<40 digits> # v4`.",
    ),
    Rule(
        id="policy/lock-changed",
        severity=NOTE,
        what="A lock file changes; the packages that get another version are named.",
        why="What is installed changes, and nobody reads lock files.",
        bad={
            "go.sum": ("a v1.0.0 h1:x=\n", "a v1.1.0 h1:y=\n"),
            "go.mod": ("require a v1.0.0\n", "require a v1.1.0\n"),
        },
        good={"go.md": ("a\n", "b\n")},
        way_on="Make sure a tool wrote it, and that it is what you meant.",
    ),
    Rule(
        id="policy/lock-without-manifest",
        severity=WARNING,
        what="A lock file changes and no manifest beside it, or requirements change and the lock beside them does not.",
        why="The two no longer say the same, or versions move that nobody asked to move.",
        bad={
            "go.sum": ("a v1.0.0 h1:x=\n", "a v1.1.0 h1:y=\n"),
            "go.mod": ("require a v1.0.0\n", "require a v1.0.0\n"),
        },
        good={
            "go.sum": ("a v1.0.0 h1:x=\n", "a v1.1.0 h1:y=\n"),
            "go.mod": ("require a v1.0.0\n", "require a v1.1.0\n"),
        },
        way_on="Write the lock again with its tool, and commit both.",
    ),
)
_NEW, _CHANGED, _BY_TAG, _LOCK, _ALONE = RULES
_SHOWN = 6
_FEW = 500
"""Manifests looked into: a change with more of them is a vendored tree."""


def check(change: Change, blobs: Blobs) -> list[Finding]:
    """Return what *change* makes the project depend on, and locks and manifests that go apart."""
    files = [file for file in change.files if is_manifest(file.path) or is_manifest(file.source)][:_FEW]
    sides = {
        file.path: (
            requirements(file.source if is_manifest(file.source) else file.path, old_content(file, blobs) or ""),
            requirements(file.path, content(file, blobs) or ""),
        )
        for file in files
    }
    known = {(one.name, one.asked) for old, _ in sides.values() for one in old}
    named = {one.name for old, _ in sides.values() for one in old}
    found = [one for file in files for one in _required(file, *sides[file.path], known, named)]
    moved = {path for path, (old, new) in sides.items() if _asked(old) != _asked(new)}
    return found + list(_locks(change, blobs, moved))


def _asked(found: list[Requirement]) -> set[tuple[str, str]]:
    return {(one.name, one.asked) for one in found}


def _required(
    file: FileChange, old: list[Requirement], new: list[Requirement], known: set[tuple[str, str]], named: set[str]
) -> Iterator[Finding]:
    before = {one.name: one for one in old}
    seen: set[tuple[str, str]] = set()
    for one in new:
        if (one.name, one.asked) in known | seen:
            continue
        seen.add((one.name, one.asked))
        pinned = "pinned" if one.pinned else "not pinned"
        if one.name not in named:
            rule = _BY_TAG if one.action and not one.pinned else _NEW
            yield _at(rule, file, one.name, f"new: {_shown(one)} ({pinned})")
        else:
            was = f"{before[one.name].asked or 'any'} -> " if one.name in before else ""
            yield _at(_CHANGED, file, one.name, f"{one.name}: {was}{one.asked or 'any'} ({pinned})")
    kept = {one.name for one in new}
    for name in dict.fromkeys(one.name for one in old if one.name not in kept):
        yield _at(_CHANGED, file, None, f"no longer required here: {name}")


def _shown(one: Requirement) -> str:
    return f"{one.name}{'@' if one.action else ' '}{one.asked}".strip()


def _at(rule: Rule, file: FileChange, name: str | None, message: str) -> Finding:
    """Return a finding at the added line that has *name*, at the file where none has."""
    line = next((line for line in file.added_lines() if name and name in line.text.lower().replace("_", "-")), None)
    number, source = (line.new, line.text) if line else (None, "")
    return finding(rule.id, rule.severity, file.path, number, printable(message), hint=rule.way_on, source=source)


def _locks(change: Change, blobs: Blobs, moved: set[str]) -> Iterator[Finding]:
    changed = {file.path for file in change.files} | {file.source for file in change.files}
    for file in change.files:
        name = file.path.rpartition("/")[2]
        if name not in LOCKS or file.deleted:
            continue
        yield _at(_LOCK, file, None, f"{printable(name)} changes: {_versions(file, blobs)}")
        if file.status == "M" and not any(
            _beside(file.path, manifest, path) for path in changed for manifest in LOCKS[name]
        ):
            message = f"{printable(name)} changes and none of {', '.join(LOCKS[name])} does"
            yield _at(_ALONE, file, None, message)
    for path in sorted(moved):
        for lock in _standing(change, blobs, path):
            if lock not in changed:
                line = f"requirements change and {printable(lock)} does not"
                yield finding(_ALONE.id, _ALONE.severity, path, None, line, hint=_ALONE.way_on)


def _beside(lock: str, manifest: str, path: str) -> bool:
    """Tell whether *path* is a *manifest* in the folder of *lock* or below it: a workspace has one lock."""
    folder = lock.rpartition("/")[0]
    return path.rpartition("/")[2] == manifest and (not folder or path.startswith(folder + "/"))


def _standing(change: Change, blobs: Blobs, manifest: str) -> list[str]:
    """Return the locks that stand beside *manifest* in the target."""
    folder, slash, name = manifest.rpartition("/")
    try:
        return sorted(blobs.entries(change.target, [folder + slash + lock for lock in manifests_of(name)]))
    except RepositoryError:
        return []


def _versions(file: FileChange, blobs: Blobs) -> str:
    old, new = locked(file.source, old_content(file, blobs)), locked(file.path, content(file, blobs))
    changes = list(_differing(old, new))
    if not changes:
        return (
            f"+{file.added} -{file.removed} lines, no version" if old or new else f"+{file.added} -{file.removed} lines"
        )
    more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    return ", ".join(changes[:_SHOWN]) + more


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was != now:
            yield f"{name} {was or 'new'} -> {now or 'gone'}"
