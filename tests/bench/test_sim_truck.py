"""The simulated truck scale's physics: statics of the deck, drive-on and drive-off, what an honest indicator makes of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.model import Flag
from fixtures.sim.scale.truck.chain import ENGINE_OFF, HEAVY_KG
from fixtures.sim.scale.truck.course import JACK_S, Jack, S, drives_on, set_down
from fixtures.sim.scale.truck.deck import DeckData
from fixtures.sim.scale.truck.direct import Key, Off, On, PowerOff, Stand, stream
from fixtures.sim.scale.truck.honest import EFFECTS, Conditions, OwnRadio
from fixtures.sim.scale.truck.scenario import TruckScenario
from fixtures.sim.scale.truck.vehicle import Vehicle, axles_for, pieces, stop_m, vehicle

MS = 1_000_000
TRUCK = Vehicle((6_000.0, 8_000.0, 8_000.0, 8_000.0), (0.0, 3.5, 7.0, 8.3), 1.5, 0.6)


def fine(begin_s: float, end_s: float, step_ms: int = 5) -> np.ndarray:
    return np.arange(int(begin_s * S), int(end_s * S), step_ms * MS, dtype=np.int64)


@given(
    cells=st.sampled_from((4, 6, 8)),
    x=st.lists(st.floats(0, 18), min_size=1, max_size=6),
    y=st.floats(-1.3, 1.3),
)
def test_shares_of_a_load_on_the_deck_sum_to_the_load_and_balance_its_moments(
    cells: int, x: list[float], y: float
) -> None:
    deck = DeckData(cells)
    shares = deck.shares(np.array(x), y)
    assert shares.shape == (len(x), cells)
    assert np.allclose(shares.sum(axis=-1), 1.0)
    along = np.repeat(deck.lines_m, 2)
    across = np.tile((-deck.gauge_m / 2, deck.gauge_m / 2), cells // 2)
    assert np.allclose(shares @ along, x)
    assert np.allclose(shares @ across, y)
    assert shares.min() >= -1e-12


def test_a_load_over_a_line_of_support_is_borne_by_its_two_cells_alone() -> None:
    shares = DeckData(8).shares(np.array([6.0]))[0]
    assert shares.tolist() == [0, 0, 0.5, 0.5, 0, 0, 0, 0]


def test_adjusted_corners_differ_by_less_than_the_eccentricity_limit() -> None:
    for seed in range(20):
        deck = DeckData.drawn(8, 18.0, 10_000.0, TruckScenario(seed=seed).streams())
        assert abs(sum(deck.corner)) < 1e-9
        assert max(map(abs, deck.corner)) * 80_000 / 7 < 20.0  # 1 e at Max / (N - 1), R 76 3.6.2


@pytest.mark.parametrize("what", ["cells", "corner"])
def test_decks_that_cannot_be_are_refused(what: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        DeckData(5) if what == "cells" else DeckData(8, corner=(0.0,))


def test_axles_come_one_by_one_each_an_overshoot_at_most() -> None:
    deck, rng = DeckData(8), np.random.default_rng(3)
    stay = drives_on(TRUCK, "middle", S, deck, rng)
    t = fine(0, 20)
    total = stay.cells_kg(t, deck).sum(axis=1)
    assert np.all(total[t < stay.on_ns[0]] == 0)
    for number, on_ns in enumerate(stay.on_ns):
        before = float(np.interp(on_ns, t, total))
        later = stay.on_ns[number + 1] if number + 1 < len(stay.on_ns) else on_ns + 3 * S
        peak = total[(t >= on_ns) & (t < later)].max()
        damping = stay.damping[number]
        overshoot = np.exp(-np.pi * damping / np.sqrt(1 - damping**2))
        assert peak <= before + TRUCK.axles_kg[number] * (1 + overshoot) + 60
    assert total[t > stay.standing_ns + 4 * S] == pytest.approx(TRUCK.mass_kg, abs=0.5)


def test_the_weight_rises_no_faster_than_springs_and_edge_allow() -> None:
    deck, rng = DeckData(8), np.random.default_rng(3)
    stay = drives_on(TRUCK, "middle", S, deck, rng)
    t = fine(0, 20, 1)
    slope = np.diff(stay.cells_kg(t, deck).sum(axis=1)) / 1e-3
    omega = 2 * np.pi * stay.frequency_hz
    assert slope.max() < 2 * omega * max(TRUCK.axles_kg)  # two axles of a bogie at most at once
    assert slope.max() > 5_000  # and it does rise


def test_load_moves_along_the_cells_and_leaves_them_empty() -> None:
    deck, rng = DeckData(8), np.random.default_rng(4)
    stay = drives_on(TRUCK, "back", S, deck, rng).leaving(40 * S, rng)
    t = fine(0, 70, 20)
    cells = stay.cells_kg(t, deck)
    lines = cells.reshape(len(t), 4, 2).sum(axis=2)
    assert [int(np.argmax(lines[:, n] > 1000.0)) for n in range(4)] == sorted(
        int(np.argmax(lines[:, n] > 1000.0)) for n in range(4)
    )
    at_rest = t == 30 * S
    assert cells[at_rest][0] == pytest.approx(stay.standing_cells_kg(deck), abs=0.5)
    assert np.abs(cells[t > stay.gone_ns + 5 * S]).max() < 0.1


def test_position_series_moves_the_load_between_the_ends() -> None:
    deck = DeckData(8)
    short = Vehicle((7_000.0, 11_000.0), (0.0, 4.2))
    found = {}
    for position in ("back", "middle", "front"):
        stay = drives_on(short, position, 0, deck, np.random.default_rng(1))
        lines = stay.standing_cells_kg(deck).reshape(4, 2).sum(axis=1)
        found[position] = float(lines @ deck.lines_m) / short.mass_kg
    assert found["back"] < 4 < 8 < found["middle"] < 10 < 14 < found["front"]
    with pytest.raises(ValueError, match="expected front, middle"):
        stop_m(18.0, 4.2, "beside")
    with pytest.raises(ValueError, match="does not go onto"):
        stop_m(8.0, 11.8, "middle")


def test_vehicles_weigh_what_they_should_on_two_to_six_axles() -> None:
    rng = np.random.default_rng(5)
    for mass in (8_000.0, 17_500.0, 24_000.0, 30_000.0, 42_000.0, 49_000.0, 70_000.0):
        car = vehicle(mass, rng)
        assert car.mass_kg == pytest.approx(mass)
        assert len(car.axles_kg) == axles_for(mass)
        assert 0.8 <= car.speed_m_s <= 2.0
    with pytest.raises(ValueError, match="axle loads"):
        Vehicle((1000.0,), (0.0, 2.0))
    with pytest.raises(ValueError, match="above 0"):
        Vehicle((1000.0, 0.0), (0.0, 2.0))


def test_weights_are_set_down_piece_by_piece() -> None:
    assert pieces(2540.0) == (1000.0, 1000.0, 500.0, 20.0, 20.0)
    with pytest.raises(ValueError, match="pieces"):
        pieces(100_000.0)
    deck, rng = DeckData(8), np.random.default_rng(6)
    stay = set_down(pieces(3_000.0), "front right", S, deck, rng)
    t = fine(0, 30, 20)
    cells = stay.cells_kg(t, deck)
    assert cells.sum(axis=1)[-1] == pytest.approx(3_000.0, abs=0.1)
    assert cells[-1].argmax() == 7  # the last line's right cell
    plateaus = {round(float(v), -2) for v in cells.sum(axis=1)}
    assert {1000.0, 2000.0, 3000.0} <= plateaus


def test_a_jack_takes_load_off_within_seconds_while_the_wheels_stand() -> None:
    deck, rng = DeckData(8), np.random.default_rng(7)
    stay = replace(drives_on(TRUCK, "middle", 0, deck, rng), jack=Jack(0.3, 30 * S, 40 * S))
    t = fine(25, 50, 50)
    total = stay.cells_kg(t, deck).sum(axis=1)
    assert total[0] == pytest.approx(30_000, abs=1)
    assert total[t == int((30 + JACK_S) * S)][0] == pytest.approx(21_000, abs=1)
    assert np.abs(np.diff(total)).max() < 9_000 / JACK_S * 0.06  # a ramp, no step
    assert total[-1] == pytest.approx(30_000, abs=1)


def plateau(scenario: TruckScenario, mass: float = 30_000.0, position: str = "middle") -> float:
    """What it reads 20 s after the vehicle stands, the engine off."""
    got = stream(scenario, [On(mass, position), Stand(20.0)])
    return float(got.steps[-1] * got.step)


def test_an_honest_scale_reads_within_its_limits_and_returns_to_zero() -> None:
    for seed in range(6):
        scenario = TruckScenario(seed=seed)
        got = stream(scenario, [On(30_000.0), Stand(20.0), Off(), Stand(15.0)])
        weights = got.steps * int(got.step)
        assert weights[got.times_ns < got.loadings[0].begin_ns].tolist().count(0) > 10
        standing = (got.times_ns > got.loadings[0].standing_ns + 10 * S) & (got.times_ns < got.loadings[0].set_off_ns)
        assert np.all(np.abs(weights[standing] - 30_000) <= 40)  # 2 e above 500 e, in service
        assert np.mean((got.flags[standing] & Flag.STABLE) > 0) > 0.9
        assert abs(int(weights[-1])) <= 20
        assert got.flags[-1] & Flag.ZERO or weights[-1]
        moving = (got.times_ns > got.loadings[0].begin_ns + S) & (got.times_ns < got.loadings[0].standing_ns - S)
        assert np.mean((got.flags[moving] & Flag.STABLE) > 0) < 0.3


def test_reads_every_position_and_direction_alike() -> None:
    scenario = TruckScenario(seed=3)
    read = [plateau(scenario, 16_000.0, position) for position in ("back", "middle", "front")]
    assert max(read) - min(read) <= 20


def test_repeats_of_one_reading_are_frames_of_their_own() -> None:
    got = stream(TruckScenario(seed=1), [On(20_000.0), Stand(5.0)])
    assert np.all(np.diff(got.times_ns) == 100 * MS)
    pairs = got.steps[: len(got.steps) // 2 * 2].reshape(-1, 2)
    offset = got.steps[1 : 1 + (len(got.steps) - 1) // 2 * 2].reshape(-1, 2)
    assert min(np.sum(pairs[:, 0] != pairs[:, 1]), np.sum(offset[:, 0] != offset[:, 1])) == 0


def test_digital_cells_give_a_code_each_that_sums_to_the_weight() -> None:
    scenario = TruckScenario(seed=2, kind="digital")
    got = stream(scenario, [On(30_000.0), Stand(20.0)])
    assert got.counts.shape[1] == 8
    assert got.counts[-1].sum() / 20.0 - 10_000 == pytest.approx(30_000, abs=60)
    assert stream(TruckScenario(seed=2), [On(30_000.0)]).counts.shape[1] == 1


def test_zero_key_tracks_power_cycle_and_overload() -> None:
    scenario = TruckScenario(seed=4)
    got = stream(scenario, [On(500.0, weights=True), Stand(8.0), Key("zero"), Stand(6.0), Off(), Stand(12.0)])
    assert int(got.steps[-1] * got.step) == -500
    got = stream(scenario, [PowerOff(20.0), Stand(12.0)])
    gap = np.diff(got.times_ns).max() / S
    assert 25 < gap < 28  # 20 s dark, 5 s of start, a second until it rests
    over = stream(replace(scenario, max_kg=Decimal(20_000)), [On(30_000.0, axles=4), Stand(10.0)])
    assert over.flags[-1] & Flag.OVERLOAD


@pytest.mark.parametrize("name", [name for name in EFFECTS if name != "misread"])
def test_honest_effects_stay_within_what_they_are(name: str) -> None:
    """Every effect is honest: no reading at rest is off by more than a few intervals."""
    scenario = TruckScenario(seed=11, honest=(name,))
    for mass in (16_000.0, 40_000.0):
        got = stream(scenario, [On(mass, engine=True), Stand(60.0), Off(), Stand(20.0)])
        standing = (got.times_ns > got.loadings[0].standing_ns + 15 * S) & (got.times_ns < got.loadings[0].set_off_ns)
        errors = got.steps[standing] * int(got.step) - mass
        limit = 0.05 * mass if name == "debris" else 100
        assert np.abs(errors).max() <= limit


def test_honest_effects_act() -> None:
    def conditions(*names: str) -> Conditions:
        return TruckScenario(seed=3, honest=names).conditions()

    plain = conditions()
    assert conditions("vibration").sway_kg > 2 * plain.sway_kg
    assert conditions("wind").wind_kg > 5 * plain.wind_kg
    assert conditions("creep").creep > plain.creep
    assert abs(conditions("temperature").zero_kg_h) > abs(plain.zero_kg_h)
    assert conditions("water").water_kg > 0 == plain.water_kg
    assert conditions("tilt").tilt_rad > 0 == plain.tilt_rad
    low = plateau(TruckScenario(seed=3, honest=("debris",)), 40_000.0)
    assert low < 39_960 or conditions("debris").debris_cell in (0, 1, 6, 7)
    slow = TruckScenario(seed=3, honest=("slow_filter",)).chain().filter.taps
    assert slow >= 60 > TruckScenario(seed=3).chain().filter.taps


def test_sway_is_livelier_with_the_engine_running() -> None:
    scenario = TruckScenario(seed=8, honest=("vibration",), d_kg=Decimal(10), max_kg=Decimal(60_000))
    spread = {}
    for engine in (True, False):
        got = stream(scenario, [On(30_000.0, engine=engine), Stand(120.0)])
        spread[engine] = float(got.counts[got.times_ns > got.loadings[0].standing_ns + 10 * S, 0].std()) / 40
    sway_kg = scenario.conditions().sway_kg * np.sqrt(30_000 / HEAVY_KG)
    assert spread[True] == pytest.approx(sway_kg, rel=0.35)
    assert spread[False] == pytest.approx(ENGINE_OFF * sway_kg, rel=0.5)


def test_own_radio_shifts_only_while_it_talks() -> None:
    streams = TruckScenario(seed=5).streams()
    radio = OwnRadio(20.0, streams)
    t = fine(0, 3600, 50)
    talks = radio.talks(t)
    added = radio.run(0, t)
    assert 0.005 < talks.mean() < 0.15
    assert np.all(added[~talks] == 0)
    assert abs(added[talks].mean()) > 5


def test_scenarios_that_cannot_be_are_refused() -> None:
    for wrong, match in (
        ({"kit": "K2"}, "K0, K1 or K3"),
        ({"honest": ("magic",)}, "expected one of"),
        ({"d_kg": Decimal(3)}, "expected d"),
        ({"protocol": "morse"}, "yaohua-continuous"),
        ({"broadcast": False}, "by commands"),
        ({"reading_error_rate": 2.0}, "0 to 1"),
        ({"update_ms": 130}, "whole conversions"),
        ({"cells": 5}, "4, 6 or 8"),
    ):
        with pytest.raises(ValueError, match=match):
            TruckScenario(**wrong).chain()  # type: ignore[arg-type]
