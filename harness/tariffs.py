"""Tariffs by name: those of the tree, or a TOML file; and what a tariff makes of a trip told in kilometres and minutes."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from fixtures.textfile import read_text
from harness.exits import UsageError
from protocols.tariff import Fare, Reading, Shown, Tariff, TariffError, Trip, fare, known, names, parse, relevant
from protocols.tariff.civil import DAYS, MONDAY

S_NS = 10**9
MAX_BYTES = 1 << 18
MAX_ROWS = 2_000_000
MAX_KM = 1000
HEADER = ["time_s", "distance_m"]
DISPLAY = ["time_s", "fare"]


def tariff(name: str) -> Tariff:
    """The tariff `name` of the tree, or the one in the file `name` where that ends in .toml."""
    if name.endswith(".toml"):
        return parse(read_text(Path(name), "a tariff", MAX_BYTES, TariffError), name)
    if name not in (there := names()):
        raise UsageError(f"expected a TOML file or one of the tariffs {', '.join(there)}, got {name!r}")
    return known(name)


def civil_ns(at: str, day: str) -> int:
    """Local civil time of a hire "HH:MM" on a day of the week, in a week of its own."""
    hours, _, minutes = at.partition(":")
    valid = len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal() and hours < "24" and minutes < "60"
    if not valid:
        raise UsageError(f"--at expected HH:MM, got {at!r}")
    if day not in DAYS:
        raise UsageError(f"--day expected one of {', '.join(DAYS)}, got {day!r}")
    return (MONDAY + DAYS.index(day) * 86_400 + int(hours) * 3600 + int(minutes) * 60) * S_NS


def driven(km: Decimal, kmh: Decimal, standing_min: Decimal, civil: int, declared: Sequence[str]) -> Trip:
    """So many kilometres at one speed, told metre by metre, then standing."""
    for value, name, low, high in (
        (km, "--km", 0, MAX_KM), (kmh, "--kmh", 1, 300), (standing_min, "--standing", 0, 24 * 60),
    ):  # fmt: skip
        if not value.is_finite() or not low <= value <= high:
            raise UsageError(f"{name} expected {low} to {high}, got {value}")
    metres = np.unique(np.append(np.arange(1, int(km * 1000) + 1, dtype=np.float64), float(km * 1000)))
    metres = metres[metres > 0]
    times = np.rint(np.append(0.0, metres) * 3.6 / float(kmh) * S_NS).astype(np.int64)
    end = max(int(times[-1]) + int(standing_min * 60 * S_NS), 1)
    return Trip.of_distance(times, np.append(0.0, metres), 0, end, civil, frozenset(declared))


def logged(path: Path, civil: int, declared: Sequence[str]) -> Trip:
    """A CSV of time_s,distance_m, the hire in its first row and the end in its last; TariffError names the row."""
    rows = _rows(path, HEADER)
    if len(rows) < 2:
        raise TariffError(f"{path}: expected two rows or more, the hire and the end, got {len(rows)}")
    for number, row in enumerate(rows, 2):
        if not 0 <= row[1] < 10**7:
            raise TariffError(f"{path}, row {number}: expected a distance from 0 to 10^7 m, got {row[1]}")
    times = np.array([int(row[0] * S_NS) for row in rows], np.int64)
    metres = np.array([float(row[1]) for row in rows])
    return Trip.of_distance(times, metres, int(times[0]), int(times[-1]), civil - int(times[0]), frozenset(declared))


def read_display(path: Path, tolerance: Decimal) -> list[Shown]:
    """A CSV of time_s,fare: what the display showed, each within `tolerance` s; the clock is that of the course."""
    rows = _rows(path, DISPLAY)
    for number, row in enumerate(rows, 2):
        if not 0 <= row[1] < 10**9:
            raise TariffError(f"{path}, row {number}: expected a fare from 0 to 10^9, got {row[1]}")
    return [Shown(int(row[0] * S_NS), row[1], int(tolerance * S_NS)) for row in rows]


def _rows(path: Path, header: list[str]) -> list[tuple[Decimal, Decimal]]:
    """Two columns of finite numbers under `header`, the first a time in s; TariffError names the row."""
    found = []
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        if (head := next(rows, [])) != header:
            raise TariffError(f"{path}, row 1: expected the columns {','.join(header)}, got {','.join(head)[:60]!r}")
        for number, row in enumerate(rows, 2):
            if number > MAX_ROWS:
                raise TariffError(f"{path}, row {number}: expected at most {MAX_ROWS} rows, got more")
            try:
                time_s, value = (Decimal(cell) for cell in row)
                finite = time_s.is_finite() and value.is_finite() and abs(time_s) < 10**9
            except (ArithmeticError, ValueError):
                finite = False
            if not finite:
                raise TariffError(
                    f"{path}, row {number}: expected two numbers, {' and '.join(header)}, got {row!r:.80}"
                )
            found.append((time_s, value))
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fare that some readings of a tariff make, with the first of them and how many they are."""

    displayed: Decimal
    paid: Decimal
    readings: int
    example: Reading
    course: Fare


def outcomes(own: Tariff, trip: Trip, choices: Mapping[str, str]) -> list[Outcome]:
    """The different fares of a trip, the lowest first; one where whatever is open makes no difference."""
    found: dict[tuple[Decimal, Decimal], Outcome] = {}
    for reading in relevant(own, trip, choices):
        course = fare(reading.rule, trip)
        key = course.displayed, course.paid
        before = found.get(key)
        number = 1 if before is None else before.readings + 1
        found[key] = Outcome(*key, number, before.example if before else reading, before.course if before else course)
    return [found[key] for key in sorted(found)]
