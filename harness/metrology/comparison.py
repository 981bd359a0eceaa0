"""Two results of the same thing: En, zeta and z (ISO 13528, ISO/IEC 17043).  A bench whose En against another is beyond 1 measures something else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from harness.metrology.errors import MetrologyError

NEARLY = 1 + 1e-9  # what floating point adds to a score that stands on its limit
EN_LIMIT, FINE, ACTION = 1.0, 2.0, 3.0  # of the scores; ISO 13528 9.4 and 9.7, not compared with the printed standard


class Standing(StrEnum):
    FINE = "fine"
    QUESTIONABLE = "questionable"
    ACTION = "action"


@dataclass(frozen=True)
class Score:
    name: str
    value: float
    standing: Standing


def en(x: float, expanded: float, reference: float, expanded_reference: float) -> Score:
    """En = (x - X) / sqrt(U^2 + U_ref^2), both expanded with the same coverage; up to 1 is fine."""
    value = (x - reference) / _both(expanded, expanded_reference)
    return Score("En", value, Standing.FINE if abs(value) <= EN_LIMIT * NEARLY else Standing.ACTION)


def zeta(x: float, u: float, reference: float, u_reference: float) -> Score:
    """zeta = (x - X) / sqrt(u^2 + u_ref^2), standard uncertainties."""
    return _graded("zeta", (x - reference) / _both(u, u_reference))


def z(x: float, reference: float, spread: float) -> Score:
    """z = (x - X) / sigma_pt: against what the round robin allows, whatever anybody's uncertainty."""
    if not spread > 0:
        raise MetrologyError(f"expected a standard deviation for the comparison above 0, got {spread}")
    return _graded("z", (x - reference) / spread)


def _graded(name: str, value: float) -> Score:
    size = abs(value)
    return Score(name, value, Standing.FINE if size <= FINE * NEARLY else Standing.QUESTIONABLE if size < ACTION else Standing.ACTION)  # fmt: skip


def _both(one: float, other: float) -> float:
    found = math.hypot(one, other)
    if not (found > 0 and math.isfinite(found) and min(one, other) >= 0):
        raise MetrologyError(f"expected uncertainties from 0 on, not both 0, got {one} and {other}")
    return found
