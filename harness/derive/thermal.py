"""What temperature does between the meter and the measure, with its uncertainty, where it was taken and where it was not.

The meter counts volume at its own temperature t_J, the measure holds it at t_B: V_J = V_B (1 + beta_Y (t_J - t_B)).
1 C moves petrol by 0.12 %, so a temperature nobody took widens the uncertainty; it is never guessed.
Source: fuel_dispensers.md 3.2; field_rules.md section 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.derive.figures import figure, product


@dataclass(frozen=True, slots=True)
class Thermal:
    """`factor`: multiplies the volume at the measure to give that at the meter; `u_rel` its standard uncertainty."""

    factor: float
    u_rel: float


def fuel(said: str, t_meter_c: float | None, t_measure_c: float | None) -> Thermal:
    """Expansion of the fuel from measure to meter.  `said`: the product as stated; temperatures None where not taken."""
    name = product(said)
    beta = figure(f"beta.{name}")
    if t_meter_c is None or t_measure_c is None:
        return Thermal(1.0, beta * figure("difference_unread") / math.sqrt(6))  # triangular
    difference = t_meter_c - t_measure_c
    u_beta = figure("u_beta.unknown" if name == "unknown" else "u_beta")
    u_rel = math.hypot(beta * math.sqrt(2) * figure("u_temperature"), difference * u_beta)
    return Thermal(1 + beta * difference, u_rel)


def measure(material: str, t_measure_c: float | None) -> Thermal:
    """Expansion of the measure itself from 20 C to its temperature ("stainless" or "carbon" steel)."""
    beta = figure(f"beta_measure.{material}")
    if t_measure_c is None:
        return Thermal(1.0, beta * figure("measure_unread") / math.sqrt(3))  # rectangular
    return Thermal(1 + beta * (t_measure_c - 20), beta * figure("u_temperature"))
