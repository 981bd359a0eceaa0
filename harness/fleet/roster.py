"""Ids of vehicles or drivers as numbers, in the order in which they come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.fleet.cells import Ints, Marks, Reason
from harness.fleet.errors import FleetError

MOST = 100_000  # ids: the greatest fleets of one city have some ten thousand
LONGEST = 64  # characters


class Roster:
    """Who has come so far; -1 is nobody."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self.ids: list[str] = []
        self._codes: dict[str, tuple[int, Reason]] = {}

    def codes(self, texts: Sequence[str]) -> tuple[Ints, Marks]:
        """A column (n,): numbers, and what is wrong.  Raises FleetError beyond MOST ids."""
        codes, different = pd.factorize(np.array(texts, dtype=object))
        read = [self._code(one) for one in different]
        numbers = np.array([number for number, _ in read], dtype=np.int64)
        marks = np.array([reason for _, reason in read], dtype=np.int8)
        return numbers[codes], marks[codes]

    def _code(self, text: str) -> tuple[int, Reason]:
        text = text.strip()
        known = self._codes.get(text)
        if known is not None:
            return known
        wrong = _wrong(text)
        if wrong is not Reason.TAKEN:
            return -1, wrong
        if len(self.ids) >= MOST:
            raise FleetError(
                f"expected at most {MOST} different ids of a {self.noun}, got more; is it the right column?"
            )
        found = (len(self.ids), Reason.TAKEN)
        self._codes[text] = found
        self.ids.append(text)
        return found


def _wrong(text: str) -> Reason:
    if not text or text.lower() in ("nan", "null", "none"):
        return Reason.EMPTY
    if text[0] in "=@+-":  # a table of ours opened in a spreadsheet would run it
        return Reason.FORMULA
    return Reason.TAKEN if len(text) <= LONGEST and text.isprintable() else Reason.IDENTITY
