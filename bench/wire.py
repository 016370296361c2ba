"""How well the simulated endpoint keeps its pace, and what asking through the worker adds to it.

``python bench/wire.py [--tokens-out 1200] [--answers 8] [--tokens 600]``. Seconds are of one machine; look at the
ratios: of the pace to the one that was set, and of each way of asking to the shortest that the pace allows.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from common import environment
from endpoint import simulated
from everycommit.deadline import Deadline
from everycommit.model.client import Ask, Message, Reply
from everycommit.model.egress import Log
from everycommit.model.process import client_of
from everycommit.model.profile import Profile
from everycommit.model.worker import Worker
from everycommit.proc import Children

ROUNDS = 5
WORDS = "plain "
QUESTION = "A question of some length about a change that somebody made. " * 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens-out", type=float, default=1200)
    parser.add_argument("--first-seconds", type=float, default=0.15)
    parser.add_argument("--tokens", type=int, default=600, help="tokens of each answer")
    parser.add_argument("--answers", type=int, default=8, help="answers at once, and slots")
    told = parser.parse_args()
    pace = {"tokens_out": told.tokens_out, "first_seconds": told.first_seconds, "slots": told.answers}
    least = told.first_seconds + (told.tokens - 1) / told.tokens_out
    print(f"simulated endpoint: {told.answers} answers of {told.tokens} tokens at once, least {least:.3f} s; {_load()}")
    ways = {"chat": _direct("chat"), "worker, chat": _worker("chat"), "worker, sdk": _worker("sdk")}
    with (
        tempfile.TemporaryDirectory() as folder,
        # Nothing is recorded: writing files is no part of the pace.
        simulated(Path(folder), script=[WORDS * told.tokens], records="", **pace) as endpoint,
    ):
        for name, asking in ways.items():
            with asking(endpoint.url) as ask:
                ask()
                rounds = [_round(ask, told.answers) for _ in range(ROUNDS)]
            _told(name, rounds, told.tokens, least, told.tokens_out)
    return 0


def _round(ask: Callable[[], Reply], answers: int) -> tuple[float, list[Reply]]:
    began = time.monotonic()
    with ThreadPoolExecutor(answers) as threads:
        replies = list(threads.map(lambda _: ask(), range(answers)))
    return time.monotonic() - began, replies


def _told(name: str, rounds: list[tuple[float, list[Reply]]], tokens: int, least: float, pace: float) -> None:
    seen = [(tokens - 1) / (reply.seconds - (reply.first_seconds or 0.0)) for _, replies in rounds for reply in replies]
    whole = [seconds for seconds, _ in rounds]
    print(
        f"{name:14} {min(seen):6.0f} to {max(seen):6.0f} tokens/s ({min(seen) / pace:.3f} to {max(seen) / pace:.3f} of "
        f"what was set), all answers in {statistics.median(whole) / least:.3f} of the least"
    )


def _ask() -> Ask:
    return Ask(messages=(Message("user", QUESTION),), max_tokens=100_000)


def _direct(transport: str) -> Callable[[str], AbstractContextManager[Callable[[], Reply]]]:
    @contextmanager
    def asking(url: str) -> Iterator[Callable[[], Reply]]:
        client = client_of(Profile(name="p", url=url, model="m", transport=transport), None, {}, Log(None))
        yield lambda: client.ask(_ask(), deadline=Deadline.after(60))
        client.close()

    return asking


def _worker(transport: str) -> Callable[[str], AbstractContextManager[Callable[[], Reply]]]:
    @contextmanager
    def asking(url: str) -> Iterator[Callable[[], Reply]]:
        who = Profile(name="p", url=url, model="m", transport=transport)
        with Children() as children:
            worker = Worker(children, environ=environment(), deadline=Deadline.after(300))
            worker.start([who])
            yield lambda: worker.ask(who, _ask(), deadline=Deadline.after(60), on_text=lambda _: None)
            worker.close()

    return asking


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    sys.exit(main())
