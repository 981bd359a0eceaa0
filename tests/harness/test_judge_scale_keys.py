"""Keys without function and tickets printed in motion."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from captures.model import Flag, Register, frozen_int64
from harness.judge.contract import Segment
from harness.judge.laws import key_inventory, price_moving
from tests.weighed import S, begin_s, loading, register, run, stream


def pressed(number: int, key: str, before: Sequence[str], after: Sequence[str], units: tuple[str, str] = ("kg", "kg")) -> Segment:  # fmt: skip
    """Weight and unit price before and after one press."""
    begin = begin_s(number)
    times = [begin + 2, begin + 9]
    own = [register("unit_price", [before[1], after[1]], times, "0.01")]
    told = tuple((round(t * S), unit) for t, unit in zip(times, units, strict=True))
    return loading(
        number, 0.531, [before[0], after[0]], at_s=(2, 9), keys=[(5, key)], registers=own, unit_of=told, units=tuple(sorted(set(units))),
    )  # fmt: skip


SAME = ("0.530", "12.50")


@pytest.mark.parametrize(
    ("key", "before", "after", "hits"),
    [
        ("5", ("0.530", "0.00"), ("0.530", "0.05"), 0),
        ("5", ("0.530", "0.00"), ("0.530", "0.00"), 3),
        ("5", SAME, SAME, None),  # the entry may be full
        ("0", ("0.530", "0.00"), ("0.530", "0.00"), None),  # nought before nought is nought
        ("clear", SAME, ("0.530", "0.00"), 0),
        ("clear", SAME, SAME, 3),
        ("tare", SAME, ("0.000", "12.50"), 0),
        ("tare", SAME, SAME, 3),
        ("unit", SAME, SAME, 3),
        ("M1", SAME, SAME, None),
        ("change", SAME, SAME, None),
        ("strange", SAME, SAME, None),
    ],
)
def test_a_key_with_and_without_its_function(
    key: str, before: Sequence[str], after: Sequence[str], hits: int | None
) -> None:
    readings = run(key_inventory.DETECTOR, *(pressed(n, key, before, after) for n in range(3)))
    assert [one.hits for one in readings] == ([] if hits is None else [hits])


def test_the_unit_that_changes_while_the_figures_stay() -> None:
    own = [pressed(n, "unit", SAME, SAME, ("kg", "jin")) for n in range(3)]
    (reading,) = run(key_inventory.DETECTOR, *own)
    assert reading.hits == 0


def test_a_press_without_contact_now_and_then() -> None:
    dead = pressed(0, "tare", SAME, SAME)
    (alone,) = run(key_inventory.DETECTOR, dead)
    assert alone.hits == 0
    (reading,) = run(key_inventory.DETECTOR, dead, pressed(1, "tare", SAME, ("0.000", "12.50")))
    assert (reading.hits, reading.p) == (0, 1.0)


def test_keys_tried_by_an_officer() -> None:
    own = [loading(n, 0.531, ["0.530"], key_tests={"change": "no", "print": "yes"}) for n in range(2)]
    found = {one.at["pressed_key"]: one.hits for one in run(key_inventory.DETECTOR, *own)}
    assert found == {"change": 2, "print": 0}


def dropped(number: int, print_at: int, stable_from: int = 30, flagged: bool = True) -> Segment:
    """Goods dropped: an overshoot that dies away, printed at frame `print_at`."""
    begin = begin_s(number)
    values = [0.155 * (1 + 0.5 * math.exp(-i / 6) * math.cos(i / 2)) if i < 30 else 0.155 for i in range(80)]
    flags = [int(Flag.PRINT) if flagged and i in (print_at, print_at + 1) else 0 for i in range(80)]
    line = stream(values, begin, "0.001", stable=[i >= stable_from for i in range(80)], flags=flags)
    return loading(number, 0.155, line=line)


PROFILE = {"intervals": "6/0.001"}


@pytest.mark.parametrize(("at", "hits"), [(2, 1), (60, 0)])
def test_printed_frames_in_motion(at: int, hits: int) -> None:
    (reading,) = run(price_moving.DETECTOR, dropped(1, at), **PROFILE)
    assert reading.hits == hits
    if hits:
        assert reading.effect is not None
        assert reading.effect > 0.1


def test_within_an_interval_of_the_reading_at_rest_it_is_honest() -> None:
    (reading,) = run(price_moving.DETECTOR, dropped(1, 45, stable_from=50), **PROFILE)
    assert reading.hits == 0


def test_a_declared_hold_mode_is_not_compared() -> None:
    (reading,) = run(price_moving.DETECTOR, dropped(1, 2), hold_mode=True, **PROFILE)
    assert not reading.spoke


@pytest.mark.parametrize(("at_s", "weight", "hits"), [(0.4, "0.198", 1), (6.0, "0.155", 0), (0.4, "0.155", 0)])
def test_the_ticket_of_a_print_key(at_s: float, weight: str, hits: int) -> None:
    plain = dropped(1, 0, flagged=False)
    ticket = Register("ticket", frozen_int64([(begin_s(1) + 20) * S]), frozen_int64([0]), register("t", [weight], [0]).values, plain.traces["weight"].step, "kg", plain.traces["weight"].origin)  # fmt: skip
    own = loading(1, 0.155, line=plain.traces["weight"], keys=[(at_s, "print")], registers=[ticket])
    (reading,) = run(price_moving.DETECTOR, own, **PROFILE)
    assert reading.hits == hits
