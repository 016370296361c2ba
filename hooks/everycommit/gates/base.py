"""What a gate is given, and what a gate is."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..change import Blobs, Change
from ..config.schema import Config
from ..deadline import Deadline
from ..record import dataclass
from ..result import Finding, GateResult

if TYPE_CHECKING:
    from ..environment import Interpreter
    from ..ledger import Answers
    from ..maps import Maps
    from ..model.client import Ask, Reply
    from ..model.profile import Profile
    from ..proc import Done, Running
    from ..projects.member import Member
    from ..repo.snapshot import Snapshot
    from ..shards import Shard


class Trees(Protocol):
    """Trees as folders. Taking one twice in a run gives the same folder; all are given back at the end of the run."""

    def target(self) -> "Snapshot":
        """Return the change's target as a folder."""
        ...

    def older(self, tree: str) -> "Snapshot":
        """Return another *tree* (object name) as a folder of its own, beside the target's."""
        ...

    def overlay(self, tree: str, entries: Mapping[str, tuple[str, str] | None]) -> str:
        """Return the object name of *tree* with *entries* laid over: ``{path: (mode, object name)}``, None drops it."""
        ...

    def ignored(self, paths: Sequence[str]) -> Sequence[str]:
        """Return those of *paths* that git ignores in the working tree, in order."""
        ...

    def linked(self) -> str:
        """Return a word for the contents of what ``snapshot.link`` names, or a ``ledger.doubt``."""
        ...


class Programs(Protocol):
    """Starts programs: ``proc.Children``, which says what each argument is."""

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        deadline: Deadline,
        on_line: Callable[[bytes], None] | None = None,
        stdin: Path | None = None,
        keep: Sequence[int] = (),
        limit: int = ...,
    ) -> "Done": ...


class Starter(Programs, Protocol):
    """Starts what goes on beside them, too."""

    def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[bytes], None],
        keep: Sequence[int] = (),
        patience: float = ...,
    ) -> "Running": ...


class Services(Protocol):
    """Servers that gates need, started when the first one does. Thread-safe."""

    def used(self, job: "Job", snapshot: "Snapshot", gate: str) -> AbstractContextManager[Mapping[str, str]]:
        """Have the services of *gate* run in *snapshot* meanwhile; give the variables for who uses them.

        Raises:
            ToolError: One is not accepted, cannot be started, does not get ready or has died in the meantime.
        """
        ...

    def told(self, gate: str) -> Sequence[str]:
        """Return what was started for *gate* so far, a clause each."""
        ...


class Models(Protocol):
    """Models that the user set up, asked by a process of its own. Thread-safe."""

    def profile(self, role: str, *, tokens_in: int, tokens_out: int, seconds: float) -> "Profile | None":
        """Return who answers as ``finder`` or ``judge``: the strongest one that is fast enough; None for nobody.

        *seconds* are left for an answer of *tokens_out* to a question of *tokens_in*.
        """
        ...

    def ask(
        self, profile: "Profile", ask: "Ask", *, deadline: Deadline, on_text: Callable[[str], None] | None = None
    ) -> "Reply":
        """Return the answer; raises as ``model.client.ModelClient.ask``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One change to judge in one project root: all that a gate may look at."""

    change: Change
    config: Config
    occasion: str
    """commit, push or ci."""
    project: str = "."
    """The project's folder from the repository's root."""
    member: "Member | None" = None
    """The project's place among others; None where the repository is judged as one."""
    deadline: Deadline
    blobs: Blobs
    trees: Trees
    children: Programs
    interpreter: Callable[[], "Interpreter"]
    """The project's Python, found at the first call.

    Raises ToolError where there is none.
    """
    environ: Mapping[str, str]
    """The clean environment for children: an allow-list, no ``GIT_*``, no key."""
    accepted: Callable[[str], bool]
    """Whether a command's digest was accepted on this machine."""
    say: Callable[[str], None]
    """Progress in a few words, ``9/14  test_nav.py``; shown on a terminal only."""
    maps: "Maps | None" = None
    """What was recorded of the tests; None where nobody may use it."""
    answers: "Answers | None" = None
    """What outsiders answered in earlier runs; None where nothing is looked up or kept."""
    services: Services | None = None
    """The servers that gates need; None where the settings name none."""
    models: Models | None = None
    """Who can be asked; None where no model was set up."""
    others: Callable[[], Sequence[GateResult]] | None = None
    """What other gates of this run have said so far."""
    shard: "Shard | None" = None
    """Which part of the work is this run's; None where all of it is. A gate that has ``splits = True`` does its part
    and says so in ``GateResult.part``; of the others each is run by one shard."""


class Gate(Protocol):
    """Judges a job. It prints nothing, reads no settings file and never looks at the working tree.

    One that judges each of several projects by itself has ``apart(job)`` as well: the paths of the change that its
    verdict can depend on, for a job of the whole repository.
    """

    name: str
    keeps: str
    """Which verdicts the ledger keeps: ``ledger.ALL``, ``PASSES`` where a failure may be the weather, ``NOTHING`` where
    judging costs less than looking up."""
    compared_with: tuple[str, ...]
    """Those of ``inputs`` that only tell old findings from new: where a result says ``everything`` and has no finding,
    it holds whatever they are."""

    def skip(self, job: Job) -> str | None:
        """Return why there is nothing to judge here, None when there is. Looks at the change and the objects only."""
        ...

    def inputs(self, job: Job) -> Mapping[str, str]:
        """Return all that the verdict depends on, by name: a part left out is a false reuse.

        everycommit itself, the gate's name and the project are added to it. What cannot be told for sure is a
        ``ledger.doubt``, and the verdict is then not kept.
        """
        ...

    def check(self, job: Job) -> GateResult:
        """Return the verdict on the target alone, as if every finding were new.

        ``blocks``, ``seconds``, ``inputs``, ``Finding.new`` and fingerprints are the engine's to fill.

        Raises:
            EverycommitError: It could not be verified; the engine makes that inconclusive.
        """
        ...

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Return what the gate finds in tree *parent*, under target's paths and settings.

        Asked once a parent and only when ``check`` had *findings*; what is in both as a multiset of
        ``result.identity`` is old. It is enough to return what could match one of *findings*.

        Raises:
            EverycommitError: The parent could not be judged; the engine makes that inconclusive.
        """
        ...
