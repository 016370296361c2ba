"""What each service has to hold together, and what its ``ready`` means."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .schema import BUILT_IN
from .values import shown

PORT, FOLDER = "{port}", "{folder}"
_LINE = "line:"
_PORT = r"\{port\}|[1-9]\d{0,4}"
_URL = rf"http://(127\.0\.0\.1|localhost|\[::1\]):({_PORT})(/[!-~]*)?"
_MOST = 65_535


class Ready(NamedTuple):
    """What is waited for: a port, a page at a port, or a line."""

    port: str = ""
    """A number or ``{port}``; empty where a line is waited for."""
    host: str = "127.0.0.1"
    page: str = ""
    line: str = ""


def ready(text: str) -> Ready | None:
    """Return what ``ready = text`` waits for; None where it means nothing."""
    if text.startswith(_LINE):
        line = text.removeprefix(_LINE).strip()
        return Ready(line=line) if line else None
    if re.fullmatch(_PORT, text):
        found = Ready(port=text)
    elif page := re.fullmatch(_URL, text):
        found = Ready(port=page[2], host=page[1].strip("[]"), page=page[3] or "/")
    else:
        return None
    return found if found.port == PORT or int(found.port) <= _MOST else None


def wrong(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield setting and mistake of a service; what is not given is None in *found*."""
    command, told = found["command"], found["ready"]
    if command is None:
        yield "command", "missing; name the program and its arguments"
        return
    if told and found["ready_command"]:
        yield "ready_command", "there is 'ready' as well; one of the two says when it is ready"
    elif told and ready(told) is None:
        yield "ready", f"{shown(told)} is none of '{PORT}', a port, 'http://127.0.0.1:{PORT}/...' and 'line: TEXT'"
    elif not told and not found["ready_command"] and not uses_port(command, found["env"] or ()):
        yield "ready", f"missing, as is {PORT} in its command; say when it is ready"
    for gate in found["gates"] or ():
        if gate in BUILT_IN and gate != "tests":
            yield "gates", f"'{gate}' starts no code that could need it; there are 'tests' and names of commands"


def uses_port(command: tuple[str, ...], env: tuple[tuple[str, str], ...]) -> bool:
    """Tell whether a free port is asked for."""
    return any(PORT in text for text in (*command, *(text for _, text in env)))
