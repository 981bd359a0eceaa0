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
