"""What a repository asks to run on this machine: its commands, services and interpreter, each with its digest."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .load import load
from .schema import Settings
from .trust import digest, interpreter_digest, prefix_digest, service_digest


class Request(NamedTuple):
    """One thing that a repository wants to run."""

    digest: str
    name: str
    """``command.docs``, ``services.db``, ``run.prefix`` or ``interpreter``."""
    line: str
    """The command as one would type it."""
    env: tuple[str, ...]
    """Names of the environment variables that it would see."""
    where: str
    """Who asks: ``HEAD``, ``index``, both, or ``together`` where it is of several."""


def requests(
    *, head: bytes | None, index: bytes | None, user: tuple[str, bytes] | None, environ: Mapping[str, str]
) -> tuple[Request, ...]:
    """Return what the pyproject.toml of HEAD and of the index name, each digest once, in the order of their names.

    What judges a staged change may be of several: HEAD's program with the index's variables, a command of the user's
    own. That counts too.

    Raises:
        SettingsErrors: Mistakes in the settings of the index, the user or the environment.
    """
    before = load(base=head, target=None, user=None, environ={}, flags={}).settings
    after = load(base=None, target=index, user=None, environ={}, flags={}, whole=True).settings
    judging = load(base=head, target=index, user=user, environ=environ, flags={}).settings
    found = {request.digest: request for request in _named(before, "HEAD")}
    for request in _named(after, "index"):
        where = "HEAD and index" if request.digest in found else "index"
        found[request.digest] = request._replace(where=where)
    for request in _named(judging, "together"):
        found.setdefault(request.digest, request)
    return tuple(sorted(found.values(), key=lambda request: (request.name, request.digest)))


def _named(settings: Settings, where: str) -> Iterator[Request]:
    import shlex

    if settings.interpreter is not None:
        path = settings.interpreter
        yield Request(interpreter_digest(path), "interpreter", shlex.quote(path), (), where)
    if settings.run.prefix:
        line = shlex.join([*settings.run.prefix, settings.run.python or "python"])
        yield Request(prefix_digest(settings.run), "run.prefix", line, settings.run.env, where)
    for project in settings.project:
        if project.python is not None:
            python = project.python
            yield Request(interpreter_digest(python), f"python of {project.root}", shlex.quote(python), (), where)
    for name, command in settings.command.items():
        line = shlex.join(command.run)
        yield Request(digest(name, command), f"command.{name}", line, command.env, where)
    for name, service in settings.services.items():
        line = shlex.join([*(f"{key}={text}" for key, text in service.env), *service.command])
        asked = f" (ready: {shlex.join(service.ready_command)})" if service.ready_command else ""
        yield Request(service_digest(name, service), f"services.{name}", line + asked, service.sees, where)
