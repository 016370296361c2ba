"""What a change takes away: files, most of a file, and the kind of thing that a path is."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ..change import GITLINK, LINK, Blobs, Change, FileChange
from ..result import ERROR, WARNING, Finding
from ..text import printable
from .globs import matches
from .places import Contents
from .rule import Rule
from .size import SHOWN

TRUNCATED = 0.8
"""The share of a file's lines that is gone where the rest is no longer that file."""
_SHORT = 20
"""A file of fewer lines is rewritten as a whole all the time."""
_KINDS = {LINK: "a symbolic link", GITLINK: "a submodule"}
_MODULES = ".gitmodules"


PROSE = (".md", ".rst", ".adoc")


def check(
    change: Change,
    blobs: Blobs,
    *,
    max_deleted_files: int = 20,
    max_deleted_lines: int = 1000,
    uncounted: Sequence[str] = (),
) -> list[Finding]:
    """Return what *change* takes away, in the order of its files; *uncounted* (globs) is left out of the sums."""
    files = change.files
    contents = Contents(blobs)
    findings = [found for file in files for found in _of_file(file, contents)]
    counted = [file for file in files if not matches(file.source, uncounted)]
    findings += _mass(counted, max_deleted_files, max_deleted_lines)
    findings += _truncated([file for file in files if not file.path.endswith(PROSE)], contents)
    findings += _case(files)
    if any(GITLINK in {file.mode, file.old_mode} for file in files):
        findings += _submodules(change, blobs)
    return findings


def _of_file(file: FileChange, contents: Contents) -> Iterator[Finding]:
    if file.deleted:
        if file.old_mode != GITLINK:
            yield _finding(
                "file-deleted",
                WARNING,
                file.path,
                f"the file is deleted, with {_many(file.removed, 'line')}" if file.removed else "the file is deleted",
                f"Keep it, or say that deleting is meant: git restore --source=HEAD --staged -- {printable(file.path)}",
            )
        return
    if file.was_file and file.is_file and file.mode != file.old_mode:
        what = "executable" if file.mode.endswith("755") else "no longer executable"
        yield _finding(
            "mode-change",
            WARNING,
            file.path,
            f"the file becomes {what}: mode {file.old_mode} to {file.mode}",
            f"Take it back: git update-index --chmod={'-' if what == 'executable' else '+'}x -- {printable(file.path)}",
        )
    if file.status == "T":
        yield _finding(
            "type-changed",
            WARNING,
            file.path,
            f"{_KINDS.get(file.old_mode, 'a regular file')} becomes {_KINDS.get(file.mode, 'a regular file')}",
            "Check that this is meant: whatever opened the path now gets something else.",
        )
    if file.mode == LINK and file.id != file.old_id:
        yield from _link(file, contents)


def _link(file: FileChange, contents: Contents) -> Iterator[Finding]:
    import os

    target = os.fsdecode(contents.link(file))
    if (why := _outside(file.path, target)) is not None:
        yield _finding(
            "symlink-escapes",
            ERROR,
            file.path,
            f"the symbolic link leads to '{printable(target)[:200]}', {why}",
            "Link to a path inside the repository, relative to the link's own folder.",
            source=target[:200],
        )


def _outside(path: str, target: str) -> str | None:
    """Return why *target* of a link at *path* is not inside the tree; None where it is."""
    if target.startswith("/"):
        return "an absolute path"
    where = path.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            if not where:
                return "outside the repository"
            where.pop()
        elif part not in {"", "."}:
            where.append(part)
    return "inside git's own folder" if where[:1] == [".git"] else None


def _mass(files: Sequence[FileChange], max_files: int, max_lines: int) -> Iterator[Finding]:
    gone = [file for file in files if file.deleted]
    if len(gone) > max_files:
        folders = Counter(file.path.split("/")[0] + "/" if "/" in file.path else "the root" for file in gone)
        yield _finding(
            "mass-deletion",
            ERROR,
            None,
            f"deletes {len(gone)} files, {len(gone) - max_files} over the limit of {max_files}: {_most(folders)}",
            "Commit the deletion by itself, in smaller steps, or raise the limit if it is meant.",
        )
    # Lines that come back elsewhere were moved: only what the whole change is smaller by is gone. Documents are cut and
    # written anew as a matter of course.
    files = [file for file in files if not file.path.endswith(PROSE)]
    net = sum(file.removed for file in files) - sum(file.added for file in files)
    if net > max_lines:
        largest = Counter({file.path: file.removed - file.added for file in files if file.removed > file.added})
        yield _finding(
            "mass-deletion",
            ERROR,
            None,
            f"removes {net} lines more than it adds, {net - max_lines} over the limit of {max_lines}: {_most(largest)}",
            "Commit the deletion by itself, in smaller steps, or raise the limit if it is meant.",
        )


