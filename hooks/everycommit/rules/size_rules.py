"""What the rules on size and on the settings themselves say; apart, as every run judges them and few show the words."""

from collections.abc import Mapping
from typing import Any

from ..result import ERROR
from .rule import Rule

_WAY_ON = "Commit it in smaller steps, by folder say: the finding names the largest files and folders."

RULES = (
    Rule(
        "policy/added-lines",
        ERROR,
        "The change adds more lines than policy.max_added_lines; generated, vendored and lock files do not count.",
        "Nobody reads a large change well. At push the limit counts the sum of all that is pushed.",
        {"src/a.py": (None, "A = 1\nB = 2\nC = 3\nD = 4\n")},
        {"src/a.py": (None, "A = 1\nB = 2\n"), "uv.lock": (None, "one\n" * 9)},
        _WAY_ON,
    ),
    Rule(
        "policy/file-added-lines",
        ERROR,
        "The change adds more lines to one file than policy.max_file_added_lines.",
        "A file that grows by leaps is where things are put that belong elsewhere.",
        {"src/a.py": (None, "A = 1\nB = 2\nC = 3\nD = 4\n")},
        {"src/a.py": (None, "A = 1\nB = 2\n"), "src/b.py": (None, "C = 3\nD = 4\n")},
        "Look for the second subject in the file, or commit it in smaller steps.",
    ),
    Rule(
        "policy/removed-lines",
        ERROR,
        "The change removes more lines than policy.max_removed_lines.",
        "What goes unseen is missed late.",
        {"src/a.py": ("A = 1\nB = 2\nC = 3\nD = 4\n", "A = 1\n")},
        {"src/a.py": ("A = 1\nB = 2\n", "A = 1\n")},
        _WAY_ON,
    ),
    Rule(
        "policy/files",
        ERROR,
        "The change touches more files than policy.max_files.",
        "A change that is everywhere has no subject, and no reviewer follows it.",
        {"a.py": (None, "A = 1\n"), "b.py": (None, "B = 2\n"), "c.py": (None, "C = 3\n")},
        {"a.py": (None, "A = 1\n"), "b.py": (None, "B = 2\n")},
        _WAY_ON,
    ),
    Rule(
        "policy/file-bytes",
        ERROR,
        "A file is added with, or grows to, more than policy.max_file_bytes.",
        "It stays in every clone for ever.",
        {"data.csv": (None, "1,2,3\n" * 9)},
        {"data.csv": (None, "1,2,3\n")},
        "Keep it out of git, or in Git LFS.",
    ),
    Rule(
        "policy/settings-loosened",
        ERROR,
        "The change makes a setting of everycommit looser. A warning where it comes by itself, and at push and in CI.",
        "A change may not decide how it is judged itself. The settings before it judge it.",
        {
            "pyproject.toml": (
                "[tool.everycommit.policy]\nmax_files = 3\n",
                "[tool.everycommit.policy]\nmax_files = 30\n",
            ),
            "src/a.py": ("A = 1\n", "A = 2\n"),
        },
        {
            "pyproject.toml": (
                "[tool.everycommit.policy]\nmax_files = 3\n",
                "[tool.everycommit.policy]\nmax_files = 2\n",
            ),
            "src/a.py": ("A = 1\n", "A = 2\n"),
        },
        "Commit pyproject.toml by itself first: alone it passes with a warning, and then it holds.",
    ),
)
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "policy/added-lines": {"max_added_lines": 3},
    "policy/file-added-lines": {"max_file_added_lines": 3},
    "policy/removed-lines": {"max_removed_lines": 2},
    "policy/files": {"max_files": 2},
    "policy/file-bytes": {"max_file_bytes": 20},
}
"""The settings under which a rule's examples are judged."""
