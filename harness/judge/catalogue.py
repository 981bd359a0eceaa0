"""Cheat functions as data, and which of them remain possible: wide rather than narrow, the true one must stay in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.judge.chain import base_links
from harness.judge.contract import Link, Shape


@dataclass(frozen=True)
class CheatEntry:
    """One documented function: `breaks` base links, `shapes` it can show, `triggers`, what makes it revert."""

    id: str
    family: str
    title_en: str
    title_zh: str
    breaks: tuple[str, ...]
    triggers: tuple[str, ...]
    shapes: tuple[str, ...]
    reverts: tuple[str, ...]
    magnitude: str
    sources: tuple[str, ...]
    grade: str
    verified: bool


def possible(catalogue: Sequence[CheatEntry], link: Link, shape: Shape | None) -> tuple[str, ...]:
    """Ids of every function that breaks something within `link` and can show `shape` (any, while it is undecided)."""
    spanned = base_links(link)
    return tuple(
        entry.id for entry in catalogue if spanned & set(entry.breaks) and (shape is None or str(shape) in entry.shapes)
    )
