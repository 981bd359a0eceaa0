"""How a check says what the contract wants."""

from __future__ import annotations


class Broken(AssertionError):
    """A plugin does not keep its contract: what was wanted, where, and what was seen instead."""


class NotRun(Broken):
    """Something that was not tried, and why: an edition for which there is no simulated bench, a check that needs what only its author has."""


def want(kept: bool, wanted: str, got: object) -> None:
    """Raises Broken with `wanted` and `got` where `kept` is false."""
    if not kept:
        raise Broken(f"{wanted}; got {got!r}")
