"""No settings lock anybody out: whatever judges, the settings by themselves can be changed to anything else."""

from typing import Any

from hypothesis import example, given

from everycommit.config.load import load
from everycommit.config.values import written as as_toml
from everycommit.gates.policy import Policy
from everycommit.result import Outcome
from given import Objects, change, changed, job
from test_config_merge import REPOSITORY, files, written

CLOSED: dict[str, Any] = {
    "policy.max_added_lines": 0,
    "policy.max_removed_lines": 0,
    "policy.max_files": 0,
    "policy.max_file_bytes": 0,
    "policy.max_file_added_lines": 0,
    "policy.max_deleted_files": 0,
    "policy.max_deleted_lines": 0,
    "policy.deletions": "forbid",
    "policy.protected": ("**",),
    "policy.frozen": ("**", "**::signatures"),
    "policy.only": (("nothing",),),
    "policy.denied": ("**",),
    "policy.rules": ({"generated-file": (("error", ()),), "files": (("error", ()),)},),
}
"""Settings under which no other change passes."""


@example(CLOSED, {})
@example(CLOSED, CLOSED | {"policy.max_files": 1})
@example({}, CLOSED)
@given(files(), files())
def test_the_settings_alone_pass_whatever_judges(base: dict[str, Any], target: dict[str, Any]) -> None:
    old, new = written(base), written(target)
    objects = Objects()
    before, after = objects.put(old), objects.put(new, "pyproject.toml")
    alone = change(changed("pyproject.toml", new.count(b"\n"), old.count(b"\n"), old=before, new=after))
    config = load(base=old, target=new, user=None, environ={}, flags={})

    result = Policy().check(job(alone, config=config, blobs=objects))

    assert result.outcome is Outcome.PASSED, result.findings


@given(files(), files())
def test_after_the_change_its_settings_judge(base: dict[str, Any], target: dict[str, Any]) -> None:
    """What was loosened alone holds from the next change on: two commits lead from any settings to any others."""
    second = load(base=written(target), target=written(target), user=None, environ={}, flags={})

    assert not second.loosened
    for key, field in REPOSITORY.items():
        if field.across:
            continue  # the user has a word in it, too
        table, _, name = key.rpartition(".")
        value = getattr(getattr(second.settings, table) if table else second.settings, name)
        assert as_toml(field, value) == as_toml(field, target.get(key, field.default)), base


def test_nothing_else_passes_the_closed_settings() -> None:
    """The examples above prove something only if these settings are closed."""
    content = written(CLOSED)
    objects = Objects()
    objects.put(content, "pyproject.toml")
    config = load(base=content, target=content, user=None, environ={}, flags={})

    for path in ("a.py", ".env", "docs/a.md"):
        one = change(changed(path, 1, 0, old=objects.put(b"1\n"), new=objects.put(b"1\n2\n")))
        assert Policy().check(job(one, config=config, blobs=objects)).outcome is Outcome.FAILED
