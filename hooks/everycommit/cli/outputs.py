"""Where a verdict is written, and in which formats: standard output has one, files have any number."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UsageError
from ..report.formats import FORMATS
from .call import Call

if TYPE_CHECKING:
    import argparse

_FOR_PEOPLE = frozenset({"text", "concise"})


class Outputs(NamedTuple):
    """A format for standard output and files with theirs."""

    screen: str = "text"
    files: tuple[tuple[str, Path], ...] = ()
    after: tuple[str, ...] = ()
    """Formats that follow on standard output."""
    added: tuple[tuple[str, Path], ...] = ()
    """Files to whose end it is written."""


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare ``--format`` and ``--output``."""
    parser.add_argument(
        "--format", choices=FORMATS, metavar="FORMAT", help=f"of standard output: {', '.join(FORMATS)} (default: text)"
    )
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        help="write the verdict to a file as well; may be given again; - is standard output",
    )


def chosen(format_: str | None, given: Sequence[str], cwd: Path) -> Outputs:
    """Return what ``--format`` and ``--output`` ask for, before anything is judged.

    Raises:
        UsageError: No such format, two for standard output, or a file that cannot be there.
    """
    screens = [format_] if format_ else []
    files: list[tuple[str, Path]] = []
    for pair in given:
        name, equals, place = pair.partition("=")
        if not equals or not place:
            raise UsageError(f"--output '{pair}': give FORMAT=FILE, such as sarif=everycommit.sarif; - is the screen")
        _known(name, pair)
        if place == "-":
            screens.append(name)
        else:
            files.append((name, _writable(cwd / place, pair)))
    if len(screens) > 1:
        raise UsageError(f"standard output can have one format, not {' and '.join(screens)}; write the others to files")
    return Outputs(screens[0] if screens else "text", tuple(files))


def of_ci(outputs: Outputs, call: Call) -> Outputs:
    """Return *outputs* with what a GitHub job reads by itself: annotations behind text, and the step's summary.

    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions, "Adding a job summary".
    """
    if call.environ.get("GITHUB_ACTIONS") != "true":
        return outputs
    summary = call.environ.get("GITHUB_STEP_SUMMARY")
    return outputs._replace(
        after=("github",) if outputs.screen in _FOR_PEOPLE else (),
        added=(("markdown", call.cwd / summary),) if summary else (),
    )


def add(text: str, place: Path) -> None:
    """Put *text* at the end of *place*.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        with place.open("ab") as file:
            file.write(text.encode(errors="replace"))
    except OSError as error:
        raise _not_written(place, error) from error


def write(text: str, place: Path) -> None:
    """Put *text* at *place*, whole or not at all.

    Raises:
        UsageError: It cannot be written.
    """
    if place.exists() and not place.is_file():
        # /dev/stderr, a pipe: there is nothing to replace.
        _written(text, place)
        return
    new = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        _written(text, new)
        new.replace(place)
    finally:
        new.unlink(missing_ok=True)


def harmless(text: str, format_: str, environ: Mapping[str, str]) -> str:
    """Return *text* so that GitHub takes nothing in it for a command: what a tool said may begin with ``::``.

    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions, "Stopping and starting".
    """
    if format_ not in _FOR_PEOPLE or environ.get("GITHUB_ACTIONS") != "true":
        return text
    token = os.urandom(16).hex()
    return f"::stop-commands::{token}\n{text}::{token}::\n"


def _known(name: str, pair: str) -> None:
    if name not in FORMATS:
        from difflib import get_close_matches

        near = get_close_matches(name, FORMATS, 1)
        mean = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(FORMATS)}"
        raise UsageError(f"--output '{pair}': no such format '{name}'; {mean}")


def _writable(place: Path, pair: str) -> Path:
    if place.is_dir():
        raise UsageError(f"--output '{pair}': '{place}' is a folder; name a file in it")
    if not place.parent.is_dir():
        raise UsageError(f"--output '{pair}': there is no folder '{place.parent}'; make it first")
    return place


def _written(text: str, place: Path) -> None:
    try:
        # Every format is whole in UTF-8; what is not Unicode was made so by the format.
        place.write_bytes(text.encode(errors="replace"))
    except OSError as error:
        raise _not_written(place, error) from error


def _not_written(place: Path, error: OSError) -> UsageError:
    return UsageError(f"the verdict cannot be written to '{place}': {error.strerror}")
