"""Raw readings of a gas cylinder on a balance, or of a master meter in series -> the trade quantity, with uncertainty.

Cylinder: m = (W_after - W_before) (1 - rho_a/rho_w).  The air that the cylinder displaces is the same before and after and
cancels; what remains is that of the weights (OIML D 28, conventional value of weighing in air).  What is left in hose and
nozzle and vented is the customer's loss on both sides of the comparison: it was metered and is not in the cylinder, and
stands in the uncertainty (U_VENT_KG, a planning value of this project, grade D).
LPG sold in litres at 15 C: V15 = m / rho15.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from harness.derive.figures import figure
from harness.derive.parts import number

RAW = {
    "cylinder": ("tare_kg", "gross_kg", "density_15_kg_m3", "t_c"),
    "master_meter": ("before_kg", "after_kg", "t_c"),
}
U_VENT_KG = 0.005
U_DENSITY_15_REL = 5e-4  # pressure hydrometer or delivery note, with its table to 15 C [D]


def quantity(
    reference: Mapping[str, Any], profile: Mapping[str, Any], readings: Mapping[str, Decimal | None]
) -> tuple[float, float]:
    """(quantity, standard uncertainty), both in the unit that the profile declares: kg, or litres at 15 C.

    ValueError when a reading is missing or cannot be true, saying which and why.
    """
    if reference.get("kind") == "cylinder":
        before, after = _needed(readings, "tare_kg"), _needed(readings, "gross_kg")
        mass = (after - before) * (1 - figure("air") / figure("weights"))
        u = math.hypot(float(reference["u_g"]) / 1000 * math.sqrt(2), U_VENT_KG)
    else:
        before, after = _needed(readings, "before_kg"), _needed(readings, "after_kg")
        mass = after - before
        u = mass * float(reference["u_rel"])
    if mass <= 0:
        raise ValueError(f"expected more after the delivery than before it, got {before:g} and {after:g} kg")
    if profile.get("quantity_unit") != "L15":
        return mass, u
    density = _needed(readings, "density_15_kg_m3")
    litres = mass / density * 1000
    return litres, litres * math.hypot(u / mass, U_DENSITY_15_REL)


def observed(reference: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Temperature of the gas at the nozzle, where a gas reference was read and somebody took it."""
    if reference.get("kind") not in RAW:
        return {}
    taken = [value for answer in answers if (value := number(answer.get("t_c"))) is not None]
    return {"gas_c": str(taken[-1])} if taken else {}


def _needed(readings: Mapping[str, Decimal | None], key: str) -> float:
    value = readings.get(key)
    if value is None:
        raise ValueError(f"{key} expected, got none")
    return float(value)
