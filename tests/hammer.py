"""Processes that are killed while they read and write one ledger."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from everycommit.entries import Entry
from everycommit.kept import Kept
from everycommit.result import Finding, GateResult, Outcome


def expected(key: str) -> GateResult:
    """Return the verdict that the processes below keep under *key*."""
    number = int(key, 16)
    findings = tuple(
        Finding(path=f"\udcff{key}.py", line=line, rule="lint/F401", message=key * (number % 40))
        for line in range(1, number % 5 + 1)
    )
    return GateResult(gate="lint", outcome=Outcome.FAILED if findings else Outcome.PASSED, findings=findings)


@dataclass
class Hammered:
    """What came of it."""

    kills: int = 0
    hits: int = 0
    entries: int = 0
    broken: list[str] = field(default_factory=list)
    sound: bool = False
    set_aside: bool = False


def hammered(folder: Path, *, seconds: float, processes: int) -> Hammered:
    """Let *processes* read and write one ledger for *seconds*, killing one of them again and again."""
    found, chance = Hammered(), random.Random(seconds)  # noqa: S311 - when to kill is no secret
    logs = [folder / f"log-{number}" for number in range(processes)]
    with ExitStack() as stack:
        running = [_start(folder, log, chance.random()) for log in logs]
        stack.callback(_end, running)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(chance.uniform(0.02, 0.3))
            number = chance.randrange(processes)
            if running[number].poll() is None:
                running[number].send_signal(signal.SIGKILL)
                found.kills += 1
            elif running[number].returncode != -signal.SIGKILL:
                found.broken.append(f"a process ended with {running[number].returncode}")
            running[number].wait()
            running[number] = _start(folder, logs[number], chance.random())
    for log in logs:
        words = log.read_text().split("\n") if log.exists() else []
        found.hits += words.count("hit")
        found.broken += [word for word in words if word.startswith("torn")]
    kept = Kept(folder)
    for entry in kept.entries():
        if not isinstance(entry, Entry):
            found.broken.append(entry)
        elif replace(entry.result, judged_at=None) != expected(entry.key):
            found.broken.append(f"torn {entry.key}")
        found.entries += 1
    found.sound = kept.sound()
    kept.close()
    found.set_aside = Path(f"{kept.path}.broken").exists()
    return found


def _start(folder: Path, log: Path, seed: float) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, __file__, str(folder), str(log), str(seed)]
    return subprocess.Popen(argv, env=os.environ)


def _end(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        process.kill()
        process.wait()


def _hammer(folder: Path, log: Path, seed: float) -> None:
    """Read, write and drop entries for ever; say where one is not what was kept under its key."""
    chance = random.Random(seed)  # noqa: S311 - as above
    with log.open("a", buffering=1) as out:
        while True:
            kept = Kept(folder)
            for _ in range(chance.randrange(1, 40)):
                key = f"{chance.randrange(300):064x}"
                found = kept.get(key)
                if found is not None:
                    same = replace(found, judged_at=None) == expected(key)
                    out.write("hit\n" if same else f"torn {key}\n")
                if chance.random() < 0.1:
                    kept.forget(key)
                elif found is None:
                    kept.put(key, expected(key))
            kept.close()


if __name__ == "__main__":
    _hammer(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
