"""`everycommit models test` and `bench`: one small question, and what a model can."""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from ..config.models import loopback
from ..deadline import Deadline
from ..errors import SnapshotError, UsageError
from ..model.bench import Benched, Limits, expected, measure, small_question
from ..model.models import cost
from ..model.profile import Profile
from ..proc import Children
from ..record import replace
from ..report.style import style_for
from .ask import agreed, can_ask
from .asked import Endpoint, worker
from .call import Call
from .models import named, speed_words

_SHOWN = 60


@contextmanager
def endpoint(profile: Profile, call: Call, seconds: float) -> Iterator[Endpoint]:
    """Give the worker, ready to ask *profile*; its process ends at the end."""
    deadline = Deadline.after(seconds)
    with Children() as children, closing(worker(children, call.environ, deadline)) as carrier:
        carrier.start((profile,))
        yield carrier


def test(args: argparse.Namespace, call: Call) -> int:
    """Ask one small question and say what came; return 0."""
    profile, measured = named(args.name, call)
    ask = small_question()
    with endpoint(profile, call, args.seconds) as carrier:
        began = time.monotonic()
        reply = carrier.ask(profile, ask, deadline=Deadline.after(args.seconds), on_text=lambda _: None)
        seconds = time.monotonic() - began
    measured.learn(profile, ask, reply)
    measured.keep()
    text = reply.refusal or reply.text
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    first = f"{reply.first_seconds:.2f} s to the first token, " if reply.first_seconds is not None else ""
    counted = [
        f"{number:,} tokens {way}"
        for number, way in ((reply.prompt_tokens, "in"), (reply.completion_tokens, "out"))
        if number is not None
    ]
    lines = [
        f"{profile.name}: {reply.model or profile.model} at {profile.url}",
        f"{'declined' if reply.refusal else 'answered'} {' '.join(shown.split())}",
        f"asked by {reply.rung}; {first}{seconds:.2f} s in all; {', '.join(counted) or 'it counts no tokens'}",
    ]
    style = style_for(call.stdout, call.environ)
    call.stdout.write("".join(f"{style.text(line)}\n" for line in lines))
    return 0


def bench(args: argparse.Namespace, call: Call) -> int:
    """Measure a model, write down what was found; return 0."""
    profile, measured = named(args.name, call)
    style = style_for(call.stdout, call.environ)

    def tell(text: str) -> None:
        call.stdout.write(f"{style.text(text)}\n")
        call.stdout.flush()

    tokens_in, tokens_out = expected()
    price = cost(profile, tokens_in, tokens_out)
    priced = f", about {price:.2g} at its price" if price else ""
    tell(
        f"This asks {profile.model} at {profile.url} about 20 questions: some {tokens_in:,} tokens in and "
        f"{tokens_out:,} out{priced}, at most {args.max_tokens:,} tokens and {args.seconds:.0f} s."
    )
    here = loopback(urlsplit(profile.url).hostname or "")
    if not (args.yes or here):
        if not can_ask(call):
            raise UsageError("nothing was asked, as there is no terminal to agree on; add --yes")
        if not agreed(call, "Go on?"):
            tell("Nothing was asked.")
            return 0
    limits = Limits(seconds=args.seconds, tokens=args.max_tokens)
    # What was known of it would decide how it is asked.
    profile = replace(profile, rung=None)
    with endpoint(profile, call, args.seconds + 5) as carrier:
        found = measure(profile, carrier, limits=limits, say=lambda text: tell(f"  {text} ..."), salt=_salt)
    try:
        measured.put(profile.url, profile.model, found.known)
    except OSError as error:
        raise SnapshotError(f"what was measured cannot be kept: {error.strerror}") from error
    for line in _lines(profile, found):
        tell(line)
    return 0


def _lines(profile: Profile, found: Benched) -> Iterator[str]:
    known = found.known
    yield f"speed    {speed_words(replace(profile, speed=known.speed)) if known.speed else 'not measured'}"
    yield f"context  {f'{known.context:,} tokens' if known.context else 'not told'}"
    yield f"slots    {f'{known.slots} questions ran side by side' if known.slots else 'not measured'}"
    yield f"form     {known.rung}"
    price = cost(profile, found.tokens_in, found.tokens_out)
    yield f"used     {found.tokens_in:,} tokens in, {found.tokens_out:,} out" + (f", {price:.2g}" if price else "")
    yield from (f"note: {note}" for note in found.notes)


def _salt() -> str:
    """Return a word that no cache has seen."""
    return os.urandom(3).hex()
