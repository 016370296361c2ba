"""What is installed in a Python, told from the names and times of files alone."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_SEPARATORS = r"[-_.]+"


def normalised(name: str) -> str:
    """Return the one spelling of a distribution's name. Source: PEP 503."""
    return re.sub(_SEPARATORS, "-", name).lower()


def site_packages(prefix: Path) -> list[Path]:
    """Return the folders of *prefix* that hold distributions."""
    try:
        versions = sorted(path for path in (prefix / "lib").iterdir() if path.name.startswith(("python", "pypy")))
    except OSError:
        return []
    return [path / "site-packages" for path in versions if (path / "site-packages").is_dir()]


def installed(prefix: Path) -> dict[str, str]:
    """Return ``{normalised name: version}`` of what is installed in the virtual environment *prefix*."""
    return listed(path.name for folder in site_packages(prefix) for path in folder.iterdir())


def stamp(path: str, name: str) -> str:
    """Return *name* with size and time of the file *path*, which change when it is written anew."""
    try:
        found = Path(path).stat()
    except OSError:
        return name
    return f"{name} {found.st_size} {found.st_mtime_ns}"


def stamped(folders: Iterable[Path]) -> Iterator[str]:
    """Yield words for what lies in *folders*: they change with any install, one of the same version too."""
    for folder in folders:
        for entry in sorted(os.scandir(folder), key=lambda one: one.name):
            if entry.name.endswith((".dist-info", ".egg-info")):
                # pip removes the folder and makes it anew; a file of it is written last.
                yield stamp(f"{entry.path}/RECORD", entry.name)
            elif entry.name.endswith((".py", ".pth", ".egg-link")):
                yield stamp(entry.path, entry.name)
            elif entry.name != "__pycache__":
                yield entry.name


def editable_elsewhere(prefix: Path, top: Path, places: Iterable[Path] = ()) -> bool:
    """Tell whether something is installed in *prefix* whose code lies elsewhere, and not in the working tree *top*."""
    return any(not path.is_relative_to(top) for path in _editable(prefix, places))


def editable_inside(prefix: Path, top: Path, places: Iterable[Path] = ()) -> bool:
    """Tell whether something is installed in *prefix* whose code lies in the working tree *top*."""
    return any(path.is_relative_to(top) for path in _editable(prefix, places))


def _editable(prefix: Path, places: Iterable[Path]) -> Iterator[Path]:
    """Yield the places outside of *prefix* from which Python imports what is installed there."""
    for folder in places or site_packages(prefix):
        for pth in folder.glob("*.pth"):
            text = pth.read_text(encoding="utf-8", errors="replace")
            # setuptools, scikit-build-core and meson-python write a module with the paths, and import it here.
            beside = [folder / f"{name}.py" for name in re.findall(r"\bimport (\w+)", text)]
            text += "".join(path.read_text(encoding="utf-8", errors="replace") for path in beside if path.is_file())
            for place in re.findall(r"^/.*$|(?<=['\"])/[^'\"\n]+(?=['\"])", text, re.MULTILINE):
                path = Path(place)
                if path.exists() and not path.is_relative_to(prefix):
                    yield path


def listed(names: Iterable[str]) -> dict[str, str]:
    """Return ``{normalised name: version}`` of what the names of files tell, without opening one.

    Source: PEP 376, PEP 427.
    """
    found = {}
    for name in sorted(names):
        stem, dot, ending = name.rpartition(".")
        if dot and ending in {"dist-info", "egg-info"}:
            project, dash, rest = stem.partition("-")
            found[normalised(project)] = re.sub(r"-py\d.*$", "", rest) if dash else ""
    return found
