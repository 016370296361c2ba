"""How everycommit is named in a hook manager's configuration, in the style of the file that is there."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .managers import INSTALL, Manager
from .yaml_text import Unclear, Value, added

COMMIT = "everycommit hook pre-commit"
MERGE = "everycommit hook pre-merge-commit"
PUSH = 'everycommit hook pre-push "$@"'
_STAGES = ("pre-commit", "pre-merge-commit", "pre-push")
_SHELLS = r"#!\s*\S*?(?:/|\benv\s+)(?:sh|bash|dash|ksh|zsh)\b"
_SCRIPT = ".git-hooks/everycommit"
_STAGES_LATER = "{who} stages what it mends, after the judgement; `everycommit install` judges what comes of it"
_ID: Mapping[str, Value] = {
    "id": "everycommit",
    "name": "everycommit",
    "language": "system",
    "entry": COMMIT,
    "pass_filenames": False,
    "always_run": True,
    "require_serial": True,
    "verbose": True,
    "stages": _STAGES,
}


_Step = tuple[tuple[str, ...], Mapping[str, Value] | Sequence[Mapping[str, Value]]]


class Written(NamedTuple):
    """A file as it would be."""

    path: str
    """From the root."""
    content: str
    mode: int | None = None
    """Of a file that is new; None: as any other."""


class Entry(NamedTuple):
    """What names everycommit in a manager's configuration."""

    shown: str
    files: tuple[Written, ...] = ()
    why: str = ""
    """Why it has to be added by hand."""
    then: tuple[str, ...] = ()
    """Commands that make it count, in order."""


def entry(manager: Manager, files: Mapping[str, str]) -> Entry:
    """Return how *manager* is told of everycommit; *files* are the texts of the repository by path."""
    found = _WAYS[manager.name](manager, files)
    own = ("everycommit install --hook pre-push",) if manager.swallows else ()
    return found._replace(then=(*found.then, *own))


def _pre_commit(manager: Manager, files: Mapping[str, str]) -> Entry:
    then = (INSTALL[manager.name],)
    if manager.file.endswith(".toml"):
        return _prek_toml(manager, files)._replace(then=then)
    return _yaml(manager.file, files, (("repos",), [{"repo": "local", "hooks": [_ID]}]))._replace(then=then)


def _prek_toml(manager: Manager, files: Mapping[str, str]) -> Entry:
    text = files[manager.file]
    rows = [f"{key} = {_toml(value)}" for key, value in _ID.items()]
    if "[[repos.hooks]]" in text or "hooks" not in text:
        shown = '[[repos]]\nrepo = "local"\n\n[[repos.hooks]]\n' + "".join(f"{row}\n" for row in rows)
    else:
        shown = f'[[repos]]\nrepo = "local"\nhooks = [\n    {{ {", ".join(rows)} }},\n]\n'
    return _toml_end(manager.file, text, shown, is_right=_one_more_repo)


