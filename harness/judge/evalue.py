"""From a test on one segment to an e-value: a number whose mean under the null is at most one.

`bet`: a fixed share `stake` of the capital is put on "this test hits", at the odds 1/q its false rate allows.
A segment without a hit costs the stake: E = (1 - stake) + stake * P(hit)/q <= 1 while P(hit) <= q.
`calibrate`: the p-to-e calibrator e = 0.5 p^-0.5 (kappa = 1/2; statistics.md 3b), integral 1 over uniform p.
Both are capped by what the validation supports (statistics.md 3c): false-free n segments bound q by 3/n only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from harness.judge.contract import Validation

STAKE = 0.3  # share of the capital bet on each fresh segment
P_FLOOR = 1e-300


def bet(hit: bool, q: float, validation: Validation, stake: float = STAKE) -> float:
    """e of one hit-or-miss test whose false rate is at most max(q, 1/validation.cap); 1 where nothing validates it."""
    odds = min(1.0 / q, validation.cap)
    if odds <= 1.0:
        return 1.0
    return 1.0 - stake + (stake * odds if hit else 0.0)


def bet_on_count(hits: int, parameters: Mapping[str, float], validation: Validation) -> float:
    """e of a count of separate violations: a tenth of the stake on `min_hits` at the odds of `q_few`, the rest on
    `many_hits` at the odds of `q`.  Few violations may be honest bursts (Poisson); many may not."""
    few = min(1.0 / parameters["q_few"], validation.cap)
    many = min(1.0 / parameters["q"], validation.cap)
    if many <= 1.0:
        return 1.0
    won = 0.1 * few * (hits >= parameters["min_hits"]) + 0.9 * many * (hits >= parameters["many_hits"])
    return 1.0 - STAKE + STAKE * won


def calibrate(p: float, validation: Validation) -> float:
    """e of a p-value, capped; 1 where nothing validates the test."""
    if validation.cap <= 1.0:
        return 1.0
    return min(0.5 / math.sqrt(max(p, P_FLOOR)), validation.cap)
