"""Who reads a labelled change: the gate as a user has it, or a model that is asked one plain question a file."""

import difflib
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from common import environment, sh
from everycommit.cli.call import Call
from everycommit.cli.models import named
from everycommit.cli.models_bench import endpoint
from everycommit.deadline import Deadline
from everycommit.errors import EverycommitError
from everycommit.gates.review.once import of_both
from everycommit.gates.review.parts import CATEGORIES
from everycommit.model.client import Ask, Message
from everycommit.model.models import cost

READERS = ("static", "model", "both")
AROUND = 12
_SECONDS = 300
_HUNK = r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@"


class Setup(NamedTuple):
    """What is measured."""

    reader: str
    profile: str | None = None
    judge: str | None = None
    samples: int | None = None
    bare: bool = False

    def words(self) -> str:
        parts = [self.reader, "bare" if self.bare else "", self.profile or ""]
        parts += [f"judge {self.judge}" if self.judge else "", f"{self.samples} samples" if self.samples else ""]
        return ", ".join(part for part in parts if part)

    def environment(self) -> dict[str, str]:
        """Return the environment of a run: settings apart, what a bench has; models as the user has them."""
        more = {"EVERYCOMMIT_COMMIT": "review", "EVERYCOMMIT_REVIEW_FINDER": self.profile or "false"}
        if self.profile:
            kept = ("XDG_", "EVERYCOMMIT_MODEL") if self.profile == "env" else ("XDG_",)
            user = {name: value for name, value in os.environ.items() if name.startswith(kept)}
            user.setdefault("XDG_CONFIG_HOME", str(Path.home() / ".config"))
            user.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
            more |= user
        more |= {"EVERYCOMMIT_REVIEW_JUDGE": self.judge} if self.judge else {}
        more |= {"EVERYCOMMIT_REVIEW_SAMPLES": str(self.samples)} if self.samples else {}
        # Nothing goes on in the background, and the price of a case is what it is.
        more |= {"EVERYCOMMIT_BUDGET": "false"}
        return environment(**more)


class Read(NamedTuple):
    """What was said of one case."""

    findings: list[dict[str, Any]]
    seconds: float
    open: str = ""
    """Why it was not read to the end; empty where it was."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    questions: int = 0


class Reader(Protocol):
    def read(self, row: Mapping[str, Any], folder: Path) -> Read: ...


class Gate:
    """`everycommit run review` over the staged change of a repository of its own."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._environment = setup.environment()
        if setup.profile:
            _named(setup.profile, self._environment)

    def read(self, row: Mapping[str, Any], folder: Path) -> Read:
        laid_out(row, folder)
        argv = [sys.executable, "-m", "everycommit", "run", "review", "--fresh", "--format", "json"]
        began = time.perf_counter()
        done = sh(argv, folder, check=False, **self._environment)
        seconds = time.perf_counter() - began
        if not done.stdout:
            return Read([], seconds, open=done.stderr.strip() or f"it ended with {done.returncode} and said nothing")
        (verdict,) = json.loads(done.stdout)["verdicts"]
        (gate,) = (one for one in verdict["gates"] if one["gate"] == "review")
        used = verdict["models"]
        others = {one["profile"] for one in used if one["role"] == "finder"} - {self._setup.profile}
        if others:
            raise SystemExit(f"'{others.pop()}' was asked in place of '{self._setup.profile}'")
        prices = [one["cost"] for one in used if one["cost"] is not None]
        return Read(
            findings=[_told(one) for one in gate["findings"] if self._counts(one)],
            seconds=seconds,
            open=self._open(gate),
            tokens_in=sum(one["tokens_in"] for one in used),
            tokens_out=sum(one["tokens_out"] for one in used),
            cost=sum(prices) if prices else None,
            questions=sum(one["questions"] for one in used),
        )

    def _counts(self, finding: Mapping[str, Any]) -> bool:
        by = {"static" if is_static(finding["rule"]) else "model", *(["model"] if of_both(finding["hint"]) else [])}
        return self._setup.reader == "both" or self._setup.reader in by

    def _open(self, gate: Mapping[str, Any]) -> str:
        if gate["outcome"] == "skipped" or self._setup.reader == "static":
            return "" if gate["outcome"] in {"passed", "failed"} else f"{gate['outcome']}: {gate['reason']}"
        read, of = gate["counts"].get("seen", 0), gate["counts"].get("hunks", 0)
        if gate["outcome"] in {"passed", "failed"} and read == of:
            return ""
        return f"{read} of {of} hunks: {gate['reason'] or 'not said'}"


