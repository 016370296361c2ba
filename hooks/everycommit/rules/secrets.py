"""Secrets, and files that hold nothing else."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ..change import Blobs, Change, FileChange
from ..result import ERROR, WARNING, Finding
from ..text import printable
from .globs import matches
from .rule import Rule
from .secret_scan import ASSIGNED, PASSWORD_IN_URL, PRIVATE_KEY, Hit, masked, secrets_in
from .sources import Added, added, content, extension, finding, is_prose, is_test

DENIED = (
    *("**/.env", "**/.env.*", "**/id_rsa", "**/id_dsa", "**/id_ecdsa", "**/id_ed25519", "**/*.pem", "**/*.key"),
    *("**/*.p12", "**/*.pfx", "**/*.jks", "**/*.keystore", "**/*.kdbx", "**/*.ppk", "**/.netrc", "**/_netrc"),
    *("**/.pypirc", "**/.htpasswd", "**/.git-credentials", "**/.dockercfg", "**/.docker/config.json", "**/.pgpass"),
    *("**/.aws/credentials", "**/.kube/config", "**/*.tfstate", "**/secring.gpg", "**/*.ovpn", "**/.my.cnf"),
    *("**/client_secret*.json", "**/.bash_history", "**/.zsh_history", "**/.python_history", "**/wallet.dat"),
)
ALLOWED = tuple(
    f"**/.env.{end}" for end in ("example", "sample", "template", "dist", "defaults", "schema", "test", "ci")
)
_BY_CONTENT = frozenset({"pem", "key"})
_SETTINGS = frozenset({"cfg", "conf", "env", "ini", "properties", "toml", "yaml", "yml"})
_LOCKS = ("**/*.lock", "**/package-lock.json", "**/pnpm-lock.yaml", "**/npm-shrinkwrap.json", "**/go.sum", "**/*.svg")
_WAY_ON = (
    "Take it out, read it from the environment or a secret store, and revoke it if it was ever pushed. "
    "If it is an example, make it look like one (…EXAMPLE)."
)

RULES = (
    Rule(
        id="policy/secret",
        severity=ERROR,
        what="A token of a well-known form, a private key, or a random password in a URL is added.",
        why="Who can read the repository, now or later, can use it; taking it out afterwards leaves it in the history.",
        bad={"deploy.py": (None, "url = 'postgres://app:" + "q7Xw2" + "Rt9ZkLm4Vb8" + "@db.internal:5432/app'\n")},
        good={"deploy.py": (None, "url = os.environ['DATABASE_URL']  # postgres://app:<password>@db.internal/app\n")},
        way_on=_WAY_ON,
    ),
    Rule(
        id="policy/secret-likely",
        severity=WARNING,
        what="A value that looks like a secret: random text given to a name like password or token, a token whose "
        "checksum does not hold, a private key among tests or in documentation.",
        why="Half of leaked secrets have no well-known form. Test data is often fine; say so by how it looks.",
        bad={"settings.py": (None, 'DB_PASSWORD = "' + "vK3x9" + 'QpL2mTz7"\n')},
        good={"settings.py": (None, 'DB_PASSWORD = os.environ["DB_PASSWORD"]\nTOKEN = "your-token-here-1"\n')},
        way_on=_WAY_ON,
    ),
    Rule(
        id="policy/denied-path",
        severity=ERROR,
        what="A file is added that by its name holds secrets: .env, id_rsa, *.pem with a private key, .netrc.",
        why="Such a file gets into a commit by `git add .`, and everything in it is out at once.",
        bad={".env": (None, "DEBUG=1\n")},
        good={".env.example": (None, "DEBUG=1\n")},
        way_on="`git rm --cached` it and add it to .gitignore; commit a template under a name like .env.example.",
    ),
)
_SECRET, _LIKELY, _PATH = RULES


def check(
    change: Change, blobs: Blobs, *, denied: Sequence[str] = DENIED, allowed: Sequence[str] = ALLOWED
) -> list[Finding]:
    """Return a finding for each secret that *change* adds and each added path among *denied* and not *allowed*."""
    found = [finding for file in added(change.files, blobs) for finding in _in_lines(file, change)]
    return found + [finding for file in change.files for finding in _denied(file, blobs, denied, allowed)]


def _in_lines(file: Added, change: Change) -> Iterator[Finding]:
    path = file.file.path
    settings = extension(path) in _SETTINGS or path.rpartition("/")[2].startswith(".env")
    hits = secrets_in(file.text, unquoted=settings)
    if not hits:
        return
    starts = [0]
    for line in file.lines:
        starts.append(starts[-1] + len(line.text) + 1)
    gone = "\n".join(line.text for other in change.files for line in other.removed_lines())
    for hit in hits:
        if _quiet(hit, path) or file.text[hit.start : hit.end] in gone:
            continue
        line = file.lines[bisect_right(starts, hit.start) - 1]
        rule = _LIKELY if hit.likely or _softened(hit, path) else _SECRET
        yield finding(
            rule.id, rule.severity, path, line.new, _message(hit, file.text), hint=rule.way_on, source=masked(line.text)
        )


def _message(hit: Hit, text: str) -> str:
    """Say what was found, and no more of it than its first four characters, which in most forms are not secret."""
    length = hit.end - hit.start
    if hit.kind in {PASSWORD_IN_URL, ASSIGNED, PRIVATE_KEY}:
        return f"{hit.kind} ({length} characters)"
    shown = printable(text[hit.start : hit.start + 4])
    word = "its checksum holds" if hit.checked else "its checksum does not hold" if hit.likely else ""
    return f"{hit.kind} {shown}… ({length} characters{', ' + word if word else ''})"


def _quiet(hit: Hit, path: str) -> bool:
    """Tell whether a value without a form is left out: tests and documentation are full of made-up ones."""
    return hit.kind == ASSIGNED and (is_test(path) or is_prose(path) or matches(path, _LOCKS))


def _softened(hit: Hit, path: str) -> bool:
    return hit.kind in {PRIVATE_KEY, PASSWORD_IN_URL, "JSON web token"} and (is_test(path) or is_prose(path))


def _denied(file: FileChange, blobs: Blobs, denied: Sequence[str], allowed: Sequence[str]) -> Iterator[Finding]:
    if file.status not in "AR" or not matches(file.path, denied) or matches(file.path, allowed):
        return
    if file.status == "R" and matches(file.source, denied):
        return
    if is_test(file.path):
        return
    if extension(file.path) in _BY_CONTENT and "PRIVATE KEY" not in (content(file, blobs) or ""):
        return
    message = f"{printable(file.path)} is a file of secrets by its name"
    yield finding(_PATH.id, _PATH.severity, file.path, None, message, hint=_PATH.way_on)
