"""Raw readings of a weighed can -> litres at the temperature of the meter, with standard uncertainty.

V = (m_gross - m_tare) (1 - rho_a/rho_w) / (rho - rho_a): the balance compares with weights of density rho_w in air of
density rho_a (OIML D 28, conventional value of weighing in air).  rho is that of the fuel in the can, at its
temperature; `thermal.fuel` takes the volume to the temperature of the meter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

from harness.derive.figures import figure
from harness.derive.thermal import fuel

DENSITIES = (600.0, 1000.0)  # kg/m3: beyond, it is no motor fuel, or another unit was read


def litres(readings: Mapping[str, Decimal | None], said: str = "") -> tuple[float, float]:
    """(litres, standard uncertainty in litres).

    `readings`: gross_g, tare_g, density_kg_m3, and t_c (fuel in the can) and t_meter_c (at the nozzle), None or absent
    where not taken; `said`: the product as stated.  ValueError when a reading cannot be true, saying which and why.
    """
    gross, tare, density = (_needed(readings, key) for key in ("gross_g", "tare_g", "density_kg_m3"))
    _motor_fuel(density)
    if not 0 < tare < gross:
        raise ValueError(f"expected 0 < tare_g < gross_g, got {tare:g} and {gross:g}")
    net_g = gross - tare
    air, weights = figure("air"), figure("weights")
    expansion = fuel(said, *(_celsius(readings, key) for key in ("t_meter_c", "t_c")))
    volume_l = net_g * (1 - air / weights) / (density - air) * expansion.factor
    u_mass = math.hypot(figure("u_balance") * math.sqrt(2), figure("u_transfer")) / net_g
    u_rel = math.hypot(u_mass, figure("u_density_rel"), figure("u_air") / density, expansion.u_rel)
    return volume_l, volume_l * u_rel


def metered_litres(readings: Mapping[str, Decimal | None], u_rel: float | None = None) -> tuple[float, float]:
    """(litres, standard uncertainty in litres) from a mass flow meter in the line: mass over density, both at the meter.

    `readings`: mass_before_kg, mass_after_kg, density_kg_m3; `u_rel` of its certificate.  A meter in the line weighs
    no air, and has the temperature of the dispenser's.
    """
    before, after, density = (_needed(readings, key) for key in ("mass_before_kg", "mass_after_kg", "density_kg_m3"))
    _motor_fuel(density)
    if after <= before:
        raise ValueError(f"expected mass_before_kg < mass_after_kg, got {before:g} and {after:g}")
    volume_l = (after - before) / density * 1000
    return volume_l, volume_l * (figure("u_mass_meter_rel") if u_rel is None else u_rel)


def _motor_fuel(density: float) -> None:
    low, high = DENSITIES
    if not low <= density <= high:
        raise ValueError(f"density_kg_m3 expected {low:g} to {high:g} for motor fuel, got {density:g}")


def _needed(readings: Mapping[str, Decimal | None], key: str) -> float:
    value = readings.get(key)
    if value is None:
        raise ValueError(f"{key} expected, got none")
    return float(value)


def _celsius(readings: Mapping[str, Decimal | None], key: str) -> float | None:
    value = readings.get(key)
    return None if value is None else float(value)
