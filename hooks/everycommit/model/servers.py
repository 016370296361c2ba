"""Servers that are known by name, and those that answer on this machine."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from ..record import dataclass

_SECONDS = 0.3
"""How long somebody on this machine is waited for."""
_MOST = 1_000_000
"""Bytes of a list of models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server listens unless somebody says otherwise."""

    name: str
    url: str
    key_env: str | None = None
    """The variable in which its key usually lies; None for one that runs here and asks for none."""

    @property
    def local(self) -> bool:
        return self.key_env is None


SERVERS = (
    Server(name="cerebras", url="https://api.cerebras.ai/v1", key_env="CEREBRAS_API_KEY"),
    Server(name="openai", url="https://api.openai.com/v1", key_env="OPENAI_API_KEY"),
    Server(name="groq", url="https://api.groq.com/openai/v1", key_env="GROQ_API_KEY"),
    Server(name="ollama", url="http://127.0.0.1:11434/v1"),
    Server(name="vllm", url="http://127.0.0.1:8000/v1"),
    Server(name="llamacpp", url="http://127.0.0.1:8080/v1"),
)
TITLES = {"ollama": "Ollama", "vllm": "vLLM", "llamacpp": "llama.cpp"}
PAGES = ("/models", "//props", "//api/ps")
"""What is asked about models: OpenAI's list, llama.cpp's and Ollama's own pages, these from the host's root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model that could be set up; nobody asks it before that."""

    because: str
    """``Ollama answers on 127.0.0.1:11434``."""
    command: str


def server(name: str) -> Server | None:
    """Return the server known as *name*."""
    return next((one for one in SERVERS if one.name == name), None)


def offers(environ: Mapping[str, str], servers: Sequence[Server] = SERVERS) -> Iterator[Offer]:
    """Yield what could be added here: by OpenAI's usual variables, and servers that answer on this machine."""
    url = environ.get("OPENAI_BASE_URL")
    if environ.get("OPENAI_API_KEY") or url:
        names = [name for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL") if environ.get(name)]
        key = " --key-env OPENAI_API_KEY" if environ.get("OPENAI_API_KEY") else ""
        what = f"{url}{key}" if url else "openai"
        yield Offer(because=f"{' and '.join(names)} {'are' if names[1:] else 'is'} set", command=_add(what))
    for one in servers:
        if one.local and answers(one):
            place = urlsplit(one.url).netloc
            yield Offer(because=f"{TITLES[one.name]} answers on {place}", command=_add(one.name))


def answers(one: Server) -> bool:
    """Tell whether a server of models listens where *one* usually does; anything else that listens there is not."""
    import socket

    parts = urlsplit(one.url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=_SECONDS).close()
    except OSError:
        return False
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    with suppress(OSError, HTTPException):
        connection.request("GET", f"{parts.path}/models", headers={"Accept-Encoding": "identity"})
        response = connection.getresponse()
        return response.status == 200 and listed(response.read(_MOST)) is not None
    connection.close()
    return False


def listed(page: bytes | str) -> tuple[str, ...] | None:
    """Return the names in a list of models, None where *page* is no such list; one that cannot be shown is left out."""
    found = entries(page)
    if found is None:
        return None
    return tuple(dict.fromkeys(name for entry in found if (name := str(entry["id"])).isprintable() and name))


def entries(page: bytes | str) -> "list[dict[str, Any]] | None":
    """Return the models of OpenAI's ``/models``; None where *page* is none."""
    found = parsed(page)
    held = found.get("data") if isinstance(found, dict) else None
    if not isinstance(held, list):
        return None
    return [entry for entry in held if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def parsed(page: bytes | str) -> Any:
    """Return what *page* holds as JSON, None where it is none."""
    try:
        return json.loads(page)
    except (ValueError, RecursionError):
        return None


def context(model: str, pages: Mapping[str, bytes | str]) -> tuple[int | None, int | None]:
    """Return the tokens of question and answer together, and the questions at once, as *pages* tell them.

    *pages* are those of ``PAGES`` that were there. A server of many models says more of each than of itself.

    Source: llama.cpp's ``/props`` (``n_ctx`` is a slot's), vLLM's ``max_model_len``, Groq's ``context_window``, others'
    ``context_length``, and Ollama's ``/api/ps`` for a model that is loaded.
    """
    props: Any = parsed(pages.get("//props", ""))
    props = props if isinstance(props, dict) else {}
    settings: Any = props.get("default_generation_settings")
    held = [settings.get("n_ctx") if isinstance(settings, dict) else None, props.get("n_ctx")]
    for entry in entries(pages.get("/models", "")) or ():
        if entry["id"] == model:
            held += [entry.get(name) for name in ("max_model_len", "context_window", "context_length")]
    loaded: Any = parsed(pages.get("//api/ps", ""))
    loaded = loaded.get("models") if isinstance(loaded, dict) else None
    for entry in loaded if isinstance(loaded, list) else ():
        if isinstance(entry, dict) and model in {entry.get("name"), entry.get("model")}:
            held.append(entry.get("context_length"))
    return next(filter(_whole, held), None), next(filter(_whole, [props.get("total_slots")]), None)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _add(what: str) -> str:
    import shlex

    words = " ".join(shlex.quote(word) for word in what.split(" "))
    return f"everycommit models add {words}"