def _most(counts: Counter[str]) -> str:
    named = [f"{printable(name)} {number}" for name, number in counts.most_common(SHOWN)]
    return ", ".join([*named, f"{len(counts) - SHOWN} more"] if len(counts) > SHOWN else named)


def _truncated(files: Sequence[FileChange], contents: Contents) -> Iterator[Finding]:
    suspects = [file for file in files if file.is_file and file.removed - file.added >= _SHORT * TRUNCATED]
    if not suspects:
        return
    came: Counter[str] | None = None
    for file in suspects:
        lines = contents.old(file).count(b"\n") or 1
        if lines < _SHORT or file.removed - file.added <= TRUNCATED * lines:
            continue
        if came is None:
            came = Counter(line.text.strip() for other in files for line in other.added_lines())
        removed = Counter(line.text.strip() for line in file.removed_lines())
        if 2 * (removed & came).total() >= removed.total():
            continue  # moved to another file
        yield _finding(
            "file-truncated",
            ERROR,
            file.path,
            f"{file.removed} of its {lines} lines are gone and {file.added} came",
            "Check that the rest of the file was not lost; delete the file if nothing of it is needed.",
            line=1,
        )


def _case(files: Sequence[FileChange]) -> Iterator[Finding]:
    """Yield renames that change the case alone, and paths of the target that only case tells apart."""
    for file in files:
        if file.old_path is not None and file.old_path != file.path and _folded(file.old_path) == _folded(file.path):
            yield _case_rename(file.path, file.old_path)
    groups: defaultdict[str, list[FileChange]] = defaultdict(list)
    for file in files:
        groups[_folded(file.path)].append(file)
    for group in groups.values():
        stand = [file for file in group if not file.deleted]
        if len(stand) > 1:
            names = ", ".join(f"'{printable(file.path)}'" for file in stand)
            yield _finding(
                "path-collision",
                ERROR,
                stand[-1].path,
                f"{names} are one file where case does not count (macOS, Windows)",
                "Give one of them another name.",
            )
        elif stand and len(group) > 1 and stand[0].old_path is None:
            yield _case_rename(stand[0].path, next(file.path for file in group if file.deleted))


def _folded(path: str) -> str:
    return path if path.isascii() and path.islower() else path.casefold()


def _case_rename(path: str, old: str) -> Finding:
    return _finding(
        "case-rename",
        WARNING,
        path,
        f"'{printable(old)}' changes only the case of its name",
        "Where case does not count, a checkout of this change can keep the old name; choose another name if you can.",
    )


def _submodules(change: Change, blobs: Blobs) -> Iterator[Finding]:
    entry = blobs.entries(change.target, [_MODULES]).get(_MODULES)
    named = blobs.read(entry[1]).decode(errors="replace") if entry else ""
    known = {line.partition("=")[2].strip() for line in named.split("\n") if line.strip().startswith("path")}
    for file in change.files:
        if GITLINK not in {file.mode, file.old_mode} or file.id == file.old_id:
            continue
        if file.mode != GITLINK:
            message = f"the submodule at {file.old_id[:12]} is gone"
        elif file.old_mode == GITLINK:
            message = f"the submodule moves from {file.old_id[:12]} to {file.id[:12]}"
        elif file.path in known:
            message = f"a submodule is added at {file.id[:12]}"
        else:
            message = f"a repository inside the repository is added at {file.id[:12]}; {_MODULES} does not name it"
        hint = "Its content is not in this diff, so nobody reviews it here; commit it by itself if it is meant."
        yield _finding("submodule-moved", WARNING, file.path, message, hint)


def _finding(
    rule: str, severity: str, path: str | None, message: str, hint: str, *, line: int | None = None, source: str = ""
) -> Finding:
    return Finding(
        path=path, line=line, rule=f"policy/{rule}", severity=severity, message=message, hint=hint, source=source
    )


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


_LONG = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(8))


