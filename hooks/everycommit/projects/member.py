"""One project of several, as the gates see it."""

from ..record import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A project of a repository that holds several."""

    root: str
    """Its folder from the repository's root; ``.`` for what lies in no project."""
    inner: tuple[str, ...] = ()
    """Folders in it that are judged apart from it."""
    reached: bool = True
    """Whether the change touches it, or something that it depends on."""

    def owns(self, path: str) -> bool:
        """Tell whether *path*, from the repository's root, is this project's and no inner one's."""
        return _in(self.root, path) and not any(_in(root, path) for root in self.inner)


def _in(folder: str, path: str) -> bool:
    return folder in {".", path} or path.startswith(f"{folder}/")
