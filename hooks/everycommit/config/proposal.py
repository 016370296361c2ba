"""What `init` says of a project and would write for it."""

from collections.abc import Sequence
from contextlib import suppress

from ..errors import UsageError
from .detect import Found, document, listed, table
from .recipes import Recipe
from .schema import BUILT_IN, PolicySettings
from .values import toml

_WIDEST = 72


def sentence(project: Found, interpreter: str = "") -> str:
    """Return what was found in one sentence; *interpreter* is something like ``.venv with Python 3.12``."""
    if not project.python:
        if not project.commands:
            return "No Python here: the policy judges each change, and commands of yours can be gates."
        names = listed([one.name for one in project.commands])
        return f"No Python here: beside the policy {names} can judge each change."
    tests = "no tests yet"
    if project.tests:
        tests = f"{listed(project.tests)} with pytest" if project.pytest else f"tests in {listed(project.tests)}"
    tools = {"ruff": project.ruff, "mypy": project.mypy}
    configured = [name for name, is_set in tools.items() if is_set]
    default = [name for name, is_set in tools.items() if not is_set]
    parts = ["Python project", project.layout, tests]
    parts.append(f"{listed(configured)} configured" if configured else "")
    parts.append(f"{listed(default)} with defaults" if default else "")
    parts.append(interpreter or "no interpreter of its own")
    return ", ".join(part for part in parts if part) + "."


def block(project: Found) -> str:
    """Return the table that suits the project, a comment a line, for the end of a pyproject.toml."""
    gates = BUILT_IN if project.python else ("policy", "review")
    later = "at commit; at push and in CI all of them judge"
    tables: list[tuple[str, Sequence[tuple[str, object, str]]]] = [
        ("", [("commit", gates, f"gates {later}")]),
        (
            ".policy",
            [
                (
                    "max_added_lines",
                    PolicySettings().max_added_lines,
                    "a change that adds more is refused; false: no limit",
                )
            ],
        ),
    ]
    if project.ruff_format.startswith(".pre-commit") or project.ruff_format == "prek.toml":
        # The gate's `auto` sees ruff's own configuration only.
        tables.append((".lint", [("format", "always", f"ruff format, as {project.ruff_format} has it")]))
    if project.link:
        tables.append((".snapshot", [("link", project.link, "git ignores these, and the code needs them to run")]))
    text = "\n".join(f"[tool.everycommit{name}]\n{_lines(rows)}" for name, rows in tables)
    for one in project.commands:
        text += f"\n[tool.everycommit.command.{one.name}]\n{_lines(_of_command(one))}"
    if not project.python and not project.commands:
        text += (
            "\n# A command of yours as a gate: exit 0 passes. `everycommit trust` accepts it on this machine.\n"
            f"# [tool.everycommit.command.test]\n# run = {toml(('make', 'test'))}\n"
        )
    return text


def _of_command(one: Recipe) -> list[tuple[str, object, str]]:
    named = "{files}" in one.run
    rows: list[tuple[str, object, str]] = [
        ("run", one.run, "the changed ones of `files`" if named else "no shell reads it")
    ]
    rows += [("files", one.files, "it runs when one of these changed")] if one.files else []
    rows += [("format", one.format, "only what is new in it counts")] if one.format != "text" else []
    rows += [("report", one.report, "where it writes that")] if one.report else []
    return rows


def appended(content: bytes, text: str) -> bytes:
    """Return what has to be written behind *content*, a pyproject.toml, so that it ends with *text*.

    A file with CRLF line ends gets more of them.

    Raises:
        UsageError: With it the file would not say what *text* says, because it writes its tables another way.
    """
    newline = "\r\n" if b"\r\n" in content else "\n"
    gap = "" if not content else "\n" if content.endswith(b"\n") else "\n\n"
    more = (gap + text).replace("\n", newline).encode()
    before, after = document(content), None
    with suppress(UsageError):
        after = document(content + more)
    wanted = table(table(document(text.encode()), "tool"), "everycommit")
    if after is None or after != before | {"tool": {**table(before, "tool"), "everycommit": wanted}}:
        raise UsageError(
            "pyproject.toml: a table cannot be added at its end, as [tool] is written in a closed form; "
            "add the lines above by hand"
        )
    return more


def _lines(rows: Sequence[tuple[str, object, str]]) -> str:
    settings = [f"{key} = {toml(value)}" for key, value, _ in rows]
    # A list of many globs must not push the other words out of sight.
    width = max((len(one) for one in settings if len(one) <= _WIDEST), default=0)
    return "".join(f"{text:{width}}  # {why}\n" for text, (*_, why) in zip(settings, rows, strict=True))
