"""Observations that exclude honest causes at a scale: each true where the cause cannot be, false where it acts."""

from __future__ import annotations

from typing import Any

import pytest

from captures.model import Mark, MarkSource
from harness.judge.contract import Link, Reading, Segment, Shape
from harness.judge.facts import facts
from harness.judge.ground import Ground
from harness.judge.weighing_facts import sizes
from tests.weighed import PROFILE, S, begin_s, loading

LINK = Link("load", "display")


def hit(segment: str, effect: float | None = None, **at: Any) -> Reading:
    return Reading("load-gain", segment, LINK, 10.0, hits=1, effect=effect, shape=Shape.STATE, at=at)


def clean(segment: str, **at: Any) -> Reading:
    return Reading("load-gain", segment, LINK, 0.7, at=at)


def known(hits: list[Reading], *, segments: list[Segment] | None = None, others: list[Reading] | None = None) -> dict[str, bool]:  # fmt: skip
    own = segments or [loading(n, 1.0, ["1.000"]) for n in range(3)]
    return facts(Ground(LINK, tuple(hits), tuple(own), tuple(others or []), PROFILE, Shape.STATE))


def pair(load: float, delta: float) -> Reading:
    return hit("L0|L1", delta / load, delta_kg=delta, loads_kg=(load, load * 1.01))


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ([pair(0.5, 0.05), pair(2.5, 0.25)], True),  # a share
        ([pair(0.5, 0.10), pair(2.5, 0.10)], False),  # a bag
        ([pair(0.5, 0.05), pair(2.5, -0.25)], False),
        ([pair(0.5, 0.05), pair(0.55, 0.25)], False),  # loads too near to tell
        ([pair(0.5, 0.05)], False),
        ([pair(0.5, 0.05), hit("L1")], False),  # one of unknown size
        ([pair(0.5, 0.10), pair(1.0, 0.08), pair(1.5, 0.07), pair(2.5, 0.13)], False),  # bags as they came
        ([pair(0.5, 0.05), pair(1.0, 0.11), pair(1.5, 0.10), pair(2.5, 0.25)], True),  # two levels
    ],
)
def test_a_share_of_the_load_and_a_fixed_mass(hits: list[Reading], expected: bool) -> None:
    assert known(hits)["grows_with_load"] is expected


def test_sizes_of_laws_that_read_two_stations() -> None:
    reading = hit("L9", 0.1, value="1.100", low="0.995", high="1.005")
    (one,) = sizes(Ground(LINK, (reading,), (), (), PROFILE, None))
    assert (one.load_kg, one.kg) == (pytest.approx(1.0), pytest.approx(0.1))


@pytest.mark.parametrize(
    ("still", "expected"), [(["M2", "M3", "5"], True), (["M1", "M2", "M3"], False), (["5"], False), ([], False)]
)
def test_other_keys_over_a_load_at_rest_move_nothing(still: list[str], expected: bool) -> None:
    moved = hit("L0", 0.1, codes=["M1"], levels_kg=[["1.000", "1.100"]], base_kg=1.0)
    assert known([hit("L0", 0.1, codes=["remote"])])["keys_differ"]  # no lamp and no beeper comes with it
    assert known([moved], others=[clean("L1", still=still)])["keys_differ"] is expected


@pytest.mark.parametrize(("delta", "expected"), [(0.019, False), (0.021, True)])
def test_several_times_the_maximum_permissible_error(delta: float, expected: bool) -> None:
    assert known([pair(0.5, delta)])["beyond_honest_change"] is expected


@pytest.mark.parametrize(("effect", "expected"), [(1.0, False), (1.2046, False), (-0.5, False), (0.1, True), (0.25, True)])  # fmt: skip
def test_no_ratio_of_units(effect: float, expected: bool) -> None:
    assert known([hit("L0", effect)])["not_a_unit"] is expected


def test_a_stored_tare_never_adds() -> None:
    assert known([hit("L0", 0.1), hit("L1", 0.2)])["reads_more"]
    assert not known([hit("L0", 0.1), hit("L1", -0.2)])["reads_more"]


def test_a_remote_pressed_while_the_load_lay_there() -> None:
    mark = Mark((begin_s(1) + 5) * S, 0, MarkSource.OPERATOR, "press-remote")
    own = [loading(1, 1.0, ["1.000"], marks=[mark])]
    assert not known([hit("L1", 0.1)], segments=own)["no_remote"]
    assert known([hit("L0", 0.1)])["no_remote"]


def remainders(*offsets: float) -> tuple[list[Reading], list[Reading]]:
    told = [(n, kg, {"t_ns": n * S, "offset_kg": kg}) for n, kg in enumerate(offsets)]
    return [hit(f"L{n}", **at) for n, kg, at in told if kg], [clean(f"L{n}", **at) for n, kg, at in told if not kg]


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ((0.05, 0.0, 0.05, 0.05), True),
        ((0.05, 0.05, 0.05), False),  # it stays: mud
        ((0.0, 0.05, 0.05, 0.05), False),  # it came: drift
        ((0.05, 0.0, 0.15, 0.30), False),  # other sizes: goods
    ],
)
def test_a_remainder_that_comes_and_goes(offsets: tuple[float, ...], expected: bool) -> None:
    hits, others = remainders(*offsets)
    assert known(hits, others=others)["comes_and_goes"] is expected


@pytest.mark.parametrize(
    ("on", "off", "each", "bounded", "even"),
    [
        ((0.2, 0.4, 5.0), (0.5, 1.0, 2.0), (0.08, 0.081, 0.079), True, True),
        (
            (0.2, 0.4, 0.5),
            (1.0, 2.0, 5.0),
            (0.02, 0.05, 0.09),
            False,
            False,
        ),  # from a load on: a stop, a cell that bends
        ((0.2, 0.4, 5.0), (1.0,), (0.08,), True, False),  # one wrong mass
    ],
)
def test_windows_of_loads(on: tuple[float, ...], off: tuple[float, ...], each: tuple[float, ...], bounded: bool, even: bool) -> None:  # fmt: skip
    found = known([hit("L0", 0.08, on_loads_kg=on, off_loads_kg=off, excess_each=each)])
    assert (found["window_bounded"], found["even_excess"]) == (bounded, even)


def test_the_counter_of_adjustments() -> None:
    def visit(before: str, after: str) -> list[Segment]:
        return [loading(0, 1.0, ["1.000"], stated_counter=before, stated_counter_after=after)]

    assert known([hit("L0", 0.1)], segments=visit("17", "17"))["counter_unchanged"]
    for before, after in (("17", "18"), ("", "")):
        assert not known([hit("L0", 0.1)], segments=visit(before, after))["counter_unchanged"]
