"""A simulated endpoint: OpenAI's wire on loopback, in a process of its own, at a set speed, with set faults.

``simulated(folder, ...)`` starts one for a test or a measurement; ``python -m endpoint --help`` starts one by hand.
Standard library only.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from endpoint.settings import Settings

HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Endpoint:
    """A simulated endpoint that runs."""

    url: str
    """The API's base, ``http://127.0.0.1:PORT/v1``."""
    records: Path
    pid: int
    before: int = 0
    """Requests that are not counted."""

    def fresh(self) -> "Endpoint":
        """Return this endpoint as if nothing had been asked yet."""
        return replace(self, before=len(list(self.records.glob("*.json"))))

    def requests(self) -> list[Request]:
        """Return what was asked so far, in the order in which the requests were read."""
        found = []
        for path in sorted(self.records.glob("*.json"))[self.before :]:
            told = json.loads(path.read_text())
            found.append(Request(told["method"], told["path"], told["headers"], path.with_suffix(".body").read_bytes()))
        return found

    def asked(self) -> list[Request]:
        """Return those of ``requests`` that hold a question."""
        return [request for request in self.requests() if request.method == "POST"]


@contextmanager
def simulated(
    folder: Path, *, script: Sequence[Any] | None = None, also: Sequence[Path] = (), **settings: Any
) -> Iterator[Endpoint]:
    """Start a simulated endpoint, yield it when it listens, end it.

    *folder* gets what is recorded. *settings* are those of ``endpoint.settings.Settings``; *script* is a list of
    answers in turn, each a text or the fields of ``endpoint.answers.Answer``. *also* are folders in which the module of
    ``rule`` lies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if script is not None:
        settings["script"] = str(folder / "script.txt")
        Path(settings["script"]).write_text(json.dumps(script))
    wanted = Settings(**({"records": str(folder)} | settings))
    paths = [str(HERE), *map(str, also)]
    process = subprocess.Popen(
        [sys.executable, "-m", "endpoint", "--json", json.dumps(asdict(wanted))],
        env={"PYTHONPATH": os.pathsep.join(paths), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=folder,
        stdin=subprocess.PIPE,  # it ends when we are gone
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018
    try:
        first = process.stdout.readline()
        assert first, "the simulated endpoint did not start"
        yield Endpoint(json.loads(first)["url"], folder, process.pid)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
