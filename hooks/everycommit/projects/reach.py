"""Which projects a change reaches: those that it touches, and those that need one of these, however far."""

from collections.abc import Iterable, Mapping, Sequence

from .needs import imports, said
from .tree import Tree, owner


def reached(
    tree: Tree, roots: Sequence[str], touched: Iterable[str], depends: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Return those of *roots* that the paths *touched* reach; all where one of them lies in no project.

    What lies in no project may be shared: the settings at the root, a conftest.py, a lock file, a script.
    """
    there = frozenset(roots)
    found = {owner(path, there) for path in touched}
    if "." in found:
        return there
    if not found:
        return frozenset()
    needs = said(tree, roots, depends)
    found = _closed(found, needs)
    # Reading manifests costs little, reading all code more: only that of projects which are not reached yet.
    left = [root for root in roots if root not in found]
    imported = imports(tree, roots, left) if left else {}
    return frozenset(_closed(found, {root: needs[root] | imported.get(root, frozenset()) for root in roots}))


def _closed(found: set[str], needs: Mapping[str, frozenset[str]]) -> set[str]:
    """Return *found* with all that needs one of them."""
    while True:
        more = {root for root, needed in needs.items() if root not in found and needed & found}
        if not more:
            return found
        found = found | more
