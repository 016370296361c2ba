"""Run the rules over labelled diffs: which labels are raised that should be, and which that should not.

    python bench/policy.py --cases FILE [--verbose]

FILE has a JSON object a line: ``before`` ({path: {mode, text or b64}}), ``diff`` (or ``diff_b64``, ``encoded``),
``expect``, ``must_not`` and ``soft`` (lists of labels). The trees are built in a repository of their own with
``git apply``, binary patches too, and read as a commit would be.
"""

import argparse
import base64
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from common import environment, sh, table
from everycommit.result import ERROR, Finding
from families import findings
from git_trees import Trees

LABELS: Mapping[str, tuple[str, ...]] = {
    "test_deleted": ("test-deleted", "test-uncollected", "test-cases-removed"),
    "test_skipped": ("test-skipped", "test-skipped-sometimes", "gate-step-weakened"),
    "assertion_weakened": ("assertion-weakened", "assertion-always-true"),
    "swallowed_exception": ("swallowed-exception",),
    "debug_left": ("debugger", "debug-print"),
    "merge_conflict": ("merge-marker",),
    "suppression_added": ("suppression-added", "suppression-whole-file"),
    "gate_config_weakened": (
        *("gate-config-weakened", "gate-exception-added", "gate-step-weakened", "snapshots-updated"),
        "settings-loosened",
    ),
    "secret": ("secret", "secret-likely", "denied-path"),
    "dependency_change": ("dependency-new", "dependency-changed", "action-by-tag"),
    "lock_change": ("lock-changed", "lock-without-manifest"),
    "generated_file": ("generated-file",),
    "large_diff": ("added-lines", "removed-lines", "files", "file-bytes"),
    "mass_deletion": ("mass-deletion", "file-truncated", "removed-lines"),
    "file_deleted": ("file-deleted",),
    "mode_change": ("mode-change",),
    "binary_file": ("binary-file",),
    "placeholder_code": ("placeholder", "empty-body", "code-left-out"),
}
"""Which rules raise a label; ``policy/`` is left out. Every severity counts, notes too."""


def rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if "encoded" in row:
            row.update(json.loads(base64.b64decode(row.pop("encoded"))))
        if "diff_b64" in row:
            row["diff"] = base64.b64decode(row["diff_b64"]).decode(errors="surrogateescape")
        if "diff" not in row or "before" not in row:
            print(f"left out, not rebuilt: {row.get('id')}", file=sys.stderr)
            continue
        yield row


def raised(found: Sequence[Finding]) -> set[str]:
    """Return the labels that *found* amounts to."""
    rules = {finding.rule.removeprefix("policy/") for finding in found}
    return {label for label, ids in LABELS.items() if rules.intersection(ids)}


def old_modes(diff: str) -> dict[str, str]:
    """Return the modes that *diff* expects; rows rebuilt from mirrors say 100644 of every file before it."""
    pattern = (
        r"^diff --git a/(.+) b/\1\n"
        r"(?:old mode (\d{6})|deleted file mode (\d{6})|index [0-9a-f]+\.\.[0-9a-f]+ (\d{6}))$"
    )
    return {match[1]: match[2] or match[3] or match[4] for match in re.finditer(pattern, diff, re.MULTILINE)}


def judged(row: Mapping[str, Any], folder: Path) -> list[Finding]:
    """Return what the rules find in one case."""
    sh(["git", "init", "--quiet", "--initial-branch=main", str(folder)], folder.parent)
    modes = old_modes(row["diff"])
    for name, entry in row["before"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = base64.b64decode(entry["b64"]) if "b64" in entry else entry["text"].encode(errors="surrogateescape")
        mode = modes.get(name, entry.get("mode"))
        if mode == "120000":
            path.symlink_to(content.decode())
            continue
        path.write_bytes(content)
        path.chmod(0o755 if mode == "100755" else 0o644)
    sh(["git", "-c", "core.autocrlf=false", "add", "--force", "--all"], folder)
    base = sh(["git", "write-tree"], folder).stdout.strip()
    patch = folder.parent / "case.diff"
    patch.write_bytes(row["diff"].encode(errors="surrogateescape"))
    sh(["git", "apply", "--index", "--whitespace=nowarn", str(patch)], folder)
    target = sh(["git", "write-tree"], folder).stdout.strip()
    with Trees(folder, environment()) as trees:
        return findings(trees.change(base, target), trees.blobs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--verbose", action="store_true", help="every finding of every case")
    args = parser.parse_args()
    caught, missed, false = Counter[str](), Counter[str](), Counter[str]()
    lines, passing, wrong_errors, total = list[str](), 0, 0, 0
    for row in rows(args.cases):
        total += 1
        with tempfile.TemporaryDirectory() as top:
            folder = Path(top, "repo")
            folder.mkdir()
            found = judged(row, folder)
        labels, expect = raised(found), set(row["expect"])
        caught.update(expect & labels)
        missed.update(expect - labels)
        false.update(labels & set(row["must_not"]))
        lines += [f"missed {label}: {row['id']}" for label in sorted(expect - labels)]
        lines += [f"false {label}: {row['id']}" for label in sorted(labels & set(row["must_not"]))]
        soft = {f"policy/{rule}" for label in row["soft"] for rule in LABELS.get(label, ())}
        errors = [finding for finding in found if finding.severity == ERROR and finding.rule not in soft]
        if not expect:
            passing += 1
            wrong_errors += bool(errors)
            lines += [f"error in a pass case: {row['id']}: {one.rule} {one.path}:{one.line}" for one in errors]
        if args.verbose:
            lines += [
                f"    {row['id']}: {one.severity} {one.rule} {one.path}:{one.line} {one.message}" for one in found
            ]
    every = [label for label in LABELS if caught[label] + missed[label] + false[label]]
    print("\n".join(lines))
    print(
        table(
            ("label", "caught", "missed", "false"),
            [(label, str(caught[label]), str(missed[label]), str(false[label])) for label in every]
            + [("all", str(caught.total()), str(missed.total()), str(false.total()))],
        )
    )
    print(f"{total} cases; {passing} expect nothing, {wrong_errors} of them with an error")
    return 1 if missed or false or wrong_errors > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
