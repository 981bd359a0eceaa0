"""The length of a track by its positions: chords of a fixed length, freed of what noise adds, with its uncertainty.

A chord of length L between positions whose difference has noise s on each coordinate is longer by s^2 / (2 L) on average
(the part of the noise across it); a curve is longer than its chords by what falls with L squared.  So L is fixed by the
distance driven and not by the rate of the receiver, the first is taken off, and the second is estimated from chords half as
long (Richardson) and kept as uncertainty.  [S86] in taximeters.md: the bias of summed positions.
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
    long, long_off = _summed(track, counted_m, stretches, length_m)
    short, short_off = _summed(track, counted_m, stretches, length_m / 2)
    curved = abs((short - short_off) - (long - long_off)) / 3
    dilution = track.hdop[np.isfinite(track.hdop)]
    u_ends = math.sqrt(2) * figure("gnss.u_position_m") * max(1.0, float(np.median(dilution)) if dilution.size else 1.0)
    u_m = math.sqrt(len(stretches) * u_ends**2 + long_off**2 + curved**2)
    return Chords(long - long_off, u_m, long_off, float(every[kept].sum()), float(counted_m[kept].sum()))


def _stretches(kept: np.ndarray) -> list[tuple[int, int]]:
    """First and last fix of every stretch without a gap."""
    edges = np.diff(kept.astype(np.int8), prepend=0, append=0)
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _summed(
    track: Track, counted_m: FloatArray, stretches: list[tuple[int, int]], length_m: float
) -> tuple[float, float]:
    """The sum of chords that are `length_m` long by the speed (the last of a stretch longer), and what noise adds to it."""
    found, driven = [], []
    for first, last in stretches:
        since = np.concatenate(([0.0], np.cumsum(counted_m[first:last])))
        marks = np.arange(0.0, max(float(since[-1]) - length_m / 2, 0.0), length_m)
        at = np.unique(np.append(np.searchsorted(since, marks), last - first))
        at = np.unique(np.append(0, at))
        ends = at + first
        a, b = ends[:-1], ends[1:]
        found.append(lengths_m(track.latitude[a], track.longitude[a], track.latitude[b], track.longitude[b]))
        driven.append(np.diff(since[at]))
    if not found:
        return 0.0, 0.0
    straight, along = np.concatenate(found), np.concatenate(driven)
    odd = straight - along
    if straight.size < FEWEST:
        return float(straight.sum()), 0.0
    noise = MAD_TO_SD * float(np.median(np.abs(odd - np.median(odd))))
    added = noise**2 / (2 * np.maximum(straight, length_m / 2))
    return float(straight.sum()), float(added.sum())
