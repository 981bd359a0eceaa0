"""Several breaks in one course: where the gain changes or the volume jumps, and the gain of every stretch between.

Offline segmentation (statistics.md T10) under the noise model of kink.py: forward selection of kinks and jumps on the
whitened course while the log likelihood ratio pays `penalty`, each place and kind then sought again with the others
fixed, and what does not stand alone in the full model taken out again, worst first.  The noise is estimated once more
from what the breaks leave, because breaks inflate it.  No textbook penalty keeps a false rate here: `benchmarks/nulls.py`
measures it on honest courses, and the p-value of a break pays for every candidate of both kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, stats

from harness.judge.kink import Floats, Noise, Prepared, noise, prepare

MOST = 8  # breaks looked for in one delivery
ROUNDS = 4  # of breaks chosen under a noise, and the noise that they leave
KINDS = ("kink", "jump")
_FEWEST = 12  # points of a course
_LOG_LIKELIHOOD_95 = 3.84  # chi-square with one degree of freedom: interval of a place


@dataclass(frozen=True)
class Break:
    """One break: `size` relative for a kink, litres for a jump; `p` over all candidates, beyond the honest bound."""

    kind: str
    at_l: float
    interval_l: tuple[float, float]
    size: float
    se: float
    p: float


@dataclass(frozen=True)
class Stretch:
    """Gain of the downstream station (relative, with standard uncertainty) between two breaks."""

    from_l: float
    to_l: float
    gain: float
    se: float


@dataclass(frozen=True)
class Fit:
    """Breaks in order of volume; stretches between them; noise left; the smallest median standard errors met."""

    breaks: tuple[Break, ...]
    stretches: tuple[Stretch, ...]
    noise: Noise
    se_kink: float
    se_jump: float
    candidates: int


@dataclass(frozen=True)
class Honest:
    """What an honest course may hold: a kink of `bound`, a jump of `jump_l`; `margin_l` at the ends is not looked at."""

    bound: float
    jump_l: float
    margin_l: float


class _Candidates:
    """Whitened shapes (n, 2m) of every kink and every jump at the m places between two points."""

    def __init__(self, data: Prepared, honest: Honest) -> None:
        v = data.v
        places = (v[1:] + v[:-1]) / 2
        self.places: Floats = places[(places >= v[0] + honest.margin_l) & (places <= v[-1] - honest.margin_l)]
        kinks = np.maximum(0.0, v[:, None] - self.places[None, :])
        jumps = (v[:, None] > self.places[None, :]).astype(np.float64)
        shapes = np.concatenate([kinks, jumps], axis=1)
        self.raw = shapes
        self.white: Floats = np.asarray(linalg.solve_triangular(data.factor, shapes, lower=True), dtype=np.float64)
        self.data, self.honest = data, honest
        self.m = int(self.places.size)

    def place(self, index: int) -> float:
        return float(self.places[index % self.m])

    def kind(self, index: int) -> str:
        return KINDS[index // self.m]

    def projected(self, chosen: Sequence[int]) -> tuple[Floats, Floats]:
        """Shapes and y with the base and the chosen breaks projected out."""
        base, y, white = self.data.base, self.data.y, self.white
        white = white - base @ (base.T @ white)
        if not chosen:
            return white, y
        taken: Floats = np.asarray(linalg.qr(white[:, list(chosen)], mode="economic")[0], dtype=np.float64)
        return white - taken @ (taken.T @ white), y - taken @ (taken.T @ y)

    def scores(self, chosen: Sequence[int]) -> tuple[Floats, Floats, Floats]:
        """Size, power and twice the log likelihood ratio (2m,) of adding each candidate to the chosen ones."""
        white, y = self.projected(chosen)
        power = np.einsum("ij,ij->j", white, white)
        floor = 1e-7 * float(np.einsum("ij,ij->j", self.white, self.white).max())
        ok = power > floor
        size = np.where(ok, (white.T @ y) / np.where(ok, power, 1.0), 0.0)
        return size, np.where(ok, power, 0.0), size**2 * np.where(ok, power, 0.0)

    def admitted(self, index: int, chosen: Sequence[int]) -> float:
        """The honest size of a candidate: a jump of `jump_l` close to an end or to another break looks like a kink."""
        if index >= self.m:
            return self.honest.jump_l
        at = self.place(index)
        ends = [float(self.data.v[0]), float(self.data.v[-1]), *(self.place(other) for other in chosen)]
        arm = min((abs(at - end) for end in ends if end != at), default=self.honest.margin_l)
        return self.honest.bound + self.honest.jump_l / max(arm, 1e-3)

    def p(self, index: int, chosen: Sequence[int]) -> float:
        """p of one candidate given the chosen ones: two-sided, beyond the honest size, times all candidates."""
        size, power, _ = self.scores(chosen)
        if power[index] <= 0:
            return 1.0
        z = (abs(float(size[index])) - self.admitted(index, chosen)) * float(np.sqrt(power[index]))
        return min(1.0, 2 * 2 * self.m * float(stats.t.sf(z, self.data.noise.dof)))


def _chosen(candidates: _Candidates, penalty: float, q: float) -> list[int]:
    """Indices of the breaks that stand: forward, sought again, backward."""
    chosen = _forward(candidates, penalty)
    chosen = _sought_again(candidates, chosen)
    while chosen:
        ps = [candidates.p(c, [o for o in chosen if o != c]) for c in chosen]
        if max(ps) < q:
            break
        gains = [float(candidates.scores([o for o in chosen if o != c])[2][c]) for c in chosen]
        # of those that do not stand, what explains least goes first: neighbours stand in each other's way
        del chosen[min((i for i in range(len(chosen)) if ps[i] >= q), key=lambda i: gains[i])]
        chosen = _sought_again(candidates, chosen)
    return sorted(chosen, key=candidates.place)


def _sought_again(candidates: _Candidates, chosen: Sequence[int]) -> list[int]:
    """The best place and kind of each break while the others stay."""
    found = list(chosen)
    for _ in range(2):
        for i in range(len(found)):
            found[i] = int(np.argmax(candidates.scores(found[:i] + found[i + 1 :])[2]))
    return list(dict.fromkeys(found))


def _left(data_v: Floats, y: Floats, shapes: Floats) -> Floats:
    """What an offset, a slope and the given shapes leave of y."""
    columns = np.column_stack([np.ones_like(data_v), data_v - data_v[0], shapes])
    solution = np.linalg.lstsq(columns, y, rcond=None)[0]
    result: Floats = y - columns @ solution
    return result


def fit(
    v: Floats, y: Floats, q: Floats, u_l: Floats, floor_l: float, honest: Honest, penalty: float, level: float
) -> Fit:
    """Segment the course y (n,) over v (n,), n <= 160; see the module.  `level` is the p below which a break stands.

    What leaves the course and is back on it within `margin_l` is a reading that came late, or was held, and no break: its
    points are left out and the rest is segmented again.
    """
    kept = np.ones(v.size, dtype=np.bool_)
    found = _segmented(v, y, q, u_l, floor_l, honest, penalty, level)
    step = float(np.median(np.diff(v)))
    for _ in range(2 * MOST):
        out = np.zeros(v.size, dtype=np.bool_)
        for low, high in _excursions(found.breaks, honest):
            out |= (v > low - step) & (v < high + step)
        if not (out & kept).any() or int((kept & ~out).sum()) < _FEWEST:
            break
        kept &= ~out
        found = _segmented(v[kept], y[kept], q[kept], u_l[kept], floor_l, honest, penalty, level)
    return found


def _excursions(breaks: Sequence[Break], honest: Honest) -> list[tuple[float, float]]:
    """Stretches of at most `margin_l` whose breaks undo each other, in level and gain, within what an honest course may."""
    found = []
    for i, first in enumerate(breaks):
        for j in range(i + 1, len(breaks)):
            last, group = breaks[j], breaks[i : j + 1]
            if last.at_l - first.at_l > honest.margin_l:
                break
            gain = sum(b.size for b in group if b.kind == "kink")
            level = sum(b.size * (last.at_l - b.at_l if b.kind == "kink" else 1.0) for b in group)
            u_gain = float(np.sqrt(sum(b.se**2 for b in group if b.kind == "kink")))
            u_level = float(
                np.sqrt(sum((b.se * (last.at_l - b.at_l if b.kind == "kink" else 1.0)) ** 2 for b in group))
            )
            if abs(gain) <= honest.bound + 3 * u_gain and abs(level) <= honest.jump_l + 3 * u_level:
                found.append((first.at_l, last.at_l))
    return found


def _segmented(
    v: Floats, y: Floats, q: Floats, u_l: Floats, floor_l: float, honest: Honest, penalty: float, level: float
) -> Fit:
    # breaks look like accumulating noise: the first estimate knows of none, the last is what the chosen ones leave
    found = noise(v, y, floor_l)
    white = _Candidates(prepare(v, y, q, u_l, Noise(found.sigma_l, 0.02 * found.sigma_l, found.dof)), honest)
    rough = _forward(white, penalty)
    found = noise(v, _left(v, y, white.raw[:, rough]), floor_l)
    for _ in range(ROUNDS):
        candidates = _Candidates(prepare(v, y, q, u_l, found), honest)
        chosen = _chosen(candidates, penalty, level)
        left = noise(v, _left(v, y, candidates.raw[:, chosen]), floor_l)
        if left.tau <= 1.2 * found.tau and left.sigma_l <= 1.2 * found.sigma_l:
            break
        found = left
    size, power, _ = candidates.scores([])
    del size
    kinks, jumps = power[: candidates.m], power[candidates.m :]
    found_breaks = [_break(candidates, chosen, i) for i in range(len(chosen))]
    breaks = _joined(found_breaks, 1.5 * float(np.median(np.diff(v))))
    return Fit(
        breaks,
        _stretches(candidates, chosen, breaks),
        found,
        float(np.median(1 / np.sqrt(kinks[kinks > 0]))) if (kinks > 0).any() else float("inf"),
        float(np.median(1 / np.sqrt(jumps[jumps > 0]))) if (jumps > 0).any() else float("inf"),
        2 * candidates.m,
    )


def _forward(candidates: _Candidates, penalty: float) -> list[int]:
    chosen: list[int] = []
    while len(chosen) < MOST:
        gain = candidates.scores(chosen)[2]
        top = int(np.argmax(gain))
        if gain[top] < penalty:
            break
        chosen.append(top)
    return chosen


def _break(candidates: _Candidates, chosen: Sequence[int], i: int) -> Break:
    index, rest = chosen[i], [other for other in chosen if other != chosen[i]]
    size, power, gain = candidates.scores(rest)
    kind = slice(0, candidates.m) if index < candidates.m else slice(candidates.m, 2 * candidates.m)
    near = candidates.places[gain[kind] >= gain[index] - _LOG_LIKELIHOOD_95]
    at = candidates.place(index)
    others = [candidates.place(other) for other in rest]
    low = max((o for o in others if o < at), default=-np.inf)
    high = min((o for o in others if o > at), default=np.inf)
    near = near[(near > low) & (near < high) & (np.abs(near - at) <= 5.0)]
    step = float(np.median(np.diff(candidates.data.v)))
    return Break(
        candidates.kind(index),
        at,
        (float(near.min(initial=at)) - step, float(near.max(initial=at)) + step),
        float(size[index]),
        float(1 / np.sqrt(power[index])),
        candidates.p(index, rest),
    )


def _joined(breaks: Sequence[Break], reach_l: float) -> tuple[Break, ...]:
    """Two jumps of one sign on neighbouring places are one that lies inside a mean of readings."""
    result: list[Break] = []
    for b in breaks:
        last = result[-1] if result else None
        if (
            last is None
            or last.kind != "jump"
            or b.kind != "jump"
            or last.size * b.size <= 0
            or b.at_l - last.at_l > reach_l
        ):
            result.append(b)
            continue
        size = last.size + b.size
        at = (last.at_l * last.size + b.at_l * b.size) / size
        interval = (last.interval_l[0], b.interval_l[1])
        result[-1] = Break("jump", at, interval, size, float(np.hypot(last.se, b.se)), min(last.p, b.p))
    return tuple(result)


def _stretches(candidates: _Candidates, chosen: Sequence[int], breaks: Sequence[Break]) -> tuple[Stretch, ...]:
    """Gains between the breaks, by generalised least squares over offset, slope, flow and all breaks."""
    data = candidates.data
    v = data.v
    white = np.column_stack([data.columns, candidates.white[:, list(chosen)]])
    q, r = linalg.qr(white, mode="economic")
    solution = linalg.solve_triangular(r, q.T @ data.full)
    inverse = linalg.solve_triangular(r, np.eye(r.shape[0]))
    covariance = inverse @ inverse.T
    first = data.columns.shape[1]
    ends = [float(v[0]), *(b.at_l for b in breaks), float(v[-1])]
    result = []
    for i in range(len(ends) - 1):
        middle = (ends[i] + ends[i + 1]) / 2
        weights = np.zeros(white.shape[1])
        weights[1] = 1.0  # the slope
        for j, index in enumerate(chosen):
            if index < candidates.m and candidates.place(index) < middle:
                weights[first + j] = 1.0
        gain, variance = float(weights @ solution), float(weights @ covariance @ weights)
        result.append(Stretch(ends[i], ends[i + 1], gain, float(np.sqrt(max(variance, 0.0)))))
    return tuple(result)


def pattern(found: Fit, least_l: float) -> str:
    """ "kink", "jump", "jumps", "on-off" or "sawtooth".

    A sawtooth takes back at least two fifths of what it had counted too much (or the other way round), by a stretch or
    a jump; `least_l` litres either way are not spoken of.
    """
    moved = [s.gain * (s.to_l - s.from_l) for s in found.stretches] + [b.size for b in found.breaks if b.kind == "jump"]
    up, down = sum(x for x in moved if x > 0), -sum(x for x in moved if x < 0)
    if len(found.breaks) >= 2 and min(up, down) > max(least_l, 0.4 * max(up, down)):
        return "sawtooth"
    if all(b.kind == "jump" for b in found.breaks):
        return "jump" if len(found.breaks) == 1 else "jumps"
    return "kink" if len(found.breaks) == 1 else "on-off"


def leading_gain(found: Fit) -> tuple[float, float]:
    """Gain and its standard uncertainty over the stretches that count in the leading direction, by their lengths."""
    litres = sum(s.gain * (s.to_l - s.from_l) for s in found.stretches)
    jumps = sum(b.size for b in found.breaks if b.kind == "jump")
    # pulled back by jumps: the stretches lead; pulled back by stretches: the longer ones lead
    sign = 1.0 if litres - jumps >= 0 else -1.0
    mine = [s for s in found.stretches if s.gain * sign > 0] or list(found.stretches)
    length = sum(s.to_l - s.from_l for s in mine)
    gain = sum(s.gain * (s.to_l - s.from_l) for s in mine) / length
    return gain, sum(s.se * (s.to_l - s.from_l) for s in mine) / length
