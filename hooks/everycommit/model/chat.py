"""Asks an endpoint by OpenAI's chat completions, over httpcore; imported in the worker only."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpcore

from .. import __version__
from ..deadline import Deadline
from ..errors import AnswerError, EndpointError, TimeRanOut
from ..record import dataclass
from ..text import printable
from .client import Ask, Reply
from .connection import Moment, base_url, host_of, is_loopback, pool
from .dialect import adapted, body, first, rung_of
from .egress import Log, scan
from .profile import Profile
from .reading import ErrorSent, Reading, longest_wire
from .told import error_body, question, word

_TRIES = 3
_PAUSE = 0.2
"""Seconds before the second try; twice as long before each further one."""
_AFTER_WAIT = 0.2
"""Seconds that have to be left after a pause for a try to be worth it."""
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_HOUR = 3600.0
_LONGEST_ERROR = 64 * 1024
_COUNT_FOLLOWS = 1.0
"""Seconds that the end of a finished answer is waited for: it brings the count of tokens."""
_WORDS = {
    401: "look at the key of profile '{name}'",
    402: "the account behind its key has no credit",
    403: "its key may not do this",
    404: "is the model '{model}' there, and the address right?",
    413: "the question is too long for it",
}


class Chat:
    """One endpoint. Thread-safe; as many questions at once as the caller likes."""

    def __init__(self, profile: Profile, key: str | None, *, environ: Mapping[str, str], log: Log) -> None:
        """Connect to nothing yet; *environ* is asked for proxies and certificates.

        Raises:
            EndpointError: The address, the key or the proxy cannot be used.
        """
        parts = base_url(profile.url)
        self._profile = profile
        self._key = key
        self._log = log
        self._moment = Moment()
        self._host = host_of(parts)
        # What errors show: an address is text of the user's, a server's status is not.
        self._name = printable(self._host)
        self._origin = f"{parts.scheme}://{parts.netloc.encode('idna').decode()}"
        self._path = parts.path.rstrip("/")
        self._query = f"?{parts.query}" if parts.query else ""
        self._headers = _headers(profile, key, parts.hostname or "")
        self._pool = pool(httpcore, parts, self._moment, environ)
        self._dialect = first(profile, parts.hostname or "")
        self._lock = threading.Lock()

    def warm(self, *, deadline: Deadline) -> None:
        """Open a connection, so that the first question finds it ready; whatever goes wrong shows later."""
        try:
            with self._sending("HEAD", "/models", None, deadline) as response:
                response.read()
        except (EndpointError, AnswerError, TimeRanOut):
            return

    def get(self, path: str, *, deadline: Deadline, most: int = 4 * 1024 * 1024) -> tuple[int, bytes]:
        """Return status and body of ``GET`` *path*, from the base: ``/models``; ``//props`` is from the host's root.

        Raises:
            EndpointError: No answer could be had.
            AnswerError: The body is longer than *most*.
            TimeRanOut: The deadline passed.
        """
        with self._sending("GET", path, None, deadline) as response:
            return response.status, b"".join(_limited(response, most, self._name))

    def ask(self, ask: Ask, *, deadline: Deadline, on_text: Callable[[str], None] | None = None) -> Reply:
        """Return the answer; raises as ``ModelClient.ask``.

        Refusals to connect, statuses that say "later" and connections that break before the answer began are tried
        again while there is time. A parameter that the server does not know is left out at once and from then on.
        """
        tries = 1
        dialect = self._dialect
        while True:
            raw = body(self._profile, ask, dialect)
            scan(raw, self._key)
            reading = Reading(ask, on_text, began=time.monotonic())
            try:
                failed = self._tried(ask, raw, reading, deadline)
            except _BrokenError as broken:
                failed = _Failed(broken.args[0], again=not reading.begun)
            if failed is None:
                with self._named():
                    reply = reading.reply(rung=rung_of(dialect, ask), tries=tries, sent_bytes=len(raw))
                with self._lock:
                    self._dialect = dialect
                return reply
            other = adapted(dialect, ask, failed.status, failed.said)
            if other is not None:
                dialect = other
                continue
            self._pause(failed, tries, deadline)
            tries += 1

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()

    def _tried(self, ask: Ask, raw: bytes, reading: Reading, deadline: Deadline) -> "_Failed | None":
        """Ask once; return what went wrong, None for nothing."""
        self._log.add(host=self._host, model=self._profile.model, body=raw, files=ask.files)
        try:
            with self._sending("POST", "/chat/completions", raw, deadline) as response:
                if response.status != 200:
                    return self._refused(response, ask)
                kind = self._kind(response)
                pieces = _limited(response, longest_wire(ask), self._name)
                with self._named():
                    if kind == "text/event-stream":
                        reading.stream(self._until_counted(pieces, reading, deadline))
                    else:
                        reading.whole(b"".join(pieces))
        except ErrorSent as sent:
            said = word(sent.found, question=self._question(ask), key=self._key)
            raise EndpointError(f"{self._name} broke off with an error: {said or 'without a word'}") from None
        except (_BrokenError, TimeRanOut):
            if not reading.finished:
                raise
        return None

    def _until_counted(self, pieces: Iterator[bytes], reading: Reading, deadline: Deadline) -> Iterator[bytes]:
        hurried = False
        for piece in pieces:
            yield piece
            if reading.finished and not hurried:
                hurried, self._moment.deadline = True, deadline.within(_COUNT_FOLLOWS)

    def _kind(self, response: httpcore.Response) -> str:
        headers = _lower(response)
        packed = headers.get("content-encoding", "identity")
        if packed != "identity":
            raise AnswerError(f"{self._name} sent a packed answer ({printable(packed)[:20]}) that nobody asked for")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in {"text/event-stream", "application/json", ""}:
            raise AnswerError(
                f"{self._name} sent '{printable(kind)[:40]}' in place of an answer; is the address of profile "
                f"'{self._profile.name}' right?"
            )
        return kind

    def _refused(self, response: httpcore.Response, ask: Ask) -> "_Failed":
        status = response.status
        if 300 <= status < 400:
            raise EndpointError(
                f"{self._name} answered {status}: it sends elsewhere, which is not followed; give profile "
                f"'{self._profile.name}' the address where it listens"
            )
        raw = b"".join(_limited(response, _LONGEST_ERROR, self._name))
        said = word(error_body(raw), question=self._question(ask), key=self._key)
        hint = _WORDS.get(status, "").format(name=self._profile.name, model=printable(self._profile.model))
        words = "; ".join(
            part for part in (f"{self._name} answered {status}" + (f" ({said})" if said else ""), hint) if part
        )
        wait = _seconds(_lower(response).get("retry-after", ""))
        return _Failed(words, status=status, said=raw.decode("utf-8", "replace"), again=status in _AGAIN, wait=wait)

    def _pause(self, failed: "_Failed", tries: int, deadline: Deadline) -> None:
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

    @contextmanager
    def _sending(self, method: str, path: str, raw: bytes | None, deadline: Deadline) -> Iterator[httpcore.Response]:
        """Send a request; yield the response, whose body is still to be read.

        Raises:
            _BrokenError: The connection failed.
            TimeRanOut: The deadline passed.
        """
        if deadline.passed:
            raise TimeRanOut(f"no time was left to ask {self._name}")
        self._moment.deadline = deadline
        root, place = ("", path[1:]) if path.startswith("//") else (self._path, path)
        try:
            with self._pool.stream(
                method,
                f"{self._origin}{root}{place}{self._query}",
                headers=self._headers,
                content=raw,
                # Only the wait for a free connection asks for it here; all else asks `Moment`.
                extensions={"timeout": {"pool": deadline.left()}},
            ) as response:
                yield response
        except httpcore.TimeoutException as error:
            told = str(error) if isinstance(error, httpcore.ConnectTimeout) and str(error) else "no answer in time"
            raise TimeRanOut(f"{self._name}: {told}") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise EndpointError(f"{self._name} cannot be trusted: {_certificate(str(error))}") from None
            here = isinstance(error, httpcore.ConnectError) and is_loopback(urlsplit(self._origin).hostname or "")
            hint = "; is the model's server running?" if here else ""
            raise _BrokenError(f"{self._name}: {_reason(error)}{hint}") from None
        finally:
            self._moment.deadline = None

    def _question(self, ask: Ask) -> str:
        return question(message.content for message in ask.messages)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Put the host before what is wrong with an answer."""
        try:
            yield
        except AnswerError as error:
            told = str(error)
            raise AnswerError(told if told.startswith(self._name) else f"{self._name} {told}") from None


class _BrokenError(EndpointError):
    """A connection failed."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """What came of one try that brought no answer."""

    words: str
    status: int = 0
    said: str = ""
    """What the server sent, for ``adapted`` alone: it may hold anything."""
    again: bool = False
    """Whether it may go better another time."""
    wait: float | None = None
    """Seconds that the server asks for."""


def _headers(profile: Profile, key: str | None, host: str) -> dict[str, str]:
    found = {
        "Accept": "application/json, text/event-stream",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": f"everycommit/{__version__}",
    }
    if key is not None:
        if not key.isascii() or not key.isprintable() or not key:
            raise EndpointError(f"the key of profile '{profile.name}' holds characters that no key has")
        found |= {"api-key": key} if host.endswith(".azure.com") else {"Authorization": f"Bearer {key}"}
    return found


def _limited(response: httpcore.Response, most: int, name: str) -> Iterator[bytes]:
    """Yield the body of *response*, *most* bytes of it.

    Raises:
        AnswerError: There is more.
    """
    size = 0
    for piece in response.iter_stream():
        size += len(piece)
        if size > most:
            raise AnswerError(f"{name} sent more than {most} bytes")
        yield piece


def _lower(response: httpcore.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}


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
