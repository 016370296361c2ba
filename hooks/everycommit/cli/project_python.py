"""The Python of the project that is judged: found, or asked behind a prefix."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..change import Candidate
from ..config.schema import Config, RunSettings
from ..config.trust import SHOWN, prefix_digest
from ..errors import ToolError
from ..rules.settings import FILE
from ..text import printable
from .call import Call
from .place import Place

if TYPE_CHECKING:
    from ..environment import Interpreter


def project_python(
    here: Place,
    candidate: Candidate,
    config: Config,
    call: Call,
    *,
    accepted: Callable[[str], bool],
    cache: Path,
    no_code: bool,
    project: str = ".",
    own: str | None = None,
) -> "Interpreter":
    """Return the Python that runs the code of *project*; *no_code*: nothing that the change names may run.

    *own* is what the settings name for it among several projects.

    Raises:
        ToolError: There is none, or nobody accepted it.
    """
    run = config.settings.run
    if run.prefix:
        if no_code:
            raise ToolError("run.prefix is not started where nothing of the change may run")
        return behind_prefix(run, here.repository.top, call, accepted=accepted, cache=cache)
    from ..environment import find

    # What the user set themselves needs nobody's word; what the repository set does.
    key = "interpreter" if own is None else "project"
    theirs = config.sources.get(key, "").startswith(FILE)
    return find(
        setting=config.settings.interpreter if own is None else own,
        top=here.repository.top,
        main_worktree=here.repository.main_worktree,
        environ=call.environ,
        tracked=lambda path: bool(here.quarantine.entries(candidate.change.target, [path])),
        accepted=accepted if theirs else lambda _: True,
        project=project,
        key=key,
    )


def behind_prefix(
    run: RunSettings, top: Path, call: Call, *, accepted: Callable[[str], bool], cache: Path
) -> "Interpreter":
    """Return the Python behind the prefix of *run*, asked what it is.

    Raises:
        ToolError: It was not accepted, or does not answer.
    """
    digest = prefix_digest(run)
    if not accepted(digest):
        words = printable(" ".join(run.prefix))
        raise ToolError(
            f"run.prefix was not accepted on this machine ({digest[:SHOWN]}): {words}; look at it and run: "
            "everycommit trust"
        )
    from ..prefixed import asked, behind

    return asked(behind(run, top=top, cache=cache, environ=call.environ))
