"""Read a page of the documentation here, as plain text; without a topic, what pages there are.

The name of a command shows its flags.
"""

import argparse
from pathlib import Path

from ..errors import UsageError
from ..report.page import plain, title
from ..report.style import style_for
from ..text import printable
from .call import Call

_WIDEST = 100


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "topic", nargs="?", metavar="TOPIC", help="a page (settings, tests, review), or a command (run)"
    )


def main(args: argparse.Namespace, call: Call) -> int:
    """Print the page; return 0."""
    style = style_for(call.stdout, call.environ)
    pages = topics()
    if args.topic is None:
        wide = max(map(len, pages), default=0)
        lines = [f"  {name:{wide}}  {title(path.read_text())}" for name, path in pages.items()]
        call.stdout.write(style.text("\n".join(["pages:", *lines, "", "`everycommit help TOPIC` shows one."])) + "\n")
        return 0
    name = args.topic.removesuffix(".md")
    if name in pages:
        call.stdout.write(style.text(plain(pages[name].read_text(), min(style.width, _WIDEST), style.strong)))
        return 0
    from .main import COMMANDS, parser_of

    if name in COMMANDS:
        call.stdout.write(parser_of(name)[1].format_help())
        return 0
    from difflib import get_close_matches

    near = get_close_matches(name[:100], [*pages, *COMMANDS], 1)
    mean = f"did you mean '{near[0]}'?" if near else "`everycommit help` lists them"
    raise UsageError(f"'{printable(args.topic)}': no such page or command; {mean}")


def topics() -> dict[str, Path]:
    """Return the pages by name: those beside the package, or those of the checkout that it is run from."""
    package = Path(__file__).resolve().parent.parent
    folder = next((one for one in (package / "docs", package.parent.parent / "docs") if one.is_dir()), None)
    return {path.stem: path for path in sorted(folder.glob("*.md"))} if folder else {}
