"""Floor and ceiling of a fare hold every fare that the exact engine makes, under every reading of every tariff."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from benchmarks.generators_fleet import MAPPING
from harness.fleet.bounds import Tariffed, bounds, tariffed
from harness.fleet.errors import FleetError
from harness.fleet.mapping import Mapped, parse
from harness.fleet.records import ORDINARY, Trips
from protocols.tariff import Tariff, Trip, fare, folder
from protocols.tariff import parse as tariff_of

FILES = sorted(Path(str(folder())).glob("*.toml"))
S = 10**9
MONDAY_S = 4 * 86_400


def mapped(**changes: object) -> Mapped:
    """Kilometres to a tenth and whole minutes, as coarse as a trip record (0x00E8) has them; surcharges in a column."""
    own = parse(MAPPING, "m")
    columns = {**own.columns, "surcharge": "extras"}
    return replace(own, columns=columns, distance_unit="km", distance_step=Decimal("0.1"), time_step_s=60, **changes)  # type: ignore[arg-type]


def known(path: Path) -> Tariff:
    return tariff_of(path.read_text("utf-8"), path.name)


def course(rng: np.random.Generator) -> tuple[Trip, int, int, float]:
    """A trip of stops and of speeds from a crawl to 110 km/h, begun at any hour; begin and duration, s, and metres."""
    begin_s, seconds = MONDAY_S + int(rng.integers(7 * 86_400)), int(rng.integers(60, 5400))
    legs = np.cumsum(rng.integers(20, 400, 200))
    speed = rng.choice([0, 1.5, 2.8, 3.3, 4.5, 7, 12, 30], legs.size)[
        np.searchsorted(legs, np.arange(seconds), "right")
    ]
    speed[:20] = 7  # a hire begins with driving
    metres = np.concatenate([[0.0], np.cumsum(speed)])
    times = np.arange(seconds + 1) * S
    return Trip.of_distance(times, metres, 0, seconds * S, begin_s * S), begin_s, seconds, float(metres[-1])


def recorded(begin_s: int, seconds: int, metres: float) -> Trips:
    """Distance cut to 0.1 km, times to the minute."""
    start, end = begin_s // 60 * 60, (begin_s + seconds) // 60 * 60
    one = np.array([1], dtype=np.int64)
    code = np.array([ORDINARY], dtype=np.int8)
    return Trips(
        {"vehicle": 0 * one}, start * one, (end - start) * one, int(metres // 100) * 100_000 * one, 0 * one, 0 * one, -one, code, code
    )  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_fare_of_the_engine_lies_between_floor_and_ceiling(path: Path) -> None:
    tariff = known(path)
    readings = [reading.rule for reading in tariff.readings({})] if tariff.number_of_readings <= 600 else []
    own = tariffed(tariff.id, tariff.verified, readings or [tariff.first({}).rule])
    rng = np.random.default_rng(7)
    for _ in range(3):
        trip, begin_s, seconds, metres = course(rng)
        found = bounds(own, recorded(begin_s, seconds, metres), mapped())
        for rule in [readings[k] for k in rng.integers(len(readings), size=2)] if readings else [tariff.first({}).rule]:
            shown = int(fare(rule, trip).displayed * 1_000_000)
            assert found.floor[0] <= shown <= found.ceiling[0], (begin_s, seconds, metres)


def flat(**changes: object) -> Tariffed:
    path = next(path for path in FILES if path.stem == "beijing_2013")
    return replace(tariffed("x", False, [known(path).first({}).rule]), **changes)  # type: ignore[arg-type]


def test_bounds_grow_with_distance_and_the_ceiling_with_time() -> None:
    own, noon = flat(), MONDAY_S + 43_200
    floor, ceiling = (
        lambda km, s: int(bounds(own, recorded(noon, s, km * 1000), mapped()).floor[0]),
        lambda km, s: int(bounds(own, recorded(noon, s, km * 1000), mapped()).ceiling[0]),
    )
    assert floor(5, 600) < floor(10, 600) < floor(20, 600)
    assert ceiling(5, 600) < ceiling(10, 600) < ceiling(20, 600)
    assert ceiling(5, 600) < ceiling(5, 3600)
    assert floor(5, 600) == floor(5, 3600)
    # 20 km by day: 13 + 17 x 2.3 = 52.1 without tier and fuel; the floor lies below by rounding alone, not by half
    assert 45 < floor(20, 1800) / 1e6 <= 52.1


def test_the_night_is_seen_inside_a_long_trip() -> None:
    """From 22:30 until 05:30: neither end in the night window of 23 to 5 o'clock."""
    own = flat()
    by_day = bounds(own, recorded(MONDAY_S + 34_200, 7 * 3600, 30_000), mapped()).ceiling[0]
    through = bounds(own, recorded(MONDAY_S + 81_000, 7 * 3600, 30_000), mapped()).ceiling[0]
    assert through > by_day


def test_without_a_column_of_surcharges_the_ceiling_holds_what_payment_adds() -> None:
    """Booking and fuel of Beijing may stand in the fare then."""
    own, trips = flat(), recorded(MONDAY_S + 43_200, 600, 5000)
    bare = mapped()
    without = replace(bare, columns={noun: name for noun, name in bare.columns.items() if noun != "surcharge"})
    assert bounds(own, trips, without).ceiling[0] > bounds(own, trips, bare).ceiling[0]
    assert bounds(own, trips, without).floor[0] == bounds(own, trips, bare).floor[0]


def test_a_tariff_without_readings_is_refused() -> None:
    with pytest.raises(FleetError, match="tariff x: expected 1 to"):
        tariffed("x", False, [])
