"""Does the same load read differently after an event?  The committed random allocation is the null (statistics.md 2b).

All allocations that could have been drawn are alike likely, and under the null each gives the readings that were seen: their
sums are counted, in integers, by convolution instead of enumeration.  No model of noise, drift or rounding enters.
Smallest p: 1/C(2n, n) one-sided for n + n readings, 2^-n for n pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array

BET = 0.9  # share of the capital on the sign of the next pair: 11 pairs to 1e3, 15 to 1e4 (statistics.md 2b)
_LARGEST = 20_000_000  # places in the table of sums: more is no comparison of like readings


@dataclass(frozen=True)
class Randomised:
    """`p` exact; `shift`: mean of B less mean of A, in steps; `least`: the smallest p this allocation could have given."""

    p: float
    shift: float
    least: float


def two_sample(
    readings: Int64Array, is_b: npt.NDArray[np.bool_], side: int = 0, block: npt.NDArray[np.int64] | None = None
) -> Randomised:
    """Exact permutation test of readings (n,), allocated to B or A at random: completely, or within the blocks that `block`
    (n,) numbers (all arrangements of a block's A and B alike likely; for mirrored ABBA blocks see `mirrored`).

    Statistic: the sum over B.  `side`: +1, B reads more; -1, less; 0, either.  Raises ValueError where A or B is empty, or
    the readings lie so far apart that their sums no longer fit a table.
    """
    if readings.shape != is_b.shape or not is_b.any() or is_b.all():
        raise ValueError(f"permutation: expected readings of A and B, got {readings.size} and {int(is_b.sum())} of B")
    spread = int(readings.max() - readings.min())
    if spread * readings.size**2 > _LARGEST:
        raise ValueError(f"permutation: {readings.size} readings spread over {spread} steps: expected one load for all")
    blocks = np.zeros(readings.size, dtype=np.int64) if block is None else block
    counts, total, expected = [1], 0, Fraction(0)
    for one in np.unique(blocks):
        here = blocks == one
        values, chosen = (readings[here] - readings.min()).astype(np.int64), is_b[here]
        k = int(chosen.sum())
        counts = _convolved(counts, _sums(values.tolist(), k))
        total += int(values[chosen].sum())
        expected += Fraction(int(values.sum()) * k, int(values.size))
    shift = float(readings[is_b].mean() - readings[~is_b].mean())
    ends = [at for at, number in enumerate(counts) if number]
    least = min(_tail(counts, end, expected, side) for end in (ends[0], ends[-1]))
    return Randomised(float(_tail(counts, total, expected, side)), shift, float(least))


def paired(differences: Int64Array, side: int = 0) -> Randomised:
    """Exact sign-flip test of differences (n,), B less A of pairs in random order.  Raises ValueError without a pair."""
    if not differences.size:
        raise ValueError("permutation: expected a pair of readings, got none")
    if int(np.abs(differences).sum()) * differences.size > _LARGEST:
        raise ValueError(
            f"permutation: {differences.size} pairs differ by up to {int(np.abs(differences).max())} steps: one load?"
        )
    sizes = np.abs(differences).tolist()
    counts = [1]
    for size in sizes:
        longer = counts + [0] * size
        for at, number in enumerate(counts):
            longer[at + size] += number
        counts = longer
    won = int(differences[differences > 0].sum())
    p = _tail(counts, won, Fraction(sum(sizes), 2), side)
    least = Fraction(1, 2 ** (differences.size if side else differences.size - 1))
    return Randomised(float(p), float(differences.mean()), float(least))


def mirrored(readings: Int64Array, is_b: npt.NDArray[np.bool_], side: int = 0, length: int = 4) -> Randomised:
    """Blocks of `length` readings, each drawn as it stands or with A and B exchanged (ABBA or BAAB): sign flips of their
    contrasts.  A drift that is linear within a block drops out.  Raises ValueError for an odd number of readings."""
    if readings.size % length or readings.shape != is_b.shape:
        raise ValueError(f"permutation: expected whole blocks of {length} readings, got {readings.size}")
    signed = np.where(is_b, readings, -readings).reshape(-1, length).sum(axis=1)
    if bool(np.any(is_b.reshape(-1, length).sum(axis=1) * 2 != length)):
        raise ValueError("permutation: expected as many A as B in each block")
    found = paired(signed.astype(np.int64), side)
    return Randomised(found.p, 2 * found.shift / length, found.least)


def sign_capital(differences: Sequence[int], side: int = 0, bet: float = BET) -> list[float]:
    """The capital after each pair (n,): an e-process, its mean at any stopping time at most 1, where the order of the two in a
    pair was drawn by a fair coin.  Won or lost at even odds by the sign of the difference; equal readings are no bet.  Both
    sides: half the capital on each."""
    up = down = 1.0
    found = []
    for difference in differences:
        sign = (difference > 0) - (difference < 0)
        up, down = up * (1 + bet * sign), down * (1 - bet * sign)
        found.append(up if side > 0 else down if side < 0 else (up + down) / 2)
    return found


def _sums(values: list[int], k: int) -> list[int]:
    """How many choices of `k` of the values (>= 0) have each sum, by the recursion over values; exact while they fit 62 bits
    (33 + 33 readings), beyond that to 1e-13, for only positive numbers are added."""
    largest = sum(sorted(values)[len(values) - k :])
    small = comb(len(values), min(k, len(values) // 2)) < 1 << 62
    table = np.zeros((k + 1, largest + 1), dtype=np.int64 if small else np.float64)
    table[0, 0] = 1
    for value in values:
        for chosen in range(k, 0, -1):
            table[chosen, value:] = table[chosen, value:] + table[chosen - 1, : largest + 1 - value]
    return [int(number) for number in table[k]]


def _convolved(one: list[int], other: list[int]) -> list[int]:
    if len(one) == 1:
        return [one[0] * number for number in other]
    found = [0] * (len(one) + len(other) - 1)
    for at, number in enumerate(one):
        if number:
            for to, factor in enumerate(other):
                found[at + to] += number * factor
    return found


def _tail(counts: list[int], seen: int, expected: Fraction, side: int) -> Fraction:
    """P(a sum as far as the one seen): above, below, or either way from its expectation."""
    if side:
        part = counts[seen:] if side > 0 else counts[: seen + 1]
        return Fraction(sum(part), sum(counts))
    middle, scale = expected.numerator, expected.denominator
    far = abs(scale * seen - middle)
    return Fraction(sum(number for at, number in enumerate(counts) if abs(scale * at - middle) >= far), sum(counts))
