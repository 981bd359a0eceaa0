"""What an honest sensor of the declared class does to its pulses, and the speeds that a road vehicle can have.

The sizes are data (catalogue/sensor_classes.toml).  Nothing is held against a vehicle whose class nobody declared except what no
class of them does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from harness.judge.quantities import number

SENSORS = "sensor_classes"  # key of the profile under which the classes are handed in (catalogue.with_rules)
TOP_SPEED_KMH = 180.0  # of a taxi, where not declared (taximeters.md 6, D1)
CHATTER_SHARE = 0.15  # of the shortest interval of an honest drive
ACCELERATION_M_S2 = 6.0  # of a vehicle whose wheels hold, where not declared (taximeters.md 6, D1)


@dataclass(frozen=True)
class SensorClass:
    """One class: see catalogue/sensor_classes.toml for the meaning of its fields."""

    name: str
    spacing_rel: float
    bounce_us: int
    update_ms: int
    latency_ms: int
    rotor_signature: bool
    timer_lattice: bool
    divides: bool
    source: str
    grade: str


def _any_of(classes: Mapping[str, SensorClass]) -> SensorClass | None:
    """What at least one class may do: nobody declared which it is."""
    own = tuple(classes.values())
    if not own:
        return None
    return SensorClass(
        name="",
        spacing_rel=max(one.spacing_rel for one in own),
        bounce_us=max(one.bounce_us for one in own),
        update_ms=max(one.update_ms for one in own),
        latency_ms=max(one.latency_ms for one in own),
        rotor_signature=False,
        timer_lattice=True,
        divides=True,
        source="the widest of all classes: none is declared",
        grade="D",
    )


def sensor_class(profile: Mapping[str, Any]) -> SensorClass | None:
    """The class that the profile declares, the widest of all where it declares none; None where no classes were handed in."""
    classes: Mapping[str, SensorClass] = profile.get(SENSORS) or {}
    return classes.get(str(profile.get("sensor_class", ""))) or _any_of(classes)


def ratio(profile: Mapping[str, Any]) -> Fraction:
    """Pulses that go on to the meter for one of the sensor: n/m of a declared conditioner m/n, else one."""
    taken, given = str(profile.get("ratio", "1/1")).split("/")
    return Fraction(int(given), int(taken))


def top_speed_kmh(profile: Mapping[str, Any]) -> float:
    return float(number(profile, "max_speed_kmh") or TOP_SPEED_KMH)


def acceleration_m_s2(profile: Mapping[str, Any]) -> float:
    return float(number(profile, "max_acceleration_m_s2") or ACCELERATION_M_S2)


def chatter_s(profile: Mapping[str, Any]) -> float:
    """How long after a rising edge a contact of the declared class may chatter, in seconds; 0 where it has none.

    Never so long that a pulse of an honest drive is taken for chatter, with K as at the meter's input.
    """
    own, per_m = sensor_class(profile), pulses_per_m(profile)
    if own is None or not own.bounce_us or not per_m:
        return 0.0
    per_m = max(per_m, per_m / float(ratio(profile)))
    return min(own.bounce_us / 1e6, CHATTER_SHARE * 3.6 / (top_speed_kmh(profile) * per_m))


def pulses_per_m(profile: Mapping[str, Any]) -> float | None:
    """Pulses per metre at the meter's input; None where K is not declared."""
    k = number(profile, "pulses_per_km")
    return None if not k else float(k) / 1000


def per_m_at(profile: Mapping[str, Any], station: str) -> float | None:
    """Pulses per metre at one tap: the sensor gives m/n of what a conditioner hands on.

    None where K is not declared, and of the sensor where nobody declared what stands between it and the meter.
    """
    k = pulses_per_m(profile)
    if k is None or station != "sensor":
        return k
    told = "ratio" in profile or profile.get("sensor_class") not in (None, "", "conditioner")
    return k / float(ratio(profile)) if told else None
