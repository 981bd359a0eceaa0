"""Honest taxis, drawn from a seed: what the car, its sensor, its meter and its papers are (generators_taxi.py)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.generators_taxi_pulses import S, Sensor, sensor
from harness.tariffs import tariff
from protocols.tariff.rule import Rule
from protocols.tariff.trip import Meter

HOUR_NS = 3600 * S
TARIFFS = (
    "beijing-2013", "shanghai", "guangzhou-2024", "shenzhen-2018", "shenzhen-2024", "hangzhou-2022", "luoyang-2022", "tokyo-2022",
    "new-york-2012", "manila-2018", "seoul-2014", "mexico-city-2014", "london-t1",
)  # fmt: skip


@dataclass(frozen=True)
class Taxi:
    """What the seed fixed.  `per_m`: pulses that the input gets for a metre of the vehicle; `update_s`: how often the display is set
    anew; `pays_in_full`: receipt and record keep what is paid, fees and rounding included; `sure`: nobody misreads in this
    case; `silent`: keys of the profile that the papers do not tell."""

    k: int
    per_m: float
    sensor: Sensor
    taps: tuple[str, ...]
    both: bool
    tick_s: Fraction
    emi_per_s: float
    slippery: bool
    tariff: str
    rule: Rule
    meter: Meter
    civil_ns: int
    hour_known: bool
    resolution_km: Decimal
    truncates: bool
    update_s: float
    pays_in_full: bool
    linked: bool
    receiver: bool
    plug: bool
    sure: bool
    silent: frozenset[str]


def drawn(rng: np.random.Generator, bench: bool) -> Taxi:
    one = sensor(rng)
    k = int(rng.choice([620, 1000, 1000, 2485, 4000, 8000]))
    wheels = float(rng.uniform(-0.04, 0.01)) + float(rng.uniform(0, 0.025))  # as verified, and a year of wear
    name = str(rng.choice(TARIFFS))
    known = tariff(name)
    taps = str(rng.choice(["sensor input", "sensor input", "input", "input", "sensor", ""])).split()
    if bench:  # the source stands before the meter's input: nothing of the car is connected
        taps = ["input"] if one.kind == "conditioner" else taps or ["input"]
    open_ = {unknown.key: str(rng.choice(unknown.alternatives)) for unknown in known.unknowns}
    rule = known.first(open_).rule
    meter = Meter(
        clock_ratio=1 + Fraction(int(rng.integers(-100, 101)), 1_000_000),
        clock_offset_ns=int(rng.normal(0, 60)) * S,
        update_ns=int(rng.choice([0, 250, 500, 1000, 2000])) * 1_000_000,
        hysteresis_kmh=Decimal(str(rng.choice(["0", "0", "1"]))),
    )
    silent = set()
    if rng.random() < 0.25:
        every = ("sensor_class", "sealed_k", "pulses_per_km", "tariff", "certificate_k")
        silent = {str(key) for key in rng.choice(every, int(rng.integers(1, 4)), replace=False)}
        silent |= {"magnets", "ratio"} if "sensor_class" in silent else set()
        silent |= {"sealed_k"} if "pulses_per_km" in silent else set()
    chinese = known.currency == "CNY"
    return Taxi(
        k, k / 1000 * (1.0 if bench else 1 + wheels), one,
        taps=tuple(taps),
        both=bool(rng.random() < 0.7),
        tick_s=Fraction(1, int(rng.choice([100_000, 1_000_000]))),
        emi_per_s=float(10 ** rng.uniform(-5, -2.7)),
        slippery=bool(rng.random() < 0.4) and not bench,
        tariff=name, rule=rule, meter=meter,
        civil_ns=(19_800 * 24 + int(rng.integers(7 * 24))) * HOUR_NS + int(rng.integers(HOUR_NS)),
        hour_known=bool(rng.random() < 0.8),
        resolution_km=Decimal(str(rng.choice(["0.1", "0.1", "0.01"]))),
        truncates=bool(rng.random() < 0.5),
        update_s=float(rng.choice([0.1, 0.5, 1.0])),
        pays_in_full=bool(rng.random() < 0.5),
        linked=chinese and bool(rng.random() < 0.6),
        receiver=bool(rng.random() < 0.7) and not bench,
        plug=bool(rng.random() < 0.5) and not bench,
        sure=bool(rng.random() < 0.6),
        silent=frozenset(silent),
    )  # fmt: skip


def profile(taxi: Taxi) -> dict[str, Any]:
    """What such a taxi declares."""
    told: dict[str, Any] = {
        "pulses_per_km": str(taxi.k), "certificate_k": str(taxi.k), "sealed_k": True, "tariff": taxi.tariff,
        "sensor_class": taxi.sensor.kind, "distance_resolution_km": str(taxi.resolution_km), "fare_step": str(taxi.rule.display.step),
        "update_ms": int(taxi.update_s * 1000), "currency": tariff(taxi.tariff).currency,
    }  # fmt: skip
    if taxi.sensor.kind != "ecu-regenerated":
        told["magnets"] = str(taxi.sensor.magnets)
    if taxi.sensor.kind == "conditioner":
        told["ratio"] = f"{taxi.sensor.each.denominator}/{taxi.sensor.each.numerator}"
    return {key: value for key, value in told.items() if key not in taxi.silent}
