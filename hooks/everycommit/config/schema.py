"""Every setting: its type, default, meaning, and how base's and target's values become one.

Merge orders, the stricter side always winning where there is one:

- ``min``: the smaller number; none (written ``false``) is the loosest.
- ``max``: the stricter word; ``choices`` run from the loosest to the strictest. Of numbers the larger one; none
  (written ``false``) is the strictest.
- ``union``: what either names; dropping an entry loosens. Where an empty list stands for everything
  (``empty_is_all``) it is the strictest.
- ``intersection``: what both name; adding an entry loosens.
- ``every``: a path has to be in the list of every side; adding an entry loosens, the empty list allows everything.
- ``strictest``: where two sides say a rule's severity at a path, the stricter one.
- ``base``: base's value judges; any other value in target is a loosening.
- ``target``: target's value judges, because only it fits target's files; a change is said, not judged.
- ``user_only``: never read from a repository: the user's settings, environment or flags.

Between the layers (the user's file, the repository, environment, flags) the later one replaces the earlier, except
where a setting names an order for that, too (``across``): then no layer takes back what another one says.
"""

from collections.abc import Mapping
from typing import Any

from ..record import dataclass, field
from ..rules.severity import Side

MERGES = ("min", "max", "union", "intersection", "every", "strictest", "base", "target", "user_only")
ON_DOUBT = ("warn", "refuse")
DEFERRED = ("allow", "refuse")
SELECT = ("affected", "all")
RECORD = ("never", "background")
DELETIONS = ("allow", "warn", "forbid")
BLOCK = ("never", "reproduced", "voted")
COMMAND_FORMATS = ("text", "lines", "paths", "eslint", "sarif", "rdjson", "checkstyle", "junit")
EGRESS = ("allow", "deny")
SECRETS = ("redact", "withhold")
OCCASIONS = ("commit", "push", "ci")
BUILT_IN = ("policy", "lint", "types", "tests", "review")

LOCK_FILES = (
    "*.lock",
    "**/*.lock",
    "package-lock.json",
    "**/package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "**/pnpm-lock.yaml",
    "go.sum",
    "**/go.sum",
)
GENERATED = (
    *LOCK_FILES,
    *("vendor/**", "**/vendor/**", "third_party/**", "**/third_party/**", "**/node_modules/**", "**/_vendor/**"),
    *("dist/**", "**/*.min.js", "**/*.min.css", "**/*.map", "**/*.svg", "**/*.snap", "**/__snapshots__/**"),
    *("**/*_pb2.py", "**/*_pb2.pyi", "**/*_pb2_grpc.py", "**/*.pb.go", "**/*.csv", "**/*.ipynb"),
)
PROSE = ("*.md", "**/*.md", "*.rst", "**/*.rst", "docs/**", "LICENSE*", "AUTHORS*", ".gitignore", ".editorconfig")


def setting(
    default: Any,
    *,
    merge: str,
    help: str,  # noqa: A002
    choices: tuple[str, ...] = (),
    empty_is_all: bool = False,
    across: str = "",
) -> Any:
    """Return a dataclass field that carries its merge orders, its meaning and the words it takes."""
    metadata = {"merge": merge, "help": help, "choices": choices, "empty_is_all": empty_is_all, "across": across}
    return field(default=default, metadata=metadata)


