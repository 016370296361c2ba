"""Real command-line agents, each in a home of its own, on a scripted model on the loopback."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acting import shop
from scripted import Script, serving
from support import Repo

HOME = Path(os.environ.get("EVERYCOMMIT_BENCH", Path(tempfile.gettempdir()) / "everycommit-bench")) / "agents"
"""Where ``bench/agents.py --install`` puts the clients, by npm."""
SECONDS = 180
NAV = "A = 1\n"
Step = tuple[str, dict[str, Any]] | str


@dataclass(frozen=True)
class Real:
    """One client: how it is installed, told of the model, and started without a person."""

    package: str
    argv: tuple[str, ...]
    prepare: Callable[[Repo, str], Mapping[str, str]]
    """Writes what it reads from its home; returns more environment."""
    steps: Callable[[Path], list[Step]]

    @property
    def program(self) -> Path:
        return HOME / "node_modules/.bin" / self.argv[0]


def _home(repo: Repo, name: str, text: str) -> None:
    path = Path(repo.environ["HOME"], name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _claude(_: Repo, url: str) -> Mapping[str, str]:
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "none",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "IS_SANDBOX": "1",
    }


def _claude_steps(root: Path) -> list[Step]:
    nav = str(root / "src/nav.py")
    return [
        ("Write", {"file_path": str(root / "src/new.py"), "content": "X = 1\n"}),
        ("Read", {"file_path": nav}),
        ("Edit", {"file_path": nav, "old_string": "A = 1", "new_string": "import os\nA = 1"}),
        ("Bash", {"command": "rm src/pay.py"}),
        ("Bash", {"command": "git commit -am wip --no-verify"}),
        "I am done.",
        ("Edit", {"file_path": nav, "old_string": "import os\n", "new_string": ""}),
        "Now I am done.",
    ]


def _codex(repo: Repo, url: str) -> Mapping[str, str]:
    provider = f'name = "loop"\nbase_url = "{url}/v1"\nenv_key = "LOOP_KEY"\nwire_api = "responses"\n'
    trusted = f'[projects."{repo.root}"]\ntrust_level = "trusted"\n'
    # A model that it knows to take patches.
    head = 'model = "gpt-5.5"\nmodel_provider = "loop"\n[model_providers.loop]\n'
    _home(repo, ".codex/config.toml", head + provider + trusted)
    return {"LOOP_KEY": "none"}


def _patch(text: str) -> Step:
    return ("apply_patch", {"input": f"*** Begin Patch\n{text}\n*** End Patch\n"})


def _codex_steps(_: Path) -> list[Step]:
    return [
        _patch("*** Add File: src/new.py\n+X = 1"),
        _patch("*** Update File: src/nav.py\n@@\n+import os\n A = 1"),
        ("exec_command", {"cmd": "rm src/pay.py"}),
        ("exec_command", {"cmd": "git commit -am wip --no-verify"}),
        "I am done.",
        _patch("*** Update File: src/nav.py\n@@\n-import os\n A = 1"),
        "Now I am done.",
    ]


def _gemini(repo: Repo, url: str) -> Mapping[str, str]:
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"disableAutoUpdate": True},
    }
    _home(repo, ".gemini/settings.json", json.dumps(settings))
    return {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": url, "GEMINI_CLI_TRUST_WORKSPACE": "true"}


def _gemini_steps(root: Path) -> list[Step]:
    nav = {"file_path": str(root / "src/nav.py"), "instruction": "as asked"}
    return [
        ("write_file", {"file_path": str(root / "src/new.py"), "content": "X = 1\n"}),
        ("replace", {**nav, "old_string": "A = 1", "new_string": "import os\nA = 1"}),
        ("run_shell_command", {"command": "rm src/pay.py"}),
        ("run_shell_command", {"command": "git commit -am wip --no-verify"}),
        "I am done.",
        ("replace", {**nav, "old_string": "import os\n", "new_string": ""}),
        "Now I am done.",
    ]


def _copilot(repo: Repo, url: str) -> Mapping[str, str]:
    _home(repo, ".copilot/config.json", json.dumps({"trusted_folders": [str(repo.root)]}))
    return {
        "COPILOT_MODEL": "m",
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_API_KEY": "none",
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
    }


def _copilot_steps(root: Path) -> list[Step]:
    nav = str(root / "src/nav.py")
    shell = {"description": "as asked", "mode": "sync"}
    return [
        ("create", {"path": str(root / "src/new.py"), "file_text": "X = 1\n"}),
        ("edit", {"path": nav, "old_str": "A = 1", "new_str": "import os\nA = 1"}),
        ("bash", {"command": "rm src/pay.py", **shell}),
        ("bash", {"command": "git commit -am wip --no-verify", **shell}),
        "I am done.",
        ("edit", {"path": nav, "old_str": "import os\n", "new_str": ""}),
        "Now I am done.",
    ]


REAL = {
    "claude": Real(
        "@anthropic-ai/claude-code",
        ("claude", "-p", "do it", "--dangerously-skip-permissions", "--model", "claude-sonnet-4-5"),
        _claude,
        _claude_steps,
    ),
    "codex": Real(
        "@openai/codex",
        ("codex", "exec", "--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust", "do it"),
        _codex,
        _codex_steps,
    ),
    "gemini": Real(
        "@google/gemini-cli", ("gemini", "--yolo", "-m", "gemini-2.5-pro", "-p", "do it"), _gemini, _gemini_steps
    ),
    "copilot": Real("@github/copilot", ("copilot", "-p", "do it", "--allow-all-tools"), _copilot, _copilot_steps),
}


@dataclass(frozen=True)
class Session:
    """What became of a session."""

    repo: Repo
    script: Script
    done: "subprocess.CompletedProcess[str]"
    seconds: float

    @property
    def heard(self) -> str:
        """All that the model was told by the last question."""
        return self.script.heard

    def obeyed(self) -> Mapping[str, bool]:
        """Return what has to be so, and whether it is."""
        log = self.repo.text("rev-list", "--count", "HEAD")
        return {
            "an edit out of scope did not happen": not (self.repo.root / "src/new.py").exists()
            and "'src/new.py' was added and is out of scope" in self.heard,
            "a deletion did not happen": (self.repo.root / "src/pay.py").exists()
            and "'src/pay.py' was deleted" in self.heard,
            "no commit went past the hooks": log == "1" and "skips the hooks" in self.heard,
            "an edit in scope happened, and was told of": "everycommit, of this edit" in self.heard,
            "the stop was refused": "not done yet, round 1 of 3" in self.heard,
            "the agent mended it, and could stop": self.script.place == len(self.script.steps)
            and (self.repo.root / "src/nav.py").read_text() == NAV,
        }


def session(name: str, folder: Path) -> Session:
    """Run client *name* over its script in a repository of its own in *folder*."""
    import time

    real = REAL[name]
    repo = shop(Repo.make(folder / "repo", folder / "home"))
    Path(repo.environ["HOME"]).mkdir(exist_ok=True)
    places = [
        str(Path(sys.executable).parent),
        *(str(Path(found).parent) for found in (shutil.which("node"),) if found),
    ]
    repo.environ["PATH"] = os.pathsep.join([*places, "/usr/local/bin", "/usr/bin", "/bin"])
    repo.everycommit("agent", "install", name)
    repo.everycommit("scope", "--only", "src/nav.py")
    script = Script(real.steps(repo.root))
    with serving(script) as url:
        began = time.perf_counter()
        done = subprocess.run(
            [real.program, *real.argv[1:]],
            cwd=repo.root,
            env={**repo.environ, **real.prepare(repo, url), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=SECONDS,
        )
        seconds = time.perf_counter() - began
    return Session(repo, script, done, seconds)
