"""Real repositories in few words, and a guard that nothing of the user's was touched."""

import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from everycommit.change import Blobs, Change
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.repository import discover

EVERYCOMMIT = (sys.executable, "-m", "everycommit")


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment without the user's git settings, virtual environment and keys."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key in {"PATH", "LANG", "LC_ALL", "TMPDIR", "TERM"} or key.startswith(("PIP_", "SSL_", "COVERAGE_", "COV_"))
    }
    return kept | {
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        **more,
    }


@dataclass
class Repo:
    """A repository under construction; every step returns it again."""

    root: Path
    environ: dict[str, str] = field(repr=False)

    @classmethod
    def make(cls, root: Path, home: Path, *, object_format: str = "sha1", bare: bool = False) -> "Repo":
        root.mkdir(parents=True, exist_ok=True)
        repo = cls(root.resolve(), clean_environment(home))
        repo.git("init", "--quiet", "--initial-branch=main", f"--object-format={object_format}", *["--bare"] * bare)
        return repo

    def git(self, *argv: str | bytes, code: int = 0, stdin: bytes | None = None) -> bytes:
        """Run git; return its standard output. Fails the test unless it ends with *code*."""
        done = subprocess.run(
            ["git", *argv], cwd=self.root, env=self.environ, input=stdin, capture_output=True, check=False
        )
        assert done.returncode == code, (
            f"git {argv!r} ended with {done.returncode}: {done.stderr.decode(errors='replace')}"
        )
        return done.stdout

    def text(self, *argv: str, **env: str) -> str:
        """Run git with more environment; return its output as text without the newline."""
        done = Repo(self.root, self.environ | env).git(*argv)
        return done.decode().strip()

    def path(self, name: str | bytes) -> Path:
        return self.root / os.fsdecode(name)

    def write(self, name: str | bytes, content: str | bytes) -> "Repo":
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def stage(self, name: str | bytes, content: str | bytes) -> "Repo":
        """Write a file and add it."""
        self.write(name, content)
        self.git("--literal-pathspecs", "add", "--force", "--", name)
        return self

    def commit(self, message: str = "change", *argv: str) -> "Repo":
        """Commit what is staged without running hooks."""
        self.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", message, *argv)
        return self

    def attempt(self, *argv: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run git with hooks, whatever comes of it."""
        return subprocess.run(
            ["git", *argv],
            cwd=self.root,
            env=self.environ | env,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=120,
        )

    def everycommit(self, *argv: str, cwd: Path | None = None, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line in a process of its own."""
        return subprocess.run(
            [*EVERYCOMMIT, *argv],
            cwd=cwd or self.root,
            env=self.environ | env,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    def tree(self, rev: str = "HEAD") -> str:
        return self.text("rev-parse", f"{rev}^{{tree}}")


def give_python(repo: Repo) -> None:
    """Give *repo* a ``.venv`` of its own, ignored, with the packages that run the tests and nothing editable."""
    venv = repo.root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = (venv / "lib").glob("python*/site-packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "everycommit" not in path.name and path.name not in {"__pycache__", "pip"} and path.suffix != ".pth":
            (site / path.name).symlink_to(path)
    (repo.root / ".git/info").mkdir(exist_ok=True)
    (repo.root / ".git/info/exclude").write_text(".venv\n")


def state(repo: Repo) -> Mapping[str, str]:
    """Return all that everycommit must leave alone: working tree, index, refs, stash, config, list of objects.

    SHA-256 a file; compare two of these with ``==``, and pytest shows what differs.
    """
    git_dir = Path(os.fsdecode(repo.git("rev-parse", "--absolute-git-dir").rstrip(b"\n")))
    common = (repo.root / os.fsdecode(repo.git("rev-parse", "--git-common-dir").rstrip(b"\n"))).resolve()
    found = {f"tree {path.relative_to(repo.root)}": _digest(path) for path in _files(repo.root, skip=".git")}
    for name in ("index", "HEAD", "MERGE_HEAD", "ORIG_HEAD", "config.worktree"):
        found[f"git {name}"] = _digest(git_dir / name)
    found["git config"] = _digest(common / "config")
    found["refs"] = repo.git("for-each-ref", "--format=%(refname) %(objectname)").decode(errors="replace")
    found["stash"] = _digest(common / "logs/refs/stash")
    found["objects"] = "\n".join(sorted(str(path.relative_to(common)) for path in _files(common / "objects")))
    return found


def _files(top: Path, *, skip: str = "") -> Iterator[Path]:
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != skip]
        yield from (Path(folder, name) for name in names if name != skip)
        yield from (Path(folder, name) for name in folders if Path(folder, name).is_symlink())


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"link {path.readlink()}"
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else "absent"


@dataclass(frozen=True)
class RepoBlobs:
    """Implements ``change.Blobs`` by asking git for each object."""

    repo: Repo

    def read(self, oid: str) -> bytes:
        return self.repo.git("cat-file", "blob", oid)

    def sizes(self, oids: Sequence[str]) -> dict[str, int]:
        return {oid: int(self.repo.git("cat-file", "-s", oid)) for oid in oids}

    def entries(self, tree: str, paths: Sequence[str]) -> dict[str, tuple[str, str]]:
        every = self.files(tree)
        return {path: every[path] for path in paths if path in every}

    def files(self, tree: str) -> dict[str, tuple[str, str]]:
        listed = self.repo.git("ls-tree", "-r", "-z", tree).split(b"\0")
        every = {os.fsdecode(line.split(b"\t", 1)[1]): line.split(b"\t", 1)[0].decode() for line in listed if line}
        return {path: (words[:6], words.split(" ")[2]) for path, words in every.items()}


def change_of(
    repo: Repo,
    before: Mapping[str, bytes | str | None],
    after: Mapping[str, bytes | str | None],
    *,
    modes: Mapping[str, str] | None = None,
) -> tuple[Change, Blobs]:
    """Commit two trees on two branches and read the change between them; a path whose content is None is not there.

    *modes* holds the paths of the second tree that are no regular file: ``{"run.sh": "100755"}``.
    """
    stream = b"".join(
        _commit_stream(name, tree, modes if name == "after" else None)
        for name, tree in (("before", before), ("after", after))
    )
    repo.git("fast-import", "--quiet", "--force", stdin=stream)
    base, target = repo.tree("refs/heads/before"), repo.tree("refs/heads/after")
    with tempfile.TemporaryDirectory(dir=repo.root.parent) as folder:
        quarantine = Quarantine(discover(repo.root, repo.environ), Path(folder))
        files = quarantine.diff(base, target)
        for file in files:
            len(file.hunks)  # read while the quarantine is there
        quarantine.close()
    return Change(base=base, target=target, parents=(base,), files=files, landing=files), RepoBlobs(repo)


def _commit_stream(branch: str, tree: Mapping[str, bytes | str | None], modes: Mapping[str, str] | None) -> bytes:
    lines = [f"commit refs/heads/{branch}\ncommitter A <a@example.com> 0 +0000\ndata 0\n".encode()]
    for path, content in tree.items():
        if content is None:
            continue
        held = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        quoted = b'"%s"' % b"".join(b"\\%03o" % byte for byte in os.fsencode(path))
        mode = (modes or {}).get(path, "100644").encode()
        lines.append(b"M %s inline %s\ndata %d\n%s\n" % (mode, quoted, len(held), held))
    return b"".join(lines)
