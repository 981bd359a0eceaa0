"""Raw readings of a neck prover -> litres at the temperature of the meter, with standard uncertainty.

V_B = V_0 - (h_0 - h) a and V_Bt = V_B (1 + beta_Y (t_J - t_B) + beta_B (t_B - 20)): V_0 the capacity at 20 C up to the
mark h_0, h the level read in the neck, a millilitres per millimetre of neck, t_J the fuel at the meter (taken at the
nozzle), t_B the fuel in the measure.  What was added from a graduated cylinder to bring a short fill into the neck is
taken off V_B.  Source: JJG 443 as in fuel_dispensers.md 3.2, vectors T1 to T4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harness.derive.figures import figure
from harness.derive.thermal import fuel, measure


@dataclass(frozen=True, slots=True)
class Prover:
    """A neck prover as its certificate declares it.  `h0_mm` is the mark of the capacity; the scale is readable from
    `low_mm` to `high_mm`; `u_ml` standard uncertainty of the capacity; `wetted`: it is pre-wetted and drips for the
    declared time."""

    capacity_l: Decimal
    ml_per_mm: Decimal
    h0_mm: Decimal
    low_mm: Decimal
    high_mm: Decimal
    u_ml: Decimal
    material: str
    wetted: bool

    @classmethod
    def declared(cls, reference: Mapping[str, Any]) -> Prover:
        """The prover of a bench file's [reference] (its schema has checked the values)."""

        def number(key: str) -> Decimal:
            return Decimal(str(reference[key]))

        return cls(
            number("capacity_l"),
            number("ml_per_mm"),
            number("h0_mm"),
            number("low_mm"),
            number("high_mm"),
            number("u_ml"),
            str(reference["material"]),
            "drip_s" in reference and reference.get("pre_wet") is True,
        )

    def readable_l(self) -> tuple[Decimal, Decimal]:
        """Least and greatest volume whose level lies in the neck."""
        return (
            self.capacity_l - (self.h0_mm - self.low_mm) * self.ml_per_mm / 1000,
            self.capacity_l + (self.high_mm - self.h0_mm) * self.ml_per_mm / 1000,
        )


def filled_l(prover: Prover, h0_mm: Decimal, h_mm: Decimal) -> Decimal:
    """V_B, litres at 20 C of the measure.

    ValueError when a reading cannot be one of this prover: h outside its neck, or h_0 that is not its mark.
    """
    if h0_mm != prover.h0_mm:
        raise ValueError(
            f"h0_mm expected {prover.h0_mm}, the mark of {prover.capacity_l} L on the declared prover, got {h0_mm}: "
            "is this the prover of the bench file?"
        )
    if not prover.low_mm <= h_mm <= prover.high_mm:
        raise ValueError(f"h_mm expected {prover.low_mm} to {prover.high_mm}, the scale of the neck, got {h_mm}")
    return prover.capacity_l - (h0_mm - h_mm) * prover.ml_per_mm / 1000


def litres(prover: Prover, readings: Mapping[str, Decimal | None], said: str) -> tuple[float, float]:
    """(litres at the meter's temperature, standard uncertainty in litres).

    `readings`: h0_mm, h_mm, and added_ml, t_meter_c, t_measure_c (None where not); `said`: the product as stated.
    ValueError when a reading cannot be true, saying which and why.
    """
    h0_mm, h_mm = readings["h0_mm"], readings["h_mm"]
    if h0_mm is None or h_mm is None:
        raise ValueError("h0_mm and h_mm expected, got none: the neck was not read")
    added_ml = float(readings.get("added_ml") or 0)
    own = float(filled_l(prover, h0_mm, h_mm)) - added_ml / 1000
    if own <= 0:
        raise ValueError(f"added_ml expected less than the prover holds, got {added_ml:g}")
    t_meter, t_measure = (_celsius(readings, key) for key in ("t_meter_c", "t_measure_c"))
    expansion, vessel = fuel(said, t_meter, t_measure), measure(prover.material, t_measure)
    volume = own * (expansion.factor + vessel.factor - 1)  # the sum of both terms, as the regulation writes it
    wetting_ml = figure("u_wetting" if prover.wetted else "u_wetting.undrained") * float(prover.capacity_l) / 20
    neck_ml = figure("u_neck_reading") * float(prover.ml_per_mm)
    u_ml = math.hypot(float(prover.u_ml), neck_ml, wetting_ml, figure("u_added_rel") * added_ml)
    return volume, math.hypot(u_ml / 1000, volume * expansion.u_rel, volume * vessel.u_rel)


def _celsius(readings: Mapping[str, Decimal | None], key: str) -> float | None:
    value = readings.get(key)
    return None if value is None else float(value)
