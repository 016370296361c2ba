"""Puts itself between a program and what tells by which names and paths it asks, for ``everycommit_seen``.

PYTEST_DONT_REWRITE. Any Python from 3.8 on.
"""
# ruff: noqa: BLE001, S110, SIM105, SLF001 - what breaks in here must not break a test

from __future__ import annotations

import builtins
import contextlib
import importlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from everycommit_seen import Recorder  # type: ignore[import-not-found]

_PYTEST = os.sep + "_pytest" + os.sep
_PLUGGY = os.sep + "pluggy" + os.sep
_CONTEXTS = contextlib.__file__
"""It copies docstrings."""


def watching(recorder: Recorder) -> None:  # noqa: C901 - closures over one recorder
    """Put ourselves between the program and what tells by which names and paths it asks."""

    def hook(event: str, args: Any) -> None:
        try:
            recorder.event(event, args)
        except Exception:
            pass

    sys.addaudithook(hook)

    def named(name: str, module: Any, place: int) -> None:
        real = getattr(module, name)

        def asking(*args: Any, **keywords: Any) -> Any:
            frame = sys._getframe(1)
            if len(args) > place and not _asks_for_others(frame.f_code) and not recorder.of_others(*args[:2]):
                recorder.asked(args[place], frame)
            return real(*args, **keywords)

        _same_name(asking, real)
        setattr(module, name, asking)

    def statted(name: str) -> None:
        real = getattr(os, name)

        def asking(*args: Any, **keywords: Any) -> Any:
            if args and not isinstance(args[0], int):
                try:
                    recorder.path("statted", os.fspath(args[0]))
                except Exception:
                    pass
            return real(*args, **keywords)

        _same_name(asking, real)
        setattr(os, name, asking)
        # Whether a platform takes a folder's number is asked by identity of the function.
        for group in (os.supports_dir_fd, os.supports_follow_symlinks, os.supports_fd, os.supports_effective_ids):
            if real in group:
                group.add(asking)

    for name in ("stat", "lstat", "access"):
        statted(name)
    for name in ("getattr", "hasattr"):
        named(name, builtins, 1)
    real_import = importlib.import_module

    def import_module(name: str, package: str | None = None) -> Any:
        if isinstance(name, str):
            recorder.all_asked([f"%{part}" for part in name.split(".")], sys._getframe(1))
        return real_import(name, package)

    _same_name(import_module, real_import)
    importlib.import_module = import_module


def _asks_for_others(code: Any) -> bool:
    """Tell whether *code* asks whatever the program is: pytest, an import of names, `functools.wraps`."""
    name = code.co_filename
    return (
        _PYTEST in name
        or _PLUGGY in name
        or name.startswith("<frozen importlib")
        or (code.co_name == "update_wrapper" and name.endswith("functools.py"))
        or name == _CONTEXTS
    )


def _same_name(ours: Any, real: Any) -> None:
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        try:
            setattr(ours, name, getattr(real, name))
        except (AttributeError, TypeError):
            pass
