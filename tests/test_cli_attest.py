"""Verdicts as git notes: signed by git, shown to everybody, trusted for those that CI was told to trust."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from building import EVERYTHING, Hosted, hosted
from support import Repo, give_python, state

SETTINGS = '[tool.everycommit]\nci = ["policy", "lint", "tests"]\n'
TEST = "from b import B\n\n\ndef test_b() -> None:\n    assert B == 1\n"


class Signers:
    """Keys of their own, and the file that allows them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def key(self, name: str) -> Path:
        path = self.folder / name
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
        return path

    def allowed(self, *names: str) -> str:
        lines = [f"{name}@example.com {(self.folder / f'{name}.pub').read_text()}" for name in names]
        return "".join(lines)

    def file(self, *names: str) -> str:
        path = self.folder / "allowed"
        path.write_text(self.allowed(*names))
        return str(path)


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    return Signers(tmp_path / "keys")


@pytest.fixture
def host(tmp_path: Path, signers: Signers) -> Hosted:
    signers.key("alice")
    signers.key("mallory")
    return hosted(
        tmp_path,
        start={"a.py": "A = 1\n", "pyproject.toml": SETTINGS, "signers": signers.allowed("alice")},
        main={"m.py": "M = 1\n"},
        fork=[{"b.py": "B = 1\n"}, {"test_b.py": TEST}],
    )


@pytest.fixture
def clone(host: Hosted) -> Repo:
    """A clone with the pull request's head checked out."""
    fetched = [*EVERYTHING, "+refs/pull/7/head:refs/remotes/pull/7/head"]
    clone = host.clone("clone", fetched, "refs/remotes/pull/7/head")
    clone.git("remote", "set-head", "origin", "main")
    give_python(clone)
    return clone


def signing(clone: Repo, key: Path) -> Repo:
    clone.git("config", "gpg.format", "ssh")
    clone.git("config", "user.signingkey", str(key))
    return clone


def attested(clone: Repo, *argv: str, code: int = 0) -> str:
    done = clone.everycommit("attest", *argv)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def ci(clone: Repo, *argv: str, code: int = 0, **env: str) -> dict[str, Any]:
    done = Repo(clone.root, clone.environ | {"CI": "true"} | env).everycommit("ci", *argv, "--format", "json")
    assert done.returncode == code, done.stdout + done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert isinstance(verdict, dict)
    return verdict


def reused(verdict: dict[str, Any]) -> set[str]:
    return {gate["gate"] for gate in verdict["gates"] if gate["reused"]}


def test_a_signed_verdict_stands_for_lint_and_tests_and_never_for_the_policy(
    clone: Repo, host: Hosted, signers: Signers
) -> None:
    signing(clone, signers.folder / "alice")
    before = state(clone)

    assert ", signed" in attested(clone)
    after = state(clone)
    verdict = ci(clone, "--trust-signed", signers.file("alice"))

    assert {name for name in before if before[name] != after.get(name) and name not in {"refs", "objects"}} == set()
    assert clone.text("for-each-ref", "--format=%(refname)", "refs/tags", "refs/notes") == "refs/notes/everycommit"
    assert reused(verdict) == {"lint", "tests"}
    assert any("signed by alice@example.com" in note for note in verdict["notes"])
    assert reused(ci(clone)) == set()
    env = clone.environ | {"CI": "true"}
    argv = ("ci", "lint", "--each", "--trust-signed", signers.file("alice"), "--format", "json")
    whole, *each = json.loads(Repo(clone.root, env).everycommit(*argv).stdout)["verdicts"]
    assert reused(whole) == {"lint"}
    assert [reused(one) for one in each] == [set(), set()]
    assert not any("is not used" in note for one in each for note in one["notes"])


def test_the_file_of_signers_in_the_repository_is_the_bases(clone: Repo, host: Hosted, signers: Signers) -> None:
    """A change that adds its own key, as a file or as a link, is not trusted for it."""
    signing(clone, signers.folder / "mallory")
    attested(clone)
    clone.write("signers", signers.allowed("alice", "mallory"))

    assert reused(ci(clone, "--trust-signed", "signers")) == set()
    clone.path("signers").unlink()
    clone.path("signers").symlink_to(signers.file("mallory"))
    assert reused(ci(clone, "--trust-signed", "signers")) == set()
    assert reused(ci(clone, "--trust-signed", signers.file("mallory"))) == {"lint", "tests"}
    clone.write("mine", signers.allowed("mallory"))
    done = clone.everycommit("ci", "--trust-signed", "mine")
    assert (done.returncode, "the base has no such file" in done.stderr) == (2, True)
    assert "no such file" in clone.everycommit("ci", "--trust-signed", "/nowhere").stderr


def test_a_signer_whom_the_base_took_out_is_not_trusted_by_an_older_branch(tmp_path: Path, signers: Signers) -> None:
    signers.key("alice")
    host = hosted(
        tmp_path,
        start={"a.py": "A = 1\n", "pyproject.toml": SETTINGS, "signers": signers.allowed("alice")},
        main={"signers": ""},
        fork=[{"b.py": "B = 1\n"}],
    )
    clone = host.clone("clone", [*EVERYTHING, "+refs/pull/7/head:refs/remotes/pull/7/head"], "refs/remotes/pull/7/head")
    clone.git("remote", "set-head", "origin", "main")
    signing(clone, signers.folder / "alice")
    attested(clone)

    assert clone.path("signers").read_text() == signers.allowed("alice")
    assert reused(ci(clone, "--trust-signed", "signers")) == set()
    assert reused(ci(clone, "--trust-signed", signers.file("alice"))) == {"lint"}


