"""Physics of each built cheat: exact counts, windows, what counts without flow, totalisers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.sim.cheats import CHEATS, LITRE_CANS, US_CANS_L, VARIANTS, parse_cheat
from fixtures.sim.direct import DirectDelivery, delivery, shut
from fixtures.sim.mechanisms import CodeDisc, WindowGain
from fixtures.sim.oscillator import CARD_CLOCK_NS, START_NS
from fixtures.sim.programs import UNIT, sawtooth
from tests.bench.stand import Stand, site

FORWARD = {(0, 1), (1, 3), (3, 2), (2, 0)}
SIZES = (0.01, 0.02, 0.05, 0.10)


def counted(run: DirectDelivery) -> int:
    """Register steps of the counts at the board's input alone."""
    return len(run.board) * 100 // 400


def steps_at_board(run: DirectDelivery) -> set[tuple[int, int]]:
    return set(pairwise([run.initial["board"], *run.board.states.tolist()]))


# every cheat can be built, composed and sized


@pytest.mark.parametrize("name", [*CHEATS, *VARIANTS])
def test_every_cheat_has_every_size_and_says_what_was_built(name: str) -> None:
    for size in SIZES:
        spec = parse_cheat(name, size)
        assert spec.id == name
        assert spec.parts[0].mechanism.size == size
        (first, *_) = spec.describe()["parts"]  # type: ignore[misc]
        built = first.get("built_size", size)
        assert abs(built - size) <= (0.011 if name == "fuel.C16" else 0.001)
        for other in ("fuel.C13", "fuel.C14", "fuel.C27"):
            if name.split(":")[0] != other:
                assert parse_cheat(f"{name}+{other}", size).id == f"{name}+{other}"


def test_code_disc_has_whole_slots() -> None:
    assert [CodeDisc(size).slots(50) for size in (0.01, 0.02, 0.05, 0.10, 0.20)] == [51, 51, 52, 55, 60]
    run = delivery(site("fuel.C16", 0.10), "20.00")
    assert len(run.encoder) / 440 * 1000 == pytest.approx(run.delivered_ml, rel=0.0035)
    assert run.register_steps == counted(run)


def test_selective_use_of_another_cheat_and_of_one_without_a_control() -> None:
    (part,) = parse_cheat("fuel.C09+fuel.C27").parts
    assert part.trigger.share == 0.4
    assert len(parse_cheat("fuel.C14+fuel.C27").parts) == 2
    with pytest.raises(ValueError, match="names a part twice"):
        parse_cheat("fuel.C01+fuel.C01:us")


# programs of the board


@pytest.mark.parametrize(("name", "windows"), [("fuel.C01", LITRE_CANS), ("fuel.C01:us", US_CANS_L)])
@pytest.mark.parametrize("size", SIZES)
def test_window_program_is_exact_to_the_pulse_at_the_inspectors_volumes(
    name: str, windows: tuple[float, ...], size: float
) -> None:
    for volume in windows:
        run = delivery(site(name, size), f"{volume:.2f}")
        assert run.register_steps == counted(run)
        assert len(run.board) == len(run.encoder)
    before = delivery(site(name, size), f"{windows[-1] * 0.8:.2f}")
    assert before.register_steps - counted(before) > 0.4 * size * counted(before)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.005, 0.5), st.sampled_from([LITRE_CANS, US_CANS_L]), st.lists(st.integers(0, 20_000), min_size=2))
def test_window_program_never_counts_backwards_and_peaks_at_its_size(
    size: float, windows: tuple[float, ...], counts: list[int]
) -> None:
    tooth = sawtooth(WindowGain(size, windows), 400)
    n = np.array(sorted(counts), dtype=np.int64)
    register = n * UNIT + tooth.added(n)
    assert np.all(np.diff(register) >= 0)
    near = np.concatenate([np.arange(round(w * 400) - 50, round(w * 400) + 50) for w in windows])
    assert not tooth.added(near).any()
    inside = np.arange(1, round(windows[-1] * 400))
    # counts are whole: the peak lies within one of them
    assert (tooth.added(inside) / UNIT / inside).max() <= size * 1.02 + 1 / 400


def test_what_a_program_adds_does_not_depend_on_how_the_counts_are_cut() -> None:
    tooth = sawtooth(WindowGain(0.1, LITRE_CANS), 400)
    cuts = np.array([0, 17, 900, 901, 4000, 9000], dtype=np.int64)
    parts = [int(tooth.added(np.array([b]))[0] - tooth.added(np.array([a]))[0]) for a, b in pairwise(cuts)]
    assert sum(parts) == int(tooth.added(np.array([9000]))[0])


@pytest.mark.parametrize("per_mille", [3, 20, 200])
def test_coefficient_is_set_per_mille(per_mille: int) -> None:
    run = delivery(site(f"fuel.C04:{per_mille}"), "20.00")
    assert run.register_steps == len(run.board) * (1000 + per_mille) // 4000
    assert delivery(site(f"fuel.C04:{per_mille}"), "20.00", armed=False).register_steps in (2000, 2001)


