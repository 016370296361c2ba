"""Verdicts as git notes of their commits: the text of a tag object that names the commit, signed as git signs tags.

The tag is made beside the user's repository and stands under no ref; its text is the note. So git signs and verifies,
with ssh or gpg as the user has set it up, and a signature holds for this one commit.
"""

import re
from pathlib import Path
from typing import NamedTuple

from ..errors import RepositoryError
from .git import last_words
from .quarantine import Quarantine
from .repository import Repository

REF = "everycommit"
_TAG = "everycommit-verdict"
_SSH = "-----BEGIN SSH SIGNATURE-----"
_SIGNED = rf"^(?:{_SSH}|-----BEGIN PGP SIGNATURE-----|-----BEGIN SIGNED MESSAGE-----)$"
_SIGNER = r'Good (?:"git" )?signature (?:for|from) "?(.+?)"?(?: with| \[|$)'
_SETTINGS = ("user.signingkey", "gpg.format", "gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand")
_SIGNERS = "gpg.ssh.allowedSignersFile"


class Note(NamedTuple):
    """A note as it was found."""

    text: str
    commit: str
    """The commit that its text names."""
    payload: str
    signed: bool
    ssh: bool


def write(repository: Repository, quarantine: Quarantine, commit: str, payload: str, *, sign: bool | None) -> bool:
    """Make *payload* the note of *commit*, signed where *sign* says so or, with None, where git is set up for it.

    Returns:
        Whether it was signed.

    Raises:
        RepositoryError: git could not sign or write it.
    """
    told = {name: _setting(repository, name) for name in _SETTINGS}
    options = [word for name, value in told.items() if value for word in ("-c", f"{name}={value}")]
    signs = bool(told["user.signingkey"]) if sign is None else sign
    who = _who(repository)
    argv = (*options, "tag", "-s" if signs else "-a", "--cleanup=verbatim", "-F", "-", _TAG, commit)
    done = quarantine.git.run(*argv, stdin=payload.encode(), env=who | _home(repository))
    if done.code != 0:
        raise RepositoryError(f"git could not make the note: {last_words(done)}")
    text = quarantine.git.out("cat-file", "tag", _TAG)
    # Seen of git 2.39: where ssh-keygen finds no key, it makes an unsigned tag and ends well.
    if signs and not re.search(_SIGNED, text.decode(errors="replace"), re.MULTILINE):
        raise RepositoryError(f"git did not sign the note, so none is written: {last_words(done)}")
    # Word for word: `notes add -F` would tidy it up, and the signature with it.
    blob = repository.git.text("hash-object", "-w", "--stdin", stdin=text)
    repository.git.out("notes", f"--ref={REF}", "add", "-f", "-C", blob, commit, env=who)
    return signs


def read(repository: Repository, commit: str) -> Note | None:
    """Return the note of *commit*; None where there is none, or none of ours."""
    done = repository.git.run("notes", f"--ref={REF}", "list", commit)
    if done.code != 0:
        return None
    text = repository.git.out("cat-file", "blob", done.out.decode().strip()).decode(errors="replace")
    headers, _, body = text.partition("\n\n")
    found = re.match(rf"object ([0-9a-f]+)\ntype commit\ntag {_TAG}\n", headers + "\n")
    if found is None:
        return None
    signature = re.search(_SIGNED, body, re.MULTILINE)
    payload = body[: signature.start()] if signature else body
    return Note(text, found[1], payload, signature is not None, signature is not None and signature[0] == _SSH)


def signer(repository: Repository, quarantine: Quarantine, note: Note, signers: Path | None = None) -> str | None:
    """Return who signed *note*, None where git does not find its signature good.

    *signers* is an allowed signers file (ssh) and then alone decides; else the user's own settings and keyring do.
    """
    if not note.signed or (signers is not None and not note.ssh):
        return None
    file = str(signers) if signers is not None else _setting(repository, _SIGNERS)
    options = ["-c", f"{_SIGNERS}={file}"] if file else []
    try:
        oid = quarantine.git.text("hash-object", "-t", "tag", "-w", "--stdin", stdin=note.text.encode())
    except RepositoryError:
        return None  # no tag at all
    done = quarantine.git.run(*options, "verify-tag", oid, env=_home(repository) if signers is None else None)
    found = re.search(_SIGNER, done.err.decode(errors="replace"), re.MULTILINE)
    return found[1] if done.code == 0 and found else None


def _setting(repository: Repository, name: str) -> str:
    return repository.git.text("config", "--get", name, ok=(0, 1))


def _who(repository: Repository) -> dict[str, str]:
    name = _setting(repository, "user.name") or "everycommit"
    mail = _setting(repository, "user.email") or "everycommit@localhost"
    roles = ("GIT_AUTHOR", "GIT_COMMITTER")
    return {f"{role}_NAME": name for role in roles} | {f"{role}_EMAIL": mail for role in roles}


def _home(repository: Repository) -> dict[str, str]:
    """Return where keys lie; the rest of the quarantine's environment stays as it is."""
    return {name: repository.environ[name] for name in ("HOME", "GNUPGHOME") if name in repository.environ}
