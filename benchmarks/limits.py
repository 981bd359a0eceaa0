"""What no test can beat: the limits that delays and uncertainties are held against (statistics.md section 4).

python benchmarks/limits.py    prints them, and what our estimators reach; writes docs/limits.md
"""

from __future__ import annotations

import sys
from math import log, sqrt
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from scipy import stats  # noqa: E402

from harness.judge.pulses.revolution import Floats  # noqa: E402
from harness.judge.pulses.sequential import run_length, threshold  # noqa: E402


def wald(d: float, alpha: float, beta: float = 0.05) -> float:
    """Mean observations of the SPRT under the alternative N(d, 1), no test has fewer (Wald and Wolfowitz 1948); overshoot left out."""
    gain = (1 - beta) * log((1 - beta) / alpha) + beta * log(beta / (1 - alpha))
    return gain / (d * d / 2)


def fixed(d: float, alpha: float, beta: float = 0.05) -> float:
    """Observations of the one-sided test of a fixed size (Neyman and Pearson)."""
    return float((stats.norm.isf(alpha) + stats.norm.isf(beta)) / d) ** 2


def lorden(d: float, arl: float) -> float:
    """First-order bound of the mean delay, ln(gamma)/KL (Lorden 1971); not tight at practical gamma."""
    return log(arl) / (d * d / 2)


def cusum(d: float, arl: float) -> float:
    """Mean delay of CUSUM for a known shift, exactly minimax (Moustakides 1986), from its integral equation."""
    return run_length(threshold(arl, d), d, d)


def first_to_know(shifts: Floats, arl: float) -> int | None:
    """Observations until the information of the standardised shifts (n,) reaches ln(gamma): Lorden's bound where the shift
    is not constant (Lai 1998); None where n are too few."""
    over = np.flatnonzero(np.cumsum(shifts**2) / 2 >= log(arl))
    return int(over[0]) + 1 if over.size else None


def pulse_floor(gain: float, extra: int = 1) -> float:
    """Pulses until so many extra ones have come, in the mean."""
    return extra / gain


def counting(pulses: float) -> float:
    """Standard deviation of a gain read by counting alone: the phase of both ends is unknown within a pulse."""
    return 1 / (sqrt(6) * pulses)


def reference(pulses: float, s: float) -> float:
    """Cramer-Rao bound of a gain against a reference whose phase is read at every edge with `s` pitches."""
    return sqrt(12) * s / pulses**1.5


def fingerprint(pulses: float, information: float) -> float:
    """Cramer-Rao bound of the relative period of a pattern that tells `information` (1/pulse^2) of its place a pulse."""
    return sqrt(12 / (information * pulses**3))


def switch_with_reference(gain: float, s: float, h: float) -> float:
    """Pulses until a ramp of `gain` pitches a pulse shows at `h` nats in phases of standard deviation `s`: n^3 g^2/(6 s^2) = h."""
    return float((6 * h * s * s / gain**2) ** (1 / 3))


def lattice(sharpness: float, independent: float, alpha: float) -> float:
    """Intervals until a line of resultant `sharpness` stands out among so many frequencies."""
    return (log(3 * independent / alpha) + 5) / sharpness**2
