"""Models by script: they read the question as it is put, line by line, and answer as they are told."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from everycommit.deadline import Deadline
from everycommit.model.client import Ask, Reply
from everycommit.model.profile import Profile

FAST = Profile(name="fast", url="http://127.0.0.1:1/v1", model="small-8b", context=32_000, slots=4)
STRONG = Profile(name="big", url="http://127.0.0.1:1/v1", model="large-400b", context=128_000, slots=2, strong=True)


class Hunk(NamedTuple):
    """One hunk of a question, as a model sees it."""

    id: str
    path: str
    lines: tuple[str, ...]
    """With their prefix."""

    @property
    def texts(self) -> list[str]:
        return [line[8:] for line in self.lines]

    @property
    def changed(self) -> list[str]:
        return [line[8:] for line in self.lines if line[7:8] in "+-"]


class Asked(NamedTuple):
    """One question, taken apart."""

    ask: Ask
    fence: str
    hunks: tuple[Hunk, ...]

    @property
    def judging(self) -> bool:
        return "holds" in json.dumps(self.ask.shape)

    @property
    def text(self) -> str:
        return self.ask.messages[1].content


def taken_apart(ask: Ask) -> Asked:
    text = ask.messages[1].content
    fence = re.findall(r"^<<<([0-9a-f]{32})$", text, re.MULTILINE)[-1]
    data = text.split(f"<<<{fence}\n")[1].split(f"\n{fence}>>>")[0]
    hunks: list[Hunk] = []
    path = ""
    for line in data.split("\n"):
        if line.startswith("## file "):
            path = line.removeprefix("## file ")
        elif found := re.match(r"## hunk (h\d+)", line):
            hunks.append(Hunk(found[1], path, ()))
        elif hunks and line != "..." and not line.startswith(("##", "| ")):
            hunks[-1] = hunks[-1]._replace(lines=(*hunks[-1].lines, line))
    return Asked(ask, fence, tuple(hunks))


def receipts(hunks: Iterable[Hunk]) -> list[dict[str, str]]:
    return [{"hunk": one.id, "quote": max(one.changed, key=len)} for one in hunks]


def found(hunk: Hunk, quote: str, **more: str) -> dict[str, str]:
    return {
        "hunk": hunk.id,
        "quote": quote,
        "category": "boundary",
        "severity": "error",
        "title": "the last icon is never drawn",
        "scenario": 'with icons = ["home"] nothing is drawn',
        "claim": "other",
        "symbol": "",
    } | more


@dataclass
class Scripted:
    """Implements ``gates.base.Models``: reads everything, and reports *defects* and every hunk of no file it knows."""

    paths: Sequence[str] = ()
    """Files of the change: a hunk of any other one is ours, and reported by who reads."""
    defects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """``{a part of a line: what is said of that line}``."""
    finder: Profile | None = FAST
    judge: Profile | None = None
    holds: str = "yes"
    before: Callable[[Asked], Any] | None = None
    """What happens first: it may raise, or return the text of an answer, or a ``Reply``."""
    asked: list[Asked] = field(default_factory=list)
    chosen: list[tuple[str, int, int, float]] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def profile(self, role: str, *, tokens_in: int, tokens_out: int, seconds: float) -> Profile | None:
        self.chosen.append((role, tokens_in, tokens_out, seconds))
        return self.finder if role == "finder" else self.judge

    def ask(
        self,
        profile: Profile,
        ask: Ask,
        *,
        deadline: Deadline,
        on_text: Callable[[str], None] | None = None,
    ) -> Reply:
        assert not deadline.passed
        assert profile in {self.finder, self.judge}
        asked = taken_apart(ask)
        with self.lock:
            self.asked.append(asked)
        first = self.before(asked) if self.before else None
        if isinstance(first, Reply):
            return first
        return Reply(
            text=first if isinstance(first, str) else self.answer(asked),
            finish="stop",
            rung="json_schema strict",
            seconds=0.01,
        )

    def answer(self, asked: Asked, *, seen: Iterable[Hunk] | None = None) -> str:
        """Return what an honest reader of the hunks *seen* (all of them) answers."""
        if asked.judging:
            quote = max(asked.hunks[0].texts, key=len)
            return json.dumps({"fence": asked.fence, "quote": quote, "why": "it does", "holds": self.holds})
        hunks = list(asked.hunks if seen is None else seen)
        findings = [one for hunk in hunks for one in self._findings(hunk)]
        return json.dumps({"fence": asked.fence, "receipts": receipts(hunks), "findings": findings})

    def _findings(self, hunk: Hunk) -> Iterable[dict[str, str]]:
        if self.ours(hunk):
            return [found(hunk, text, title=f"wrong: {text}") for text in hunk.changed]
        return [found(hunk, text, **more) for text in hunk.texts for part, more in self.defects.items() if part in text]

    def ours(self, hunk: Hunk) -> bool:
        """Tell whether *hunk* is a canary."""
        return hunk.path not in self.paths

    @property
    def questions(self) -> list[Asked]:
        return [one for one in self.asked if not one.judging]

    def own(self, asked: Asked) -> list[Hunk]:
        """Return the hunks of the change in *asked*."""
        return [hunk for hunk in asked.hunks if hunk.path in self.paths]
