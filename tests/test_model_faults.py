"""Whatever an endpoint does: an end in time, in bounded memory, in one clear sentence, and never taken for a review."""

import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from endpoint import Endpoint, simulated
from endpoint.faults import CHANGES, FAULTS, names
from everycommit.deadline import Deadline
from everycommit.errors import AnswerError, EndpointError, EverycommitError, ModelError, TimeRanOut
from everycommit.gates.review.answer import read
from everycommit.gates.review.parts import Answer
from everycommit.model.client import Ask, Message
from everycommit.model.profile import Key, Profile
from everycommit.model.worker import Worker
from everycommit.proc import Children
from everycommit.record import replace
from reviewing import piece, question, written
from wire import profile, soon

DEADLINE = 2.0
LATE = 0.5 if sys.gettrace() is None else 5.0
"""Seconds past the deadline; measuring coverage makes Python ten times slower."""
MOST_MEMORY = 200 * 1024
"""KiB."""
KEY = "key-that-no-error-shows-1"
ASKED = question(piece("h1", "+    return items[:-1]\n+    # and nothing else of interest here"))
TEXT = "Words of the question that no error may repeat, " * 20
ASKED = replace(ASKED, ask=Ask(messages=(Message("user", TEXT),), max_tokens=2000))
WAITS = {
    *("silent", "dripped_headers", "dripped_body", "dripped_events", "keepalive_comments", "half_open"),
    "endless_informational",
}
ENDPOINTS = {
    *("401", "402", "403", "404", "413", "429", "429_date", "429_soon", "500", "503", "echoed_key", "echoed_prompt"),
    *("escapes", "redirect", "refused", "reset", "reset_at_once", "not_http", "short_body", "no_content"),
    *("error_in_stream", "endless_headers"),
}
READABLE = {"fenced"}
"""No fault for a reader: what is in the fence is the answer, whole and the only one."""


@dataclass(frozen=True)
class Ended:
    """How one question ended."""

    seconds: float
    error: EverycommitError | None
    answer: Answer | None


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with simulated(tmp_path_factory.mktemp("faults"), script=[written(ASKED)], slots=64) as started:
        yield started


@contextmanager
def working(**environ: str) -> Iterator[Worker]:
    told = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "KEY": KEY} | environ
    with Children() as children:
        worker = Worker(children, environ=told, deadline=Deadline.after(120))
        try:
            yield worker
        finally:
            worker.close()


def asked(worker: Worker, who: Profile, seconds: float = DEADLINE) -> Ended:
    """Ask, and read the answer as a review does."""
    began = time.monotonic()
    error = answer = None
    try:
        reply = worker.ask(who, ASKED.ask, deadline=Deadline.after(seconds))
    except EverycommitError as raised:
        error = raised
    took = time.monotonic() - began
    if error is None:
        answer = read(ASKED, reply)
    return Ended(took, error, answer)


def peak(worker: Worker) -> int:
    """Return the most memory that the worker ever had, in KiB; 0 where that cannot be told."""
    status = Path(f"/proc/{worker.pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) if found else 0


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["chat", "sdk"])
def test_every_fault_ends_in_time_in_bounds_and_is_no_review(endpoint: Endpoint, transport: str) -> None:
    """All of them, four at a time, asked of one worker."""
    key = Key(kind="environment", name="KEY")

    def one(fault: str) -> Ended:
        return asked(worker, profile(endpoint.url, transport, f"fault:{fault}", key=key, slots=0))

    with working() as worker, ThreadPoolExecutor(4) as threads:
        honest = asked(worker, profile(endpoint.url, transport, key=key), 60)
        ended = dict(zip(names(), threads.map(one, names()), strict=True))
        memory = peak(worker)

    assert honest.answer is not None
    assert honest.answer.seen == {"h1"}
    assert len(ended) >= 50
    for fault, end in ended.items():
        assert end.seconds <= DEADLINE + LATE, (fault, end)
        if end.answer is not None:
            assert fault in CHANGES, (fault, end)
            assert not end.answer.seen or fault in READABLE, (fault, end)
            continue
        kind = type(end.error)
        if fault in WAITS:
            assert kind is TimeRanOut, (fault, end)
        elif fault in ENDPOINTS:
            assert isinstance(end.error, EndpointError), (fault, end)
        else:
            assert kind in {AnswerError, TimeRanOut}, (fault, end)
        said = str(end.error)
        assert "127.0.0.1" in said or "profile 'tested'" in said, (fault, said)
        assert 20 < len(said) < 300, (fault, said)
        assert said.isprintable(), (fault, said)
        assert KEY not in said, fault
        assert "Words of the question" not in said, (fault, said)
    assert memory <= MOST_MEMORY