def _on_doubt() -> Any:
    return setting(
        "refuse",
        merge="max",
        choices=ON_DOUBT,
        help="What an inconclusive gate does at commit; push and CI always refuse.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """``[tool.everycommit.policy]``: what a change may hold and touch, and how severe each rule is."""

    max_added_lines: int | None = setting(600, merge="min", help="Most lines a change may add; false: no limit.")
    max_removed_lines: int | None = setting(1000, merge="min", help="Most lines a change may remove; false: no limit.")
    max_files: int | None = setting(50, merge="min", help="Most files a change may touch; false: no limit.")
    max_file_bytes: int | None = setting(
        1_000_000, merge="min", help="Largest file that may be added or grown, in bytes; false: no limit."
    )
    max_file_added_lines: int | None = setting(
        None, merge="min", help="Most lines a change may add to one file; false: no limit."
    )
    uncounted: tuple[str, ...] = setting(
        LOCK_FILES, merge="intersection", help="Globs of generated, vendored and lock files, left out of the counts."
    )
    deletions: str = setting(
        "warn", merge="max", choices=DELETIONS, help="What a deleted file is: an error (forbid), a warning, or nothing."
    )
    deletable: tuple[str, ...] = setting((), merge="intersection", help="Globs of files that may go without a word.")
    max_deleted_files: int | None = setting(20, merge="min", help="Most files a change may delete; false: no limit.")
    max_deleted_lines: int | None = setting(
        1000, merge="min", help="Most lines that a change may be smaller by; false: no limit."
    )
    protected: tuple[str, ...] = setting((), merge="union", help="Globs of paths that no change may touch.")
    frozen: tuple[str, ...] = setting(
        (),
        merge="union",
        help="Globs of paths that stay as they are, and Python symbols: `src/api.py::Client.get`, or "
        "`src/api.py::signatures` for all public signatures of a module.",
    )
    only: tuple[tuple[str, ...], ...] = setting(
        (), merge="every", help="Globs of paths that a change may touch, and no others; empty: all paths."
    )
    denied: tuple[str, ...] = setting(
        (), merge="union", help="Globs of files that hold secrets, beside those known by name (`.env`, `id_rsa`, ...)."
    )
    allowed: tuple[str, ...] = setting(
        (), merge="intersection", help="Globs of files that hold none although their name is denied."
    )
    secrets_also: str = setting(
        "never",
        merge="max",
        choices=("never", "auto"),
        help="Whether gitleaks or betterleaks looks too; auto: where one is on the PATH.",
    )
    rules: tuple[Side, ...] = setting(
        (),
        merge="strictest",
        help='The severity of a rule, everywhere or at some paths: `debug-print = "off"`, `secret-likely = '
        '{severity = "error", paths = ["src/**"]}`, or a list of these, of which the first that holds speaks. '
        "`everycommit explain` names the rules.",
    )
    inconclusive: str = _on_doubt()


@dataclass(frozen=True, slots=True, kw_only=True)
class LintSettings:
    """``[tool.everycommit.lint]``: ruff on the changed files."""

    format: str = setting(
        "auto",
        merge="max",
        choices=("never", "auto", "always"),
        help="Whether `ruff format --check` runs too; auto: where the project configures ruff's formatter.",
    )
    inconclusive: str = _on_doubt()


@dataclass(frozen=True, slots=True, kw_only=True)
class TypesSettings:
    """``[tool.everycommit.types]``: mypy over the whole project."""

    paths: tuple[str, ...] = setting(
        (), merge="target", help="Files and folders for mypy; empty: mypy's own settings, else the packages found."
    )
    inconclusive: str = _on_doubt()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsSettings:
    """``[tool.everycommit.tests]``: pytest in the snapshot."""

    args: tuple[str, ...] = setting((), merge="target", help="More arguments for pytest, behind the project's addopts.")
    env: tuple[str, ...] = setting((), merge="target", help="Names of environment variables that the tests may see.")
    unaffected_by: tuple[str, ...] = setting(
        PROSE, merge="intersection", help="Globs of files that no test depends on: a change of these alone runs none."
    )
    select_commit: str = setting(
        "affected",
        merge="max",
        choices=SELECT,
        help="Which tests run at commit; affected: those that the change can affect, by the map of "
        "`everycommit tests map`, and all where there is none.",
    )
    select_push: str = setting("all", merge="max", choices=SELECT, help="The same at push.")
    select_ci: str = setting("all", merge="max", choices=SELECT, help="The same in CI.")
    record: str = setting(
        "never",
        merge="user_only",
        choices=RECORD,
        help="Whether the map is brought up to date by itself; background: after each commit that the hook has judged, "
        "at the lowest priority, only what changed.",
    )
    server: bool = setting(
        False,
        merge="target",
        help="Run pytest in forks of a process that has pytest and plain packages imported already (Linux).",
    )
    inconclusive: str = _on_doubt()

    def select(self, occasion: str) -> str:
        """Return ``affected`` or ``all``."""
        return {"commit": self.select_commit, "push": self.select_push}.get(occasion, self.select_ci)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSettings:
    """``[tool.everycommit.review]``: the static reader, and a model that reads every hunk."""

    finder: str | None = setting(
        "auto",
        merge="base",
        help="The profile of the model that reads; auto: the strongest one of yours that is fast enough; false: none, "
        "the static reader alone.",
    )
    judge: str | None = setting(
        "auto",
        merge="base",
        help="The profile of the model that looks at each finding once more and may only demote it; auto: as for the "
        "finder; false: none.",
    )
    samples: int | None = setting(
        None, merge="base", help="How often each hunk is read; false: as the profile says, 3 for fast models, 1 else."
    )
    max_tokens: int | None = setting(
        100_000,
        merge="base",
        across="min",
        help="Most tokens of all questions of a review; what does not fit is named as not reviewed. Of your settings "
        "and the repository's the smaller one counts; false: no limit.",
    )
    fill: int = setting(
        50, merge="base", help="How much of a model's context the hunks of one request fill, in percent."
    )
    ceiling: int = setting(
        80,
        merge="base",
        help="How much of a model's context a request may fill at all, a hunk being large, in percent.",
    )
    votes_error: int = setting(
        2, merge="min", help="How many samples have to find the same before it is shown as an error."
    )
    votes_warning: int = setting(2, merge="min", help="The same for a warning.")
    votes_note: int = setting(2, merge="min", help="The same for a note.")
    block: str = setting(
        "never",
        merge="max",
        choices=BLOCK,
        help="Which errors that a model finds refuse; reproduced: those that the code itself shows to be right, a "
        "name that nothing defines for example; voted: all that are shown. The others are warnings.",
    )
    inconclusive: str = setting(
        "refuse",
        merge="max",
        choices=ON_DOUBT,
        help="What hunks do at commit whose answer cannot be believed: cut off, unreadable, without a receipt; "
        "push and CI always refuse.",
    )
    unreachable: str = setting(
        "warn",
        merge="max",
        choices=ON_DOUBT,
        help="What hunks do at commit for which the endpoint gave no answer: no connection, an error, no time.",
    )
    unreachable_ci: str = setting("refuse", merge="max", choices=ON_DOUBT, help="The same at push and in CI.")
    egress: str = setting(
        "allow",
        merge="max",
        across="max",
        choices=EGRESS,
        help="Whether anything may be sent to a model; deny in any layer wins: a repository's over yours, yours over a "
        "repository's.",
    )
    secrets: str = setting(
        "withhold",
        merge="max",
        across="max",
        choices=SECRETS,
        help="What happens to a file that holds what looks like a secret: it is not sent at all, or with the secret "
        "replaced by `***`.",
    )
    denied: tuple[str, ...] = setting(
        (), merge="union", across="union", help="Globs of files that are never sent, beside those that hold secrets."
    )
    left_out: tuple[str, ...] = setting(
        GENERATED, merge="intersection", help="Globs of generated, vendored and lock files, which no model reads."
    )
    rules: tuple[str, ...] = setting(
        (),
        merge="base",
        help="Sentences for the model on what is right and wrong here, beside REVIEW.md and AGENTS.md.",
    )

    def votes(self, severity: str) -> int:
        """Return how many samples have to find the same before it is shown with *severity*."""
        return {"error": self.votes_error, "warning": self.votes_warning}.get(severity, self.votes_note)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """``[tool.everycommit.run]``: the project's Python behind a command, in a container say."""

    prefix: tuple[str, ...] = setting(
        (),
        merge="target",
        help='The words before pytest, mypy and Python, `["docker", "compose", "exec", "-T", "app"]`, started in the '
        "working tree; no shell reads them. Empty: none. Has to be accepted as a command is.",
    )
    python: str | None = setting(None, merge="target", help="The Python to start behind the prefix; false: `python`.")
    folder: str | None = setting(
        None,
        merge="target",
        help="Where the cache folder, in which snapshots lie, is mounted behind the prefix; false: at its path here.",
    )
    worktree: str | None = setting(
        None, merge="target", help="Where the working tree is behind the prefix; false: at the same path."
    )
    env: tuple[str, ...] = setting(
        (), merge="target", help="Names of environment variables that the prefix's program may see."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSettings:
    """``[tool.everycommit.snapshot]``: what the gates' copy of the tree needs besides the tree."""

    link: tuple[str, ...] = setting(
        (), merge="target", help="Ignored files and folders of the working tree that the project needs to run."
    )
    git: bool = setting(
        False, merge="target", help="Make the snapshot a throw-away git repository, for tests that call git."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """``[tool.everycommit.agent]``: what a coding agent is held to when it says that it is done."""

    gates: tuple[str, ...] = setting(
        ("policy", "lint", "types", "tests"),
        merge="union",
        choices=BUILT_IN,
        help="Those of a commit's gates that judge the working tree when an agent stops.",
    )
    rounds: int = setting(
        3,
        merge="max",
        across="max",
        help="How often an agent is told to go on while something refuses; then it may stop, and that is said. Of 3, "
        "your settings' and the repository's number the largest counts, and never more than the client allows.",
    )
    seconds: float = setting(
        60.0, merge="target", help="Seconds for all of it; what is not done by then is said to be not verified."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSettings:
    """``[tool.everycommit.command.NAME]``: a command of yours as a gate; exit 0 passes."""

    run: tuple[str, ...] = setting(
        (),
        merge="base",
        help="The program and its arguments; no shell reads it. The argument `{files}` stands for the changed files "
        "that `files` names; without one of these the command is skipped.",
    )
    folder: str | None = setting(
        None, merge="base", help="The folder of the repository in which it runs; false: the root."
    )
    format: str = setting(
        "text",
        merge="base",
        choices=COMMAND_FORMATS,
        help="What it writes; text: its end is shown where it fails; lines: `path:line:column: message`; paths: a file "
        "a line. Of all but text only what is new counts.",
    )
    report: str | None = setting(
        None, merge="base", help="The file below `folder` that it writes its findings to; false: standard output."
    )
    at: tuple[str, ...] = setting(OCCASIONS, merge="union", choices=OCCASIONS, help="When it runs.")
    files: tuple[str, ...] = setting(
        (), merge="union", empty_is_all=True, help="Globs; it runs when one of them changed. Empty: always."
    )
    inputs: tuple[str, ...] = setting(
        (),
        merge="union",
        empty_is_all=True,
        help="Globs of all that its verdict depends on: a pass is used again until one of these changes. Empty: the "
        "whole tree.",
    )
    env: tuple[str, ...] = setting((), merge="target", help="Names of environment variables that it may see.")
    timeout: float = setting(120.0, merge="target", help="Seconds after which it is ended and inconclusive.")
    inconclusive: str = _on_doubt()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """``[tool.everycommit.services.NAME]``: a server that tests need, started once a run and ended with it."""

    command: tuple[str, ...] = setting(
        (),
        merge="target",
        help="The program and its arguments, started in the snapshot; no shell reads it. `{port}` is a free port, "
        "`{folder}` an empty folder of its own that goes with it; also in the other settings of the service.",
    )
    ready: str | None = setting(
        None,
        merge="target",
        help="What says that it is ready: `{port}` or a number, a port of this machine that takes connections; "
        "`http://127.0.0.1:{port}/health`, a page that answers with 2xx or 3xx; `line: TEXT`, a line of its output "
        "with the text. false: the port, where `{port}` is used.",
    )
    ready_command: tuple[str, ...] = setting(
        (), merge="target", help="In place of `ready` a program and its arguments that exit 0 once it is ready."
    )
    ready_seconds: float = setting(
        30.0, merge="target", help="Seconds after which what is not ready leaves its gates inconclusive."
    )
    env: tuple[tuple[str, str], ...] = setting(
        (), merge="target", help='Variables for the service and for who needs it: `{DATABASE_URL = "...:{port}/test"}`.'
    )
    sees: tuple[str, ...] = setting(
        (), merge="target", help="Names of environment variables of yours that the service may see."
    )
    gates: tuple[str, ...] = setting(
        ("tests",), merge="target", help="Who needs it: `tests`, and names of commands of yours."
    )
    runs_code: bool = setting(
        True,
        merge="max",
        help="Whether it runs code of the tree: then all tests run, as no recording sees what they reach in it. false: "
        "a database, for example, so that tests are still selected.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """``[[tool.everycommit.project]]``: a project below the root, beside those that are found."""

    root: str = setting("", merge="target", help="Its folder, from the repository's root.")
    depends: tuple[str, ...] = setting(
        (), merge="target", help="Globs of other projects' folders that it needs, beside what its files say."
    )
    python: str | None = setting(
        None,
        merge="target",
        help="Its Python, from the repository's root; false: its own .venv, else what the repository has.",
    )

    def __str__(self) -> str:
        from .several import written_project

        return written_project(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """``[model.NAME]``: a model that can be asked, in your own file only; `everycommit models add` writes it."""

    url: str | None = setting(
        None, merge="user_only", help="The base of its API, `https://api.example.com/v1`; http on this machine only."
    )
    model: str | None = setting(None, merge="user_only", help="The model's name as the server knows it.")
    transport: str = setting(
        "chat",
        merge="user_only",
        choices=("chat", "sdk"),
        help="chat: chat completions, our own client; sdk: the package openai, for what only it knows.",
    )
    api: str = setting(
        "chat",
        merge="user_only",
        choices=("chat", "responses"),
        help="chat: chat completions; responses: OpenAI's Responses API, with transport sdk only.",
    )
    key_env: str | None = setting(
        None, merge="user_only", help="The environment variable that holds its key; false: none."
    )
    key_command: tuple[str, ...] = setting(
        (), merge="user_only", help="A program and its arguments that print the key; no shell reads it."
    )
    keyring: str | None = setting(
        None, merge="user_only", help="The service under which the system's keyring has the key; false: none."
    )
    strong: bool = setting(False, merge="user_only", help="Whether it judges rather than finds; large models do.")
    rank: int = setting(
        1, merge="user_only", help="Among several that are fast enough the one with the highest rank is chosen."
    )
    context: int | None = setting(
        None, merge="user_only", help="Tokens of question and answer together; false: what was measured, else 8192."
    )
    slots: int | None = setting(
        None, merge="user_only", help="Questions that it is asked at once; false: what was measured, else 4."
    )
    samples: int | None = setting(
        None, merge="user_only", help="How often the same is asked; false: 1 of a strong model, 3 of any other."
    )
    price_in: float | None = setting(
        None, merge="user_only", help="Price of a million tokens of questions, in your currency; false: not known."
    )
    price_out: float | None = setting(
        None, merge="user_only", help="Price of a million tokens of answers; false: not known."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``[tool.everycommit]``."""

    commit: tuple[str, ...] = setting(BUILT_IN, merge="union", choices=BUILT_IN, help="Gates at commit.")
    push: tuple[str, ...] = setting(BUILT_IN, merge="union", choices=BUILT_IN, help="Gates at push.")
    ci: tuple[str, ...] = setting(BUILT_IN, merge="union", choices=BUILT_IN, help="Gates in CI.")
    timeout: float = setting(
        300.0, merge="target", help="Seconds after which whatever still runs is ended and inconclusive."
    )
    budget: float | None = setting(
        10.0,
        merge="max",
        help="Seconds of a commit after which what still runs goes on in the background; false: wait for all of it.",
    )
    deferred: str = setting(
        "allow",
        merge="max",
        choices=DEFERRED,
        help="Whether a commit passes while gates still run in the background; push and CI wait for all.",
    )
    bell: bool = setting(
        False, merge="user_only", help="Ring the terminal's bell when work in the background has ended."
    )
    interpreter: str | None = setting(
        None, merge="target", help="The project's Python, from the root; false: .venv, VIRTUAL_ENV, a manager's, PATH."
    )
    cache_dir: str | None = setting(
        None, merge="user_only", help="Where snapshots and caches lie; false: the user's cache folder."
    )
    project: tuple[ProjectSettings, ...] = setting(
        (),
        merge="target",
        help="Projects below the root, each a table with `root`, and if need be `depends` and `python`. They are found "
        "without it; what it names is judged apart in any case.",
    )
    policy: PolicySettings = field(default_factory=PolicySettings)
    lint: LintSettings = field(default_factory=LintSettings)
    types: TypesSettings = field(default_factory=TypesSettings)
    tests: TestsSettings = field(default_factory=TestsSettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    run: RunSettings = field(default_factory=RunSettings)
    snapshot: SnapshotSettings = field(default_factory=SnapshotSettings)
    agent: AgentSettings = field(default_factory=AgentSettings)
    model: Mapping[str, ModelSettings] = field(default_factory=dict)
    command: Mapping[str, CommandSettings] = field(default_factory=dict)
    services: Mapping[str, ServiceSettings] = field(default_factory=dict)

    def gates(self, occasion: str) -> tuple[str, ...]:
        """Return the names of the gates of *occasion*: the built-in ones in order, then the user's commands."""
        chosen = {"commit": self.commit, "push": self.push, "ci": self.ci}[occasion]
        built_in = tuple(name for name in BUILT_IN if name in chosen)
        return built_in + tuple(name for name, command in self.command.items() if occasion in command.at)

    def services_of(self, gate: str) -> Mapping[str, ServiceSettings]:
        """Return the services that *gate* needs, in the order in which they start."""
        return {name: service for name, service in self.services.items() if gate in service.gates}

    def on_doubt(self, gate: str, occasion: str, doubt: str = "inconclusive") -> str:
        """Return ``warn`` or ``refuse``: what an inconclusive *gate* does at *occasion*; *doubt*: ``GateResult``'s."""
        table = self.command.get(gate) or getattr(self, gate, None)
        if occasion != "commit":
            return getattr(table, f"{doubt}_ci", "refuse")
        return getattr(table, doubt, "refuse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosening:
    """A setting that target makes looser than base has it."""

    key: str
    """``policy.max_added_lines``."""
    base: str
    target: str
    """Both as TOML would write them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings that judge, and how they came to be."""

    settings: Settings
    sources: Mapping[str, str] = field(default_factory=dict)
    """``{"policy.max_added_lines": "pyproject.toml"}``; what is not in it is a default."""
    loosened: tuple[Loosening, ...] = ()
    adopting: bool = False
    """Whether base has no table of ours and target has: limits on size are off for this change."""
    refuse_loosening: bool = False
    """Whether loosening a setting is an error on every occasion, and not only beside other changes at commit."""
    scoped: bool = False
    """Whether a task scope tightens them: it can be cleared, so that not even the settings' file is exempt from it."""
    goal: str = ""
    """What the task at hand is for, in the words of who set its scope."""
    notes: tuple[str, ...] = ()
    """Sentences for the verdict: mistakes in base's settings, changed ``target`` settings, adoption."""
