"""Arrays in, frozen results out.

Imports `captures`, `protocols.acceptance` and `protocols.tariff` only, so that any verdict can be recomputed from a
stored case on a machine that never saw the bench.  Detectors, limits, catalogue and profile come as arguments.
"""
