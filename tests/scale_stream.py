"""Lines of a scale over whole loadings, the way to rest with them: a model of its own, apart from the project's simulation.

Force on the receptor (a hand puts the load on in some tenths of a second; a vehicle rolls on axle by axle), sway and wind of any
colour, filter of first order, creep, a gain or an offset switched behind the filter, rounding, a stability flag that looks back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.signal import lfilter

from captures.model import Flag, Int64Array, Mark, MarkSource, Origin, SampledTrace
from harness.judge.contract import Segment, SegmentKind
from harness.judge.pulses.sequential import Floats

S = 1_000_000_000
HERE = Origin("test", "")
Change = Callable[[Floats], Floats]


@dataclass
class ScaleLine:
    """One instrument: successive loadings on one clock.  `noise_e` white, `wind_e` coloured over `wind_s` seconds, both standard
    deviations in intervals; `mount_s`: how long a hand takes; `axles`: a vehicle comes in so many, `spacing_s` apart."""

    seed: int
    e_kg: float = 0.005
    hz: float = 10.0
    tau_s: float = 0.25
    noise_e: float = 0.05
    wind_e: float = 0.0
    wind_s: float = 2.0
    creep_e: float = 0.3
    mount_s: float = 0.3
    axles: int = 0
    spacing_s: float = 1.2
    step_kg: float | None = None
    flag_s: float = 0.5
    put_s: float = 6.0  # from the request to the load's being at rest
    t_s: float = 0.0
    on_kg: float = 0.0
    shown_kg: float = 0.0
    count: int = 0
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def load(
        self,
        kg: float,
        seconds: float = 40.0,
        *,
        known: bool = True,
        force: Change | None = None,
        digital: Change | None = None,
        keys: Sequence[tuple[float, str]] = (),
        noise_e: float | None = None,
        flags: Callable[[Floats, Floats, np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None = None,
        state: str = "power-0",
        phase: str = "C",
        times: Callable[[Int64Array], Int64Array] | None = None,
        **context: Any,
    ) -> Segment:
        """A loading.  `force` (kg on the receptor) and `digital` (kg behind the filter) are functions of seconds since the load
        came to rest and add to it; `keys` at such seconds; `flags` makes stability from seconds, kg and the honest flag."""
        rest_s = self.t_s + self.put_s
        n = round((self.put_s + seconds) * self.hz)
        t = self.t_s + np.arange(n) / self.hz
        since = t - rest_s
        on = self.on_kg + (kg - self.on_kg) * self._share(t)
        if force is not None:
            on = on + force(since)
        sd = (self.noise_e if noise_e is None else noise_e) * self.e_kg
        on = on + self._wind(n)
        keep = float(np.exp(-1 / (self.hz * self.tau_s))) if self.tau_s else 0.0
        y, _ = lfilter([1 - keep], [1, -keep], on, zi=[keep * self.shown_kg])
        self.shown_kg = float(y[-1])
        y = y + self.creep_e * self.e_kg * (1 - np.exp(-np.maximum(since, 0) / 600)) + self.rng.normal(0, sd, n)
        stable = self._stable(y)
        if digital is not None:
            y = y + digital(since)
        if flags is not None:
            stable = flags(since, y, stable)
        step = self.step_kg or self.e_kg
        steps = (
            np.round(np.round(y / self.e_kg) * self.e_kg / step) if step >= self.e_kg else np.round(y / step)
        ).astype(np.int64)
        stamps = np.round(t * S).astype(np.int64)
        if times is not None:
            stamps = times(stamps)
        trace = SampledTrace(
            "weight", stamps, steps, (stable * int(Flag.STABLE)).astype(np.uint8), Decimal(str(step)), "kg", HERE, Flag.STABLE
        )  # fmt: skip
        marks = tuple(
            Mark(round((rest_s + at) * S), S // 20, MarkSource.RUNNER, key if "-" in key else f"press-{key}")
            for at, key in keys
        )
        self.count += 1
        self.t_s, self.on_kg = self.t_s + n / self.hz, kg
        return Segment(
            f"L{self.count}", SegmentKind.LOADING, phase, state, (round(rest_s * S), round(self.t_s * S)),
            {"position": "centre", **context}, marks=marks, traces={"weight": trace}, load_kg=(kg, 5e-5 * kg) if known else None,
        )  # fmt: skip

    def _share(self, t: Floats) -> Floats:
        """How much of the change is on the receptor."""
        begin = self.t_s + 1.5
        if not self.axles:
            return np.clip((t - begin) / self.mount_s, 0, 1)
        weights = self.rng.dirichlet(np.full(self.axles, 12.0))
        at = begin + self.spacing_s * np.arange(self.axles)
        return np.asarray(
            sum(w * np.clip((t - a) / self.mount_s, 0, 1) for w, a in zip(weights, at, strict=True)), dtype=np.float64
        )

    def _wind(self, n: int) -> Floats:
        if not self.wind_e:
            return np.zeros(n)
        keep = float(np.exp(-1 / (self.hz * self.wind_s)))
        white = self.rng.normal(0, self.wind_e * self.e_kg * np.sqrt(1 - keep**2), n)
        return np.asarray(lfilter([1], [1, -keep], white), dtype=np.float64)

    def _stable(self, y: Floats) -> np.ndarray[Any, Any]:
        width = max(2, round(self.flag_s * self.hz))
        padded = np.concatenate([np.full(width - 1, y[0]), y])
        seen = np.lib.stride_tricks.sliding_window_view(padded, width)
        return np.ptp(seen, axis=1) < 1.0 * self.e_kg


def after(at_s: float, kg: float) -> Change:
    """`kg` more from `at_s` on."""
    return lambda since: np.where(since >= at_s, kg, 0.0)


def during(from_s: float, to_s: float, kg: float) -> Change:
    return lambda since: np.where((since >= from_s) & (since < to_s), kg, 0.0)
