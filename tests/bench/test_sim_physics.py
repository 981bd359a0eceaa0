"""Physics of the simulated dispenser against the published model, and the cheats at their place in the chain."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from fixtures.sim.cheats import CHEATS, parse_cheat
from fixtures.sim.direct import DirectDelivery, delivery
from fixtures.sim.encoder import DISCS
from fixtures.sim.flow import FlowPath, Unrest
from fixtures.sim.mechanisms import CheatPart, CheatSpec, PulseAdder, Trigger, TriggerKind
from fixtures.sim.scenario import GradeName, Scenario

HONEST = Scenario(seed=7)
FORWARD = {(0, 1), (1, 3), (3, 2), (2, 0)}


def transitions(run: DirectDelivery, station: str) -> set[tuple[int, int]]:
    edges = run.board if station == "board" else run.encoder
    states = [run.initial[station], *edges.states.tolist()]
    return set(pairwise(states))


def rising_a(run: DirectDelivery, station: str = "encoder") -> np.ndarray:
    channel = run.channel(station, "A")
    return channel.ticks[channel.rising]


def scatter_of_second_difference(grade: GradeName) -> float:
    run = delivery(replace(HONEST, grade=grade), "30.00", armed=False)
    log_interval = np.log(np.diff(rising_a(run))[300:2800])
    return float(np.std(np.diff(log_interval, 2)))


def test_flow_is_steady_near_its_target_and_unrest_has_the_published_size() -> None:
    path = FlowPath(Unrest(0.015, 0.5, np.random.default_rng(1)))
    path.command(40.0)
    path.advance(1000)
    flow = path.advance(20_000) / 0.010 * 60 / 1000  # L/min
    assert flow.mean() == pytest.approx(40.0, rel=0.01)
    log_flow = np.log(flow)
    assert np.std(log_flow) == pytest.approx(0.015, rel=0.15)
    lag = np.corrcoef(log_flow[:-50], log_flow[50:])[0, 1]  # 0.5 s apart
    assert lag == pytest.approx(np.exp(-1), abs=0.12)


def test_flow_dies_away_after_closing() -> None:
    path = FlowPath(Unrest(0.015, 0.5, np.random.default_rng(1)))
    path.command(40.0)
    path.advance(500)
    path.command(0.0)
    assert path.advance(100).sum() < 40
    assert path.at_rest
    assert path.advance(10).sum() == 0


def test_strides_do_not_change_the_flow() -> None:
    def flow(strides: list[int]) -> np.ndarray:
        path = FlowPath(Unrest(0.02, 0.3, np.random.default_rng(5)))
        path.command(40.0)
        return np.concatenate([path.advance(n) for n in strides])

    assert np.array_equal(flow([5] * 2000), flow([10_000]))
    assert np.array_equal(flow([5] * 2000), flow([4097, 3, 5900]))


# third difference of edge errors: sqrt(20) x sqrt(slot^2 + jitter^2); nominal measured 3.86 % (statistics 1c, T6)
@pytest.mark.parametrize(("grade", "expected"), [("nominal", 0.0386), ("weak", 0.0241), ("poor", 0.0449)])
def test_interval_scatter_is_that_of_the_encoder_model(grade: GradeName, expected: float) -> None:
    disc = DISCS[grade]
    assert expected == pytest.approx(np.sqrt(20 * (disc.slot**2 + disc.jitter**2)), rel=0.02)
    assert scatter_of_second_difference(grade) == pytest.approx(expected, rel=0.2)


def test_fingerprint_repeats_every_revolution_and_belongs_to_the_seed() -> None:
    def template(seed: int, rng: int) -> np.ndarray:
        run = delivery(Scenario(seed=seed), "30.00", np.random.default_rng(rng))
        log_interval = np.log(np.diff(rising_a(run))[400:2400]).reshape(40, 50)
        return np.asarray((log_interval - log_interval.mean(axis=1, keepdims=True)).mean(axis=0))

    def alike(a: np.ndarray, b: np.ndarray) -> float:
        return max(float(np.corrcoef(a, np.roll(b, k))[0, 1]) for k in range(50))

    first, again, other = template(3, 1), template(3, 2), template(4, 1)
    assert alike(first, again) > 0.98
    assert alike(first, other) < 0.98


def test_reference_and_meter_agree_within_their_errors() -> None:
    for seed in range(12):
        run = delivery(Scenario(seed=seed), "20.00")
        assert len(run.reference) / 400 * 1000 == pytest.approx(run.delivered_ml, rel=0.0015)
        assert len(run.encoder) / 400 * 1000 == pytest.approx(run.delivered_ml, rel=0.0035)


def test_calibration_offset_and_repeatability_are_those_of_the_scenario() -> None:
    scenario = replace(HONEST, calibration_error=0.004, repeatability_sd=0.0003)
    rng = np.random.default_rng(9)
    error = np.array([20_000 / delivery(scenario, "20.00", rng).delivered_ml - 1 for _ in range(40)])
    assert error.mean() == pytest.approx(0.004, abs=0.0004)  # the preset's overrun and the temperature included
    assert np.std(error) == pytest.approx(0.0003, rel=0.4)


@pytest.mark.parametrize("volume", ["0.30", "1.00", "13.70", "20.00"])
@pytest.mark.parametrize("throttle", [None, 4.5])
def test_preset_stops_within_one_step(volume: str, throttle: float | None) -> None:
    for seed in range(6):
        run = delivery(replace(HONEST, seed=seed), volume, throttle_l_min=throttle)
        assert 0 <= run.register_steps - int(Decimal(volume) * 100) <= 1


def test_honest_register_is_exactly_the_counts() -> None:
    for seed in range(10):
        run = delivery(Scenario(seed=seed, flow="ragged"), "7.77")
        assert len(run.board) == len(run.encoder)
        assert run.register_steps == len(run.board) * 100 // 400
        assert transitions(run, "board") <= FORWARD
        exact = Decimal(len(run.board)) / 400 * Decimal("7.52")
        assert abs(Decimal(run.register_amount_steps) / 100 - exact) <= Decimal("0.005")


def short(run: DirectDelivery) -> float:
    """Share by which the customer got less than displayed."""
    return run.display.volume_steps * 10 / run.delivered_ml - 1


@pytest.mark.parametrize(
    ("cheat", "expected"),
    [
        ("fuel.C02", 0.02),
        ("fuel.C03", 0.035),
        ("fuel.C09", 0.05),
        ("fuel.C13", 0.03),
        ("fuel.C14", 0.03),
        ("fuel.C22", 0.02),
    ],
)
def test_each_cheat_breaks_its_own_link_and_no_other(cheat: str, expected: float) -> None:
    run = delivery(replace(HONEST, cheat=parse_cheat(cheat)), "40.00")
    # the customer is short by about the cheat's share of what was displayed
    assert short(run) == pytest.approx(expected, abs=0.004)
    encoder_litres, board, register = len(run.encoder) / 400, len(run.board), run.register_steps
    assert (encoder_litres * 1000 / run.delivered_ml - 1 > 0.01) == (cheat == "fuel.C22")
    assert (board != len(run.encoder)) == (cheat == "fuel.C09")
    assert (register != board * 100 // 400) == (cheat in ("fuel.C02", "fuel.C03", "fuel.C13"))
    assert (run.display.volume_steps != register) == (cheat == "fuel.C14")
    assert transitions(run, "board") <= FORWARD


def test_threshold_cheat_is_exact_below_its_volume() -> None:
    run = delivery(replace(HONEST, cheat=parse_cheat("fuel.C02")), "19.50")
    assert run.register_steps == len(run.board) * 100 // 400


def test_adder_adds_one_cycle_in_every_n() -> None:
    run = delivery(replace(HONEST, cheat=parse_cheat("fuel.C09", 0.02)), "20.00")
    added = len(run.board) - len(run.encoder)
    assert added % 4 == 0
    assert added // 4 == (np.count_nonzero(run.encoder.states == 0)) // 50
    dwarf = np.diff(run.board.times_ns)
    assert np.count_nonzero(dwarf < 200_000) == added


def test_unarmed_remote_cheat_does_nothing() -> None:
    run = delivery(replace(HONEST, cheat=parse_cheat("fuel.C09")), "10.00", armed=False)
    assert np.array_equal(run.board.times_ns, run.encoder.times_ns)


def test_switch_in_mid_delivery_starts_there() -> None:
    run = delivery(replace(HONEST, cheat=parse_cheat("fuel.C10")), "20.00", armed=False, press_at_l="8.00")
    own = np.setdiff1d(run.board.times_ns, run.encoder.times_ns)
    counts_before = int(np.searchsorted(run.board.times_ns, own[0]))
    assert 8.0 <= counts_before / 400 < 8.4


def part(adder: PulseAdder) -> CheatSpec:
    return CheatSpec("test", (CheatPart(Trigger(TriggerKind.ALWAYS), adder),))


def test_single_channel_pulse_counts_on_a_x1_board_only() -> None:
    cheat = part(PulseAdder(0.05, single_channel=True))
    x4 = delivery(replace(HONEST, cheat=cheat), "10.00")
    x1 = delivery(replace(HONEST, cheat=cheat, decoding=1), "10.00")
    assert short(x4) == pytest.approx(0, abs=0.003)
    assert short(x1) == pytest.approx(0.05, abs=0.005)
    assert len(x4.channel("board", "A").ticks) > len(x4.channel("encoder", "A").ticks)
    assert np.array_equal(x4.channel("board", "B").ticks, x4.channel("encoder", "B").ticks)


def test_spread_adder_leaves_no_dwarf_intervals() -> None:
    run = delivery(replace(HONEST, cheat=part(PulseAdder(0.05, spread=True))), "10.00")
    steady = np.diff(run.board.times_ns)[400:-800]
    assert len(run.board) > len(run.encoder)
    assert steady.min() > 400_000
    assert transitions(run, "board") <= FORWARD


def test_parse_cheat_names_what_is_built() -> None:
    with pytest.raises(ValueError, match=r"fuel\.C99.*built are fuel\.C01, fuel\.C01:us"):
        parse_cheat("fuel.C99")
    with pytest.raises(ValueError, match="size 5"):
        parse_cheat("fuel.C09", 5)
    assert all(CHEATS[name](None).id == name for name in CHEATS)
    assert parse_cheat("fuel.C09", 0.1).parts[0].mechanism == PulseAdder(0.1)


def test_composition_makes_a_cheat_die_with_the_power() -> None:
    (held,) = parse_cheat("fuel.C09+fuel.C13").parts
    assert held.held_while_powered
    assert isinstance(held.mechanism, PulseAdder)
    assert len(parse_cheat("fuel.C09+fuel.C14").parts) == 2


def test_same_seed_same_stream_and_fresh_noise_keeps_the_site() -> None:
    one, two = delivery(HONEST, "5.00"), delivery(HONEST, "5.00")
    assert np.array_equal(one.encoder.times_ns, two.encoder.times_ns)
    fresh = delivery(HONEST, "5.00", np.random.default_rng(1))
    assert not np.array_equal(one.encoder.times_ns[:100], fresh.encoder.times_ns[:100])


def test_register_polls_follow_the_edges() -> None:
    run = delivery(replace(HONEST, cheat=parse_cheat("fuel.C03")), "12.00")
    assert np.all(np.diff(run.poll_volume_steps) >= 0)
    assert run.poll_volume_steps[-1] == run.register_steps
    passed = np.searchsorted(run.board.times_ns, run.poll_times_ns, side="right")
    honest = passed * 100 // 400
    assert np.array_equal(run.poll_volume_steps[honest < 490], honest[honest < 490])
    assert run.poll_volume_steps[-1] > honest[-1] + 20
