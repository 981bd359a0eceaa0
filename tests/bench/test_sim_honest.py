"""Honest effects act where they do, with what they do and no more; how a run is cut into blocks does not matter."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from fixtures.sim.delivery import Delivery
from fixtures.sim.direct import delivery
from fixtures.sim.dispenser import Dispenser
from fixtures.sim.encoder import DISCS, GRAY, Edges, EdgeSequence
from fixtures.sim.flow import STEP_NS
from fixtures.sim.honest import EFFECTS, declared, undeclared
from fixtures.sim.hose import Hose, Leaks, Setting, Swelling
from fixtures.sim.implant import Implants
from fixtures.sim.line_noise import LineNoise
from fixtures.sim.linearisation import Linearisation
from fixtures.sim.mains import Mains
from fixtures.sim.plant import Block
from fixtures.sim.scenario import Scenario
from fixtures.sim.smart_pulser import SmartPulser
from fixtures.sim.supply import AirOnStart, Supply
from fixtures.sim.world import World

AT_THE_DISPENSER = [name for name, effect in EFFECTS.items() if effect.place in ("wet", "pulses", "board")]
# the mains dip between sales: nothing of it inside one
INSIDE_A_SALE = [name for name in AT_THE_DISPENSER if name != "power_dip"]


def net(edges: Edges, state: int) -> int:
    """Steps forward less steps back."""
    place = {int(level): i for i, level in enumerate(GRAY)}
    steps = 0
    for before, after in pairwise([state, *edges.states.tolist()]):
        change = (place[after] - place[before]) % 4
        steps += {0: 0, 1: 1, 3: -1, 2: 0}[change]
    return steps


def shaft(seed: int = 1) -> EdgeSequence:
    rng = np.random.default_rng(seed)
    sequence = EdgeSequence(DISCS["nominal"], 50, 500.0, 2, rng, rng)
    sequence.turn_to(700.0)
    return sequence


@pytest.mark.parametrize("name", INSIDE_A_SALE)
def test_strides_and_single_blocks_give_the_same_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Scenario(seed=3, honest=(name,))
    long = delivery(scenario, "13.70")
    monkeypatch.setattr(Delivery, "safe_blocks", lambda self, units=None: 1)
    short = delivery(scenario, "13.70")
    for a, b in ((long.encoder, short.encoder), (long.board, short.board), (long.reference, short.reference)):
        assert np.array_equal(a.times_ns, b.times_ns)
        assert np.array_equal(a.states, b.states)
    assert long.register_steps == short.register_steps
    assert np.array_equal(long.poll_volume_steps, short.poll_volume_steps)


@pytest.mark.parametrize("name", AT_THE_DISPENSER)
def test_sizes_belong_to_the_seed(name: str) -> None:
    one, same = (delivery(Scenario(seed=5, honest=(name,)), "7.30") for _ in range(2))
    assert np.array_equal(one.board.times_ns, same.board.times_ns)
    assert one.delivered_ml == same.delivered_ml


def test_the_shaft_turns_back_over_its_own_edges() -> None:
    there = shaft()
    forward = there.cross(0, np.full(20, 4.0))
    index, state = there.index, there.state
    back = there.cross(10**9, np.full(10, -4.0))
    again = there.cross(2 * 10**9, np.full(10, 4.0))
    assert len(back) == len(again) > 10
    assert (there.index, there.state) == (index, state)
    assert np.all(np.diff(back.times_ns) >= 0)
    # the levels run through the same turn in reverse
    assert back.states.tolist() == [int(GRAY[(i - 2) % 4]) for i in range(index, index - len(back), -1)]
    assert net(forward, int(GRAY[(index - len(forward) - 1) % 4])) == len(forward)
    assert net(back, state) == -len(back)


def test_to_and_fro_within_one_call_equals_call_by_call() -> None:
    steps = np.array([2.0, 3.0, -1.0, -4.0, 0.0, 5.0, -0.5, 6.0])
    whole = shaft().cross(0, steps)
    single = shaft()
    parts = [single.cross(i * STEP_NS, steps[i : i + 1]) for i in range(len(steps))]
    assert np.array_equal(whole.times_ns, np.concatenate([p.times_ns for p in parts]))
    assert np.array_equal(whole.states, np.concatenate([p.states for p in parts]))


def test_a_shaft_cannot_turn_back_without_end() -> None:
    with pytest.raises(RuntimeError, match="turned back"):
        shaft().cross(0, np.full(100, -20.0))


def test_hose_takes_up_and_gives_back_its_own_volume() -> None:
    hose = Swelling(Hose(30.0, 0.5, 0.4, 0.1))
    shut, off = Setting(motor=True, valve=True), Setting()
    ones = np.ones(300)
    hose.set(shut)
    assert not hose.settled
    taken, out = hose.take(shut, ones)
    assert float(taken.sum()) == pytest.approx(30.0, abs=0.02)
    assert not out.any()
    hose.set(off)
    back, out = hose.take(off, ones)
    assert float(back.sum()) == pytest.approx(-12.0, abs=0.02)  # the check valve holds six tenths
    assert hose.settled
    last = Setting(nozzle=True)
    back, out = hose.take(last, ones)
    assert float(out.sum()) == pytest.approx(0.6 * 18.0, abs=0.05)
    assert float(back.sum()) == pytest.approx(-0.4 * 18.0, abs=0.05)


def test_recoil_turns_the_encoder_backwards_after_a_stop_by_hand() -> None:
    seen = 0
    for seed in range(1, 6):
        scenario = Scenario(seed=seed, honest=("hose",))
        run = Delivery(scenario, Implants(None, scenario.streams().generator("controls")))
        run.nozzle_open = True
        run.open_valve(None)
        blocks: list[Block] = []
        for _ in range(100):
            blocks.append(run.run(len(blocks) * 50_000_000))
        run.nozzle_open = False
        while run.flowing:
            blocks.append(run.run(len(blocks) * 50_000_000))
        state, mark = run.plant.encoder.state, len(blocks)
        run.close_valve()
        while run.flowing:
            blocks.append(run.run(len(blocks) * 50_000_000))
        recoil = [b.encoder for b in blocks[mark:] if len(b.encoder)]
        if recoil:
            edges = Edges(np.concatenate([e.times_ns for e in recoil]), np.concatenate([e.states for e in recoil]))
            assert net(edges, state) == -len(edges)
            seen += len(edges)
    assert seen > 5


def test_leaks_drip_only_under_pressure_and_through_one_seat() -> None:
    leaks = Leaks(nozzle_ml_min=6.0, solenoid_ml_min=60.0)
    assert leaks.ml_per_step(Setting(motor=True, valve=True)) == pytest.approx(0.001)
    assert leaks.ml_per_step(Setting(motor=True, nozzle=True)) == pytest.approx(0.01)
    assert leaks.ml_per_step(Setting(valve=True)) == 0.0
    assert leaks.ml_per_step(Setting(motor=True)) == 0.0
    assert leaks.ml_per_step(Setting(motor=True, valve=True, nozzle=True)) == 0.0


@pytest.mark.parametrize("name", ["air", "vapour_lock", "separator_failed", "tank_nearly_empty"])
def test_gas_turns_the_meter_and_the_in_line_reference_more(name: str) -> None:
    clean = delivery(Scenario(seed=2, calibration_error=0.0), "27.10")
    gassy = delivery(Scenario(seed=2, calibration_error=0.0, honest=(name,)), "27.10")
    assert gassy.delivered_ml < clean.delivered_ml - 2
    # gas has expanded at the nozzle: the in-line reference reads more than the customer has
    drawn = Scenario(seed=2).drawn().reference_error
    read = len(gassy.reference) / 2 / 200 * 1000 / (1 + drawn)
    assert read > gassy.delivered_ml + 2


def test_air_on_start_is_over_after_the_first_litres() -> None:
    source = AirOnStart(np.random.default_rng(1), 40.0, 500.0)
    gas = source.take(np.full(5000, 1.0)).gas
    assert gas[0] > 20 * gas[2300]
    assert 0.2 * 40 < float(gas.sum()) < 1.6 * 40


def test_supply_without_effects_is_steady() -> None:
    scenario = Scenario()
    assert Supply(scenario, scenario.streams()).steady


def test_noise_on_the_line_changes_no_decoded_count_but_what_both_channels_make() -> None:
    for seed in range(4, 9):
        scenario = Scenario(seed=seed, honest=("bounce",))
        noisy = delivery(scenario, "27.10")
        added = len(noisy.board) - len(noisy.encoder)
        assert added > 0
        assert added % 2 == 0
        # only bursts that reach both channels at once can make whole turns of the quadrature, either way
        turned = net(noisy.board, noisy.initial["board"]) - net(noisy.encoder, noisy.initial["encoder"])
        assert turned % 4 == 0
        assert abs(turned) <= 4 + added / 5


def test_a_single_channel_board_counts_bounce() -> None:
    more = []
    for seed in range(1, 9):
        x1 = Scenario(seed=seed, honest=("bounce",), decoding=1)
        run = delivery(x1, "27.10")
        rising = (run.encoder.states & 1).astype(bool) & (
            np.diff(run.encoder.states & 1, prepend=run.initial["encoder"] & 1) != 0
        )
        more.append(run.register_steps - int(rising.sum()))
    assert max(more) > 2  # steps of 10 mL beyond what the encoder gave


def test_bursts_come_without_flow_too() -> None:
    scenario = Scenario(seed=1, honest=("bounce",))
    noise = LineNoise(scenario, scenario.streams(), 0)
    found = noise.pass_on(Edges(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8)), 0, 200_000)
    assert 0 < len(found) < 200_000 * 0.003 * 24
    assert found.states[-1] == 0 or len(noise._times)


def test_smart_pulser_counts_right_on_a_lattice_of_its_own() -> None:
    pulser = SmartPulser(shaft(), 5, 50_000)
    before = pulser._shaft.index
    edges = []
    for block in range(40):
        edges.append(pulser.cross(block * 50_000_000, np.full(5, 6.0 if block < 30 else 0.0)))
    times = np.concatenate([e.times_ns for e in edges])
    assert pulser.settled
    assert len(times) == pulser._shaft.index - before
    assert not (times % 50_000).any()
    assert np.all(np.diff(times) > 0)


def test_electronic_calibration_brings_register_and_delivery_together() -> None:
    for seed in range(1, 6):
        scenario = Scenario(seed=seed, honest=("electronic_k",), calibration_error=0.0, repeatability_sd=0.0)
        curve = Linearisation(scenario).curve
        for throttle in (None, 5.0):
            run = delivery(scenario, "13.70", throttle_l_min=throttle)
            assert run.register_steps * 10 / run.delivered_ml == pytest.approx(1, abs=1.5e-3)
            bare = len(run.encoder) * 2.5 / run.delivered_ml - 1
            assert curve.min() - 2e-3 < bare < curve.max() + 2e-3


@pytest.mark.parametrize("name", ["blending", "twin_meter"])
def test_two_meters_make_up_one_register(name: str) -> None:
    for seed in range(1, 4):
        run = delivery(Scenario(seed=seed, honest=(name,)), "13.70")
        assert run.register_steps == pytest.approx(1370, abs=1)
        assert run.delivered_ml == pytest.approx(13700, rel=4e-3)
        share = len(run.encoder) / 4 / 1370
        assert 0.1 < share < 0.9


def test_a_worn_solenoid_runs_past_the_preset() -> None:
    past = [delivery(Scenario(seed=seed, honest=("overshoot",)), "7.30").register_steps - 730 for seed in range(1, 9)]
    assert max(past) >= 2
    assert min(past) >= -1
    assert max(past) < 12


def test_the_mains_dip_only_between_sales_and_the_last_sale_stays_shown() -> None:
    world, scenario = World(), Scenario(seed=1)
    dispenser = Dispenser(world, scenario)
    mains = Mains(world, dispenser, np.random.default_rng(1))
    dispenser.lift()
    world.advance(1200 * 10**9)
    assert mains.dips == 0
    dispenser.hang()
    world.advance(2400 * 10**9)
    assert mains.dips > 0


def test_papers_declare_what_is_built_in() -> None:
    assert declared(("blending", "smart_pulser")) == {"blending": True, "sensor_class": "smart"}
    assert undeclared(("twin_meter",)) == {"topology": None}
