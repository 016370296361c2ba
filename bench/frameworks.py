"""What people use today, out of the package registries: pre-commit, prek and lefthook, running checks of our choice."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common import WORK, Cost, environment, sh, venv


@dataclass(frozen=True)
class Check:
    """A check as a framework runs it: a command line, and whether the staged Python files are put behind it."""

    name: str
    argv: Sequence[str]
    on_files: bool = False


NOTHING = (Check("nothing", ("true",)),)
NAMES = ("prek", "pre-commit", "lefthook")


def program(name: str) -> str:
    """Return the path of a framework's own program, installed at the first call."""
    if name != "lefthook":
        return str(venv("frameworks", "pre-commit", "prek").with_name(name))
    folder = WORK / "npm"
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        sh(["npm", "install", "--silent", "--no-audit", "--no-fund", "lefthook"], folder)
    # The program itself: what npm puts on the PATH starts node first.
    return str(next(folder.glob("node_modules/lefthook-*/bin/lefthook")))


def setting_up(root: Path, name: str, checks: Sequence[Check]) -> None:
    """Write the settings of framework *name* into *root*, committed, with its own hooks and no others."""
    shutil.rmtree(root / ".git/hooks", ignore_errors=True)
    if name == "lefthook":
        lines = ["pre-commit:", "  parallel: true", "  commands:"]
        for check in checks:
            files = " {staged_files}" if check.on_files else ""
            lines += [f"    {check.name}:", f"      run: {json.dumps(' '.join(check.argv) + files)}"]
            lines += ['      glob: "*.py"'] if check.on_files else []
        (root / "lefthook.yml").write_text("\n".join(lines) + "\n")
    else:
        lines = ["repos:", "- repo: local", "  hooks:"]
        for check in checks:
            lines += [f"  - id: {check.name}", f"    name: {check.name}", "    language: system"]
            lines += [f"    entry: {json.dumps(' '.join(check.argv))}"]
            lines += (
                ["    types: [python]"] if check.on_files else ["    always_run: true", "    pass_filenames: false"]
            )
        (root / ".pre-commit-config.yaml").write_text("\n".join(lines) + "\n")
    sh(["git", "add", "--", "lefthook.yml" if name == "lefthook" else ".pre-commit-config.yaml"], root)
    sh(["git", "commit", "--quiet", "--no-verify", "-m", name], root)
    sh([program(name), "install"], root, **paths(name))


def paths(name: str) -> dict[str, str]:
    """Return the variables under which a hook of *name* finds its program."""
    return {"LEFTHOOK_BIN": program(name)} if name == "lefthook" else {}


def running(root: Path, name: str, **more: str) -> Callable[[], Cost]:
    """Return a run of the checks of *name* over what is staged, as its hook would run them."""
    argv = [program(name), "run", "pre-commit"] if name == "lefthook" else [program(name), "run"]
    return lambda: Cost(argv, root, environment(**paths(name), **more))
