"""What is read of a load at rest, and the tests that rest on it: against honest loadings, and against what they are for."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from benchmarks.generators_scale import HERE, case, profile
from captures.model import Flag, Mark, MarkSource, Register, SampledTrace, frozen_int64
from harness.catalogue import load_key_effects, with_rules
from harness.editions import edition
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, Validation, View
from harness.judge.interventions.held_load import DETECTOR as HELD
from harness.judge.interventions.load_gain import DETECTOR as GAIN
from harness.judge.key_effects import KEY_EFFECTS
from harness.judge.laws.scale_error import DETECTOR as ERROR
from harness.judge.laws.weight import DETECTOR as WEIGHT
from harness.judge.loads import shown, untouched, weighable

S = 1_000_000_000
DECLARED: dict[str, Any] = {"intervals": "15/0.005", "price_step": "0.01"}
FULL = with_rules(DECLARED, edition("jjg539-2016"))
VALID = Validation(12_000, 0)


def loading(
    label: str,
    load: str,
    readings: Sequence[str],
    keys: Sequence[str] = (),
    *,
    t_s: int = 0,
    trace: SampledTrace | None = None,
    **context: Any,
) -> Segment:
    """One loading: readings by eye, a key between one and the next."""
    times = [(t_s + 2 + 10 * i) * S for i in range(len(readings))]
    marks = tuple(
        Mark((t_s + 5 + 10 * i) * S, 2 * S, MarkSource.OPERATOR, f"press-{key}") for i, key in enumerate(keys)
    )
    register = Register(
        "display",
        frozen_int64(times),
        frozen_int64([0] * len(times)),
        tuple(map(Decimal, readings)),
        Decimal("0.005"),
        "kg",
        HERE,
    )
    return Segment(
        label, SegmentKind.LOADING, context.pop("phase", "C"), context.pop("state", "power-0"), (t_s * S, (t_s + 10 * len(readings) + 5) * S),
        context, registers={"display": register} if readings else {}, marks=marks, load_kg=(float(load), float(load) * 5e-5),
        traces={} if trace is None else {"weight": trace},
    )  # fmt: skip


def line(
    values: Sequence[tuple[float, float, str]],
    step: str = "0.005",
    told: Flag = Flag.STABLE,
    moving: tuple[float, float] = (0, 0),
) -> SampledTrace:
    """Frames every 100 ms: (from s, to s, kg) stretches."""
    times, steps, flags = [], [], []
    for begin, end, kg in values:
        for t in np.arange(begin, end, 0.1):
            times.append(int(t * S))
            steps.append(int(Decimal(kg) / Decimal(step)))
            flags.append(0 if moving[0] <= t < moving[1] else int(Flag.STABLE))
    return SampledTrace(
        "weight",
        frozen_int64(times),
        frozen_int64(steps),
        np.array(flags, dtype=np.uint8),
        Decimal(step),
        "kg",
        HERE,
        told,
    )


def read(spec: DetectorSpec, segments: Sequence[Segment], declared: Any = FULL) -> list[Reading]:
    return list(spec.judge(segments, View(declared, spec.parameters, VALID)))


# -------------------------------------------------------------------------------------------------------------- loads.py


def test_a_line_says_what_it_says_at_rest() -> None:
    segment = loading(
        "A", "0.53", ["0.530"], trace=line([(0, 3, "0.400"), (3, 9, "0.530"), (9, 9.1, "0.535")], moving=(0, 3))
    )
    [said] = shown(segment, "weight")
    assert (said.kg, said.sure, said.pressed) == (Decimal("0.530"), True, ())


def test_a_line_that_never_rests_says_nothing() -> None:
    segment = loading("A", "0.53", ["0.530"], trace=line([(0, 9, "0.530")], moving=(0, 20)))
    assert shown(segment, "weight") == []


def test_garbage_in_a_stretch_silences_it() -> None:
    trace = replace(line([(0, 9, "0.530")]), garbage=((3 * S, 4 * S),))
    assert shown(loading("A", "0.53", ["0.530"], trace=trace), "weight") == []


def test_overload_is_no_weight() -> None:
    trace = line([(0, 9, "0.530")])
    over = replace(trace, flags=np.full(trace.flags.size, int(Flag.OVERLOAD | Flag.STABLE), dtype=np.uint8))
    assert shown(loading("A", "0.53", [], trace=over), "weight") == []


def test_presses_part_a_loading_into_stretches() -> None:
    segment = loading("A", "0.53", ["0.530", "0.585"], ["M1"], trace=line([(0, 6, "0.530"), (6, 24, "0.585")]))
    assert [(one.kg, one.pressed) for one in shown(segment, "weight")] == [
        (Decimal("0.530"), ()),
        (Decimal("0.585"), ("M1",)),
    ]
    assert [(one.kg, one.pressed) for one in shown(segment, "display")] == [
        (Decimal("0.530"), ()),
        (Decimal("0.585"), ("M1",)),
    ]
    first = untouched(segment, "display")
    assert first is not None
    assert first.kg == Decimal("0.530")


def test_after_a_tare_nothing_is_a_weighing_until_zero_is_shown() -> None:
    segments = [
        loading("A", "0.53", ["0.530", "0.000"], ["tare"], t_s=0),
        loading("B", "1.19", ["0.660"], t_s=100),
        loading("Z", "0", ["-0.530"], t_s=200),
        loading("C", "1.19", ["0.660"], t_s=300),
        loading("Y", "0", ["0.000"], t_s=400),
        loading("D", "1.19", ["1.190"], t_s=500),
    ]
    assert [segment.id for segment in weighable(segments, FULL)] == ["A", "Y", "D"]


def test_a_power_cut_ends_what_keys_did() -> None:
    segments = [
        loading("A", "0.53", ["0.530", "0.000"], ["tare"]),
        loading("E", "1.19", ["1.190"], t_s=100, state="power-1"),
    ]
    assert [segment.id for segment in weighable(segments, FULL)] == ["A", "E"]


def test_a_code_over_an_empty_pan_that_still_shows_zero_leaves_the_weighings() -> None:
    segments = [loading("Z", "0", ["0.000", "0.000"], ["tare"]), loading("A", "0.53", ["0.585"], t_s=100)]
    assert [segment.id for segment in weighable(segments, FULL)] == ["Z", "A"]


# -------------------------------------------------------------------------------------------------------------- load-gain


def covert_and_open(gain: float) -> list[Segment]:
    loads = ("0.530", "1.190", "0.870", "2.380")
    seen = [f"{round(float(load) * (1 + gain) / 0.005) * 0.005:.3f}" for load in loads]
    first = [
        loading(f"A{i}", load, [kg], t_s=100 * i, phase="A", covert=True)
        for i, (load, kg) in enumerate(zip(loads, seen, strict=True))
    ]
    return first + [loading(f"C{i}", load, [load], t_s=1000 + 100 * i, covert=False) for i, load in enumerate(loads)]


def test_a_gain_in_company_of_the_trader_alone_is_found_and_sized() -> None:
    readings = [r for r in read(GAIN, covert_and_open(0.05)) if r.key == "knowledge"]
    assert len(readings) == 4
    assert all(r.hits == 1 and r.shape is Shape.STATE and r.link == Link("load", "display") for r in readings)
    sizes = [r.effect for r in readings if r.effect is not None]
    assert sizes == pytest.approx([0.05] * 4, abs=0.008)
    assert all(r.interval is not None and r.interval[0] < 0.05 < r.interval[1] for r in readings)


def test_the_same_gain_everywhere_is_no_change() -> None:
    alike = [replace(s, registers=s.registers) for s in covert_and_open(0.0)]
    assert not any(r.hits for r in read(GAIN, alike))


def test_what_rounding_and_repeatability_allow_is_no_change() -> None:
    two = [loading("A", "0.530", ["0.525"], covert=True, phase="A"), loading("C", "0.530", ["0.535"], t_s=100)]
    [found] = [r for r in read(GAIN, two) if r.key == "knowledge"]
    assert found.hits == 0


def test_a_scale_of_two_intervals_is_held_to_the_larger_one() -> None:
    declared = {**FULL, "intervals": "6/0.002 15/0.005"}
    two = [loading("A", "7.000", ["7.010"], covert=True, phase="A"), loading("C", "7.000", ["7.000"], t_s=100)]
    assert not any(r.hits for r in read(GAIN, two, declared))


def test_light_loads_say_nothing_of_a_gain() -> None:
    two = [loading("A", "0.050", ["0.060"], covert=True, phase="A"), loading("C", "0.050", ["0.050"], t_s=100)]
    assert [r for r in read(GAIN, two) if r.key == "knowledge"] == []


def test_a_scale_out_of_adjustment_is_the_same_before_and_after_power_was_cut() -> None:
    two = [loading("C", "0.530", ["0.555"]), loading("E", "2.380", ["2.500"], t_s=100)]
    [found] = [r for r in read(GAIN, [two[0], replace(two[1], state="S2")]) if r.key == "state"]
    assert found.hits == 0


def test_keys_over_the_empty_pan_that_switch_a_gain_on_are_named_and_others_while_it_is_on_are_not() -> None:
    def latched(n: int, keys: Sequence[str], shown_kg: str) -> list[Segment]:
        empty = loading(f"Z{n}", "0", ["0.000", *["0.000"] * len(keys)], keys, t_s=200 * n)
        before = tuple(f"press-{key}" for key in keys)
        return [empty, loading(f"L{n}", "0.530", [shown_kg], t_s=200 * n + 100, pressed_before=before)]

    own = [loading(f"B{n}", "0.530", ["0.530"], t_s=-100 * n - 100) for n in range(4, 0, -1)]
    own += [
        s
        for n, turn in enumerate((("1", "0.530"), ("7 M2", "0.585"), ("3", "0.585")))
        for s in latched(n, turn[0].split(), turn[1])
    ]
    hits = [r for r in read(GAIN, own) if r.key == "event" and r.hits]
    assert [r.at.get("codes") for r in hits] == [["7 M2"], ["7 M2"]]


# -------------------------------------------------------------------------------------------------------------- held-load


def test_a_key_that_moves_a_load_at_rest_is_named() -> None:
    [found] = read(HELD, [loading("L", "0.53", ["0.530", "0.530", "0.585", "0.585"], ["1", "M1", "2"])])
    assert (found.hits, found.shape, found.at["codes"]) == (1, Shape.SWITCHED, ["M1"])
    assert found.effect == pytest.approx(0.104, abs=0.002)
    assert found.at["onset_ns"] == 17 * S


def test_a_misread_digit_is_one_move_and_proves_little() -> None:
    [found] = read(HELD, [loading("L", "0.53", ["0.530", "0.530", "0.580", "0.530", "0.530", "0.530"], list("12345"))])
    assert found.hits == 1
    assert found.e < 2


def test_a_mode_that_any_key_clears_counts_each_time_it_comes_back() -> None:
    readings = ["0.530", "0.590", "0.530", "0.590", "0.530", "0.590"]
    [found] = read(HELD, [loading("L", "0.53", readings, ["9", "0", "9", "0", "9"])])
    assert found.hits == 3
    assert set(found.at["codes"]) == {"9"}
    assert found.p is not None
    assert found.p < 1e-4


@pytest.mark.parametrize("key", ["tare", "zero", "unit", "hold", "clear", "unheard-of"])
def test_a_key_with_work_of_its_own_is_not_held_against_the_scale(key: str) -> None:
    [found] = read(HELD, [loading("L", "0.53", ["0.530", "0.000", "0.000"], [key, "1"])])
    assert not found.spoke


def test_one_step_between_two_readings_is_flicker() -> None:
    [found] = read(HELD, [loading("L", "0.53", ["0.530", "0.535", "0.530", "0.535"], list("123"))])
    assert found.hits == 0


# ------------------------------------------------------------------------------------------------- scale-error, weight-law


def test_an_error_beyond_twice_the_limit_is_an_error_and_no_more() -> None:
    [found] = read(ERROR, [loading("A", "2.000", ["2.100"])])
    assert found.hits == 1
    assert ERROR.conformity_alone
    assert read(ERROR, [loading("A", "2.000", ["2.005"])])[0].hits == 0


def test_no_limit_no_claim() -> None:
    [found] = read(ERROR, [loading("A", "2.000", ["2.100"])], DECLARED)
    assert found.reason == "the edition has no limit for this load"


def test_a_display_apart_from_its_line_is_found() -> None:
    apart = loading("A", "0.53", ["0.585"], trace=line([(0, 9, "0.530")]))
    [found] = read(WEIGHT, [apart])
    assert (found.hits, str(found.link)) == (1, "weight>display")
    near = loading("A", "0.53", ["0.530"], trace=line([(0, 9, "0.530")]))
    assert read(WEIGHT, [near])[0].hits == 0


def test_a_display_that_holds_what_the_line_said_a_moment_before_is_no_break() -> None:
    flicker = loading("A", "0.53", ["0.535"], trace=line([(0, 4, "0.535"), (4, 9, "0.530")]))
    assert read(WEIGHT, [flicker])[0].hits == 0


# --------------------------------------------------------------------------------------------------------- honest loadings


@pytest.mark.parametrize("truck", [False, True])
def test_honest_cases_give_no_hit_where_nobody_misreads(truck: bool) -> None:
    limits = edition("jjg539-2016")
    hits = spoke = 0
    for seed in range(60):
        chain, segments = case([7, seed], truck)
        if not chain.sure:
            continue
        declared = with_rules(profile(chain), limits)
        for spec in (GAIN, HELD, ERROR, WEIGHT):
            readings = [r for r in spec.judge(segments, View(declared, spec.parameters, VALID)) if r.spoke]
            spoke, hits = spoke + len(readings), hits + sum(bool(r.hits) for r in readings)
    assert spoke > 500
    assert hits <= 3  # 3e-4 a reading allows one in 3,000


def test_keys_are_data() -> None:
    assert FULL[KEY_EFFECTS] == load_key_effects()
