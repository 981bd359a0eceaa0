"""Small distributions to begin a plugin from, one folder a kind: `begin` copies one and fills in its names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from harness.exits import UsageError
from protocols.acceptance.beginning import EXAMPLES, TITLE, beginning

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 40
EDITION = "acceptance"
SUFFIX = ".in"  # so that no tool takes a beginning for a module of ours
SKIPPED = ("__init__.py", "__pycache__")  # of the folder of all beginnings


def kinds() -> list[str]:
    """What can be begun: "protocol", "instrument" ..."""
    found = (one.name for one in files("harness.beginnings").iterdir() if one.is_dir() and one.name not in SKIPPED)
    return sorted(found)


def begin(kind: str, name: str, to: Path, family: str = "") -> list[Path]:
    """Writes the distribution `shortmeasure-NAME` below the folder `to`; its files in order.  `family`: of an edition.

    Raises UsageError for an unknown kind or family or a name that is none, FileExistsError where the folder is there already.
    """
    if kind not in kinds():
        raise UsageError(f"plugin new: kind expected one of {', '.join(kinds())}, got {kind!r}")
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise UsageError(
            f"plugin new: name expected lower case, digits and single hyphens such as nci-ecr, at most {LONGEST}, got {name!r}"
        )
    if (kind == EDITION) != (family in EXAMPLES) or (kind != EDITION and family):
        wanted = f"one of {', '.join(EXAMPLES)}" if kind == EDITION else f"none, for it is that of {EDITION} alone"
        raise UsageError(f"plugin new: --family expected {wanted}, got {family or 'none'}")
    home = to / f"shortmeasure-{name}"
    if home.exists():
        raise FileExistsError(f"{home}: there is such a folder; name another plugin or --to another place")
    package = f"shortmeasure_{name.replace('-', '_')}"
    names = _names(name, package)
    texts = {_filled(path, names): _filled(text, names) for path, text in _texts(_folder(kind), "")}
    if kind == EDITION:
        texts[f"{package}/edition.toml"] = beginning(name, family, TITLE, "edition.toml")
    written = []
    for path, text in sorted(texts.items()):
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8", newline="\n")
        written.append(target)
    return written


def untouched(kind: str, name: str, path: Path) -> bool:
    """Whether the module at `path`, of a plugin `name` of this kind, is as `begin` wrote it."""
    names = _names(name, path.parent.name)
    begun = (_filled(text, names) for place, text in _texts(_folder(kind), "") if place == f"PACKAGE/{path.name}")
    return path.read_text("utf-8", "replace") in begun


def _folder(kind: str) -> Traversable:
    return files("harness.beginnings").joinpath(kind)


def _names(name: str, package: str) -> dict[str, str]:
    return {"DISTRIBUTION": f"shortmeasure-{name}", "PACKAGE": package, "NAME": name}


def _texts(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.name == "__pycache__":
            continue
        if one.is_dir():
            yield from _texts(one, f"{prefix}{one.name}/")
        else:
            yield prefix + one.name.removesuffix(SUFFIX), one.read_text("utf-8")


def _filled(text: str, names: dict[str, str]) -> str:
    for placeholder, name in names.items():
        text = re.sub(rf"\b{placeholder}\b", name, text)
    return text
