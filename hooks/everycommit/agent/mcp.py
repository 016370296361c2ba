"""The Model Context Protocol as far as a server with a few tools needs it: the handshake, the list, the calls.

Source: https://modelcontextprotocol.io/specification, revisions 2024-11-05 to 2025-11-25.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .. import __version__
from .rpc import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, Request, RpcError

VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
INSTRUCTIONS = (
    "everycommit judges every change of this repository before it lands: policy, lint, types, tests, review. Call "
    "verify after each step that leaves the code whole, mend what it finds, and call it again; a commit is held to the "
    "same. Ask explain where a rule is not clear. Nothing here changes a file, a setting or the scope: whether a "
    "finding is excused is for the person to decide."
)


class Said(NamedTuple):
    """What a tool says: words for the model and, where it has an output schema, the same as data."""

    text: str
    data: Mapping[str, Any] | None = None
    is_error: bool = False
    """Whether it could not do what it was asked; findings are no error."""


class Tool(NamedTuple):
    """One tool."""

    name: str
    title: str
    description: str
    inputs: Mapping[str, Any]
    """A JSON Schema of its arguments."""
    call: Callable[[Request, Mapping[str, Any]], Said]
    """Gets arguments that fit ``inputs`` as far as ``fitting`` looks."""
    outputs: Mapping[str, Any] | None = None
    asks_others: bool = False
    """Whether it may reach beyond this machine: a model that the person set up."""

    def listed(self) -> dict[str, Any]:
        """Return it as ``tools/list`` does."""
        told: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": {"type": "object", "additionalProperties": False, **self.inputs},
            "annotations": {
                "title": self.title,
                "readOnlyHint": True,
                "destructiveHint": False,
                "idempotentHint": True,
                "openWorldHint": self.asks_others,
            },
        }
        return told if self.outputs is None else told | {"outputSchema": self.outputs}


class Server:
    """Implements ``rpc.Handler``."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._greeted = False

    def quick(self, method: str) -> bool:
        return method != "tools/call"

    def handle(self, request: Request) -> Mapping[str, Any]:
        """Return the result of one request.

        Raises:
            RpcError: It is none that this server knows, or comes too early.
        """
        if request.method == "ping":
            return {}
        if request.method == "initialize":
            return self._initialized(request.params)
        if not self._greeted:
            raise RpcError(INVALID_REQUEST, f"'{request.method}' before 'initialize'")
        if request.method == "tools/list":
            return {"tools": [tool.listed() for tool in self._tools.values()]}
        if request.method == "tools/call":
            return self._called(request)
        raise RpcError(METHOD_NOT_FOUND, f"'{request.method}': no such method here; there are tools")

    def notified(self, method: str, params: Mapping[str, Any]) -> str | int | None:
        """Return the request that the client takes back; every other notification asks for nothing."""
        key = params.get("requestId")
        return key if method == "notifications/cancelled" and isinstance(key, str | int) else None

    def _initialized(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        wanted = params.get("protocolVersion")
        if not isinstance(wanted, str):
            raise RpcError(INVALID_PARAMS, "initialize: protocolVersion is missing")
        self._greeted = True
        return {
            "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[-1],
            "capabilities": {"tools": {"listChanged": False}},
            "serverInfo": {"name": "everycommit", "title": "everycommit", "version": __version__},
            "instructions": INSTRUCTIONS,
        }

    def _called(self, request: Request) -> Mapping[str, Any]:
        name, given = request.params.get("name"), request.params.get("arguments")
        tool = self._tools.get(name) if isinstance(name, str) else None
        if tool is None:
            raise RpcError(INVALID_PARAMS, f"{name!r}: no such tool; there are {', '.join(self._tools)}")
        values = {} if given is None else given
        mistake = fitting(tool.inputs, values)
        said = Said(f"{tool.name}: {mistake}", is_error=True) if mistake else tool.call(request, values)
        result: dict[str, Any] = {"content": [{"type": "text", "text": said.text}], "isError": said.is_error}
        return result if said.data is None else result | {"structuredContent": said.data}


def fitting(schema: Mapping[str, Any], values: object) -> str:
    """Return what does not fit the *schema* of a tool's arguments, as a sentence for the model; empty where all does.

    Looks at what those schemas use: types, enumerations, lists of texts, and names that are not there.
    """
    if not isinstance(values, Mapping):
        return "its arguments have to be an object"
    known = schema.get("properties", {})
    for name, value in values.items():
        if name not in known:
            return f"'{name}': no such argument; there are {', '.join(known) or 'none'}"
        wrong = _wrong(known[name], value)
        if wrong:
            return f"'{name}' {wrong}"
    missing = [name for name in schema.get("required", ()) if name not in values]
    return f"'{missing[0]}' is missing" if missing else ""


def _wrong(schema: Mapping[str, Any], value: object) -> str:
    kind = schema["type"]
    if kind == "array":
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            return "has to be a list of texts"
        return ""
    if not isinstance(value, {"string": str, "boolean": bool}[kind]):
        return {"string": "has to be a text", "boolean": "has to be true or false"}[kind]
    choices = schema.get("enum")
    return f"has to be one of {', '.join(choices)}" if choices and value not in choices else ""
