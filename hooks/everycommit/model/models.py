"""The models of a run: chosen by speed, asked through the worker, and what each of them did."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from ..deadline import Deadline
from ..errors import EverycommitError
from ..record import replace
from ..result import Used
from .choice import FINDER, JUDGE, TYPICAL, TYPICAL_SECONDS, candidates, chosen
from .client import Ask, Reply
from .measured import Measured
from .profile import Profile


class Asker(Protocol):
    """Who carries questions: ``worker.Worker``."""

    def start(self, profiles: Sequence[Profile]) -> None: ...

    def ask(
        self, profile: Profile, ask: Ask, *, deadline: Deadline, on_text: Callable[[str], None] | None = None
    ) -> Reply: ...

    def close(self) -> None: ...


class Models:
    """Implements ``gates.base.Models``. Nothing is started before somebody is asked, or ``start`` says who will be.

    Choosing starts nothing: who is chosen may be known to have answered all of it before.
    """

    def __init__(
        self,
        profiles: Sequence[Profile],
        measured: Measured,
        worker: Callable[[], Asker],
        *,
        finder: str | None,
        judge: str | None,
    ) -> None:
        self._roles = {FINDER: candidates(profiles, finder), JUDGE: candidates(profiles, judge)}
        self._measured = measured
        self._make = worker
        self._lock = threading.RLock()
        self._worker: Asker | None = None
        self._used: dict[tuple[str, str], Used] = {}
        self._since: dict[tuple[str, str], float] = {}
        names = {profile.name for profile in profiles}
        wishes = {FINDER: finder, JUDGE: judge}
        self._notes: dict[str, str] = {
            role: f"review.{role} names the model '{wish}', which you have not set up: another one was taken"
            for role, wish in wishes.items()
            if wish is not None and wish not in {"auto", *names} and "env" not in names
        }

    def profile(self, role: str, *, tokens_in: int, tokens_out: int, seconds: float) -> Profile | None:
        """Return who answers."""
        choice = chosen(self._roles[role], role, tokens_in=tokens_in, tokens_out=tokens_out, seconds=seconds)
        if choice is None:
            return None
        if not choice.fits:
            self._say(f"{role} slow", _too_slow(role, choice.profile.name, choice.seconds, seconds))
        return replace(choice.profile, role=role)

    def start(self, profile: Profile) -> Asker:
        """Have the worker read the key of *profile* and connect, while others work; return it.

        At its start it does so for whoever would judge now, too. Keys that nobody needs stay where they are.
        """
        with self._lock:
            if self._worker is None:
                self._worker = self._make()
                tokens_in, tokens_out = TYPICAL
                likely = chosen(
                    self._roles[JUDGE], JUDGE, tokens_in=tokens_in, tokens_out=tokens_out, seconds=TYPICAL_SECONDS
                )
                self._worker.start(
                    (profile, likely.profile) if likely and likely.profile.name != profile.name else (profile,)
                )
            return self._worker

    def ask(
        self, profile: Profile, ask: Ask, *, deadline: Deadline, on_text: Callable[[str], None] | None = None
    ) -> Reply:
        """Return the answer; raises as ``client.ModelClient.ask``."""
        worker = self.start(profile)
        began = time.monotonic()
        try:
            reply = worker.ask(profile, ask, deadline=deadline, on_text=on_text)
        except EverycommitError:
            self._count(profile, began, None)
            raise
        self._count(profile, began, reply)
        self._measured.learn(profile, ask, reply)
        return reply

    def used(self) -> tuple[Used, ...]:
        """Return what each model did so far, finders first."""
        with self._lock:
            return tuple(self._used[key] for key in sorted(self._used))

    def notes(self) -> tuple[str, ...]:
        """Return what the verdict has to say of the choice."""
        with self._lock:
            return tuple(self._notes.values()) if self._worker is not None else ()

    def close(self) -> None:
        """End the worker and write down what was learned."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()
            self._measured.keep()

    def _say(self, about: str, text: str) -> None:
        with self._lock:
            self._notes.setdefault(about, text)

    def _count(self, profile: Profile, began: float, reply: Reply | None) -> None:
        key = (profile.role, profile.name)
        with self._lock:
            since = self._since[key] = min(self._since.get(key, began), began)
            before = self._used.get(key) or Used(
                profile=profile.name, model=profile.model, role=profile.role, questions=0
            )
            after = replace(
                before,
                questions=before.questions + 1,
                failed=before.failed + (reply is None),
                seconds=max(before.seconds, time.monotonic() - since),
            )
            if reply is not None:
                after = replace(
                    after,
                    model=reply.model or after.model,
                    tokens_in=after.tokens_in + (reply.prompt_tokens or 0),
                    cached=after.cached + (reply.cached_tokens or 0),
                    tokens_out=after.tokens_out + (reply.completion_tokens or 0),
                )
            self._used[key] = replace(after, cost=cost(profile, after.tokens_in, after.tokens_out))


def cost(profile: Profile, tokens_in: int, tokens_out: int) -> float | None:
    """Return the price of so many tokens, None where the profile has none."""
    if profile.price_in is None and profile.price_out is None:
        return None
    return ((profile.price_in or 0) * tokens_in + (profile.price_out or 0) * tokens_out) / 1_000_000


def _too_slow(role: str, name: str, predicted: float, seconds: float) -> str:
    return (
        f"no model is expected to answer as {role} within the {seconds:.1f} s that were left; the fastest was taken, "
        f"'{name}' ({predicted:.1f} s)"
    )
