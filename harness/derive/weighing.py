"""Raw readings of a weighed can -> litres at the temperature of the fuel, with standard uncertainty.

V = (m_gross - m_tare) (1 - rho_a/rho_w) / (rho - rho_a): the balance compares with weights of 8000 kg/m3 in air of
1.2 kg/m3 (OIML D 28, conventional value of weighing in air).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

AIR_KG_M3 = 1.2
WEIGHTS_KG_M3 = 8000.0
U_DENSITY_REL = 3e-4  # hydrometer, standard uncertainty relative [D]
U_BALANCE_G = 1.0
U_TRANSFER_G = 5.0  # film left in the can, vapour lost on the way [D]
U_TEMPERATURE_C = 0.3  # between meter and can
PETROL_PER_C = 12e-4  # fuel_dispensers.md 3.2


def litres(readings: Mapping[str, Decimal]) -> tuple[float, float]:
    """(litres, standard uncertainty in litres).  ValueError when a reading cannot be true, saying which and why."""
    gross, tare, density = (float(readings[key]) for key in ("gross_g", "tare_g", "density_kg_m3"))
    if not 600.0 <= density <= 1000.0:
        raise ValueError(f"density_kg_m3 expected 600 to 1000 for motor fuel, got {density:g}")
    if not 0 < tare < gross:
        raise ValueError(f"expected 0 < tare_g < gross_g, got {tare:g} and {gross:g}")
    net_g = gross - tare
    volume_l = net_g * (1 - AIR_KG_M3 / WEIGHTS_KG_M3) / (density - AIR_KG_M3)
    u_mass = math.hypot(U_BALANCE_G * math.sqrt(2), U_TRANSFER_G) / net_g
    u_rel = math.sqrt(u_mass**2 + U_DENSITY_REL**2 + (U_TEMPERATURE_C * PETROL_PER_C) ** 2)
    return volume_l, volume_l * u_rel
