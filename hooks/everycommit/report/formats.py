"""The forms in which a verdict can be written, by the names that ruff and others use for them."""

from collections.abc import Sequence
from importlib import import_module

from ..result import Verdict
from .style import Style

_MODULES = {
    "json": "machine",
    "json-lines": "lines",
    "sarif": "sarif",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
    "rdjson": "rdjson",
    "markdown": "markdown",
}
FORMATS = ("text", "concise", *_MODULES)


def rendered(name: str, verdicts: Sequence[Verdict], *, exit: int, style: Style, repeat: str) -> str:  # noqa: A002
    """Return *verdicts* in the format *name*; *style* and *repeat* as ``terminal.render``."""
    if name == "text":
        from . import terminal

        return terminal.render(verdicts, style=style, repeat=repeat)
    if name == "concise":
        from . import concise

        return concise.render(verdicts, style=style, exit=exit)
    text: str = import_module(f".{_MODULES[name]}", __package__).render(verdicts, exit=exit)
    return text