class Bare:
    """One plain question a file, of the same model."""

    def __init__(self, setup: Setup) -> None:
        self._environment = setup.environment()
        self._profile = _named(setup.profile or "", self._environment)
        self._call = _call(self._environment)

    def read(self, row: Mapping[str, Any], folder: Path) -> Read:
        del folder
        findings: list[dict[str, Any]] = []
        tokens_in = tokens_out = 0
        began, why = time.perf_counter(), ""
        files = {path: text for path, text in row["after"].items() if text != row["before"].get(path)}
        with endpoint(self._profile, self._call, _SECONDS) as carrier:
            for path, text in files.items():
                ask = plain(path, row["before"].get(path, ""), text)
                try:
                    deadline = Deadline.after(_SECONDS)
                    reply = carrier.ask(self._profile, ask, deadline=deadline, on_text=lambda _: None)
                    findings += answered(path, reply.text)
                except (EverycommitError, ValueError) as error:
                    why = f"{path}: {error}"
                    continue
                tokens_in += reply.prompt_tokens or 0
                tokens_out += reply.completion_tokens or 0
        price = cost(self._profile, tokens_in, tokens_out)
        seconds = time.perf_counter() - began
        return Read(findings, seconds, why, tokens_in, tokens_out, price, questions=len(files))


def is_static(rule: str) -> bool:
    """Tell whether *rule* is the static reader's: what a model finds is named by its category."""
    return rule.removeprefix("review/") not in CATEGORIES


def laid_out(row: Mapping[str, Any], folder: Path) -> None:
    """Make *folder* a repository with the case's files, before in HEAD, after in the index."""
    sh(["git", "init", "--quiet", "--initial-branch=main"], folder)
    for side in ("before", "after"):
        for path in {*row["before"]} - {*row[side]}:
            (folder / path).unlink()
        for path, text in row[side].items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode(errors="surrogateescape"))
        sh(["git", "-c", "core.autocrlf=false", "add", "--force", "--all"], folder)
        if side == "before":
            sh(["git", "commit", "--quiet", "--allow-empty", "-m", "before"], folder)


def plain(path: str, before: str, after: str) -> Ask:
    """Return the plain question about one file."""
    rows = "\n".join(_numbered(before, after))
    text = (
        "Does this change bring a defect? Report each one with the number of its line in the new file (of a removed "
        'line: of the line before it). Answer with JSON alone: {"findings": [{"line": 12, "problem": "..."}]}, an '
        f"empty list if there is none.\n\nFile {path}, '+' added, '-' removed:\n\n{rows}\n"
    )
    return Ask(messages=(Message("user", text),), max_tokens=8000)


def _numbered(before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=AROUND)
    number = 0
    for line in list(lines)[2:]:
        if found := re.match(_HUNK, line):
            number = int(found[1])
            yield "..."
            continue
        yield f"{'' if line[0] == '-' else number:>5} {line}"
        number += line[0] != "-"


def answered(path: str, text: str) -> list[dict[str, Any]]:
    """Return the findings of a plain answer.

    Raises:
        ValueError: It is none.
    """
    inner = re.search(r"\{.*\}", text, re.DOTALL)
    if inner is None:
        raise ValueError(f"no JSON in the answer: {text[:80]!r}")
    found = json.loads(inner[0]).get("findings")
    if not isinstance(found, list):
        raise ValueError(f"no findings in the answer: {text[:80]!r}")  # noqa: TRY004 - the answer's value is wrong
    return [
        {"path": path, "line": one.get("line"), "rule": "bare", "message": str(one.get("problem"))}
        for one in found
        if isinstance(one, dict)
    ]


def _told(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {name: finding[name] for name in ("path", "line", "rule", "severity", "message", "hint")}


def _named(name: str, environ: Mapping[str, str]) -> Any:
    """Return the profile; who has none of that name is told so at once."""
    try:
        return named(name, _call(environ))[0]
    except EverycommitError as error:
        raise SystemExit(str(error)) from None


def _call(environ: Mapping[str, str]) -> Call:
    return Call(stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr, environ=dict(environ), cwd=Path.cwd())
