"""How fast each model was and what it can: measured by ``models bench``, corrected by every call since."""

import json
import math
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..record import asdict, dataclass, field, replace
from .choice import CAUTIOUS
from .client import RUNGS, Ask, Reply
from .profile import Profile, Speed

NAME = "models.json"
VERSION = 1
_NEWEST = 0.2
"""Weight of the newest measurement; of the first few it is their mean."""
_SLOWEST = 600.0
_FASTEST = 100_000.0
"""Seconds to a first token, and tokens a second, beyond which a measurement is nonsense: a proxy that buffers."""
_FEW = 16
"""Tokens below which an answer says nothing about how fast they come."""
PARTS = ("first_seconds", "tokens_in", "tokens_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one model at one address; None where nobody looked."""

    speed: Speed | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many measurements each part of ``speed`` is made of."""
    context: int | None = None
    slots: int | None = None
    rung: str | None = None
    at: float | None = None
    """When it was last looked at, seconds since 1970."""


def learned(known: Known, ask: Ask, reply: Reply) -> Known:
    """Return *known* corrected by one answer; what cannot be true leaves it as it is."""
    if ask.shape and reply.rung in RUNGS:
        known = replace(known, rung=reply.rung)
    speed = known.speed or CAUTIOUS
    read = max(0, (reply.prompt_tokens or 0) - (reply.cached_tokens or 0))
    written = reply.completion_tokens or 0
    first = reply.first_seconds
    if first is not None and not 0 <= first <= reply.seconds:
        return known
    reading = read / speed.tokens_in
    found: dict[str, float] = {}
    if first is not None and reading > speed.first_seconds and first > speed.first_seconds:
        # Reading such a question takes longer than all else before the first token: it tells how fast that is.
        found["tokens_in"] = read / (first - speed.first_seconds)
    elif first is not None:
        found["first_seconds"] = first - reading if first > reading else first
    rest = reply.seconds - (speed.first_seconds + reading if first is None else first)
    if written >= _FEW and rest > 0:
        found["tokens_out"] = written / rest
    for part, value in found.items():
        known = _corrected(known, part, value)
    return known


def _corrected(known: Known, part: str, value: float) -> Known:
    if not (math.isfinite(value) and 0 <= value <= (_SLOWEST if part == "first_seconds" else _FASTEST)):
        return known
    if part != "first_seconds" and value < 1 / _SLOWEST:
        return known
    speed, count = known.speed or CAUTIOUS, known.counts.get(part, 0)
    before: float = getattr(speed, part)
    after = before + max(_NEWEST, 1 / (count + 1)) * (value - before)
    return replace(known, speed=replace(speed, **{part: after}), counts={**known.counts, part: count + 1})


class Measured:
    """What is known of all models, in a file of the user's cache folder. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._lock = threading.Lock()
        self._known: dict[str, Known] | None = None
        self._answers: list[tuple[str, Ask, Reply]] = []

    def of(self, url: str, model: str) -> Known:
        """Return what is known of *model* at *url*."""
        with self._lock:
            if self._known is None:
                self._known = _read(self._path)
            return self._known.get(_key(url, model), Known())

    def learn(self, profile: Profile, ask: Ask, reply: Reply) -> None:
        """Take an answer into account; ``keep`` writes it down."""
        with self._lock:
            self._answers.append((_key(profile.url, profile.model), ask, reply))

    def keep(self) -> None:
        """Write down what was learned, on top of what others wrote in the meantime; where that fails, nothing is."""
        with self._lock:
            answers, self._answers = self._answers, []
        if not answers:
            return
        known = _read(self._path)
        for key, ask, reply in answers:
            known[key] = replace(learned(known.get(key, Known()), ask, reply), at=time.time())
        with suppress(OSError):
            self._write(known)

    def put(self, url: str, model: str, known: Known) -> None:
        """Write down what a bench measured, in place of what was known.

        Raises:
            OSError: The cache folder cannot be written.
        """
        self._write(_read(self._path) | {_key(url, model): replace(known, at=time.time())})

    def forget(self, url: str, model: str) -> None:
        """Drop what is known of *model* at *url*."""
        known = _read(self._path)
        if known.pop(_key(url, model), None) is not None:
            with suppress(OSError):
                self._write(known)

    def _write(self, known: Mapping[str, Known]) -> None:
        text = json.dumps({"version": VERSION, "models": {key: asdict(one) for key, one in known.items()}}, indent=1)
        fresh = self._path.with_name(f".{NAME}.{os.urandom(4).hex()}")
        try:
            fresh.write_text(text + "\n")
            fresh.replace(self._path)
        finally:
            fresh.unlink(missing_ok=True)
        with self._lock:
            self._known = dict(known)


def _key(url: str, model: str) -> str:
    return f"{url.rstrip('/')} {model}"


def _read(path: Path) -> dict[str, Known]:
    """Return what the file at *path* says; what is no longer, or was never, of our making says nothing."""
    try:
        page = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(page, dict) or page.get("version") != VERSION or not isinstance(page.get("models"), dict):
        return {}
    return {key: known for key, entry in page["models"].items() if (known := _known(entry)) is not None}


def _known(entry: Any) -> Known | None:
    if not isinstance(entry, dict):
        return None
    speed: Any = entry.get("speed")
    counts: Any = entry.get("counts")
    counts = counts if isinstance(counts, dict) else {}
    whole = {name: entry.get(name) if _positive(entry.get(name)) else None for name in ("context", "slots")}
    return Known(
        speed=Speed(**{part: float(speed[part]) for part in PARTS}) if _is_speed(speed) else None,
        counts={part: counts[part] for part in PARTS if _positive(counts.get(part))},
        rung=entry["rung"] if entry.get("rung") in RUNGS else None,
        at=float(entry["at"]) if _is_number(entry.get("at")) else None,
        **whole,
    )


def _is_speed(speed: Any) -> bool:
    return (
        isinstance(speed, dict)
        and all(_is_number(speed.get(part)) for part in PARTS)
        and speed["first_seconds"] >= 0
        and min(speed["tokens_in"], speed["tokens_out"]) > 0
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
