"""Uncertainty of a result from declared inputs: to first order (GUM, JCGM 100:2008, clause 5) and by Monte Carlo (JCGM 101:2008).

A model is a function of arrays: it takes the input quantities by name, each (n,), and returns (n,).  Sensitivity coefficients are taken
numerically (GUM 5.1.3 note 2), with a step that is small against the uncertainty, so that a curved model is taken at its estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.metrology.errors import MetrologyError

Floats = npt.NDArray[np.float64]
Model = Callable[[Mapping[str, Floats]], Floats]
STEP = 1e-3  # of the standard uncertainty: of a numerical derivative
TWICE = 0.9545  # coverage probability at which k = 2 belongs to a normal distribution
TRIALS = 1_000_000  # JCGM 101, 7.2.1: as many as that for a 95 % interval to one or two digits
MOST_TRIALS = 10_000_000
UNKNOWN = math.inf


class Shape(StrEnum):
    """Distribution assigned to an input (JCGM 101, 6.4)."""

    NORMAL = "normal"
    RECTANGULAR = "rectangular"
    TRIANGULAR = "triangular"
    ARCSINE = "arcsine"


HALF_WIDTHS = {Shape.RECTANGULAR: math.sqrt(3), Shape.TRIANGULAR: math.sqrt(6), Shape.ARCSINE: math.sqrt(2)}  # in u


@dataclass(frozen=True)
class Quantity:
    """An input quantity: its estimate, standard uncertainty `u` in the same unit, how it is distributed, and degrees of freedom of `u`.

    With finite `dof` a normal input is drawn from the scaled and shifted t distribution (JCGM 101, 6.4.9).
    """

    name: str
    value: float
    u: float
    unit: str = ""
    shape: Shape = Shape.NORMAL
    dof: float = UNKNOWN
    source: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and math.isfinite(self.u) and self.u >= 0):
            raise MetrologyError(f"{self.name}: expected a number and a standard uncertainty from 0 on, got {self.value} and {self.u}")  # fmt: skip
        if not self.dof > 0:
            raise MetrologyError(f"{self.name}: expected degrees of freedom above 0, got {self.dof}")

    @classmethod
    def within(cls, name: str, value: float, half_width: float, unit: str = "", shape: Shape = Shape.RECTANGULAR, source: str = "") -> Quantity:  # fmt: skip
        """Known to lie within `half_width` of `value` (GUM 4.3.7 to 4.3.9)."""
        if shape not in HALF_WIDTHS:
            raise MetrologyError(f"{name}: expected a shape with a half-width ({', '.join(HALF_WIDTHS)}), got {shape}")
        return cls(name, value, half_width / HALF_WIDTHS[shape], unit, shape, source=source)

    @classmethod
    def observed(cls, name: str, values: Sequence[float], unit: str = "", source: str = "") -> Quantity:
        """The mean of repeated observations, with the standard deviation of the mean (GUM 4.2.3); at least two."""
        if len(values) < 2:
            raise MetrologyError(f"{name}: expected two observations and more, got {len(values)}")
        u = float(np.std(values, ddof=1)) / math.sqrt(len(values))
        return cls(name, float(np.mean(values)), u, unit, dof=len(values) - 1, source=source)


@dataclass(frozen=True)
class Line:
    """One line of a budget: the input, its sensitivity coefficient c, the contribution c u, and its share of the variance."""

    of: Quantity
    sensitivity: float
    contribution: float
    share: float


@dataclass(frozen=True)
class Budget:
    """A result with its combined standard uncertainty, effective degrees of freedom, and coverage factor `k` at `coverage`."""

    value: float
    u: float
    dof: float
    k: float
    coverage: float
    lines: tuple[Line, ...]

    @property
    def expanded(self) -> float:
        return self.k * self.u


@dataclass(frozen=True)
class Trials:
    """A result by Monte Carlo: mean, standard deviation, and the shortest interval that covers `coverage` (JCGM 101, 5.3.4)."""

    value: float
    u: float
    low: float
    high: float
    coverage: float
    trials: int


def budget(
    model: Model,
    quantities: Sequence[Quantity],
    *,
    correlations: Mapping[tuple[str, str], float] | None = None,
    coverage: float = TWICE,
) -> Budget:
    """To first order (GUM 5.1.2, and 5.2.2 with `correlations`, coefficients by pairs of names); effective degrees of freedom by Welch and
    Satterthwaite (GUM G.4.1), which holds for independent inputs: with correlated ones they count as unknown."""
    together = _matrix(quantities, correlations or {})
    value = _at(model, quantities)
    coefficients = np.array([_sensitivity(model, quantities, n) for n in range(len(quantities))])
    parts = coefficients * np.array([one.u for one in quantities])
    variance = float(parts @ together @ parts)
    u = math.sqrt(max(variance, 0.0))
    dof = UNKNOWN if correlations else _effective(u, quantities, parts)
    k = float(stats.norm.isf((1 - coverage) / 2) if math.isinf(dof) else stats.t.isf((1 - coverage) / 2, dof))
    lines = tuple(
        Line(one, float(c), float(part), float(part**2 / variance) if variance > 0 else 0.0)
        for one, c, part in zip(quantities, coefficients, parts, strict=True)
    )
    return Budget(value, u, dof, k, coverage, lines)


def by_trials(
    model: Model,
    quantities: Sequence[Quantity],
    rng: np.random.Generator,
    *,
    correlations: Mapping[tuple[str, str], float] | None = None,
    coverage: float = 0.95,
    trials: int = TRIALS,
) -> Trials:
    """By Monte Carlo (JCGM 101, clause 7).  Correlated inputs have to be normal with unknown degrees of freedom.  MetrologyError where the
    model is not finite for some draw: its inputs reach where it has no value."""
    if not 1000 <= trials <= MOST_TRIALS:
        raise MetrologyError(f"expected 1000 to {MOST_TRIALS} trials, got {trials}")
    drawn = {one.name: _drawn(one, rng, trials) for one in quantities}
    if correlations:
        drawn |= _together(quantities, correlations, rng, trials)
    found = np.sort(np.broadcast_to(np.asarray(model(drawn), dtype=np.float64), (trials,)))
    if not np.isfinite(found).all():
        raise MetrologyError("the model is not finite for every draw of its inputs; narrow them or choose another")
    within = math.ceil(coverage * trials)
    widths = found[within:] - found[: trials - within]
    at = int(np.argmin(widths))
    return Trials(float(found.mean()), float(found.std(ddof=1)), float(found[at]), float(found[at + within]), coverage, trials)  # fmt: skip


def _at(model: Model, quantities: Sequence[Quantity], shifted: int = -1, by: float = 0.0) -> float:
    values = {one.name: np.array([one.value + (by if n == shifted else 0.0)]) for n, one in enumerate(quantities)}
    if len(values) < len(quantities):
        raise MetrologyError(f"expected a name of its own for each input, got {', '.join(one.name for one in quantities)}")  # fmt: skip
    found = float(np.asarray(model(values), dtype=np.float64).reshape(-1)[0])
    if not math.isfinite(found):
        raise MetrologyError("the model has no finite value at its estimates")
    return found


def _sensitivity(model: Model, quantities: Sequence[Quantity], n: int) -> float:
    step = STEP * quantities[n].u
    if step == 0:
        return 0.0
    return (_at(model, quantities, n, step) - _at(model, quantities, n, -step)) / (2 * step)


def _effective(u: float, quantities: Sequence[Quantity], parts: Floats) -> float:
    below = sum(part**4 / one.dof for part, one in zip(parts, quantities, strict=True) if math.isfinite(one.dof))
    return u**4 / below if below > 0 else UNKNOWN


def _matrix(quantities: Sequence[Quantity], correlations: Mapping[tuple[str, str], float]) -> Floats:
    names = [one.name for one in quantities]
    found = np.eye(len(names))
    for (one, other), r in correlations.items():
        if one not in names or other not in names or one == other or not -1 <= r <= 1:
            raise MetrologyError(f"expected a coefficient from -1 to 1 between two of {', '.join(names)}, got {r} between {one} and {other}")  # fmt: skip
        found[names.index(one), names.index(other)] = found[names.index(other), names.index(one)] = r
    if np.linalg.eigvalsh(found).min() < -1e-9:
        raise MetrologyError("expected correlations that can hold together, got a matrix that is not positive")
    return found


def _drawn(one: Quantity, rng: np.random.Generator, trials: int) -> Floats:
    match one.shape:
        case Shape.NORMAL if math.isinf(one.dof):
            unit = rng.standard_normal(trials)
        case Shape.NORMAL:
            unit = rng.standard_t(one.dof, trials)
        case Shape.RECTANGULAR:
            unit = HALF_WIDTHS[one.shape] * rng.uniform(-1.0, 1.0, trials)
        case Shape.TRIANGULAR:
            unit = HALF_WIDTHS[one.shape] * rng.triangular(-1.0, 0.0, 1.0, trials)
        case Shape.ARCSINE:
            unit = HALF_WIDTHS[one.shape] * np.sin(math.pi * rng.uniform(-0.5, 0.5, trials))
    return np.asarray(one.value + one.u * unit)


def _together(
    quantities: Sequence[Quantity], correlations: Mapping[tuple[str, str], float], rng: np.random.Generator, trials: int
) -> dict[str, Floats]:
    named = {name for pair in correlations for name in pair}
    own = [one for one in quantities if one.name in named]
    if odd := [one.name for one in own if one.shape is not Shape.NORMAL or math.isfinite(one.dof)]:
        raise MetrologyError(f"expected correlated inputs to be normal with unknown degrees of freedom, got {', '.join(odd)}")  # fmt: skip
    u = np.array([one.u for one in own])
    drawn = rng.multivariate_normal(
        [one.value for one in own], _matrix(own, correlations) * np.outer(u, u), trials, method="eigh"
    )
    return {one.name: drawn[:, n] for n, one in enumerate(own)}
