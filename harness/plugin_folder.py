"""Plugins of a folder that is not installed: its pyproject.toml says which objects they are."""

from __future__ import annotations

import importlib
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from fixtures.plugins import GROUPS, Plugin, loaded
from harness.exits import UsageError

MOST_BYTES = 1 << 20


def plugins_in(folder: Path) -> list[Plugin]:
    """The plugins that the distribution in `folder` would offer, loaded from there.  Raises UsageError where it offers none."""
    told = _project(folder / "pyproject.toml")
    name = str(told.get("name", folder.name))
    points = [
        EntryPoint(str(entry), str(value), f"shortmeasure.{group}")
        for group, entries in told.get("entry-points", {}).items()
        if group.removeprefix("shortmeasure.") in GROUPS
        for entry, value in entries.items()
        for group in [group.removeprefix("shortmeasure.")]
    ]
    if not points:
        wanted = " or ".join(f'[project.entry-points."shortmeasure.{group}"]' for group in GROUPS)
        raise UsageError(
            f"{folder / 'pyproject.toml'}: expected {wanted}, got none; `shortmeasure plugin new` begins one"
        )
    sys.path[:0] = [str(place) for place in _roots(folder)]
    importlib.invalidate_caches()
    return [loaded(point.group.removeprefix("shortmeasure."), point, name) for point in points]


def _roots(folder: Path) -> Iterator[Path]:
    if (folder / "src").is_dir():
        yield (folder / "src").resolve()
    yield folder.resolve()


def _project(path: Path) -> dict[str, Any]:
    from fixtures.textfile import read_text

    if not path.is_file():
        raise UsageError(f"{path.parent}: expected a pyproject.toml, got none; `shortmeasure plugin new` makes one")
    text = read_text(path, "a pyproject.toml", MOST_BYTES, UsageError)
    try:
        told = tomllib.loads(text).get("project", {})
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: expected TOML, got {str(error)[:200]}") from None
    if not isinstance(told, dict) or not isinstance(told.get("entry-points", {}), dict):
        raise UsageError(f"{path}: expected tables [project] and [project.entry-points], got {told!r}")
    return told
