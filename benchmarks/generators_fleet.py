"""Trip files of whole fleets, honest and with cheats, as a New York style export: for tests and for docs/fleet.md.

Not a model of any city: hours, distances and speeds are plausible, and what the tests rest on is varied on purpose: how much
drivers differ in careless presses, how much vehicles differ in speed, how records are rounded, what dirt an export holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MILE_M, STEP_MI, FIRST_S = 1609.344, 0.2, 1_325_376_000  # 2012-01-01
FLAG, UNIT, LOW_S, LOW_MPH = 2.50, 0.50, 60.0, 12.0
HEADER = "medallion,hack,code,pickup,dropoff,miles,fare,from,to"

MAPPING = """name = "made fleet"
[file]
date = "%Y-%m-%d %H:%M:%S"
[columns]
vehicle = "medallion"
driver = "hack"
rate_code = "code"
start = "pickup"
end = "dropoff"
distance = "miles"
fare = "fare"
start_zone = "from"
end_zone = "to"
[units]
distance = "mi"
distance_resolution = 0.01
[rates]
ordinary = ["1"]
doubled = ["4"]
[city]
zones = ["city"]
"""


@dataclass(frozen=True)
class Fleet:
    """`presses`: careless doubled codes a trip, of the median driver; `careless`: spread of their logarithm between drivers;
    `charged`: share of them that touch the fare; `dirt`: share of fares that fit no tariff; `drivers_differ` and
    `vehicles_differ`: standard deviations of log speed and log distance."""

    vehicles: int = 120
    shifts: int = 2
    days: int = 30
    trips: float = 12.0  # a shift
    presses: float = 4e-4
    careless: float = 0.8
    charged: float = 0.2
    dirt: float = 1.3e-3
    drivers_differ: float = 0.05
    vehicles_differ: float = 0.012
    truncates: bool = True
    cheats: Mapping[int, Cheat] = field(default_factory=dict)  # by vehicle; its first driver works it


@dataclass(frozen=True)
class Cheat:
    """`doubles`: share of the driver's city trips charged at the doubled rate; `gain`: factor on the distance counter;
    `lump_mi`, `lumped`: miles put into so large a share of trips; `factor`: put on records already rounded; `tens`: share of
    distances entered in whole tens; `tenfold`: share of fares with a nought appended."""

    doubles: float = 0.0
    gain: float = 1.0
    lump_mi: float = 0.0
    lumped: float = 0.0
    factor: float = 1.0
    tens: float = 0.0
    tenfold: float = 0.0


@dataclass(frozen=True)
class Made:
    """Columns (n,) as recorded: miles in hundredths, fares in cents, seconds since FIRST_S."""

    vehicle: Ints
    driver: Ints
    code: Ints
    start: Ints
    duration: Ints
    miles: Ints
    fare: Ints
    away: npt.NDArray[np.bool_]


def make(fleet: Fleet, seed: int) -> Made:
    """Trips of all shifts, in order of vehicle and time."""
    rng = np.random.default_rng(seed)
    shifts = fleet.vehicles * fleet.shifts * fleet.days
    per_shift = rng.poisson(fleet.trips * np.exp(rng.normal(0, 0.2, shifts)))
    shift = np.repeat(np.arange(shifts), per_shift)
    n = shift.size
    vehicle, turn, day = shift // (fleet.shifts * fleet.days), shift // fleet.days % fleet.shifts, shift % fleet.days
    driver = vehicle * fleet.shifts + turn
    swapped = (rng.random(shifts) < 0.1)[shift]  # relief drivers
    drivers = fleet.vehicles * fleet.shifts
    driver = np.where(swapped, (driver + 7) % drivers, driver)
    place = np.arange(n) - np.concatenate([[0], np.cumsum(per_shift)[:-1]])[shift]
    length = 86_400 // fleet.shifts
    start = day * 86_400 + turn * length + (place + rng.random(n)) * length / np.maximum(per_shift[shift], 1)
    miles = np.exp(rng.normal(0.6, 0.75, n)).clip(0.15, 40)
    hour = (start / 3600) % 24
    mph = 11 * miles**0.25 * (1 - 0.25 * np.cos((hour - 3) * np.pi / 12 + np.pi)) * np.exp(rng.normal(0, 0.22, n))
    mph *= np.exp(rng.normal(0, fleet.drivers_differ, drivers))[driver]
    gain = np.exp(rng.normal(0, fleet.vehicles_differ, fleet.vehicles))
    for one, cheat in fleet.cheats.items():
        gain[one] *= cheat.gain
    moving = np.clip(rng.beta(5, 2, n), 0.2, 1.0)  # share of the distance driven above the low-speed limit
    slow_s = miles * (1 - moving) / (LOW_MPH * rng.uniform(0.3, 0.95, n)) * 3600
    duration = miles * moving / np.maximum(mph * 1.5, LOW_MPH) * 3600 + slow_s
    counted = miles * gain[vehicle]
    lumps = np.zeros(n)
    for one, cheat in fleet.cheats.items():
        lumps += np.where((vehicle == one) & (rng.random(n) < cheat.lumped), cheat.lump_mi, 0.0)
    counted = counted + lumps
    fast = miles * moving * gain[vehicle] + lumps
    away = rng.random(n) < 0.02
    rate = fleet.presses * np.exp(rng.normal(0, fleet.careless, drivers))
    pressed = rng.random(n) < rate[driver]
    doubled = away | (pressed & (rng.random(n) < fleet.charged))
    for one, cheat in fleet.cheats.items():
        worked = (driver == one * fleet.shifts) & ~away & (rng.random(n) < cheat.doubles)
        pressed, doubled = pressed | worked, doubled | worked
    steps = np.where(doubled, 2.0, 1.0) * fast / STEP_MI + slow_s / LOW_S
    cents = np.round(100 * (FLAG + UNIT * np.floor(steps))).astype(np.int64)
    code = np.where(away | pressed, 4, 1)
    flat = rng.random(n) < 0.01
    cents, code = np.where(flat, 5200, cents), np.where(flat, 2, code)
    dirty = rng.random(n) < fleet.dirt
    cents = np.where(dirty, (cents * rng.choice([0.2, 0.5, 3.0, 6.0], n)).astype(np.int64), cents)
    hundredths = np.maximum(np.floor(100 * counted) if fleet.truncates else np.round(100 * counted), 1).astype(np.int64)
    for one, cheat in fleet.cheats.items():
        own = vehicle == one
        hundredths = np.where(own, np.round(hundredths * cheat.factor).astype(np.int64), hundredths)
        entered = own & (rng.random(n) < cheat.tens)
        hundredths = np.where(entered, np.maximum(hundredths // 10 * 10, 10), hundredths)
        cents = np.where(own & (rng.random(n) < cheat.tenfold), 10 * cents, cents)
    begin = start.astype(np.int64)
    return Made(vehicle, driver, code, begin, np.maximum(duration, 1).astype(np.int64), hundredths, cents, away)


def write(made: Made, path: Path, shift_days: int = 0, append: bool = False) -> int:
    """A CSV as MAPPING reads it; the number of trips."""
    begin = FIRST_S + shift_days * 86_400
    start = _clock(begin + made.start)
    end = _clock(begin + made.start + made.duration)
    with path.open("a" if append else "w", encoding="utf-8") as stream:
        if not append:
            stream.write(HEADER + "\n")
        rows = zip(
            made.vehicle.tolist(), made.driver.tolist(), made.code.tolist(), start, end,
            made.miles.tolist(), made.fare.tolist(), made.away.tolist(), strict=True,
        )  # fmt: skip
        stream.writelines(
            f"V{v:05d},D{d:05d},{c},{s},{e},{m // 100}.{m % 100:02d},{f // 100}.{f % 100:02d},city,{'away' if a else 'city'}\n"
            for v, d, c, s, e, m, f, a in rows
        )
    return int(made.start.size)


def _clock(seconds: Ints) -> list[str]:
    return [one.replace("T", " ") for one in np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()]


def with_cheats(fleet: Fleet, number: int, cheat: Cheat) -> Fleet:
    """The first `number` vehicles cheat alike."""
    return replace(fleet, cheats=dict.fromkeys(range(number), cheat))


CARELESS: Mapping[str, Callable[[np.random.Generator, int, float], Floats]] = {
    "all alike": lambda rng, n, mean: np.full(n, mean),
    "log-normal, spread 0.5": lambda rng, n, mean: _lognormal(rng, n, mean, 0.5),
    "log-normal, spread 1.0": lambda rng, n, mean: _lognormal(rng, n, mean, 1.0),
    "log-normal, spread 1.5": lambda rng, n, mean: _lognormal(rng, n, mean, 1.5),
    "exponential": lambda rng, n, mean: rng.gamma(1.0, mean, n),
    "gamma, shape 0.3": lambda rng, n, mean: rng.gamma(0.3, mean / 0.3, n),
    "60 % never": lambda rng, n, mean: np.where(rng.random(n) < 0.6, 0.0, mean / 0.4),
    "one in 50 three times as often": lambda rng, n, mean: np.where(rng.random(n) < 0.02, 3 * mean, mean),
    "one in 50 ten times as often": lambda rng, n, mean: np.where(rng.random(n) < 0.02, 10 * mean, mean),
}  # rates of a day of honest drivers


def _lognormal(rng: np.random.Generator, n: int, mean: float, spread: float) -> Floats:
    result: Floats = mean * np.exp(rng.normal(0, spread, n) - spread**2 / 2)
    return result
