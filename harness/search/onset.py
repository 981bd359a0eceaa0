"""How likely one delivery is to tell by itself from where on a function acts: what the test of its course sees (judge/detectors/course.py).

Two straight lines that meet at the onset are told from one by their difference in slope.  Against noise of the positions the uncertainty of a slope falls
with length to the power of 1.5, so that gain times that power of the shorter and longer side together decides (least squares of a broken line).
Middle and spread are measured on deliveries of an independent generator: benchmarks/search_narrow.py, docs/search_narrow.md.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from harness.judge.detectors.course import DETECTOR
from harness.search.population import Floats

MIDDLE, SPREAD = 0.263, 0.293  # of gain times L^1.5: told in half of the deliveries; of its logarithm


def told_by_one(gain: Floats, above: Floats, asked: Floats) -> Floats:
    """Probability that a delivery of `asked` litres tells that `gain` is added from `above` litres on; arrays that broadcast."""
    before, behind = np.minimum(above, asked), np.maximum(asked - above, 0.0)
    both = before * behind / asked
    size = np.maximum(np.abs(gain) - DETECTOR.parameters["bound"], 0.0) * both**1.5
    return np.asarray(stats.norm.cdf(np.log(np.maximum(size, 1e-12) / MIDDLE) / SPREAD))
