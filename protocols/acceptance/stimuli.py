"""What a test of an edition may do to an instrument, and what may be computed of it: names, as an edition file writes them.

A stimulus is carried out by harness/plans/acceptance_*.py, a formula by harness/acceptance/*.py; here stands which belong together, so that a file
that asks for what nobody can do is refused with its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

SCALE, TAXI = ("scale",), ("taximeter",)
LIQUID, EVERY = ("dispenser", "gas-dispenser"), ("dispenser", "gas-dispenser", "scale", "taximeter")
STATED = ("stated-exactly", "stated-most", "stated-least")


@dataclass(frozen=True)
class Stimulus:
    """`point`: what one point of it is, "" where it has none; `settings`: further keys of its test, each one of some words, any text or a number."""

    families: tuple[str, ...]
    point: str
    formulas: tuple[str, ...]
    settings: Mapping[str, tuple[str, ...] | type[str] | type[Decimal]] = field(default_factory=dict)


STIMULI: Mapping[str, Stimulus] = {
    "delivery": Stimulus(
        LIQUID, "quantity", ("error", "mean-error", "repeatability", "range", "range-share", "amount-error", "fault"), {"flow": ("full", "slow")}
    ),
    "loading": Stimulus(SCALE, "load", ("weighing-error", "spread", "fault"), {"order": ("rising", "rising and falling")}),
    "positions": Stimulus(SCALE, "load", ("weighing-error",)),
    "zero": Stimulus(SCALE, "", ("zero-error",)),
    "tare": Stimulus(SCALE, "load", ("zero-error",)),
    "discrimination": Stimulus(SCALE, "load", ("indication-change",)),
    "creep": Stimulus(SCALE, "load", ("creep-30-min", "creep-15-30-min", "zero-return")),
    "pricing": Stimulus(SCALE, "load", ("price-error",)),
    "trip": Stimulus(TAXI, "distance", ("distance-error", "fare-error", "fault"), {"speed_km_h": Decimal}),
    "waiting": Stimulus(TAXI, "time", ("time-error", "fare-error")),
    "stated": Stimulus(EVERY, "", STATED, {"prompt": str, "prompt_zh": str}),
}  # fmt: skip
RELATIVE, OF_E, STEPS = ("1",), ("e", "1"), ("payment step",)
LIMIT_UNITS: Mapping[str, tuple[str, ...]] = {  # of scales "1" is a multiple of the step at the load; a formula that is not here asks for no unit
    "error": ("1", "L"), "mean-error": ("1", "L"), "repeatability": RELATIVE, "range": RELATIVE, "range-share": RELATIVE, "amount-error": STEPS,
    "weighing-error": OF_E, "spread": OF_E, "zero-error": OF_E, "creep-30-min": OF_E, "creep-15-30-min": OF_E, "zero-return": OF_E,
    "indication-change": ("d",), "price-error": STEPS, "distance-error": RELATIVE, "time-error": RELATIVE, "fault": ("1", "e"),
}  # fmt: skip
INFLUENCES = (
    "temperature", "humidity", "voltage", "battery", "tilt", "electrostatic discharge", "burst", "surge", "dip", "radio field", "magnetic field",
    "vibration", "warm-up",
)  # fmt: skip
