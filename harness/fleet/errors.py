"""What a file of trips or its mapping can be wrong about, as a whole; single rows are counted and named instead."""

from __future__ import annotations


class FleetError(ValueError):
    """A mapping or a file of trips that cannot be used: what was expected, what came, where, what next."""
