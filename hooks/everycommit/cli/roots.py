"""The projects of the repository that a run judges: found in the target tree when a gate first asks."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..gates.base import Job
from ..record import replace
from .later import LaterInterpreter

if TYPE_CHECKING:
    from ..config.schema import ProjectSettings, Settings
    from ..environment import Interpreter
    from ..projects.member import Member
    from ..projects.tree import Tree
    from ..repo.quarantine import Quarantine

Find = Callable[[str, str | None], "Interpreter"]
"""Returns the Python of the project in this folder; its setting's, where that names one."""


class Roots:
    """The projects of one target tree."""

    def __init__(self, quarantine: "Quarantine", tree: str, settings: "Settings", find: Find) -> None:
        self._quarantine = quarantine
        self._tree = tree
        self._settings = settings
        self._find = find
        self._found: tuple[Tree, tuple[str, ...]] | None = None
        self._pythons: dict[str, LaterInterpreter] = {}

    def found(self) -> tuple[str, ...]:
        """Return the folders of the projects below the root, sorted.

        Raises:
            SettingsErrors: A folder that the settings name is not there.
        """
        return self._all()[1]

    def jobs(self, job: Job, gate: str, telling: Sequence[str]) -> Sequence[Job]:
        """Return *job* for each project that *gate* judges by itself, reached by the paths *telling*; none for one.

        Raises:
            EverycommitError: The tree cannot be read, or the settings do not fit it.
        """
        roots = self.found()
        apart = self._apart(gate) if roots else ()
        if not apart:
            return ()
        reached = frozenset(roots) if self._whole(job) else self._reached(telling)
        return [self._job(job, member) for member in self._members(apart, reached)]

    def known(self, root: str) -> str:
        """Return *root*, a folder that a person named, as it is called here.

        Raises:
            UsageError: There is no such project.
        """
        name = os.path.normpath(root)
        there = (".", *self.found())
        if name in there:
            return name
        from ..config.values import nearest

        raise UsageError(f"--project '{root}': no such project{nearest(name, there) or f'; there are {_few(there)}'}")

    def _all(self) -> "tuple[Tree, tuple[str, ...]]":
        if self._found is None:
            from ..projects.found import may_hold_several, roots
            from ..projects.tree import Tree

            named = [one.root for one in self._settings.project]
            listing = self._quarantine.git.out("ls-tree", "-r", "-z", "--name-only", "--full-tree", self._tree)
            if not named and not may_hold_several(listing):
                self._found = Tree(frozenset(), lambda _: {}), ()
            else:
                paths = frozenset(map(os.fsdecode, listing.split(b"\0")[:-1]))
                tree = Tree(paths, self._contents)
                self._found = tree, roots(tree, named)
        return self._found

    def _contents(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        entries = self._quarantine.entries(self._tree, paths)
        return {path: self._quarantine.read(oid) for path, (mode, oid) in entries.items() if mode.startswith("100")}

    def _apart(self, gate: str) -> tuple[str, ...]:
        from ..projects import apart

        tree, roots = self._all()
        named = [one.root for one in self._settings.project]
        if gate == "tests":
            return apart.with_own_tests(tree, roots, self._settings.tests.args, named)
        return apart.with_own_types(tree, roots, self._settings.types.paths, named)

    def _reached(self, telling: Sequence[str]) -> frozenset[str]:
        from ..projects.reach import reached

        tree, roots = self._all()
        return reached(tree, roots, telling, {one.root: one.depends for one in self._settings.project})

    def _whole(self, job: Job) -> bool:
        """Tell whether all projects are judged: nothing to compare with, or CI, the net below what was reached."""
        tests = self._settings.tests
        return job.change.whole or (job.occasion == "ci" and tests.select(job.occasion) == "all")

    def _members(self, apart: Sequence[str], reached: frozenset[str]) -> "list[Member]":
        from ..projects.found import excluded
        from ..projects.member import Member

        # What lies in no project may use any of them.
        top = Member(root=".", inner=excluded(apart, "."))
        own = any(path.endswith((".py", ".pyi")) and top.owns(path) for path in self._all()[0].paths)
        below = [Member(root=root, inner=excluded(apart, root), reached=root in reached) for root in apart]
        return [top, *below] if own else below

    def _job(self, job: Job, member: "Member") -> Job:
        named = next((one for one in self._settings.project if one.root == member.root), None)
        if member.root == ".":
            return replace(job, member=member)
        return replace(job, project=member.root, member=member, interpreter=self._python(member.root, named))

    def _python(self, root: str, named: "ProjectSettings | None") -> LaterInterpreter:
        setting = named.python if named else None
        return self._pythons.setdefault(root, LaterInterpreter(lambda: self._find(root, setting)))


def _few(words: Sequence[str]) -> str:
    return ", ".join(words[:8]) + (f" and {len(words) - 8} more" if len(words) > 8 else "")
