"""Connections: proxies, names that nobody looks up in time, and who may be asked at all."""

import os
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

import everycommit
from endpoint import Endpoint, simulated
from everycommit.errors import EndpointError, TimeRanOut
from everycommit.model.connection import Moment, _proxy, base_url, host_of
from wire import ANSWER, client, profile, question, soon

HOST = "models.example"


class Tunnel:
    """A proxy that answers CONNECT, whatever the name, with a tunnel to one address of ours."""

    def __init__(self, target: tuple[str, int], status: bytes = b"200 Connection established") -> None:
        self.heads: list[bytes] = []
        self._target = target
        self._status = status
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:" + str(self._server.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                ours, _ = self._server.accept()
            except OSError:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += ours.recv(4096)
            self.heads.append(head)
            ours.sendall(b"HTTP/1.1 " + self._status + b"\r\n\r\n")
            if not self._status.startswith(b"200"):
                ours.close()
                continue
            theirs = socket.create_connection(self._target)
            for source, sink in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
        except OSError:
            pass
        finally:
            source.close()
            sink.close()


@contextmanager
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Endpoint, tuple[str, int]]]:
    """Yield an endpoint with a certificate for ``HOST`` that is trusted, and where it listens in truth."""
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    cert, key, trusted = (tmp_path / name for name in ("cert.pem", "key.pem", "trusted.pem"))
    cert.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with simulated(tmp_path / "tls", script=[ANSWER], tls_cert=str(cert), tls_key=str(key)) as started:
        parts = urlsplit(started.url)
        yield started, (parts.hostname or "", parts.port or 0)


@pytest.mark.parametrize("transport", ["chat", "sdk"])
def test_a_proxy_carries_what_it_cannot_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    with secured(tmp_path, monkeypatch) as (endpoint, place):
        tunnel = Tunnel(place)
        proxy = f"http://person:word@{tunnel.address}"
        with client(profile(f"https://{HOST}/v1", transport), environ={"HTTPS_PROXY": proxy}) as asked:
            reply = asked.ask(question(), deadline=soon(20))
        tunnel.close()

        assert reply.text == ANSWER
        assert endpoint.asked()[0].headers["host"] == HOST
        (head,) = tunnel.heads
        assert head.startswith(b"CONNECT models.example:443 HTTP/1.1\r\n")
        assert b"Basic cGVyc29uOndvcmQ=" in head
        assert b"key-of-the-tests" not in head


@pytest.mark.parametrize("transport", ["chat", "sdk"])
def test_a_proxy_that_refuses_is_said_without_its_password(transport: str) -> None:
    tunnel = Tunnel(("127.0.0.1", 9), b"407 Proxy Authentication Required")
    proxy = f"http://person:secret-word@{tunnel.address}"

    with (
        client(profile(f"https://{HOST}/v1", transport), environ={"HTTPS_PROXY": proxy}) as asked,
        pytest.raises(EndpointError, match="407 Proxy Authentication Required") as caught,
    ):
        asked.ask(question(), deadline=soon(20))
    tunnel.close()

    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "environ", "used"),
    [
        ("https://models.example/v1", {"HTTPS_PROXY": "http://proxy:1"}, True),
        ("https://models.example/v1", {"https_proxy": "proxy:1"}, True),
        ("https://models.example/v1", {"ALL_PROXY": "http://proxy:1"}, True),
        ("https://models.example/v1", {"HTTP_PROXY": "http://proxy:1"}, False),
        ("https://models.example/v1", {"HTTPS_PROXY": ""}, False),
        ("https://models.example/v1", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "a.example, .example"}, False),
        ("https://models.example/v1", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "models.example:443"}, False),
        ("https://models.example/v1", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "els.example"}, True),
        ("https://models.example/v1", {"HTTPS_PROXY": "http://proxy:1", "no_proxy": "*"}, False),
        ("https://localhost:8443/v1", {"HTTPS_PROXY": "http://proxy:1"}, False),
        ("http://127.0.0.1:8000/v1", {"ALL_PROXY": "http://proxy:1"}, False),
    ],
)
def test_when_a_proxy_is_used(url: str, environ: dict[str, str], *, used: bool) -> None:
    assert (_proxy(urlsplit(url), environ) is not None) == used


@pytest.mark.parametrize(
    "proxy", ["socks5://proxy:1", "http://", "http://[::1", "http://person:secret-word@proxy:port"]
)
def test_a_proxy_that_cannot_be_used_is_said_and_not_shown(proxy: str) -> None:
    with (
        pytest.raises(EndpointError, match="the proxy that the environment names") as caught,
        client(profile(f"https://{HOST}/v1"), environ={"ALL_PROXY": proxy}),
    ):
        pass

    assert "proxy:1" not in str(caught.value)
    assert "secret-word" not in str(caught.value)


def test_the_usual_port_is_not_said() -> None:
    assert host_of(base_url("https://models.example:443/v1")) == "models.example"
    assert host_of(base_url("https://models.example:8443/v1")) == "models.example:8443"


def test_a_name_of_another_alphabet_is_asked_by_its_wire_form(tmp_path: Path) -> None:
    with client(profile("https://bücher.example/v1")) as made:
        assert getattr(made, "_origin") == "https://xn--bcher-kva.example"  # noqa: B009 - of no Protocol


def test_without_a_deadline_a_moment_has_no_end() -> None:
    assert Moment().left() is None
    assert Moment().left(3) == 3


def test_a_name_that_does_not_exist_is_said() -> None:
    with (
        client(profile("https://no-such-host.invalid/v1")) as asked,
        pytest.raises((EndpointError, TimeRanOut), match=r"no-such-host\.invalid: .*look"),
    ):
        asked.ask(question(), deadline=soon(20))


SLOW_NAMES = r"""
import fcntl, os, socket, struct, sys, time
sys.path[:0] = sys.argv[2:]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 0x41))
held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
held.bind(("127.0.0.1", 53))  # takes every question and answers none
from pathlib import Path
from everycommit.deadline import Deadline
from everycommit.errors import TimeRanOut
from everycommit.model.client import Ask, Message
from everycommit.model.profile import Profile
from everycommit.model.worker import Worker
from everycommit.proc import Children
with Children() as children:
    environ = {"PATH": os.environ["PATH"], "HOME": "/"}
    worker = Worker(children, environ=environ, deadline=Deadline.after(30))
    who = Profile(name="p", url="https://models.example/v1", model="m", transport=sys.argv[1], slots=0)
    worker.start([who])
    while worker.pid is None:
        time.sleep(0.05)
    try:
        worker.ask(who, Ask(messages=(Message("user", "x"),), max_tokens=9), deadline=Deadline.after(4))
    except TimeRanOut as error:
        print(error)
    worker.close()
"""


@pytest.mark.parametrize("transport", ["chat", "sdk"])
@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_a_name_server_that_never_answers(tmp_path: Path, transport: str) -> None:
    """The system's own resolver, in a network of its own, asks a server that takes questions and says nothing."""
    names = tmp_path / "resolv.conf"
    names.write_text("nameserver 127.0.0.1\n")
    mount = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    unshared = ["unshare", "-rmn", "sh", "-c", mount, str(names)]
    try:
        subprocess.run([*unshared, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no namespaces here")
    paths = [str(Path(everycommit.__file__).parent.parent), sysconfig.get_path("purelib")]

    done = subprocess.run(
        [*unshared, sys.executable, "-c", SLOW_NAMES, transport, *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"]},
    )

    assert done.stdout == "models.example: looking up the name took too long\n", done.stderr
