"""What both transports do alike: tries inside the deadline, rungs of the ladder, limits, and errors in one sentence."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .. import __version__
from ..config.models import loopback
from ..deadline import Deadline
from ..errors import AnswerError, EndpointError, TimeRanOut
from ..record import dataclass
from ..text import printable
from .client import Ask, Reply
from .connection import Moment, base_url, host_of, pool
from .dialect import Dialect, adapted, first, rung_of
from .egress import Log, scan
from .profile import Profile
from .reading import ErrorSent, Reading
from .told import error_body, question, word

LONGEST_ERROR = 64 * 1024
_TRIES = 3
_PAUSE = 0.2
"""Seconds before the second try; twice as long before each further one."""
_AFTER_WAIT = 0.2
"""Seconds that have to be left after a pause for a try to be worth it."""
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_HOUR = 3600.0
_COUNT_FOLLOWS = 1.0
"""Seconds that the end of a finished answer is waited for: it brings the count of tokens."""
_WORDS = {
    401: "look at the key of profile '{name}'",
    402: "the account behind its key has no credit",
    403: "its key may not do this",
    404: "is the model '{model}' there, and the address right?",
    413: "the question is too long for it",
}


class BrokenError(EndpointError):
    """A connection failed."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What came of one try that brought no answer."""

    words: str
    status: int = 0
    said: str = ""
    """What the server sent, for ``adapted`` alone: it may hold anything."""
    again: bool = False
    """Whether it may go better another time."""
    wait: float | None = None
    """Seconds that the server asks for."""


