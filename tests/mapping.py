"""A repository whose tests are recorded, and what a change of it selects."""

from everycommit.config.schema import Settings
from everycommit.gates.affected import Plan
from everycommit.gates.recording import record
from everycommit.gates.tests import Tests as Gate
from everycommit.maps import Maps
from everycommit.record import replace
from everycommit.repo.read import all_files
from judging import Judging, judging, own_python, replaced
from support import Repo

AFFECTED = replaced(Settings(), "tests", select_commit="affected")


def with_maps(judged: Judging, repo: Repo) -> Judging:
    """Give the job the maps of its clone and a Python in which nothing points elsewhere."""
    # Without the editable install of ours, whose code lies elsewhere.
    python = replace(own_python(repo.root), prefix=repo.root)
    differ = judged.job.blobs.diff  # type: ignore[attr-defined]
    maps = Maps(repo.root / ".git", lambda base, target: differ(base, target, patch=False))
    return Judging(replace(judged.job, maps=maps, interpreter=lambda: python), judged.said)


def recorded(repo: Repo) -> int:
    """Commit what is staged and record its tests; return how many run whatever changes."""
    repo.commit()
    with judging(repo, settings=AFFECTED, read=all_files) as judged:
        return record(with_maps(judged, repo).job, Gate()).always


def plan(repo: Repo, occasion: str = "commit") -> Plan:
    with judging(repo, settings=AFFECTED, occasion=occasion) as judged:
        return Gate().plan(with_maps(judged, repo).job)


def chosen(repo: Repo) -> set[str]:
    """Return the names of the tests that what is staged can affect."""
    found = plan(repo)
    assert found.all is None, found.all
    return {node.rpartition("::")[2] for node, _ in found.chosen}
