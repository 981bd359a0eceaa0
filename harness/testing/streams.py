"""Honest streams for tests of detectors: one case a call, drawn from a random generator, with the profile that such an instrument declares.

They are small models of honest instruments inside their limits, made without the simulated bench, so that a detector is not held to the plant
that it may have been written by.  They are no field data and leave much out: no interference, no misread digit, no air, no late host.  A false
alarm on them is a fault of the detector; silence on them is no proof.  What a model holds stands at its head (streams_dispenser, streams_scale,
streams_taximeter); for anything else bring your own, as a function from a generator to a `Case`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from harness.fixed_streams import Case
from harness.fixed_streams import cases as fixed
from harness.testing.streams_dispenser import dispenser
from harness.testing.streams_scale import scale
from harness.testing.streams_taximeter import taximeter

Streams = Callable[[np.random.Generator], Case]
HONEST: Mapping[str, Streams] = {"dispenser": dispenser, "scale": scale, "taximeter": taximeter}
_SEEDS = (1, 2)  # two of each, in which the same names of segments mean others


@cache
def every_case() -> Mapping[str, Case]:
    """By name: the fixed streams, each with one kind of break, which are a dispenser's; and two honest cases of each other family."""
    drawn = {
        f"honest {family}, seed {seed}": make(np.random.default_rng(seed))
        for family, make in HONEST.items()
        if family != "dispenser"
        for seed in _SEEDS
    }
    return {**fixed(), **drawn}