def test_unsigned_notes_are_shown_and_never_trusted(clone: Repo, signers: Signers) -> None:
    assert "not signed" in attested(clone)

    verdict = ci(clone, "--trust-signed", signers.file("alice"))
    shown = attested(clone, "--show")

    assert reused(verdict) == set()
    assert any("the note is not signed" in note for note in verdict["notes"])
    assert "passed  not signed" in shown
    assert "tests" in shown
    attested(clone, "--verify", code=2)
    clone.git("update-ref", "-d", "refs/notes/everycommit")
    verdict = ci(clone, "--trust-signed", signers.file("alice"))
    assert any("head has no note" in note for note in verdict["notes"])


def test_verify_says_who_signed(clone: Repo, signers: Signers) -> None:
    signing(clone, signers.folder / "alice")
    attested(clone)

    assert "signed by alice@example.com" in attested(clone, "--verify", "--signers", signers.file("alice"))
    assert "by nobody that is trusted" in attested(clone, "--verify", "--signers", signers.file("mallory"), code=2)
    clone.git("config", "gpg.ssh.allowedSignersFile", signers.file("alice"))
    assert "signed by alice@example.com" in attested(clone, "--verify")


@pytest.mark.parametrize("how", ["changed", "moved", "nonsense"])
def test_a_note_that_was_tampered_with_is_worth_nothing(clone: Repo, host: Hosted, signers: Signers, how: str) -> None:
    signing(clone, signers.folder / "alice")
    attested(clone, "HEAD^")
    text = clone.git("notes", "--ref=everycommit", "show", "HEAD^")
    if how == "changed":
        text = text.replace(clone.text("rev-parse", "HEAD^").encode(), host.head.encode())
    blob = clone.git("hash-object", "-w", "--stdin", stdin=b"words\n" if how == "nonsense" else text).decode().strip()
    clone.git("notes", "--ref=everycommit", "add", "-f", "-C", blob, "HEAD")

    assert reused(ci(clone, "--trust-signed", signers.file("alice"))) == set()
    assert clone.everycommit("attest", "--verify", "--signers", signers.file("alice")).returncode == 2


def test_a_verdict_that_does_not_fit_is_not_used_and_why_is_said(clone: Repo, host: Hosted, signers: Signers) -> None:
    signing(clone, signers.folder / "alice")
    attested(clone, "--base", "HEAD^")

    base = ci(clone, "--trust-signed", signers.file("alice"))
    attested(clone)
    other = ci(
        Repo(clone.root, clone.environ | {"EVERYCOMMIT_LINT_FORMAT": "always"}), "--trust-signed", signers.file("alice")
    )

    assert any("it compares with another base" in note for note in base["notes"])
    assert any("it was made under other settings" in note for note in other["notes"])
    assert reused(base) == reused(other) == set()


def test_what_did_not_pass_is_attested_as_that_and_judged_again(clone: Repo, signers: Signers) -> None:
    signing(clone, signers.folder / "alice")
    clone.stage("test_c.py", "def test_c() -> None:\n    assert False\n").commit("fails")

    attested(clone, code=1)

    attested(clone, "--verify", "--signers", signers.file("alice"), code=1)
    assert reused(ci(clone, "--trust-signed", signers.file("alice"), code=1)) == {"lint"}


def test_a_signature_by_gpg_is_verified_by_gpg_and_never_by_a_file_of_ssh(
    clone: Repo, signers: Signers, tmp_path: Path
) -> None:
    home = Path(clone.environ["HOME"]) / ".gnupg"
    home.mkdir(mode=0o700, parents=True)
    argv = ["gpg", "--batch", "--passphrase", "", "--quick-gen-key", "carol@example.com", "ed25519", "sign"]
    done = subprocess.run(argv, env=clone.environ, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no gpg that makes keys here")
    clone.git("config", "user.signingkey", "carol@example.com")

    attested(clone, "--sign")

    assert "signed by carol@example.com" in attested(clone, "--verify")
    assert reused(ci(clone, "--trust-signed", signers.file("alice"))) == set()
    subprocess.run(["gpgconf", "--kill", "all"], env=clone.environ, check=False)


def test_wrong_use_is_one_sentence(clone: Repo) -> None:
    for argv, words in (
        (("--show",), "has no note of everycommit"),
        (("--signers", "x"), "--signers goes with --verify"),
        (("nothing",), "there is no commit 'nothing'"),
    ):
        done = clone.everycommit("attest", *argv)
        assert (done.returncode, words in done.stderr, len(done.stderr.splitlines())) == (2, True, 1), done.stderr
    signing(clone, Path("/nowhere"))
    done = clone.everycommit("attest")
    assert done.returncode == 2
    assert "/nowhere" in done.stderr
    assert clone.git("for-each-ref", "refs/notes") == b"", "nothing half done"
    clone.git("config", "gpg.ssh.program", "/nowhere")
    assert "git could not make the note" in clone.everycommit("attest", "--sign").stderr
    assert "not signed" in attested(clone, "--no-sign")


@pytest.mark.parametrize(("old", "new"), [(b'"version": 1', b'"version": 9'), (b'"version": 1,', b"version")])
def test_a_note_that_cannot_be_read_is_said(clone: Repo, old: bytes, new: bytes) -> None:
    attested(clone)
    text = clone.git("notes", "--ref=everycommit", "show", "HEAD").replace(old, new)
    blob = clone.git("hash-object", "-w", "--stdin", stdin=text).decode().strip()
    clone.git("notes", "--ref=everycommit", "add", "-f", "-C", blob, "HEAD")

    assert "that this version" in clone.everycommit("attest", "--show").stderr
