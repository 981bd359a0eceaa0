"""Tariffs by their names: the files of protocols/tariff/catalogue, read once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from protocols.tariff.parser import parse
from protocols.tariff.rule import TariffError
from protocols.tariff.tariff import Tariff


def names() -> tuple[str, ...]:
    """Ids of all tariffs that come with the program."""
    folder = files("protocols.tariff") / "catalogue"
    return tuple(sorted(one.name[:-5].replace("_", "-") for one in folder.iterdir() if one.name.endswith(".toml")))


@cache
def tariff(name: str) -> Tariff:
    """The tariff `name`; TariffError with the known ones where there is none."""
    known = names()
    if name not in known:
        raise TariffError(f"tariff expected one of {', '.join(known)}, got {name!r}")
    resource = name.replace("-", "_") + ".toml"
    return parse((files("protocols.tariff") / "catalogue" / resource).read_text("utf-8"), resource)
