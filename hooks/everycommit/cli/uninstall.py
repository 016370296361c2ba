"""Take back exactly what `everycommit install` wrote; a hook that was there before is put back byte for byte.

A hook of ours that a hook manager has moved aside since is found as well, and so is one in .git/hooks that
core.hooksPath has put out of use.
Settings, accepted commands and the snapshots in the user's cache folder stay.
"""

import argparse

from ..repo.githooks import hooks_folder
from ..repo.install import uninstall
from ..repo.repository import discover
from ..report.style import style_for
from .call import Call


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""
    del parser


def main(args: argparse.Namespace, call: Call) -> int:
    """Take them back; return 0, or 2 where a hook was left alone."""
    del args
    style = style_for(call.stdout, call.environ)
    repository = discover(call.cwd, call.environ)
    folder, usual = hooks_folder(repository), repository.common_dir / "hooks"
    steps = uninstall(folder)
    if usual != folder and usual.is_dir():
        steps += tuple(step for step in uninstall(usual) if step.did != "left")
    words = {"removed": "removed", "restored": "taken out, and the hook from before put back"}
    for step in steps:
        if step.did in words:
            mark = style.good(style.symbol("passed"))
            call.stdout.write(f"{mark} {step.hook.name}: {words[step.did]}\n")
        elif step.did == "left":
            call.stdout.write(f"{style.bad(style.symbol('failed'))} {style.text(step.why)}\n")
    if all(step.did == "absent" for step in steps):
        call.stdout.write(style.text(f"There was no hook of everycommit in {folder}.\n"))
    return 2 if any(step.did == "left" for step in steps) else 0