def test_each_fault_of_the_wire_has_its_place_above() -> None:
    assert {*WAITS, *ENDPOINTS} <= FAULTS.keys()


@contextmanager
def listening(tmp_path: Path, authority: trustme.CA, *, expired: bool = False) -> Iterator[Endpoint]:
    """Yield an endpoint whose certificate *authority* signed, for localhost."""
    past = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        authority.issue_cert("localhost", not_before=past, not_after=past + timedelta(days=1))
        if expired
        else authority.issue_cert("localhost")
    )
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())
    with simulated(tmp_path / "tls", script=[written(ASKED)], tls_cert=str(cert), tls_key=str(key)) as started:
        yield replace_host(started, "localhost")


def replace_host(endpoint: Endpoint, host: str) -> Endpoint:
    return Endpoint(endpoint.url.replace("127.0.0.1", host), endpoint.records, endpoint.pid)


@pytest.mark.parametrize("transport", ["chat", "sdk"])
def test_a_certificate_of_the_users_own_authority_is_trusted(tmp_path: Path, transport: str) -> None:
    authority = trustme.CA()
    trusted = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(str(trusted))

    with listening(tmp_path, authority) as endpoint, working(SSL_CERT_FILE=str(trusted)) as worker:
        end = asked(worker, profile(endpoint.url, transport), 30)

    assert end.answer is not None
    assert end.answer.seen == {"h1"}


@pytest.mark.parametrize("transport", ["chat", "sdk"])
@pytest.mark.parametrize("fault", ["unknown", "expired", "another host"])
def test_a_certificate_that_cannot_be_trusted_is_said_and_nothing_sent(
    tmp_path: Path, fault: str, transport: str
) -> None:
    authority = trustme.CA()
    trusted = tmp_path / "trusted.pem"
    (trustme.CA() if fault == "unknown" else authority).cert_pem.write_to_path(str(trusted))

    with (
        listening(tmp_path, authority, expired=fault == "expired") as asking,
        working(SSL_CERT_FILE=str(trusted)) as worker,
    ):
        url = asking.url.replace("localhost", "127.0.0.1") if fault == "another host" else asking.url
        end = asked(worker, profile(url, transport), 30)

        assert asking.requests() == []

    words = {
        "unknown": "unable to get local issuer certificate",
        "expired": "certificate has expired",
        "another host": "IP address mismatch",
    }
    assert type(end.error) is EndpointError
    assert words[fault] in str(end.error)
    assert "SSL_CERT_FILE" in str(end.error)


@pytest.mark.parametrize("transport", ["chat", "sdk"])
def test_a_port_that_takes_connections_and_no_more(transport: str) -> None:
    """The queue of a server that hangs: the system answers for it."""
    with socket.create_server(("127.0.0.1", 0)) as held, working() as worker:
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        worker.start([profile(url, transport, slots=0)])
        time.sleep(0.01)
        end = asked(worker, profile(url, transport, slots=0), 5)

    assert type(end.error) is TimeRanOut
    assert end.seconds <= 5 + LATE


@pytest.mark.parametrize("transport", ["chat", "sdk"])
def test_a_server_that_reads_nothing_of_a_long_question(transport: str) -> None:
    held = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []
    threading.Thread(target=lambda: taken.append(held.accept()[0]), daemon=True).start()
    long = Ask(messages=(Message("user", "a line of words\n" * 600_000),), max_tokens=10)

    with held, working() as worker:
        who = profile(f"http://127.0.0.1:{held.getsockname()[1]}/v1", transport, slots=0)
        worker.start([who])
        began = time.monotonic()
        with pytest.raises((TimeRanOut, ModelError)):
            worker.ask(who, long, deadline=soon(5))
        took = time.monotonic() - began

    for connection in taken:
        connection.close()
    assert took <= 5 + LATE
