"""Connections that end at a deadline whatever the other side does, over httpcore or the copy of it that openai uses."""

import threading
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ..config.models import loopback, wrong_url
from ..deadline import Deadline
from ..errors import EndpointError

_PIECE = 64 * 1024
_WITH_US = 64
"""Open connections of one endpoint; more questions than that wait for one."""
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")
"""Environment variables that say how this machine reaches others."""


class Moment(threading.local):
    """The deadline of what the current thread does."""

    deadline: Deadline | None = None

    def left(self, timeout: float | None = None) -> float | None:
        """Return the seconds that are left, at most *timeout*."""
        if self.deadline is None:
            return timeout
        left = self.deadline.left()
        return left if timeout is None else min(left, timeout)


def base_url(url: str) -> SplitResult:
    """Return the parts of an endpoint's *url*.

    Raises:
        EndpointError: It cannot be asked: no such address, a password in it, or plain text to another machine.
    """
    mistake = wrong_url(url)
    if mistake:
        raise EndpointError(f"the address of the model: {mistake}")
    return urlsplit(url)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def host_of(parts: SplitResult) -> str:
    """Return host and, where it is not the usual one, port: what an error says."""
    usual = {"https": 443, "http": 80}[parts.scheme]
    host = parts.hostname or ""
    return f"{host}:{parts.port}" if parts.port not in {None, usual} else host


def pool(core: Any, parts: SplitResult, moment: Moment, environ: Mapping[str, str]) -> Any:
    """Return a pool of connections to *parts*, made with *core*: the module httpcore, or one that is like it.

    What the current thread does with it ends at the deadline in *moment*, with one of *core*'s timeouts. A proxy of
    *environ* is used for https to other machines, which goes through it unread; never for this machine.

    Raises:
        EndpointError: The proxy is none that can be used.
    """
    backend = _Backend(core, moment)
    settings: dict[str, Any] = {
        "network_backend": backend,
        "max_connections": _WITH_US,
        "max_keepalive_connections": _WITH_US,
        "keepalive_expiry": 60.0,
    }
    if parts.scheme == "https":
        settings["ssl_context"] = _trust()
    proxy = _proxy(parts, environ)
    if proxy is None:
        return core.ConnectionPool(**settings)
    auth = (proxy.username.encode(), (proxy.password or "").encode()) if proxy.username else None
    return core.HTTPProxy(proxy_url=f"{proxy.scheme}://{host_of(proxy)}", proxy_auth=auth, **settings)


def _trust() -> Any:
    """Return the certificates that the system trusts, or ``SSL_CERT_FILE`` names; certifi's where there are none."""
    import ssl

    context = ssl.create_default_context()
    places = ssl.get_default_verify_paths()
    if not (places.cafile or places.capath):  # pragma: no cover - some macOS Pythons
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _proxy(parts: SplitResult, environ: Mapping[str, str]) -> SplitResult | None:
    host = parts.hostname or ""
    if parts.scheme == "http" or loopback(host):
        return None
    found = next((environ[name] for name in PROXIES[:4] if environ.get(name)), None)
    unproxied = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if found is None or any(_within(host, name.strip()) for name in unproxied.split(",")):
        return None
    # Its address may hold a password: no error shows it.
    try:
        proxy = urlsplit(found if "://" in found else f"http://{found}")
        usable = proxy.scheme in {"http", "https"} and proxy.hostname and (proxy.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise EndpointError("the proxy that the environment names cannot be used: it has to be http:// or https://")
    return proxy


def _within(host: str, name: str) -> bool:
    """Tell whether *host* is *name* or below it, as curl reads NO_PROXY."""
    bare = name.lower().removeprefix("*").removeprefix(".").partition(":")[0]
    return name == "*" or (bool(bare) and (host == bare or host.endswith("." + bare)))


class _Backend:
    """Makes connections whose every step ends at the deadline of the thread that takes it."""

    def __init__(self, core: Any, moment: Moment) -> None:
        self._core = core
        self._moment = moment
        self._inner = core.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> "_Stream":
        error: Exception = self._core.ConnectError("the name stands for no address")
        for address in self._addresses(host, port):
            try:
                made = self._inner.connect_tcp(address, port, self._moment.left(timeout), local_address, socket_options)
            except self._core.ConnectError as refused:
                error = refused
            else:
                return _Stream(self._core, made, self._moment)
        raise error

    def _addresses(self, host: str, port: int) -> list[str]:
        """Look *host* up. The system's look-up cannot be broken off, so it has a thread of its own."""
        import socket

        if _is_number(host):
            return [host]
        found: list[str] = []
        wrong: list[OSError | UnicodeError] = []

        def look_up() -> None:
            try:
                found.extend(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                wrong.append(error)

        looking = threading.Thread(target=look_up, name=f"everycommit-look-up-{host}", daemon=True)
        looking.start()
        looking.join(self._moment.left())
        if looking.is_alive():
            raise self._core.ConnectTimeout("looking up the name took too long")
        if wrong:
            raise self._core.ConnectError(f"the name cannot be looked up: {getattr(wrong[0], 'strerror', wrong[0])}")
        return list(dict.fromkeys(found))

    def sleep(self, seconds: float) -> None:  # pragma: no cover - for the pool's own retries, which are off
        import time

        time.sleep(self._moment.left(seconds) or 0.0)


class _Stream:
    """A connection; each step ends at the deadline."""

    def __init__(self, core: Any, inner: Any, moment: Moment) -> None:
        self._core = core
        self._inner = inner
        self._moment = moment

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._moment.left(timeout)
        if left is not None and left <= 0:
            raise self._core.ReadTimeout("the deadline passed")
        got: bytes = self._inner.read(max_bytes, left)
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for place in range(0, len(buffer), _PIECE):
            left = self._moment.left(timeout)
            if left is not None and left <= 0:
                raise self._core.WriteTimeout("the deadline passed")
            self._inner.write(buffer[place : place + _PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        made = self._inner.start_tls(ssl_context, server_hostname, self._moment.left(timeout))
        return _Stream(self._core, made, self._moment)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
