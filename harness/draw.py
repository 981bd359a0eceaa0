"""A draw by lot that anybody can repeat: SHA-256 of the seed is shown beforehand, the seed itself afterwards.

The candidates are ordered by SHA-256 of "seed:id" and the first ones are drawn; `sha256sum` repeats it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

SEED_FORM = re.compile(r"[0-9a-f]{32,64}\Z")  # 128 bit and more: nobody finds it from its hash


def commitment(seed: str) -> str:
    """SHA-256 of the seed as it is written.  Raises ValueError for a seed that could be guessed from it."""
    if not SEED_FORM.match(seed):
        raise ValueError(f"expected a draw seed of 32 to 64 hexadecimal digits, got {len(seed)} characters")
    return hashlib.sha256(seed.encode()).hexdigest()


def drawn(seed: str, candidates: Sequence[str], count: int) -> list[str]:
    """`count` of `candidates`, in the order of their lots.  Raises ValueError when there are not so many."""
    if not 0 <= count <= len(candidates):
        raise ValueError(f"expected to draw 0 to {len(candidates)} of {len(candidates)}, got {count}")
    return sorted(candidates, key=lambda id: hashlib.sha256(f"{seed}:{id}".encode()).hexdigest())[:count]


BLOCKS = ("ABBA", "BAAB")  # trials of a block: B with the event, A without it


def of_blocks(count: int) -> tuple[str, ...]:
    """Candidates of a draw that decides for each of `count` blocks between ABBA and BAAB: all of them are drawn."""
    return tuple(f"{number:03}.{block}" for number in range(1, count + 1) for block in BLOCKS)


def allocation(order: Sequence[str]) -> str:
    """The letters of all trials: of each block the candidate (`of_blocks`) that was drawn first.  Raises ValueError where a block
    was not drawn as often as there are choices."""
    first: dict[str, str] = {}
    for candidate in order:
        number, _, block = candidate.partition(".")
        if block not in BLOCKS:
            raise ValueError(f"expected candidates such as 001.ABBA, got {candidate!r}")
        first.setdefault(number, block)
    if len(order) != len(BLOCKS) * len(first):
        raise ValueError(f"expected both choices of each of {len(first)} blocks, got {len(order)} candidates")
    return "".join(first[number] for number in sorted(first))
