"""The tests of a taximeter's pulses on trains written down by hand: what they find, how soon, and what honest driving never makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tests.driven as driven
from harness.editions import edition
from harness.families import family_tests
from harness.judge.contract import Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.detectors.control_lock import DETECTOR as CONTROL_LOCK
from harness.judge.detectors.edge_balance import DETECTOR as EDGE_BALANCE
from harness.judge.detectors.idle_pulses import DETECTOR as IDLE
from harness.judge.detectors.rate_bound import DETECTOR as RATE
from harness.judge.detectors.rotor_signature import DETECTOR as SIGNATURE
from harness.judge.detectors.width import DETECTOR as WIDTH
from harness.judge.laws.tap_ratio import DETECTOR as TAP_RATIO
from harness.judge.pulses.speeds import debounced
from harness.judge.taps import named, shown, shown_profile, through
from tests.driven import PROFILE, VALIDATED, S, injected, mark, pulses, run, segment, soak, steady, town, trace, train

TESTS = family_tests(edition("jjg517-2016")).detectors
UNTIL = 300.0


def both(*parts: driven.Floats) -> driven.Floats:
    return np.sort(np.concatenate(parts))


def one(readings: list[Reading]) -> Reading:
    [reading] = readings
    return reading


# ----------------------------------------------------------------------------------------------------------- rate-bound


@pytest.mark.parametrize("kmh", [390, 600, 1080])
@pytest.mark.parametrize(
    ("per_km", "magnets", "uneven"), [(1000, 1, 0.0), (1000, 4, 0.3), (2485, 1, 0.0), (4000, 2, 0.2)]
)
def test_an_injection_on_top_of_driving_is_raised_within_two_of_its_intervals(
    kmh: int, per_km: int, magnets: int, uneven: float
) -> None:
    per_m = per_km / 1000
    for seed in range(3):
        drive = pulses(town(seed, UNTIL), per_m, magnets, uneven, seed)
        extra = injected(kmh, 150.013, 2.0, per_m)
        reading = one(run(RATE, segment("t", UNTIL, train("input", both(drive, extra), UNTIL)), pulses_per_km=str(per_km), magnets=str(magnets)))  # fmt: skip
        assert reading.hits >= 5
        assert reading.shape is Shape.SWITCHED
        late = reading.at["raised_ns"] / S - extra[0]
        assert 0 < late <= 2 * (extra[1] - extra[0]) + 2e-6
        assert reading.at["speed_kmh"] == pytest.approx(kmh, rel=0.35)  # real pulses lie between those put in


def test_raising_needs_nothing_that_came_later() -> None:
    """The train up to two intervals behind the first pulse put in holds its first violation already."""
    drive, extra = pulses(town(5, UNTIL)), injected(390, 150.013, 2.0)
    seen = both(drive, extra)
    cut = seen[seen <= extra[2] + 1e-6]
    reading = one(run(RATE, segment("t", cut[-1] + 0.001, train("input", cut, cut[-1] + 0.001))))
    assert reading.at["separate"] == 1
    assert reading.at["raised_ns"] == pytest.approx(extra[2] * S, abs=2e3)
    before = seen[seen < extra[0]]
    assert "raised_ns" not in one(run(RATE, segment("t", extra[0], train("input", before, extra[0])))).at


def spin(speeds: driven.Floats, at_s: float, to_kmh: float, seconds: float) -> driven.Floats:
    """A wheel that breaks loose: up by 20 m/s2, held, and caught again at once."""
    speeds = speeds.copy()
    first = int(at_s / driven.STEP_S)
    n = int(seconds / driven.STEP_S)
    rise = np.minimum(speeds[first] + 20 * np.arange(n) * driven.STEP_S, to_kmh / 3.6)
    speeds[first : first + n] = np.maximum(speeds[first : first + n], rise)
    return speeds


def locked(speeds: driven.Floats, at_s: float) -> driven.Floats:
    """ABS: a wheel stops and runs again, eight times in two seconds."""
    speeds = speeds.copy()
    for i in range(8):
        first = int((at_s + 0.25 * i) / driven.STEP_S)
        speeds[first : first + 6] *= np.array([0.6, 0.2, 0.0, 0.0, 0.4, 0.8])
    return speeds


@pytest.mark.parametrize("per_km", [1000, 4000, 10_000])
def test_honest_driving_wheel_spin_abs_and_lost_pulses_are_no_violation(per_km: int) -> None:
    per_m = per_km / 1000
    for seed in range(4):
        speeds = locked(spin(town(seed, UNTIL, 90), 100, 140, 1.5), 200)
        drive = pulses(speeds, per_m, 3, 0.3, seed)
        lost = np.delete(drive, np.random.default_rng(seed).choice(drive.size, drive.size // 50, replace=False))
        reading = one(
            run(RATE, segment("t", UNTIL, train("input", lost, UNTIL)), pulses_per_km=str(per_km), magnets="3")
        )
        assert not reading.reason
        assert not reading.hits


def test_a_reed_that_chatters_is_no_violation() -> None:
    rng = np.random.default_rng(2)
    drive = pulses(town(2, UNTIL))
    chatter = [drive[rng.random(drive.size) < 0.3] + rng.uniform(0.0002, 0.0025) for _ in range(4)]
    assert not one(run(RATE, segment("t", UNTIL, train("input", both(drive, *chatter), UNTIL)))).hits


def test_debounced_keeps_what_lies_far_behind_the_last_kept() -> None:
    assert debounced(np.array([0, 2, 4, 6, 8, 30, 33, 50]), 5).tolist() == [0, 6, 30, 50]
    assert debounced(np.array([0, 9, 18]), 5).tolist() == [0, 9, 18]


def test_a_constant_gain_is_no_speed_that_no_vehicle_has() -> None:
    reading = one(run(RATE, segment("t", UNTIL, train("input", pulses(town(1, UNTIL), 1.1), UNTIL))))
    assert not reading.hits


def test_a_train_that_is_too_fast_all_the_way_asks_for_k() -> None:
    reading = one(run(RATE, segment("t", UNTIL, train("input", pulses(steady(60, UNTIL), 8.0), UNTIL))))
    assert "is K declared rightly" in reading.reason


def test_what_the_sensor_shows_too_is_told_of_the_sensor() -> None:
    drive = both(pulses(town(1, UNTIL)), injected(600, 100, 2))
    readings = run(RATE, segment("t", UNTIL, train("sensor", drive, UNTIL), train("input", drive + 1e-4, UNTIL)))
    assert [(reading.link, bool(reading.hits)) for reading in readings] == [
        (Link("reference", "sensor"), True), (Link("sensor", "input"), False),
    ]  # fmt: skip


def test_an_injection_into_a_standing_vehicle_is_extra() -> None:
    reading = one(run(RATE, soak("s", 60, train("input", injected(600, 20, 3), 60))))
    assert reading.shape is Shape.EXTRA
    assert reading.hits >= 5


# ---------------------------------------------------------------------------------------------- idle pulses, control lock


def test_pulses_at_stand_still_are_told_and_rocking_is_not() -> None:
    rocking = np.array([10.0, 30.0, 45.0])
    assert not one(run(IDLE, soak("s", 600, train("input", rocking, 600)))).hits
    reading = one(run(IDLE, soak("s", 600, train("input", both(rocking, injected(60, 100, 12)), 600))))
    assert reading.hits
    assert reading.at["metres"] > 150
    assert reading.shape is Shape.EXTRA


def test_of_a_trip_only_stand_still_counts_and_creeping_below_what_a_speedometer_tells_is_honest() -> None:
    speeds = np.concatenate([steady(40, 60), np.zeros(int(60 / driven.STEP_S)), steady(40, 60)])
    speed = trace("speed", np.floor(speeds[::25] * 3.6), 0.5, "1")
    drive = pulses(speeds)
    honest = segment("t", 180, train("input", drive, 180), traces=[speed])
    assert one(run(IDLE, honest)).spoke
    assert not one(run(IDLE, honest)).hits
    creeping = pulses(np.where(speeds == 0, 0.8 / 3.6, speeds))
    assert not one(run(IDLE, segment("t", 180, train("input", creeping, 180), traces=[speed]))).hits
    cheated = segment("t", 180, train("input", both(drive, injected(200, 80, 10)), 180), traces=[speed])
    assert one(run(IDLE, cheated)).hits
    assert not run(IDLE, replace(cheated, context={**cheated.context, "on_rollers": True})), "wheels turn under it"


def test_a_sensor_that_is_spun_is_told_of_the_sensor() -> None:
    spun = injected(80, 100, 60)
    readings = run(IDLE, soak("s", 300, train("sensor", spun, 300), train("input", spun + 1e-4, 300)))
    assert [bool(reading.hits) for reading in readings] == [True, False]
    assert readings[0].link == Link("reference", "sensor")


CONTROLS = ("horn", "indicator", "wipers", "radio", "clutch", "brake", "gear")


def worked(rounds: int = 4) -> list[tuple[float, str]]:
    return [(10.0 + 6 * i, name) for i, name in enumerate(CONTROLS * rounds)]


def test_pulses_that_come_with_one_control_are_locked_to_it() -> None:
    marks = worked()
    extra = both(*(injected(390, t + 0.5, 1) for t, name in marks if name == "gear"))
    reading = one(run(CONTROL_LOCK, soak("s", 200, train("input", extra, 200), marks=[mark(t, f"control-{n}") for t, n in marks])))  # fmt: skip
    assert reading.hits == 4
    assert reading.at["control"] == "gear"
    # four of four of one control, and none of the other twenty-four: 7 / C(28, 4)
    assert reading.p == pytest.approx(7 / 20475)


def test_soaks_of_one_state_are_one_test_of_controls() -> None:
    """Each control once a hire, in four hires: no one of them could tell, all together do; another sealed state is another test."""
    marks = worked()
    gears = [t for t, name in marks if name == "gear"]
    quarter = len(marks) // 4
    hires = []
    for number in range(4):
        own = marks[number * quarter : (number + 1) * quarter]
        begin = own[0][0] - 2
        extra = [t for t in gears if own[0][0] <= t <= own[-1][0]]
        pulses_in = both(np.array([1.0]), *(injected(390, t + 0.5 - begin, 1) for t in extra))
        until = own[-1][0] - begin + 8
        marked = [mark(t - begin, f"control-{name}") for t, name in own]
        hires.append(soak(f"C{number}", until, train("input", pulses_in, until), marks=marked, begin_s=1000.0 * number))
    for hire in hires:
        assert not one(run(CONTROL_LOCK, hire)).spoke
    reading = one(run(CONTROL_LOCK, *hires))
    assert (reading.hits, reading.at["control"], reading.segment) == (4, "gear", "C3")
    assert reading.p == pytest.approx(7 / 20475)
    apart = [hires[0], hires[1], *(replace(hire, state="power-1") for hire in hires[2:])]
    assert not any(found.hits for found in run(CONTROL_LOCK, *apart))


def test_pulses_at_stand_still_say_how_wide_they_are() -> None:
    extra = injected(300, 100, 5)
    for width, wide in ((2e-3, 2000.0), (2e-5, 20.0)):
        both_edges = train("input", extra, 600, duty=np.full(extra.size, width))
        assert one(run(IDLE, soak("s", 600, both_edges))).at["width_us"] == pytest.approx(wide, rel=0.1)
    assert "width_us" not in one(run(IDLE, soak("s", 600, train("input", extra, 600)))).at


def test_pulses_that_come_with_any_control_or_none_are_locked_to_none() -> None:
    marks = worked()
    own = [mark(t, f"control-{n}") for t, n in marks]
    each = both(*(injected(390, t + 0.5, 1) for t, _ in marks))
    never = np.array([4.0])
    rng = np.random.default_rng(1)
    some = both(*(injected(390, t + 0.5, 1) for t, _ in marks if rng.random() < 0.3))
    for train_of in (each, never, some):
        assert not one(run(CONTROL_LOCK, soak("s", 200, train("input", train_of, 200), marks=own))).hits


# -------------------------------------------------------------------------------------------------- taps, through the adapter


def test_the_adapter_shows_a_trip_as_a_delivery_and_gives_the_names_back() -> None:
    drive = pulses(town(1, UNTIL))
    trip = segment("t", UNTIL, train("sensor", drive, UNTIL), train("input", drive, UNTIL), reference_m=(3000.0, 6.0))
    own = shown(trip, ("sensor", "input"))
    assert own.kind is SegmentKind.DELIVERY
    assert set(own.trains) == {"encoder.A", "board.A"}
    assert own.reference_l == (3.0, 0.006)
    assert own.reference_m is None
    profile = shown_profile(PROFILE)
    assert (profile["pulses_per_litre"], profile["sensor_class"], profile["slots_per_rev"]) == ("1000", "disc", "1")
    assert named("gap in board.A: the encoder shows the same, 8.6 L of steady flow") == (
        "gap in input.A: the sensor shows the same, 8.6 km of steady driving"
    )


def taps(name: str, *segments: Segment, **profile: Any) -> list[Reading]:
    spec = TESTS[name]
    return list(spec.judge(segments, View(PROFILE | profile, spec.parameters, VALIDATED)))


def test_the_dual_tap_tells_three_pulses_put_in_within_the_stretch_they_need() -> None:
    drive = pulses(steady(50, 20))
    extra = drive[110:113] + 0.04
    honest = segment("t", 20, train("sensor", drive, 20), train("input", drive + 1e-4, 20))
    assert not one(taps("edge-balance", honest)).hits
    cheated = segment("t", 20, train("sensor", drive, 20), train("input", both(drive + 1e-4, extra), 20))
    reading = one(taps("edge-balance", cheated))
    assert reading.link == Link("sensor", "input")
    assert reading.at["net_pulses"] == 3


def test_it_is_the_dispensers_test_and_no_copy() -> None:
    assert TESTS["edge-balance"].version == EDGE_BALANCE.version
    assert TESTS["edge-balance"].parameters.keys() == EDGE_BALANCE.parameters.keys()
    assert "gain-onset" not in TESTS
    assert "rate-bound" not in family_tests(edition("jjg443-2023")).detectors
    assert through(EDGE_BALANCE).mechanism != EDGE_BALANCE.mechanism


def conditioned(drive: driven.Floats, m: int, n: int, late_s: float = 0.05) -> driven.Floats:
    """n pulses for every m, given out evenly between those that came, a little late."""
    index = np.arange(0, (drive.size - 1) * n // m) * m / n
    return np.interp(index, np.arange(drive.size), drive) + late_s


@pytest.mark.parametrize(("m", "n"), [(4, 1), (2, 3), (1, 1)])
def test_a_declared_conditioner_is_honest_and_what_is_put_in_behind_it_is_not(m: int, n: int) -> None:
    drive = pulses(town(3, UNTIL, 80), 2.0 * m / n)
    own = {"sensor_class": "conditioner", "ratio": f"{m}/{n}", "pulses_per_km": "2000"}
    out = conditioned(drive, m, n)
    honest = segment("t", UNTIL, train("sensor", drive, UNTIL), train("input", out, UNTIL))
    reading = one(run(TAP_RATIO, honest, **own))
    assert reading.spoke
    assert not reading.hits
    assert not [r for r in taps("edge-balance", honest, **own) if r.hits]
    extra = both(*(injected(390, t, 2, 2.0) for t in (60, 120, 200, 250)))
    cheated = segment("t", UNTIL, train("sensor", drive, UNTIL), train("input", both(out, extra), UNTIL))
    assert one(run(TAP_RATIO, cheated, **own)).hits >= 3
    assert one(run(TAP_RATIO, replace(cheated, id="u"), pulses_per_km="2000", sensor_class=None, ratio="1/1")).hits >= 3


def test_a_multiplier_above_ninety_is_found_with_a_pulse_source() -> None:
    speeds = np.concatenate([steady(kmh, 40) for kmh in (40, 80, 120, 160)])
    given = pulses(speeds)
    pace = np.append(np.diff(given), 1.0)
    more = given[pace < 3.6 / 95]
    got = both(given + 1e-4, more[::4] + 0.3 * 3.6 / 140)
    source = train("source", given, 160, "P")
    honest = segment("t", 160, source, train("input", given + 1e-4, 160), reference="source")
    assert not one(run(TAP_RATIO, honest)).hits
    reading = one(run(TAP_RATIO, segment("t", 160, source, train("input", got, 160), reference="source")))
    assert reading.link == Link("reference", "input")
    assert reading.hits >= 5
    assert reading.at["onset_l"] == pytest.approx(1.3, abs=0.2)  # km, where 120 km/h began


# ------------------------------------------------------------------------------------------------------ signature, width


def test_another_rotor_than_declared_is_named_by_its_magnets() -> None:
    speeds = town(4, 900, 80)
    for magnets in (1, 2, 4):
        honest = segment("t", 900, train("sensor", pulses(speeds, 2.0, magnets, 0.15), 900))
        assert not one(run(SIGNATURE, honest, pulses_per_km="2000", magnets=str(magnets))).hits
    three = segment("t", 900, train("sensor", pulses(speeds, 2.0, 3, 0.15), 900))
    reading = one(run(SIGNATURE, three, pulses_per_km="2000", magnets="2"))
    assert reading.hits
    assert reading.at["slots"] in (3, 6, 9)
    assert "is not declared" in one(run(SIGNATURE, three, sensor_class="abs-derived")).reason


def test_a_pattern_that_goes_above_a_speed_is_told() -> None:
    speeds = np.concatenate([steady(40, 400), steady(80, 400)]) + 0.1 * np.sin(np.arange(40_000) / 300)
    drive = pulses(speeds, 2.0, 4, 0.15)
    fast = drive > 400
    even = np.interp(np.arange(drive.size), np.arange(0, drive.size, 4), drive[::4])
    cheated = segment("t", 800, train("sensor", np.sort(np.where(fast, even + 1e-5, drive)), 800))
    assert not one(
        run(SIGNATURE, segment("t", 800, train("sensor", drive, 800)), pulses_per_km="2000", magnets="4")
    ).hits
    reading = one(run(SIGNATURE, cheated, pulses_per_km="2000", magnets="4"))
    assert reading.hits
    assert reading.at.get("lost")


def test_pulses_of_a_width_of_their_own_are_told() -> None:
    drive = pulses(town(6, UNTIL), 1.0, 1)
    widths = np.append(np.diff(drive), 0.05) * 0.4
    honest = segment("t", UNTIL, train("input", drive, UNTIL, duty=np.minimum(widths, 1.0)))
    assert not one(run(WIDTH, honest)).hits
    spots = drive[:-1] + np.diff(drive) * 0.6
    calm = np.flatnonzero((np.diff(drive) < 0.15) & (np.arange(drive.size - 1) % 9 == 0))
    extra = spots[calm]
    all_of = np.argsort(np.concatenate([drive, extra]))
    wide = np.concatenate([np.minimum(widths, np.append(np.diff(drive), 1) * 0.4), np.full(extra.size, 0.0015)])[all_of]
    cheated = segment("t", UNTIL, train("input", np.concatenate([drive, extra])[all_of], UNTIL, duty=wide))
    assert one(run(WIDTH, cheated)).hits
    assert "both edges" in one(run(WIDTH, segment("t", UNTIL, train("input", drive, UNTIL)))).reason


def test_what_a_pulse_source_gives_keeps_a_time_of_its_own_and_accuses_nobody() -> None:
    """A line that is longer than the test waits hands an even train on: to a test of wheels all of it is surplus with a clock of its own."""
    given = np.arange(1.0, 61.0, 0.06)
    taps = [train("sensor", given, 65), train("input", given + 0.02, 65)]
    fed, driven_by_wheels = (segment("t", 65, *taps, fed=by) for by in (True, False))
    spec = TESTS["oscillator"]
    [quiet] = run(spec, fed)
    assert quiet.reason == "a pulse source gave these pulses, and no wheel"
    assert any(reading.spoke for reading in run(spec, driven_by_wheels))
