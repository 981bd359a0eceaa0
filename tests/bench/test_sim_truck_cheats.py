"""Cheats of truck scales: each acts as its case says, and is cleared as it says; the trader hides them from officers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from fixtures.sim.scale.mechanisms import Cleared
from fixtures.sim.scale.truck.cheats import TRUCK_CASES, TRUCK_CHEATS, CellGain, parse_truck_cheat
from fixtures.sim.scale.truck.direct import Key, Off, On, PowerOff, Stand, WeightStream, Work, stream
from fixtures.sim.scale.truck.line import LINES, Listener
from fixtures.sim.scale.truck.scenario import TruckScenario
from tests.bench.truck import Bench, S

COVERT = 30_000


def scenario(cheat: str, size: float | None = None, **told: object) -> TruckScenario:
    return TruckScenario(**{"seed": 21, **told}, cheat=parse_truck_cheat(cheat, size))  # type: ignore[arg-type]


def at(got: WeightStream, after_s: float, of: int = 0) -> int:
    """Weight `after_s` seconds after load number `of` stood, kg."""
    instant = got.loadings[of].standing_ns + int(after_s * S)
    return int(got.steps[np.searchsorted(got.times_ns, instant) - 1]) * int(got.step)


def moments(got: WeightStream, *after_s: float) -> list[int]:
    return [at(got, one) for one in after_s]


# what they are


def test_every_case_of_the_list_is_built_with_its_size_and_what_clears_it() -> None:
    assert {"T01", "T04", "T07", "T08", "T09", "T10", "T14", "T16", "T19", "T20"} == {
        name.removeprefix("truck.") for name in TRUCK_CHEATS
    }
    for name, case in TRUCK_CASES.items():
        cheat = parse_truck_cheat(name)
        assert cheat.id == name
        described = cheat.describe()["parts"]
        assert isinstance(described, list)
        for part in described:
            assert part["cleared_by"] in {cleared.value for cleared in Cleared}
            assert part["mechanism"]["class"] in {"gain", "offset", "channel"}
            assert part["trigger"]
        assert case.source


def test_cases_without_a_measured_example_are_not_verified() -> None:
    for name in TRUCK_CASES:
        assert parse_truck_cheat(name).verified is (name.split(":")[0] not in ("truck.T16", "truck.T19"))


def test_sizes_beyond_what_a_device_does_and_unknown_ids_are_refused() -> None:
    for name, size in (
        ("truck.T01", 0.0),
        ("truck.T01", 2.0),
        ("truck.T04", 50_000.0),
        ("truck.T10", -5.0),
        ("truck.T10", 5_000.0),
    ):
        with pytest.raises(ValueError, match="expected"):
            parse_truck_cheat(name, size)
    with pytest.raises(ValueError, match=r"built are truck\.T01"):
        parse_truck_cheat("truck.T99")
    with pytest.raises(ValueError, match="needs digital cells"):
        scenario("truck.T16", kind="analogue")


# how they act on a load that stands still, and how they end


def test_t01_steps_by_what_its_cell_bears_and_at_zero_by_the_deck() -> None:
    steps = {}
    for position in ("back", "middle", "front"):
        program = [On(16_000.0, position, axles=2), Stand(10), Work(), Stand(10), Work(), Stand(10), Off(), Stand(10)]
        got = stream(scenario("truck.T01"), program)
        before, during, after = moments(got, 9, 19, 29)
        assert abs(before - after) <= 20
        steps[position] = during - before
    assert steps["middle"] > steps["back"] + 1_500 > steps["front"] + 3_000  # it sits under the second line of four
    deck_kg = 10_000 / 8 * 0.13 * 8
    assert min(steps.values()) >= deck_kg - 40  # the deck's own load is gained too
    cell = parse_truck_cheat("truck.T01").parts[0].mechanism
    assert isinstance(cell, CellGain)
    assert cell.on(8) == 3


def test_t01_reads_what_was_reported_and_low_where_it_is_built_so() -> None:
    program = [On(30_000.0), Stand(10), Work(), Stand(10)]
    before, during = moments(stream(scenario("truck.T01"), program), 9, 19)
    assert 38_000 < during < 42_000
    before, during = moments(stream(scenario("truck.T01", -0.05), program), 9, 19)
    assert during < before - 1_000


def test_t04_adds_a_quantum_a_press_wherever_the_load_stands() -> None:
    for position in ("back", "front"):
        presses = [act for _ in range(3) for act in (Work(), Stand(6))]
        got = stream(scenario("truck.T04"), [On(16_000.0, position, axles=2), Stand(10), *presses])
        levels = moments(got, 9, 15, 21, 27)
        assert [b - a for a, b in pairwise(levels)] == pytest.approx([160] * 3, abs=20)
    got = stream(scenario("truck.T04"), [*(Work() for _ in range(9)), On(16_000.0, axles=2), Stand(10)])
    assert abs(at(got, 9) - 16_000) <= 20  # the ninth press begins anew


@pytest.mark.parametrize("name", ["truck.T01", "truck.T04", "truck.T07"])
def test_what_the_bridge_feeds_is_lost_with_the_power(name: str) -> None:
    got = stream(scenario(name), [On(30_000.0), Stand(10), Work(), Stand(10), PowerOff(20), Stand(15)])
    before, during = moments(got, 9, 19)
    last = int(got.steps[-1]) * int(got.step)
    assert during > before + 100
    assert abs(last - before) <= 40
    assert all(part.lost_with_power for part in parse_truck_cheat(name).parts)


def test_t07_has_two_step_families_of_which_officers_find_one() -> None:
    program = [On(30_000.0), Stand(10), Work(0), Stand(8), Work(0), Stand(8), Work(1), Stand(8)]
    zero, first, off, second = moments(stream(scenario("truck.T07"), program), 9, 17, 25, 33)
    assert abs(off - zero) <= 20
    assert abs((second - off) - 1_000) <= 20
    assert first - zero > 2_000
    bench = Bench(scenario("truck.T07", kit="K3"))
    assert bench.world.scale.devices.seized == 0


def test_t08_shifts_and_shakes_while_it_transmits_and_leaves_nothing() -> None:
    program = [On(10_000.0), Stand(12), Work(on=True), Stand(40), Off(), Stand(12), Work(on=False), Stand(12)]
    got = stream(scenario("truck.T08"), program)
    assert at(got, 50) - at(got, 11) == pytest.approx(3_000, abs=100)
    gone = got.loadings[0].gone_ns
    assert gone is not None
    residual = int(got.steps[np.searchsorted(got.times_ns, gone + 11 * S)]) * int(got.step)
    assert residual == pytest.approx(3_000, abs=60)
    assert abs(int(got.steps[-1])) <= 1
    standing = got.loadings[0].standing_ns
    quiet = got.counts[(got.times_ns > standing + 6 * S) & (got.times_ns < standing + 11 * S), 0]
    noisy = got.counts[(got.times_ns > standing + 20 * S) & (got.times_ns < standing + 50 * S), 0]
    assert noisy.std() > 3 * quiet.std()


def test_t08_zero_set_under_the_field_makes_the_scale_as_much_short() -> None:
    program = [
        Work(on=True), Stand(5), Key("zero"), Stand(4), Work(on=False), Stand(3), On(10_000.0), Stand(12), Off(), Stand(10),
        Key("zero"), Stand(5),
    ]  # fmt: skip
    got = stream(scenario("truck.T08:rezero"), program)
    assert at(got, 11) == pytest.approx(7_000, abs=40)
    gone = got.loadings[0].gone_ns
    assert gone is not None
    empty = int(got.steps[np.searchsorted(got.times_ns, gone + 9 * S)]) * int(got.step)
    assert empty == pytest.approx(-3_000, abs=40)
    assert abs(int(got.steps[-1])) <= 1  # cleared by the zero key


def test_t14_sinks_within_seconds_and_the_front_axle_bears_on() -> None:
    program = [On(54_600.0), Stand(10), Work(on=True), Stand(15), Work(on=False), Stand(15)]
    before, during, after = moments(stream(scenario("truck.T14"), program), 9, 24, 39)
    assert during == pytest.approx(38_200, abs=100)
    assert abs(after - before) <= 40


def test_t16_copies_one_cell_or_freezes_it_for_good() -> None:
    spoofed = stream(scenario("truck.T16"), [On(30_000.0), Stand(20), PowerOff(20), Stand(12)])
    codes = spoofed.counts[-1] - 10_000 * 20 // 8
    assert codes[3] / codes[2] == pytest.approx(1 + 0.05 * 8, rel=1e-3)
    assert at(spoofed, 19) > 31_000
    assert abs(int(spoofed.steps[-1]) * 20 - at(spoofed, 19)) <= 60  # no power cycle ends it
    frozen = stream(scenario("truck.T16:frozen"), [On(30_000.0), Stand(20)])
    assert set(frozen.counts[:, 3].tolist()) == {10_000 * 20 // 8}
    assert at(frozen, 19) < 28_000
    ends = [at(stream(scenario("truck.T16"), [On(16_000.0, p, axles=2), Stand(15)]), 14) for p in ("back", "middle")]
    assert ends[1] - ends[0] > 500


# in the trader's hands: on for customers, off for officers


@pytest.mark.parametrize("name", sorted(TRUCK_CASES))
@pytest.mark.parametrize("seed", [5, 6])
def test_the_trader_uses_it_on_customers_and_hides_it_from_officers(name: str, seed: int) -> None:
    bench = Bench(scenario(name, kit="K1", seed=seed))
    told = bench.place(COVERT, covert=True)
    shown, ticket, record = bench.weight(), bench.ticket(), bench.record()
    errors = {"display": shown - told, "ticket": ticket - told, "record": record - told}
    wrong = {what for what, error in errors.items() if abs(error) > 60}
    assert wrong == _WRONG.get(name, {"display", "ticket", "record"})
    bench.place(0)
    bench.wait(45)
    assert abs(bench.weight()) <= 20
    bench.ask("confirm", label="control")
    bench.place(COVERT)
    if name.startswith("truck.T16"):
        assert abs(bench.weight() - COVERT) > 200
    else:
        assert bench.weight() == bench.ticket() == bench.record()
        assert abs(bench.weight() - COVERT) <= 40


_WRONG = {
    "truck.T19": {"ticket", "record"},
    "truck.T20": {"record"},
    "truck.T20:printed": {"ticket", "record"},
}


def test_t19_makes_frames_anew_in_its_own_time_and_the_display_stays_honest() -> None:
    bench = Bench(scenario("truck.T19", kit="K1", seed=5))
    bench.wait(10)
    honest = [b.t_ns - a.t_ns for a, b in pairwise(bench.frames)]
    assert set(honest[1:]) == {100_000_000}
    told = bench.place(COVERT, covert=True)
    assert abs(bench.weight() - told) <= 40
    listener = Listener(LINES["yaohua-continuous"])
    heard = [(frame.t_ns, listener.hear(frame.data)[0].weight) for frame in bench.frames]
    assert float(heard[-1][1] or 0) == pytest.approx(told * 1.05, abs=60)
    assert bench.frames[-1].t_ns - bench.frames[-2].t_ns == 125_000_000
    assert listener.garbage == 0


def test_t19_behind_a_tap_at_the_indicator_is_seen_on_ticket_and_record_alone() -> None:
    bench = Bench(scenario("truck.T19", kit="K1", seed=5, tap="indicator"))
    told = bench.place(COVERT, covert=True)
    listener = Listener(LINES["yaohua-continuous"])
    for frame in bench.frames:
        listener.hear(frame.data)
    assert listener.said is not None
    assert abs(int(listener.said.weight or 0) - told) <= 40
    assert bench.ticket() - told > 1_000


def test_t09_has_no_ramp_and_no_noise() -> None:
    bench = Bench(scenario("truck.T09", kit="K1", seed=5, honest=("vibration", "wind")))
    bench.place(COVERT, covert=True)
    bench.place(0)
    scale = bench.world.scale
    plugs = [event for event in scale.events if event.kind == "plug"]
    assert [event.payload["pulled"] for event in plugs] == [True, False, True, False]
    inside = [
        count[0]
        for reading, count in zip(scale.readings, scale.counts, strict=True)
        if plugs[1].t_ns + S < reading.t_ns < plugs[2].t_ns
    ]
    before = [
        count[0]
        for reading, count in zip(scale.readings, scale.counts, strict=True)
        if plugs[0].t_ns - 4 * S < reading.t_ns < plugs[0].t_ns
    ]
    assert len(inside) > 20
    assert np.std(inside) < 0.4 * np.std(before)


def test_officers_press_what_they_seized() -> None:
    bench = Bench(scenario("truck.T04", kit="K3"))
    bench.place(COVERT)
    before = bench.weight()
    bench.ask("press", what="remote")
    bench.wait(4)
    assert bench.weight() - before == pytest.approx(160, abs=20)
    nothing = Bench(TruckScenario(kit="K3", seed=1))
    assert nothing.try_ask("press", what="remote")["ok"]


def test_control_taken_under_a_standing_load_ends_it_at_once() -> None:
    bench = Bench(scenario("truck.T01", kit="K1", seed=5))
    told = bench.place(COVERT, covert=True)
    assert bench.weight() - told > 5_000
    bench.ask("confirm", label="control")
    bench.wait(5)
    assert abs(bench.weight() - told) <= 40
    bench.place(0)
    bench.place(COVERT, covert=True)
    assert abs(bench.weight() - bench.world.officer.weighings[-1].true_kg) <= 40  # his hands are tied


def test_some_traders_press_while_the_vehicle_rolls_on_others_once_it_stands() -> None:
    early = []
    for seed in range(10):
        bench = Bench(scenario("truck.T01", kit="K1", seed=seed))
        bench.place(COVERT, covert=True)
        came, pressed = (
            next(e.t_ns for e in bench.world.scale.events if e.kind == kind) for kind in ("drive_on", "switch")
        )
        stay = bench.world.scale.stay
        assert stay is not None
        assert came < pressed
        early.append(pressed < stay.standing_ns)
    assert 1 <= sum(early) <= 9
