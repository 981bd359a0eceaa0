"""What a measurement showed: display, reference and error of one reading, and what else was shown of the same load."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from captures.model import Register, frozen_int64
from harness.judge.contract import Segment, SegmentKind
from harness.report.indicated import indicated, untouched_loads
from tests.harness.test_judge_loads import FULL, HERE, loading


def told(segments: Sequence[Segment], profile: Any = FULL) -> list[dict[str, Any]]:
    loads = untouched_loads(segments, profile)
    return [indicated(segment, profile, loads) for segment in segments]


def test_display_and_error_are_of_the_first_reading_and_what_follows_keys_stands_apart() -> None:
    [one] = told([loading("M1.1", "1.19", ["1.190", "1.190", "1.320", "1.320"], ["4", "5", "0"])])
    assert (one["display_l"], one["indicated_l"], one["reference_l"], one["error_l"]) == ("1.190", 1.19, 1.19, 0.0)
    [later] = one["later"]
    assert (later["display_l"], later["indicated_l"], later["after_keys"], later["at_s"]) == ("1.320", 1.32, True, 22.0)


@pytest.mark.parametrize(("key", "error"), [("unheard-of", None), ("tare", None), ("remote", 0.13)])
def test_only_what_no_key_may_honestly_change_is_an_error(key: str, error: float | None) -> None:
    [one] = told([loading("A", "1.19", ["1.190", "1.320"], [key])])
    assert [later["error_l"] for later in one["later"]] == [error]


def test_a_load_behind_a_tare_has_no_error_at_all() -> None:
    _, behind = told(
        [loading("A", "0.53", ["0.530", "0.000"], ["tare"], t_s=0), loading("B", "1.19", ["0.660", "0.665"], t_s=100)]
    )
    assert (behind["display_l"], behind["error_l"]) == ("0.660", None)
    assert [(one["display_l"], one["after_keys"], one["error_l"]) for one in behind["later"]] == [
        ("0.665", False, None)
    ]


def test_a_reading_that_moves_by_itself_is_an_error_of_its_own() -> None:
    [one] = told([loading("A", "0.53", ["0.530", "0.585", "0.530", "0.585"])])
    assert [(later["error_l"], later["after_keys"]) for later in one["later"]] == [(0.055, False)]


def test_what_was_read_behind_keys_alone_is_not_the_display_of_the_load() -> None:
    whole = loading("A", "0.53", ["0.530", "0.585"], ["4"])
    register = whole.registers["display"]
    last = Register(
        "display",
        frozen_int64([12_000_000_000]),
        frozen_int64([0]),
        (register.values[-1],),
        Decimal("0.005"),
        "kg",
        HERE,
    )
    [one] = told([Segment(**{**vars(whole), "registers": {"display": last}})])
    assert (one["display_l"], one["indicated_l"], one["error_l"], one["reference_l"]) == (None, None, None, 0.53)
    assert [later["display_l"] for later in one["later"]] == ["0.585"]


def test_arithmetic_adds_nothing_to_an_error() -> None:
    [one] = told([loading("A", "0.1", ["0.3"])])
    assert one["error_l"] == 0.2


def test_of_a_trip_the_advance_is_held_against_the_way() -> None:
    odometer = Register(
        "distance",
        frozen_int64([0, 9]),
        frozen_int64([0, 0]),
        (Decimal("2.0"), Decimal("5.3")),
        Decimal("0.1"),
        "km",
        HERE,
    )
    trip = Segment(
        "T", SegmentKind.TRIP, "C", "power-0", (0, 10), registers={"distance": odometer}, reference_m=(3210.0, 3.0)
    )
    [one] = told([trip], {})
    assert (one["display_l"], one["indicated_l"], one["reference_l"], one["error_l"]) == (None, 3.3, 3.21, 0.09)
