"""JSON-RPC 2.0 over lines: a message a line, requests answered as they are done, each of them cancellable.

Source: https://www.jsonrpc.org/specification; how the Model Context Protocol uses it on standard streams:
https://modelcontextprotocol.io/specification/2025-06-18/basic/transports, "stdio".
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Protocol

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
LONGEST = 4 << 20
"""Bytes of one message; a longer one is answered with an error and skipped."""
AT_ONCE = 4
"""Requests that work at the same time; more are refused, so that nobody can pile them up."""


class RpcError(Exception):
    """An error that is the answer to a request."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Cancelled(Exception):  # noqa: N818 - no error of anybody's
    """The client takes its request back; nothing is answered."""


class Request:
    """One request that is worked on."""

    def __init__(self, peer: "Peer", key: Any, method: str, params: Mapping[str, Any]) -> None:
        self.method = method
        self.params = params
        self.gone = threading.Event()
        """Set where nobody waits for the answer any more."""
        self._peer = peer
        self._key = key

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Tell the client something on the way."""
        if not self.gone.is_set():
            self._peer.send({"jsonrpc": "2.0", "method": method, "params": params})

    def answer(self, result: Mapping[str, Any]) -> None:
        if not self.gone.is_set():
            self._peer.send({"jsonrpc": "2.0", "id": self._key, "result": result})

    def fail(self, code: int, message: str) -> None:
        if not self.gone.is_set():
            self._peer.send({"jsonrpc": "2.0", "id": self._key, "error": {"code": code, "message": message}})


class Handler(Protocol):
    """What answers."""

    def quick(self, method: str) -> bool:
        """Tell whether a request takes no time worth a thread."""
        ...

    def handle(self, request: Request) -> Mapping[str, Any]:
        """Return the result.

        Raises:
            RpcError: That is the answer.
            Cancelled: Nobody wants one.
        """
        ...

    def notified(self, method: str, params: Mapping[str, Any]) -> str | int | None:
        """Take a notification; return which request it cancels."""
        ...


class Peer:
    """Reads messages from one stream and writes to another until the first ends."""

    def __init__(self, source: BinaryIO, sink: BinaryIO, handler: Handler, *, bug: Callable[[Exception], None]) -> None:
        """*bug* is told what a handler raised that it should not have."""
        self._source = source
        self._sink = sink
        self._handler = handler
        self._bug = bug
        self._writing = threading.Lock()
        self._changing = threading.Lock()
        self._open: dict[Any, Request] = {}
        self._threads: list[threading.Thread] = []

    def serve(self, patience: float = 5.0) -> None:
        """Answer until the source ends; what is worked on then is cancelled, and has *patience* seconds to stop."""
        try:
            while line := self._source.readline(LONGEST + 1):
                if len(line) > LONGEST and not line.endswith(b"\n"):
                    self._skip()
                    self.send(_error(None, INVALID_REQUEST, f"a message is longer than {LONGEST} bytes"))
                elif line.strip():
                    self._take(line)
        finally:
            with self._changing:
                waiting = [*self._open.values()]
            for request in waiting:
                request.gone.set()
            for thread in self._threads:
                thread.join(patience / max(1, len(self._threads)))

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message; a client that has gone away is no error: its end of the source tells."""
        line = json.dumps(message, ensure_ascii=True, allow_nan=False).encode() + b"\n"
        with self._writing:
            try:
                self._sink.write(line)
                self._sink.flush()
            except (OSError, ValueError):
                return

    def _skip(self) -> None:
        while (rest := self._source.readline(LONGEST)) and not rest.endswith(b"\n"):
            pass

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            self.send(_error(None, PARSE_ERROR, "a line is no JSON"))
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            self.send(_error(None, INVALID_REQUEST, "a message is one object of JSON-RPC 2.0; batches are not taken"))
            return
        method, params, key = message.get("method"), message.get("params", {}), message.get("id")
        if method is None and ("result" in message or "error" in message):
            return  # an answer to nothing that was asked
        if not isinstance(method, str) or not isinstance(params, dict) or not isinstance(key, str | int | None):
            self.send(_error(key if isinstance(key, str | int) else None, INVALID_REQUEST, "this is no request"))
        elif "id" not in message:
            self._cancel(self._handler.notified(method, params))
        elif key is None:
            self.send(_error(None, INVALID_REQUEST, "a request has an id that is not null"))
        else:
            self._start(Request(self, key, method, params), key)

    def _cancel(self, key: str | int | None) -> None:
        with self._changing:
            request = self._open.get(key) if key is not None else None
        if request is not None:
            request.gone.set()

    def _start(self, request: Request, key: str | int) -> None:
        with self._changing:
            if key in self._open:
                self.send(_error(key, INVALID_REQUEST, f"request {key!r} is still worked on"))
                return
            if not self._handler.quick(request.method) and len(self._open) >= AT_ONCE:
                self.send(_error(key, INTERNAL_ERROR, f"{AT_ONCE} requests are worked on; wait for one of them"))
                return
            self._open[key] = request
        if self._handler.quick(request.method):
            self._work(request, key)
            return
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._work, args=(request, key), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, request: Request, key: str | int) -> None:
        try:
            request.answer(self._handler.handle(request))
        except RpcError as error:
            request.fail(error.code, str(error))
        except Cancelled:
            pass
        except Exception as error:  # noqa: BLE001 - a bug of one answer must not end the session
            self._bug(error)
            request.fail(INTERNAL_ERROR, f"everycommit broke: {type(error).__name__}; standard error has the rest")
        finally:
            with self._changing:
                self._open.pop(key, None)


def _error(key: str | int | None, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": key, "error": {"code": code, "message": message}}
