"""Does the pace of the frames change: a box in the line, a computer between indicator and PC (S10, T16, T19; scales.md 1D).

Bytes can arrive late, never early: of a block of frames the earliest, against an even pace, tells when frames truly were sent,
however the host dawdles.  Two things are followed from block to block: that earliest lateness (latency) and its growth
(period).

Null: one pace that at most wanders smoothly, one latency, and delays of the host alike and independent from block to block.
Statistic at a place: the median of the W blocks after it less that of the W before, less the mean of the same W blocks earlier
and later, in which no change at this place shows and a steady or bending clock does.  Its scale is the median deviation of
all places, so that whatever the stream does everywhere counts as noise; p from Student's t with as many degrees of freedom as
there are pairs of separate windows, all places paid for.  What is smaller than `floor_ns` is none, whatever its p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from captures.model import Int64Array
from harness.judge.pulses.medians import median, medians
from harness.judge.pulses.sequential import Floats

BLOCK = 32  # frames
WINDOW = 8  # blocks on either side of a place, fewer in a short stream
MOST = 512  # blocks looked at: longer streams have longer blocks
_FEWEST = 48  # blocks: a change disturbs four windows of sixteen


@dataclass(frozen=True)
class Shift:
    """A change at `at_ns` (between two blocks: +- `u_ns`) of `size_ns`, with `p` over all places."""

    at_ns: int
    u_ns: int
    size_ns: float
    p: float


@dataclass(frozen=True)
class Cadence:
    """Time from frame to frame; how late behind the earliest of its block a frame comes (0.99 quantile); whole periods in which
    no frame came and frames that came beside the pace; the largest change of latency and of period, None below the floor.
    A latency is known but for whole periods: more of it by one period is one frame lost."""

    period_ns: float
    late_ns: float
    lost: int
    added: int
    latency: Shift | None
    period: Shift | None


def cadence(times_ns: Int64Array, floor_ns: int = 1_000_000) -> Cadence | None:
    """The pace of frames that arrived at `times_ns` (n,), in order; None for fewer than 48 blocks of 32."""
    n = times_ns.size
    if n < _FEWEST * BLOCK:
        return None
    size = max(BLOCK, -(-n // MOST))
    blocks = n // size
    begins = times_ns[: blocks * size : size]
    pace = median(np.diff(begins)) / size
    late = times_ns[: blocks * size] - times_ns[0] - np.arange(blocks * size) * pace
    earliest = late.reshape(blocks, size).min(axis=1)
    whole = np.rint(np.diff(earliest) / max(pace, 1.0))
    earliest[1:] -= np.cumsum(whole) * pace
    over = late.reshape(blocks, size) - late.reshape(blocks, size).min(axis=1)[:, None]
    return Cadence(
        pace,
        float(np.quantile(over, 0.99)),
        int(whole[whole > 0].sum()),
        int(-whole[whole < 0].sum()),
        _shift(earliest, begins, floor_ns),
        _shift(np.diff(earliest) / size, begins, floor_ns / size),
    )


def _shift(values: Floats, begins: Int64Array, floor: float) -> Shift | None:
    """The largest local change of level in block values (m,), None below `floor`."""
    width = min(max(values.size // 16, 3), WINDOW)
    level = medians(np.lib.stride_tricks.sliding_window_view(values, width))
    rise = level[width:] - level[:-width]  # at the place `width` blocks on
    score = rise[width:-width] - (rise[2 * width :] + rise[: -2 * width]) / 2
    middle = median(score)
    at = int(np.abs(score - middle).argmax())
    size = float(score[at] - middle)
    if abs(size) < floor:
        return None
    spread = max(1.4826 * median(np.abs(score - middle)), floor / 100)
    windows = max(values.size / (2 * width) - 2, 1)
    p = min(1.0, score.size * 2 * float(stats.t.sf(abs(size) / spread, windows)))
    place = at + 2 * width
    half = int(begins[min(place + 2, begins.size - 1)] - begins[place - 2]) // 2
    return Shift(int(begins[place]), half, size, p)