class Endpoint:
    """One endpoint; a transport says how one question is sent. Thread-safe."""

    def __init__(self, profile: Profile, key: str | None, *, core: Any, environ: Mapping[str, str], log: Log) -> None:
        """Connect to nothing yet; *core* is httpcore or what is like it, *environ* is asked for proxies.

        Raises:
            EndpointError: The address, the key or the proxy cannot be used.
        """
        self.parts = base_url(profile.url)
        if key is not None and not (key and key.isascii() and key.isprintable()):
            raise EndpointError(f"the key of profile '{profile.name}' holds characters that no key has")
        self.profile = profile
        self.key = key
        self.moment = Moment()
        self.host = host_of(self.parts)
        # What errors show: an address is text of the user's.
        self.name = printable(self.host)
        self.core = core
        self.pool = pool(core, self.parts, self.moment, environ)
        self._origin = f"{self.parts.scheme}://{self.parts.netloc.encode('idna').decode()}"
        self._headers = _headers(key, self.parts.hostname or "")
        self._log = log
        self._dialect = first(profile, self.parts.hostname or "")
        self._lock = threading.Lock()

    def ask(self, ask: Ask, *, deadline: Deadline, on_text: Callable[[str], None] | None = None) -> Reply:
        """Return the answer; raises as ``ModelClient.ask``.

        Refusals to connect, statuses that say "later" and connections that break before the answer began are tried
        again while there is time. A parameter that the server does not know is left out at once and from then on.
        """
        tries = 1
        dialect = self._dialect
        while True:
            raw = self.body(ask, dialect)
            reading = Reading(ask, on_text, began=time.monotonic())
            try:
                failed = self._tried(ask, raw, reading, deadline)
            except BrokenError as broken:
                failed = Failed(str(broken), again=not reading.begun)
            if failed is None:
                with self.named():
                    reply = reading.reply(rung=rung_of(dialect, ask), tries=tries)
                with self._lock:
                    self._dialect = dialect
                return reply
            other = adapted(dialect, ask, failed.status, failed.said)
            if other is not None:
                dialect = other
                continue
            _pause(failed, tries, deadline)
            tries += 1

    def body(self, ask: Ask, dialect: Dialect) -> bytes:
        """Return the exact bytes of a request."""
        raise NotImplementedError

    def send(self, ask: Ask, raw: bytes, reading: Reading, deadline: Deadline) -> Failed | None:
        """Send a question and read the answer; return what went wrong, None for nothing.

        Raises:
            BrokenError: The connection failed.
            AnswerError: What came is no answer.
            TimeRanOut: The deadline passed.
        """
        raise NotImplementedError

    def warm(self, *, deadline: Deadline) -> None:
        """Open a connection, so that the first question finds it ready; whatever goes wrong shows later."""
        try:
            with self.sending("HEAD", "/models", None, deadline) as response:
                response.read()
        except (EndpointError, AnswerError, TimeRanOut):
            return

    def get(self, path: str, *, deadline: Deadline, most: int = 4 * 1024 * 1024) -> tuple[int, bytes]:
        """Return status and body of ``GET`` *path*, from the base: ``/models``; ``//props`` is from the host's root.

        Raises:
            EndpointError: No answer could be had.
            AnswerError: The body is longer than *most*, or packed.
            TimeRanOut: The deadline passed.
        """
        with self.sending("GET", path, None, deadline) as response:
            self.unpacked(lower(response.headers))
            return response.status, b"".join(self.limited(response.iter_stream(), most))

    def close(self) -> None:
        """Let go of the connections."""
        self.pool.close()

    @contextmanager
    def sending(self, method: str, path: str, raw: bytes | None, deadline: Deadline) -> Iterator[Any]:
        """Send a request; yield the response, whose body is still to be read. Raises as ``until``."""
        root, place = ("", path[1:]) if path.startswith("//") else (self.parts.path.rstrip("/"), path)
        query = f"?{self.parts.query}" if self.parts.query else ""
        with (
            self.until(deadline),
            self.pool.stream(
                method,
                f"{self._origin}{root}{place}{query}",
                headers=self._headers,
                content=raw,
                # Only the wait for a free connection asks for it here; all else asks `Moment`.
                extensions={"timeout": {"pool": deadline.left()}},
            ) as response,
        ):
            yield response

    def leaving(self, raw: bytes, ask: Ask, reading: Reading) -> None:
        """Look through what is about to be sent, and write it down.

        Raises:
            WithheldError: It holds a secret.
        """
        scan(raw, self.key)
        reading.sent_bytes = len(raw)
        self._log.add(host=self.host, model=self.profile.model, body=raw, files=ask.files)

    def kind(self, headers: Mapping[str, str]) -> str:
        """Return the content type of an answer; *headers* have lower-case names.

        Raises:
            AnswerError: It is neither JSON nor a stream of events, or it is packed.
        """
        self.unpacked(headers)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in {"text/event-stream", "application/json", ""}:
            raise AnswerError(
                f"{self.name} sent '{printable(kind)[:40]}' in place of an answer; is the address of profile "
                f"'{self.profile.name}' right?"
            )
        return kind

    def unpacked(self, headers: Mapping[str, str]) -> None:
        """See to it that a body is not packed: a small one may unpack to any size.

        Raises:
            AnswerError: It is.
        """
        packed = headers.get("content-encoding", "identity")
        if packed != "identity":
            raise AnswerError(f"{self.name} sent a packed answer ({printable(packed)[:20]}) that nobody asked for")

    def refused(self, status: int, headers: Mapping[str, str], pieces: Iterable[bytes], ask: Ask) -> Failed:
        """Return what a *status* other than 200 means.

        Raises:
            EndpointError: It sends elsewhere.
        """
        if 300 <= status < 400:
            raise EndpointError(
                f"{self.name} answered {status}: it sends elsewhere, which is not followed; give profile "
                f"'{self.profile.name}' the address where it listens"
            )
        raw = b"".join(self.limited(pieces, LONGEST_ERROR))
        said = word(error_body(raw), question=_question(ask), key=self.key)
        hint = _WORDS.get(status, "").format(name=self.profile.name, model=printable(self.profile.model))
        words = f"{self.name} answered {status}" + (f" ({said})" if said else "")
        return Failed(
            "; ".join(part for part in (words, hint) if part),
            status=status,
            said=raw.decode("utf-8", "replace"),
            again=status in _AGAIN,
            wait=_seconds(headers.get("retry-after", "")),
        )

    def limited(self, pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
        """Yield *pieces* of a body, *most* bytes of it.

        Raises:
            AnswerError: There is more.
        """
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > most:
                raise AnswerError(f"{self.name} sent more than {most} bytes")
            yield piece

    def until_counted(self, pieces: Iterable[bytes], reading: Reading, deadline: Deadline) -> Iterator[bytes]:
        """Yield *pieces*, and once the answer is finished wait a moment only for what may follow."""
        hurried = False
        for piece in pieces:
            yield piece
            if reading.finished and not hurried:
                hurried, self.moment.deadline = True, deadline.within(_COUNT_FOLLOWS)

    @contextmanager
    def until(self, deadline: Deadline) -> Iterator[None]:
        """Let what the body of a ``with`` does on the network end at *deadline*.

        Raises:
            BrokenError: The connection failed.
            EndpointError: Who answered is not to be trusted.
            TimeRanOut: The deadline passed.
        """
        if deadline.passed:
            raise TimeRanOut(f"no time was left to ask {self.name}")
        core = self.core
        self.moment.deadline = deadline
        try:
            yield
        except core.TimeoutException as error:
            told = str(error) if isinstance(error, core.ConnectTimeout) and str(error) else "no answer in time"
            raise TimeRanOut(f"{self.name}: {told}") from None
        except (core.NetworkError, core.ProtocolError, core.ProxyError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise EndpointError(f"{self.name} cannot be trusted: {_certificate(str(error))}") from None
            here = isinstance(error, core.ConnectError) and loopback(self.parts.hostname or "")
            hint = "; is the model's server running?" if here else ""
            raise BrokenError(f"{self.name}: {_reason(error)}{hint}") from None
        finally:
            self.moment.deadline = None

    @contextmanager
    def named(self) -> Iterator[None]:
        """Put the host before what is wrong with an answer."""
        try:
            yield
        except AnswerError as error:
            told = str(error)
            raise AnswerError(told if told.startswith(self.name) else f"{self.name} {told}") from None

    def _tried(self, ask: Ask, raw: bytes, reading: Reading, deadline: Deadline) -> Failed | None:
        """Ask once; return what went wrong, None for nothing. Raises as ``send``."""
        try:
            return self.send(ask, raw, reading, deadline)
        except ErrorSent as sent:
            said = word(sent.found, question=_question(ask), key=self.key)
            raise EndpointError(f"{self.name} broke off with an error: {said or 'without a word'}") from None
        except (BrokenError, TimeRanOut):
            if not reading.finished:
                raise
        return None


def _pause(failed: Failed, tries: int, deadline: Deadline) -> None:
    """Wait before the next try.

    Raises:
        EndpointError: There is none.
    """
    if not failed.again:
        raise EndpointError(failed.words)
    if failed.wait is not None and failed.wait + _AFTER_WAIT > deadline.left():
        asked = f"{failed.wait:.0f} s" if failed.wait < _HOUR else "an hour or more"
        raise EndpointError(f"{failed.words}; it asks to wait {asked}, and {deadline.left():.1f} s are left")
    if tries >= _TRIES:
        raise EndpointError(f"{failed.words}, {tries} times")
    # Spread: many questions fail at the same moment.
    wait = failed.wait if failed.wait is not None else _PAUSE * 2 ** (tries - 1) * random.uniform(0.75, 1.25)  # noqa: S311
    if wait + _AFTER_WAIT > deadline.left():
        raise EndpointError(f"{failed.words}, and there is no time for another try")
    time.sleep(wait)


def lower(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return *headers* as text, their names in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _headers(key: str | None, host: str) -> dict[str, str]:
    found = {
        "Accept": "application/json, text/event-stream",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": f"everycommit/{__version__}",
    }
    if key is not None:
        found |= {"api-key": key} if host.endswith(".azure.com") else {"Authorization": f"Bearer {key}"}
    return found


def _question(ask: Ask) -> str:
    return question(message.content for message in ask.messages)


def _seconds(text: str) -> float | None:
    """Return the seconds of a Retry-After: a number, or a date."""
    if not text:
        return None
    if text.replace(".", "", 1).isdigit() and text.isascii():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _reason(error: Exception) -> str:
    text = printable(str(error)).removesuffix(".")
    _, bracket, rest = text.partition("] ")
    text = rest if text.startswith("[Errno") and bracket else text
    return text[:1].lower() + text[1:120] if text else "the connection broke"


def _certificate(text: str) -> str:
    _, _, rest = text.partition("certificate verify failed: ")
    reason = printable(rest.partition(" (_ssl")[0]) or "its certificate is not valid"
    return f"{reason}; a certificate of your own goes into the file that SSL_CERT_FILE names"
