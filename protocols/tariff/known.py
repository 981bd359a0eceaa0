"""The tariffs of the tree: one TOML file a city and edition, asked for by its name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from protocols.tariff.parser import parse
from protocols.tariff.tariff import Tariff


def folder() -> Traversable:
    """Where the files lie."""
    return files("protocols.tariff") / "catalogue"


def names() -> tuple[str, ...]:
    """The tariffs of the tree, as one asks for them: file names with hyphens, without their ending."""
    found = (one.name for one in folder().iterdir() if one.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml").replace("_", "-") for name in found))


@cache
def known(name: str) -> Tariff:
    """The tariff of that name.  ValueError for a name there is none of."""
    if name not in names():
        raise ValueError(f"expected one of the tariffs {', '.join(names())}, got {name!r}")
    file_name = f"{name.replace('-', '_')}.toml"
    return parse((folder() / file_name).read_text("utf-8"), file_name)