def _one_more_repo(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    first, second = before.get("repos", []), after.get("repos")
    return isinstance(first, list) and isinstance(second, list) and second[:-1] == first


def _lefthook(manager: Manager, files: Mapping[str, str]) -> Entry:
    text = files[manager.file]
    then = (INSTALL[manager.name],)
    if manager.file.endswith((".json", ".jsonc")):
        shown = ",\n".join(
            f'"{hook}": {{ "jobs": [{{ "name": "everycommit", "run": "{run}" }}] }}' for hook, run in _commits()
        )
        return Entry(f"{shown}\n", why="JSON has no place for lines at its end", then=then)
    if manager.file.endswith(".toml"):
        shown = "\n".join(f"[{hook}.commands.everycommit]\nrun = {_toml(run)}\n" for hook, run in _commits())
        return _toml_end(
            manager.file, text, shown, is_right=lambda before, after: before.keys() <= after.keys()
        )._replace(then=then)
    steps: list[_Step] = []
    for hook, run in _commits():
        if re.search(rf"^{hook}:\s*\n(?:[ #].*\n|\s*\n)*? +commands:", text, re.MULTILINE):
            steps.append(((hook, "commands"), {"everycommit": {"run": run}}))
        else:
            steps.append(((hook, "jobs"), [{"name": "everycommit", "run": run}]))
    found = _yaml(manager.file, files, *steps)._replace(then=then)
    told = re.sub(r"^\s*#.*", "", text, flags=re.MULTILINE)
    if re.search(r"\bparallel: *true", told) and re.search(r"\bstage_fixed: *true", told):
        return found._replace(files=(), why=_STAGES_LATER.format(who="a job that runs at the same time"))
    return found


def _commits() -> tuple[tuple[str, str], ...]:
    return (("pre-commit", COMMIT), ("pre-merge-commit", MERGE))


def _overcommit(manager: Manager, files: Mapping[str, str]) -> Entry:
    """Return a hook of overcommit's that starts a script: it signs one, so a program on the PATH cannot be named."""
    held: Mapping[str, Value] = {
        "enabled": True,
        "description": "Judge the change",
        "required_executable": f"./{_SCRIPT}",
    }
    found = _yaml(manager.file, files, (("PreCommit",), {"Everycommit": held}))
    script = Written(_SCRIPT, f"#!/bin/sh\nexec {COMMIT}\n", 0o755)
    shown = f"{found.shown}\n# {_SCRIPT}, executable and added to git:\n{script.content}"
    then = (f"git add {_SCRIPT}", "overcommit --sign", "overcommit --sign pre-commit")
    return found._replace(shown=shown, files=(*found.files, script) if found.files else (), then=then)


def _hk(manager: Manager, files: Mapping[str, str]) -> Entry:
    """Return a step at the end of the hook's steps; files of hk's are a language of its own, so only the plain form."""
    text = files[manager.file]
    found = re.search(r'^( *)\["pre-commit"\] *\{ *\n(?:.*\n)*?( *)steps *\{ *\n', text, re.MULTILINE)
    indent = f"{found[2]}    " if found else "            "
    if found:
        inner = re.match(r" +(?=\S)", text[found.end() :])
        indent = inner[0] if inner and len(inner[0]) > len(found[2]) else indent
    unit = indent[len(found[2]) :] if found else "    "
    step = f'{indent}["everycommit"] {{\n{indent}{unit}check = "{COMMIT}"\n{indent}}}\n'
    shown = f'hooks {{\n    ["pre-commit"] {{\n        steps {{\n{step}        }}\n    }}\n}}\n' if not found else step
    then = (INSTALL[manager.name],)
    end = re.search(rf"^{found[2]}\}}", text[found.end() :], re.MULTILINE) if found else None
    hook_ends = re.search(rf"^{found[1]}\}}", text[found.start() :], re.MULTILINE) if found else None
    if found is None or end is None or hook_ends is None or found.start() + hook_ends.start() < found.end():
        return Entry(shown, why='there is no plain ["pre-commit"] with a steps block in it', then=then)
    if re.search(r"\bfix *= *true", text[found.start() : found.start() + hook_ends.start()]):
        return Entry(shown, why=_STAGES_LATER.format(who="hk, which is told to fix here,"), then=then)
    at = found.end() + end.start()
    return Entry(shown, (Written(manager.file, text[:at] + step + text[at:]),), then=then)


def _husky(manager: Manager, files: Mapping[str, str]) -> Entry:
    folder = manager.file.rpartition("/")[0]
    return _scripts(folder, files, head="", mode=None)


def _hooks_path(manager: Manager, files: Mapping[str, str]) -> Entry:
    folder = manager.file.rpartition("/")[0]
    return _scripts(folder, files, head="#!/bin/sh\n", mode=0o755)


def _scripts(folder: str, files: Mapping[str, str], *, head: str, mode: int | None) -> Entry:
    """Return a line for each of the three scripts; one that reads the pushed refs already is left to its author."""
    shown, written, why = "", [], ""
    for hook, line in (*_commits(), ("pre-push", PUSH)):
        path = f"{folder}/{hook}"
        text = files.get(path)
        shown += f"# {path}\n{line}\n"
        if text is None:
            written.append(Written(path, f"{head}{line}\n", mode))
        elif "everycommit" in text:
            continue
        elif hook == "pre-push":
            why = f"{path} is there, and what reads the pushed refs first takes them from the other"
        elif (changed := _with_line(text, line, stops=not head)) is None:
            why = f"{path} is no shell script"
        else:
            written.append(Written(path, changed))
    return Entry(shown, () if why else tuple(written), why)


def _with_line(text: str, line: str, *, stops: bool) -> str | None:
    """Return the script with *line*, None where it is none of a shell's.

    At its end, where a command that fails ends the script (*stops*, or by ``set -e``), so that what the others change
    in the index is judged; else at its beginning, for the last line's exit code is the script's.
    """
    first = text.partition("\n")[0]
    if first.startswith("#!") and not re.match(_SHELLS, first):
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    code = [row.strip() for row in text.splitlines() if row.strip() and not row.lstrip().startswith("#")]
    stops = (
        stops or any(re.match(r"set -[a-z]*e", row) for row in code) or re.match(r"#!.*\s-[a-z]*e", first) is not None
    )
    if stops and not any(re.match(r"(exit|exec|return)\b", row) for row in code):
        return text + newline * (bool(text) and not text.endswith("\n")) + line + newline
    rows = text.splitlines(keepends=True)
    at = next((number for number, row in enumerate(rows) if row.strip() and not row.startswith("#")), len(rows))
    at = next((number + 1 for number in range(at) if rows[number].startswith("#!")), at)
    if at and not rows[at - 1].endswith("\n"):
        rows[at - 1] += newline
    return "".join([*rows[:at], f"{line} || exit $?{newline}", *rows[at:]])


def _yaml(file: str, files: Mapping[str, str], *steps: _Step) -> Entry:
    text, shown = files[file], ""
    for path, value in steps:
        shown = added(shown, path, value, like=text)
    try:
        for path, value in steps:
            text = added(text, path, value)
    except Unclear:
        return Entry(shown, why=f"{file} is written in a way that lines cannot just be added to")
    return Entry(shown, (Written(file, text),))


def _toml_end(
    file: str, text: str, shown: str, *, is_right: "Callable[[Mapping[str, object], Mapping[str, object]], bool]"
) -> Entry:
    import tomllib

    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    whole = text + (gap + shown).replace("\n", newline)
    try:
        before = tomllib.loads(text)
    except ValueError as error:
        return Entry(shown, why=f"{file} is no TOML as it stands: {error}")
    try:
        is_good = is_right(before, tomllib.loads(whole))
    except ValueError:
        is_good = False
    if not is_good:
        return Entry(shown, why=f"{file} is written in a closed form")
    return Entry(shown, (Written(file, whole),))


def _toml(value: object) -> str:
    from .values import toml

    return toml(value)


_WAYS: Mapping[str, Callable[[Manager, Mapping[str, str]], Entry]] = {
    "pre-commit": _pre_commit,
    "prek": _pre_commit,
    "lefthook": _lefthook,
    "husky": _husky,
    "overcommit": _overcommit,
    "hk": _hk,
    "core.hooksPath": _hooks_path,
}
