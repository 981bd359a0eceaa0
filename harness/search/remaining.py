"""Functions of a model that what was seen leaves: each with its weight, and whether it is switched on now.

Every run that was made tells something: how far off it was, or that it was not, and sometimes from where on.  Each function has one gain and
the instrument one error of its own, both fitted to all runs (least squares, the error held to what is honest); what is left over is noise.
What was worked may have stayed on, so each function is carried from run to run with what switches it off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.search.cost import Trial
from harness.search.model import ENDINGS
from harness.search.population import Bools, Floats, Ints, Population

BIAS_U = 0.003  # relative: the error of an honest instrument [D], about a maximum permissible error
NOISE_U, FIXED_L = 0.0018, 0.02  # relative, and units of the quantity, by which runs of one instrument differ [D]
LEAST_GAIN, SMALL = 0.004, 8.0  # a smaller one shows nowhere, and weighs so much less
ONSET_U, MOST_ODD = 0.7, 30.0  # units of the quantity by which an onset is told; what a wrong one may weigh [D]
KEPT = 800  # functions carried on


@dataclass(frozen=True)
class Sums:
    """Of all runs, weighed by their noise, with the share f that each function acted in and the error E: 1, E, E^2, and (n,) f, f^2, f E."""

    one: float
    e: float
    ee: float
    f: Floats
    ff: Floats
    fe: Floats


@dataclass(frozen=True)
class Remaining:
    """Of a population's functions: `worked` (n,) of each factor, whether the function waits for it to be worked; `on` (n,) whether it is
    switched on; `odd` (n,) squared distances, in their uncertainty, from the onsets that runs told."""

    population: Population
    worked: tuple[Bools, ...]
    on: Bools
    sums: Sums
    odd: Floats

    @staticmethod
    def of(population: Population) -> Remaining:
        n = len(population)
        waits = tuple(
            ~permits[:, 0] if any(need in ("key", "remote") for need in factor.needs) else np.zeros(n, dtype=bool)
            for factor, permits in zip(population.model.factors, population.permits, strict=True)
        )
        sums = Sums(0.0, 0.0, 0.0, np.zeros(n), np.zeros(n), np.zeros(n))
        return Remaining(population, waits, np.zeros(n, dtype=bool), sums, np.zeros(n))

    def acts(self, trial: Trial) -> tuple[Floats, Bools]:
        """(n,) share of the run that each acts in, and (n,) whether it is on when the run is over."""
        of, model = self.population, self.population.model
        ends = of.ends
        on = self.on & ~(trial.cycle & (ends == ENDINGS.index("power")))
        pressed = any(
            factor.needs[level] in ("key", "remote") for factor, level in zip(model.factors, trial.levels, strict=True)
        )
        waits, switched, others = np.zeros(len(of), bool), np.ones(len(of), bool), np.ones(len(of), bool)
        for permits, worked, level in zip(of.permits, self.worked, trial.levels, strict=True):
            here = permits[:, level]
            waits |= worked
            switched &= here | ~worked
            others &= here | worked
        switched &= waits
        if pressed:
            on &= switched | (ends != ENDINGS.index("key"))
        on |= switched
        asked = of.quantity(trial.levels)
        share = np.where(others & (on | ~waits), np.maximum(asked - of.above, 0.0) / asked, 0.0)
        return share, on & (ends != ENDINGS.index("sale"))

    def told(self, trial: Trial, error: float, onset: float | None = None) -> Remaining:
        """After `trial` was made and came out `error` off (relative, positive when the customer is short), and told that it acts from
        `onset` on, in units of the quantity, where it told that."""
        share, on = self.acts(trial)
        w, old = 1 / (NOISE_U**2 + (FIXED_L / self.population.quantity(trial.levels)) ** 2), self.sums
        sums = Sums(
            old.one + w, old.e + w * error, old.ee + w * error**2, old.f + w * share, old.ff + w * share**2, old.fe + w * share * error
        )  # fmt: skip
        odd = 0.0 if onset is None else ((self.population.above - onset) / ONSET_U) ** 2
        return replace(self, on=on, sums=sums, odd=self.odd + odd)

    @property
    def gain(self) -> Floats:
        """(n,) that fits best beside the instrument's own error; 0 where it never acted."""
        s = self.sums
        one = s.one + 1 / BIAS_U**2
        return np.where(s.ff > 0, (one * s.fe - s.f * s.e) / np.maximum(one * s.ff - s.f**2, 1e-9), 0.0)

    @property
    def weight(self) -> Floats:
        """(n,) of each, all together 1."""
        s, gain = self.sums, self.gain
        one = s.one + 1 / BIAS_U**2
        bias = (s.e - gain * s.f) / one
        left = s.ee - bias * s.e - gain * s.fe
        odd = left + np.minimum(self.odd, MOST_ODD) + np.where(np.abs(gain) < LEAST_GAIN, SMALL, 0.0)
        weight = np.exp(-(odd - odd.min()) / 2)
        return np.asarray(weight / weight.sum())

    def likeliest(self, count: int = KEPT) -> Remaining:
        """The same by the `count` functions that weigh most: what a large draw leaves is often little, and the rest costs time."""
        return self.only(np.argsort(-self.weight, kind="stable")[:count])

    def only(self, which: Ints) -> Remaining:
        of, s = self.population, self.sums
        some = Population(
            of.model, tuple(permits[which] for permits in of.permits), of.above[which], of.gain[which], of.order[which], of.evades[which],
            of.ends[which],
        )  # fmt: skip
        sums = replace(s, f=s.f[which], ff=s.ff[which], fe=s.fe[which])
        return Remaining(some, tuple(one[which] for one in self.worked), self.on[which], sums, self.odd[which])