def test_key_adds_its_litres_once_a_press() -> None:
    run = delivery(site("fuel.C05"), "20.00", press_at_l="8.00")
    assert run.register_steps == (len(run.board) + 400) * 100 // 400
    jump = np.diff(run.poll_volume_steps)
    assert jump.max() > 100
    stand = Stand(site("fuel.C05:litre"))
    stand.dispenser.press_remote()  # no sale runs: nothing happens
    stand.sale("10.00", {"3.00": stand.dispenser.press_remote, "6.00": stand.dispenser.press_remote})
    stand.sale("5.00")
    assert stand.added == [200, 0]


def test_sale_starts_with_what_was_carried_over() -> None:
    stand = Stand(site("fuel.C24", 0.02))
    stand.lift("10.00")
    assert stand.dispenser.board.filled().volume == 10
    stand.dispenser.hang()
    stand.run(1)
    stand.sale("10.00")
    assert stand.added == [10, 10]
    run = delivery(site("fuel.C24", 0.02), "10.00")
    assert run.register_steps == (len(run.board) + 40) * 100 // 400
    assert run.poll_volume_steps[0] >= 10


# the pulser line


@pytest.mark.parametrize("decoding", [1, 4])
def test_oscillator_adds_by_time_not_by_volume(decoding: int) -> None:
    scenario = site("fuel.C08", 0.05, decoding=decoding)
    for throttle in (None, 5.0):
        run = delivery(scenario, "6.00", throttle_l_min=throttle)
        added = len(run.board) - len(run.encoder)
        seconds = (run.board.times_ns[-1] - run.start_ns - START_NS) / 1e9
        assert added / 4 == pytest.approx(0.05 * 100 * 40 / 60 * seconds, rel=0.02, abs=2)
        assert steps_at_board(run) <= FORWARD
        assert np.diff(run.board.times_ns).min() >= CARD_CLOCK_NS
        assert run.register_steps == pytest.approx(len(run.board) / 4, abs=1)
    slow, full = (delivery(scenario, "6.00", throttle_l_min=t) for t in (5.0, None))
    assert slow.register_steps / (len(slow.encoder) / 4) - 1 > 5 * (full.register_steps / (len(full.encoder) / 4) - 1)


def test_oscillator_has_no_place_in_the_encoder_s_turn() -> None:
    run = delivery(site("fuel.C08", 0.10), "40.00")
    own = np.setdiff1d(run.board.times_ns, run.encoder.times_ns)
    own = own[(own > run.encoder.times_ns[400]) & (own < run.encoder.times_ns[-800])]
    after = np.searchsorted(run.encoder.times_ns, own)
    before = run.encoder.times_ns[after - 1]
    phase = (own - before) / (run.encoder.times_ns[after] - before)
    counts, _ = np.histogram(phase, bins=5, range=(0, 1))
    assert len(own) > 1000
    assert counts.min() > 0.7 * counts.mean()


def test_oscillator_counts_with_the_nozzle_shut_and_stops_with_the_valve() -> None:
    run = shut(site("fuel.C08", 0.05), 60)
    assert len(run.encoder) == len(run.reference) == 0
    assert run.register_steps == pytest.approx(0.05 * 40 * 100 * (60 - START_NS / 1e9) / 60, abs=2)
    stand = Stand(site("fuel.C08", 0.05))
    stand.shut(10)
    stand.dispenser.press_remote()
    stand.shut(30)
    off, on = stand.dispenser.sales
    assert (off.register_steps, on.encoder_edges) == (0, 0)
    assert on.register_steps == pytest.approx(0.05 * 4000 / 60 * 30, rel=0.1)
    stand.power()
    stand.shut(10)
    assert stand.dispenser.sales[-1].register_steps == 0


def test_oscillator_and_adder_together_keep_a_legal_sequence() -> None:
    run = delivery(site("fuel.C08+fuel.C09", 0.05), "10.00")
    assert steps_at_board(run) <= FORWARD
    assert len(run.board) > 1.09 * len(run.encoder)


# the wet side


def test_return_line_passes_the_meter_and_not_the_nozzle() -> None:
    run = delivery(site("fuel.C21", 0.05), "20.00")
    assert len(run.encoder) == len(run.board)
    assert len(run.reference) / 400 * 1000 == pytest.approx(run.delivered_ml, rel=0.002)
    assert len(run.encoder) / 400 * 1000 / run.delivered_ml - 1 == pytest.approx(0.055, abs=0.01)
    still = shut(site("fuel.C21", 0.05), 30)
    assert still.delivered_ml == 0
    assert still.register_steps == pytest.approx(0.05 * 4000 / 60 * 30, rel=0.1)
    honest = delivery(site("fuel.C21", 0.05), "20.00", armed=False)
    assert len(honest.encoder) / 400 * 1000 == pytest.approx(honest.delivered_ml, rel=0.003)
