"""The length of a track by its positions: chords of a fixed length, freed of what noise adds, with its uncertainty.

A chord of length L between positions whose difference has noise s on each coordinate is longer by s^2 / (2 L) on average
(the part of the noise across it); a curve is longer than its chords.  So L is fixed by the distance driven and not by the
rate of the receiver, the first is taken off, and the second is extrapolated from chords half as long (Richardson), with half of
what they gain as uncertainty.  [S86] in taximeters.md: the bias of summed positions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.derive.figures import figure
from harness.derive.geodesy import lengths_m
from harness.derive.gnss_fixes import FloatArray, Track

FEWEST = 8  # chords that show their noise
MAD_TO_SD = 1.4826
BEYOND = 5 / 3
"""What chords half as long gain, times this, is what is still missing: 4/3 for smooth curves (falls with L squared), 2 for
corners (falls with L: a quarter turn at a random place of a chord); the middle of both."""


@dataclass(frozen=True, slots=True)
class Chords:
    """`length_m` +- `u_m`; `taken_off_m` for noise; `every_fix_m` the sum over every step, which noise lengthens;
    `driven_m` what the speed tells of the same steps."""

    length_m: float
    u_m: float
    taken_off_m: float
    every_fix_m: float
    driven_m: float


def chords(track: Track, counted_m: FloatArray, kept: np.ndarray) -> Chords:
    """Of the steps that are `kept` (n - 1,), each of which counts `counted_m` (n - 1,) by its speed."""
    every = lengths_m(track.latitude[:-1], track.longitude[:-1], track.latitude[1:], track.longitude[1:])
    stretches = _stretches(kept)
    length_m = figure("gnss.chord_m")
    long, short = (_summed(track, counted_m, stretches, chord_m) for chord_m in (length_m, length_m / 2))
    gained = short.clean_m - long.clean_m
    dilution = track.hdop[np.isfinite(track.hdop)]
    u_end = figure("gnss.u_position_m") * max(1.0, float(np.median(dilution)) if dilution.size else 1.0)
    parts = [u_end] * (2 * len(stretches)) + [short.added_m - long.added_m, gained / 2, BEYOND * short.spells_m]
    return Chords(
        long.clean_m + BEYOND * gained, math.hypot(*parts), long.added_m, float(every[kept].sum()),
        float(counted_m[kept].sum()),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sum:
    """`sum_m` of chords; `added_m` what their usual noise adds, `spells_m` what worse noise at times may add on top."""

    sum_m: float
    added_m: float = 0.0
    spells_m: float = 0.0

    @property
    def clean_m(self) -> float:
        return self.sum_m - self.added_m


def _stretches(kept: np.ndarray) -> list[tuple[int, int]]:
    """First and last fix of every stretch without a gap."""
    edges = np.diff(kept.astype(np.int8), prepend=0, append=0)
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _summed(track: Track, counted_m: FloatArray, stretches: list[tuple[int, int]], length_m: float) -> _Sum:
    """Chords that are `length_m` long by the speed, the last of a stretch longer.

    Noise is what chords differ from the speed by: the usual one by their median, that of spells by what exceeds it, up to
    a jump; what jumps farther is no noise, and is to show in the sum.
    """
    found, driven = [], []
    for first, last in stretches:
        since = np.concatenate(([0.0], np.cumsum(counted_m[first:last])))
        marks = np.arange(0.0, max(float(since[-1]) - length_m / 2, 0.0), length_m)
        ends = first + np.unique(np.concatenate(([0], np.searchsorted(since, marks), [last - first])))
        a, b = ends[:-1], ends[1:]
        found.append(lengths_m(track.latitude[a], track.longitude[a], track.latitude[b], track.longitude[b]))
        driven.append(np.diff(since[ends - first]))
    if not found:
        return _Sum(0.0)
    straight = np.concatenate(found)
    odd = straight - np.concatenate(driven)
    if straight.size < FEWEST:
        return _Sum(float(straight.sum()))
    odd = odd - np.median(odd)
    usual = MAD_TO_SD * float(np.median(np.abs(odd)))
    worst = float(np.mean(np.clip(odd, 0, figure("gnss.jump_m")) ** 2)) * 2  # the other side holds curves too
    share = float(np.sum(1 / (2 * np.maximum(straight, length_m / 2))))
    return _Sum(float(straight.sum()), usual**2 * share, max(worst - usual**2, 0.0) * share)
