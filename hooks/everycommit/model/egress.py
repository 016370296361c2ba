"""The last gate: what leaves this machine is looked at once more, byte for byte, and written down."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import WithheldError
from ..record import dataclass
from ..rules.secret_scan import ASSIGNED, Hit, secrets_in

_MOST = 1024 * 1024
"""Bytes of the log; then it becomes the old one, and the old one goes."""
_MOST_FILES = 50


def secret_in(text: str) -> Hit | None:
    """Return what must not leave in *text*; None where nothing is seen.

    Values without a form of their own, random text given to a name like ``password``, are no reason here: whether they
    are made up shows in their path, which only those who build a question know.
    """
    return next((hit for hit in secrets_in(text) if hit.kind != ASSIGNED), None)


def scan(body: bytes, key: str | None) -> None:
    """Look through the exact bytes of a request, and through each text in it as its reader will have it.

    Raises:
        WithheldError: Something in it looks like a secret, or is *key*.
    """
    text = body.decode("utf-8", "replace")
    seen = {text, *_texts(json.loads(body))}
    for one in seen:
        hit = secret_in(one)
        if hit is not None:
            raise WithheldError(
                f"not sent: the question holds what looks like a secret ({hit.kind}, {hit.end - hit.start} "
                "characters); "
                "take it out of the change, or make it look like an example (…EXAMPLE)"
            )
        if key and key in one:
            raise WithheldError("not sent: the question holds the model's own key; take it out of the change")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the user's folder for what programs remember; None where there is no home.

    Source: XDG Base Directory Specification: ``$XDG_STATE_HOME``, ``~/.local/state``.
    """
    if environ.get("XDG_STATE_HOME", "").startswith("/"):
        return Path(environ["XDG_STATE_HOME"], "everycommit")
    home = environ.get("HOME", "")
    return Path(home, ".local/state/everycommit") if home.startswith("/") else None


@dataclass(frozen=True, slots=True)
class Log:
    """What left this machine, a line of JSON each; never any of its content."""

    path: Path | None
    """None: nowhere to write."""

    def add(self, *, host: str, model: str, body: bytes, files: Sequence[str]) -> None:
        """Write down that *body* is about to be sent; a log that cannot be written stops nothing."""
        from datetime import UTC, datetime
        from hashlib import sha256

        if self.path is None:
            return
        told = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "host": host,
            "model": model,
            "bytes": len(body),
            "sha256": sha256(body).hexdigest(),
            "files": list(files[:_MOST_FILES]),
        }
        if len(files) > _MOST_FILES:
            told["more_files"] = len(files) - _MOST_FILES
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _appended(self.path, json.dumps(told).encode() + b"\n")


def _appended(path: Path, line: bytes) -> None:
    import fcntl

    while True:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_size + len(line) <= _MOST or not os.fstat(file).st_size:
                os.write(file, line)
                return
            # Only who holds the file that still has the name may give it another one.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file), path.stat()):
                    path.rename(path.with_suffix(".old.jsonl"))
        finally:
            os.close(file)