def _numbered(files: Iterable[int]) -> dict[str, tuple[str | None, str | None]]:
    return {f"pkg/m{number}.py": (f"NUMBER = {number}\n", None) for number in files}


RULES = (
    Rule(
        "policy/file-deleted",
        WARNING,
        "A file is deleted; a rename is not a deletion.",
        "A deletion in a change about something else is easy to miss in review, and what used the file breaks later.",
        {"docs/guide.md": ("# Guide\n\nStart here.\n", None)},
        {"docs/guide.md": ("# Guide\n\nStart here.\n", "# Guide\n\nStart there.\n")},
        "Restore the file, or allow deletions of such paths in the settings.",
    ),
    Rule(
        "policy/mass-deletion",
        ERROR,
        "The change deletes more than 20 files, or removes over 1,000 lines more than it adds outside documents.",
        "A tool that lost its way deletes at once what took months to write, and a diff of that size is not read.",
        _numbered(range(30)),
        _numbered(range(3)),
        "Delete in smaller steps, or raise the limit if it is meant.",
    ),
    Rule(
        "policy/file-truncated",
        ERROR,
        "More than 80 % of a file of 20 or more lines is gone, and went to no other file of the change.",
        "A model that writes a file anew often leaves out what it did not need to see.",
        {"src/all.py": (_LONG, "def f0():\n    return 0\n")},
        {"src/all.py": (_LONG, _LONG.replace("return 3", "return 33"))},
        "Put the rest of the file back; delete the file where nothing of it is needed.",
    ),
    Rule(
        "policy/case-rename",
        WARNING,
        "A path changes in the case of its letters alone.",
        "On macOS and Windows git cannot tell the two names apart: a checkout can keep the old one.",
        {"README.md": ("# Tool\n", None), "readme.md": (None, "# Tool\n")},
        {"README.md": ("# Tool\n", None), "docs/readme.md": (None, "# Tool\n")},
        "Choose a name that differs in more than case, or rename by itself and say so.",
    ),
    Rule(
        "policy/path-collision",
        ERROR,
        "Two changed paths are one and the same where the case of letters does not count.",
        "On macOS and Windows one of the two files is lost at checkout.",
        {"src/Nav.py": (None, "A = 1\n"), "src/nav.py": (None, "B = 2\n")},
        {"src/nav.py": (None, "A = 1\n"), "src/navigation.py": (None, "B = 2\n")},
        "Give one of them another name.",
    ),
    Rule(
        "policy/mode-change",
        WARNING,
        "A file becomes executable, or is no longer.",
        "The mode hides in one line of the diff; a script that lost it fails only where it is run.",
        {"run.sh": ("#!/bin/sh\n", "#!/bin/sh\n")},
        {"run.sh": ("#!/bin/sh\n", "#!/bin/sh\necho hi\n")},
        "git update-index --chmod=+x or --chmod=-x sets it back.",
    ),
    Rule(
        "policy/symlink-escapes",
        ERROR,
        "A symbolic link leads out of the repository or into git's own folder.",
        "It works on one machine only, and whatever writes through it writes outside of the repository.",
        {"docs/notes": (None, "/etc/passwd")},
        {"docs/notes": (None, "../README.md")},
        "Link to a path inside the repository.",
    ),
    Rule(
        "policy/type-changed",
        WARNING,
        "A regular file, a symbolic link and a submodule change places.",
        "Whatever opened the path now gets something else, and most diffs show it as a deletion and an addition.",
        {"config.toml": ("a = 1\n", "other.toml")},
        {"config.toml": ("a = 1\n", "a = 2\n")},
        "Check that it is meant.",
    ),
    Rule(
        "policy/submodule-moved",
        WARNING,
        "A submodule comes, goes or points to another commit.",
        "One line of the diff stands for any amount of code, and an outdated checkout moves it back by accident.",
        {"vendor/lib": ("1" * 40, "2" * 40)},
        {"vendor/lib.txt": ("1" * 40 + "\n", "2" * 40 + "\n")},
        "git submodule update brings the checkout to the recorded commit; commit a move by itself.",
    ),
)
MODES = {
    "policy/mode-change": ("run.sh", "100644", "100755"),
    "policy/symlink-escapes": ("docs/notes", LINK, LINK),
    "policy/type-changed": ("config.toml", "100644", LINK),
    "policy/submodule-moved": ("vendor/lib", GITLINK, GITLINK),
}
"""Examples of a rule whose path is no regular file: path, mode before, mode after."""
