"""Physics of each built cheat: exact counts, windows, oscillators without flow, controls, reversion, self-lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.sim.cheats import CHEATS, LITRE_CANS, US_CANS_L, VARIANTS, parse_cheat
from fixtures.sim.direct import DirectDelivery, delivery, shut
from fixtures.sim.dispenser import MOTOR_NS, Dispenser
from fixtures.sim.honest import EFFECTS
from fixtures.sim.implant import LONG_AGO_NS, RESEND_NS, Implants
from fixtures.sim.mechanisms import CodeDisc, TotaliserLoss, TriggerKind, WindowGain
from fixtures.sim.oscillator import CARD_CLOCK_NS, START_NS
from fixtures.sim.programs import UNIT, sawtooth
from fixtures.sim.scenario import Scenario
from fixtures.sim.self_lock import ABNORMAL_SALES, FOREIGN_SALES, EncoderFault
from fixtures.sim.trader import Sale, Trader
from fixtures.sim.world import World
from protocols.wire.dart import CommandCode

SECOND = 1_000_000_000
FORWARD = {(0, 1), (1, 3), (3, 2), (2, 0)}
SIZES = (0.01, 0.02, 0.05, 0.10)


def site(cheat: str | None, size: float | None = None, **changes: object) -> Scenario:
    scenario = Scenario(seed=7, cheat=None if cheat is None else parse_cheat(cheat, size))
    return replace(scenario, **changes)  # type: ignore[arg-type]


def counted(run: DirectDelivery) -> int:
    """Register steps of the counts at the board's input alone."""
    return len(run.board) * 100 // 400


def steps_at_board(run: DirectDelivery) -> set[tuple[int, int]]:
    return set(pairwise([run.initial["board"], *run.board.states.tolist()]))


class Stand:
    """A dispenser in a bare world: sales by hand, without wires."""

    def __init__(self, scenario: Scenario) -> None:
        self.world = World()
        self.dispenser = Dispenser(self.world, scenario)
        self.dispenser.board.price(752)

    def run(self, seconds: float) -> None:
        self.world.advance(self.world.now_ns + int(seconds * SECOND))

    def lift(self, litres: str | None = None) -> None:
        board = self.dispenser.board
        board.command(CommandCode.RESET)
        board.command(CommandCode.AUTHORISE)
        if litres is not None:
            self.dispenser.type_preset("volume", int(Decimal(litres) * 100))
        self.dispenser.lift()
        self.run(MOTOR_NS / SECOND + 0.01)

    def sale(self, litres: str, at: dict[str, Callable[[], None]] | None = None) -> None:
        self.lift(litres)
        for volume, act in (at or {}).items():
            self.dispenser.when_shown(Decimal(volume), act)
        self.dispenser.open_nozzle()
        for _ in range(400):
            self.run(0.5)
            if not self.dispenser.delivery.flowing:
                break
        self.dispenser.hang()
        self.run(1)

    def shut(self, seconds: float) -> None:
        self.lift()
        self.run(seconds)
        self.dispenser.hang()
        self.run(1)

    def power(self, off_s: float = 5) -> None:
        self.dispenser.power(False)
        self.run(off_s)
        self.dispenser.power(True)
        self.run(4)
        self.dispenser.board.price(752)

    @property
    def added(self) -> list[int]:
        """Register steps of each sale beyond what the encoder counted."""
        return [sale.register_steps - sale.encoder_edges * 100 // 400 for sale in self.dispenser.sales]


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


# controls and reversion


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # honest, pressed, after power
        ("fuel.C04", (False, True, True)),
        ("fuel.C06", (False, True, True)),
        ("fuel.C11", (False, True, False)),
        ("fuel.C12", (False, True, True)),
        ("fuel.C17", (False, True, True)),
        ("fuel.C18", (False, True, False)),
        ("fuel.C27", (False, True, True)),
        ("fuel.C06+fuel.C13", (False, True, False)),
    ],
)
def test_switched_cheats_and_what_power_loss_does_to_them(name: str, expected: tuple[bool, ...]) -> None:
    stand = Stand(site(name, 0.05))
    stand.sale("4.00")
    stand.dispenser.press_remote()
    stand.run(25)  # a message takes its time
    stand.sale("4.00")
    stand.power()
    stand.sale("4.00")
    assert tuple(steps > 10 for steps in stand.added) == expected


def test_code_typed_during_a_sale_waits_for_the_next() -> None:
    stand = Stand(site("fuel.C06", 0.05))
    stand.sale("4.00", {"1.00": stand.dispenser.press_remote})
    stand.sale("4.00")
    assert stand.added[0] == 0
    assert stand.added[1] == pytest.approx(19, abs=1)


def test_armed_sale_by_sale() -> None:
    stand = Stand(site("fuel.C07"))
    stand.dispenser.press_remote()
    stand.dispenser.press_remote()  # pressed twice arms no more than once
    stand.sale("4.00")
    stand.sale("4.00")
    stand.dispenser.press_remote()
    stand.power()
    stand.sale("4.00")
    assert stand.added[0] == pytest.approx(11, abs=1)
    assert stand.added[1:] == [0, 0]


def test_message_by_telephone_takes_effect_seconds_later() -> None:
    stand = Stand(site("fuel.C11"))
    stand.dispenser.press_remote()
    implants = stand.dispenser.implants
    assert implants.pending
    assert not implants.armed
    stand.sale("40.00")
    assert implants.armed
    share = stand.added[0] / stand.dispenser.sales[0].register_steps
    assert 0.01 < share < 0.04
    stand.dispenser.press_remote()
    stand.power()  # the modem was dark when the message came
    stand.sale("20.00")
    assert stand.added[-1] == 0


def test_hidden_computer_sends_its_coefficient_again() -> None:
    stand = Stand(site("fuel.C04:resent"))
    stand.dispenser.press_remote()
    stand.sale("4.00")
    stand.power()
    stand.sale("4.00")
    stand.run(RESEND_NS / SECOND)
    stand.sale("4.00")
    assert [steps > 5 for steps in stand.added] == [True, False, True]


def test_second_board_has_a_totaliser_of_its_own() -> None:
    stand = Stand(site("fuel.C17"))
    board = stand.dispenser.board
    stand.sale("4.00")
    first = board.totaliser_steps()
    stand.dispenser.press_remote()
    second = board.totaliser_steps()
    assert abs(second - first) > 1000
    assert board.filled().volume == 0  # it has sold nothing yet
    stand.sale("4.00")
    assert board.totaliser_steps() - second == pytest.approx(400, abs=1)
    assert board.filled().volume == stand.dispenser.sales[1].register_steps
    stand.dispenser.press_remote()
    assert board.totaliser_steps() == first
    assert board.filled().volume == stand.dispenser.sales[0].register_steps


@pytest.mark.parametrize("effect", EFFECTS)
def test_self_lock_takes_no_honest_effect_for_a_cheat(effect: str) -> None:
    stand = Stand(site(None, honest=(effect,), self_lock=True))
    for _ in range(2):
        stand.sale("6.00")
    assert (stand.dispenser.lock.code, stand.dispenser.lock.abnormal) == ("", 0)


@pytest.mark.parametrize(
    ("name", "size", "expected"), [("fuel.C28", 0.1, [360, 360]), ("fuel.C28:sales", 0.5, [400, 0])]
)
def test_totaliser_records_less_than_was_sold(name: str, size: float, expected: list[int]) -> None:
    stand = Stand(site(name, size))
    grown = []
    for _ in expected:
        before = stand.dispenser.board.totaliser_steps()
        stand.sale("4.00")
        grown.append(stand.dispenser.board.totaliser_steps() - before)
    assert grown == pytest.approx(expected, abs=1)
    assert stand.added == [0, 0]
    assert TotaliserLoss(0.1, whole_sales=True).every_sales == 10
    short = delivery(site("fuel.C28:short"), "20.00")
    assert short.register_steps == len(short.board) * 1005 // 4000


# the trader


class Watched:
    """A trader before his dispenser; how often he presses what."""

    def __init__(self, cheat: str, seed: int = 3) -> None:
        self.stand = Stand(site(cheat))
        self.trader = Trader(self.stand.world, self.stand.dispenser, np.random.default_rng(seed))
        self.implants = self.stand.dispenser.implants

    def customer(self, litres: str, covert: bool = True) -> None:
        self.trader.sees(Sale(covert, float(litres)))
        self.stand.run(30)
        self.stand.sale(litres)
        self.trader.sees_end()
        self.stand.run(30)


@pytest.mark.parametrize("name", [n for n in CHEATS if parse_cheat(n).controlled and n != "fuel.C27"])
def test_trader_cheats_the_customer_and_not_the_inspector(name: str) -> None:
    watched = Watched(name)
    for covert in (True, False, True):
        watched.customer("9.00", covert)
    sales = watched.stand.dispenser.sales
    short = [sale.register_steps * 10 / sale.delivered_ml - 1 for sale in sales]
    assert short[0] > 0.012
    assert abs(short[1]) < 0.003
    assert short[2] > 0.012


def test_trader_can_do_nothing_once_control_is_taken() -> None:
    watched = Watched("fuel.C06")
    watched.customer("9.00")
    assert watched.implants.armed
    watched.trader.control_taken()
    assert not watched.implants.armed
    watched.customer("9.00")
    assert watched.stand.added[1] == 0


def test_trader_chooses_his_customers() -> None:
    scenario = site("fuel.C27")
    used = {}
    for litres in (7.5, 30.0):
        stand = Stand(scenario)
        trader = Trader(stand.world, stand.dispenser, np.random.default_rng(5))
        armed = []
        for _ in range(300):
            trader.sees(Sale(True, litres))
            stand.run(4)
            armed.append(stand.dispenser.implants.armed)
        used[litres] = np.mean(armed)
    assert used[7.5] == pytest.approx(0.2, abs=0.07)
    assert used[30.0] == pytest.approx(0.6, abs=0.08)


def test_every_control_of_a_composed_cheat_is_worked_by_itself() -> None:
    watched = Watched("fuel.C06+fuel.C05")
    watched.customer("9.00")
    assert watched.implants.wanted(TriggerKind.REMOTE)
    assert watched.stand.added[0] == pytest.approx(900 * (0.03 + 0.05), rel=0.05)


def test_implants_without_power_hear_nothing() -> None:
    implants = Implants(parse_cheat("fuel.C09"), np.random.default_rng(1))
    implants.power(False, 0)
    implants.press(0)
    implants.power(True, SECOND)
    assert not implants.armed
    implants.press(LONG_AGO_NS)
    assert implants.armed


# the self-lock


def test_self_lock_locks_a_watched_board_after_five_abnormal_sales() -> None:
    cheat = replace(parse_cheat("fuel.C06", 0.03), silences_lock=False)
    stand = Stand(Scenario(seed=7, cheat=cheat, self_lock=True))
    stand.dispenser.press_remote()
    for n in range(ABNORMAL_SALES):
        shown = stand.dispenser.board.shown()
        assert shown is not None
        assert shown.code == ("" if n < ABNORMAL_SALES else "64")
        if n == 2:
            stand.dispenser.press_remote()
            stand.sale("3.00")  # an honest one in between clears nothing
            stand.dispenser.press_remote()
            stand.power()  # nor does the power
        stand.sale("3.00")
    shown = stand.dispenser.board.shown()
    assert shown is not None
    assert shown.code == "64"
    sold = len(stand.dispenser.sales)
    stand.sale("3.00")
    assert len(stand.dispenser.sales) == sold
    stand.dispenser.lock.initialise()
    stand.sale("3.00")
    assert len(stand.dispenser.sales) == sold + 1


@pytest.mark.parametrize("name", ["fuel.C08", "fuel.C09", "fuel.C01", "fuel.C05", "fuel.C24+fuel.C06"])
def test_self_lock_sees_what_pulses_and_register_do(name: str) -> None:
    cheat = replace(parse_cheat(name, 0.1), silences_lock=False)
    stand = Stand(Scenario(seed=7, cheat=cheat, self_lock=True))
    press = stand.dispenser.press_remote
    for _ in range(ABNORMAL_SALES):
        if not stand.dispenser.implants.wanted(TriggerKind.REMOTE):
            press()
        stand.sale("4.00", {"1.00": press} if name == "fuel.C05" else None)
    assert stand.dispenser.lock.code == "64"


def test_self_lock_is_silent_for_honest_instruments_small_cheats_and_what_it_cannot_see() -> None:
    for name, size in ((None, None), ("fuel.C04:3", None), ("fuel.C14", 0.1), ("fuel.C22", 0.05), ("fuel.C16", 0.1)):
        stand = Stand(site(name, size, self_lock=True))
        stand.dispenser.press_remote()
        for _ in range(ABNORMAL_SALES + 1):
            stand.sale("3.00")
        assert (stand.dispenser.lock.code, stand.dispenser.lock.abnormal) == ("", 0)
        assert len(stand.dispenser.sales) == ABNORMAL_SALES + 1


def test_documented_cheats_silence_the_lock() -> None:
    assert parse_cheat("fuel.C06").silences_lock
    assert not parse_cheat("fuel.C04", 0.005).silences_lock
    assert not parse_cheat("fuel.C22").silences_lock
    stand = Stand(site("fuel.C06", 0.1, self_lock=True))
    stand.dispenser.press_remote()
    for _ in range(ABNORMAL_SALES + 1):
        stand.sale("2.00")
    stand.dispenser.encoder_fault(EncoderFault.DISCONNECTED)
    assert stand.dispenser.lock.code == ""


def test_changed_board_locks_after_three_sales_and_encoder_faults_at_once() -> None:
    cheat = replace(parse_cheat("fuel.C17", 0.003), silences_lock=False)
    stand = Stand(Scenario(seed=7, cheat=cheat, self_lock=True))
    stand.dispenser.press_remote()
    for _ in range(FOREIGN_SALES):
        assert stand.dispenser.lock.code == ""
        stand.sale("2.00")
    assert stand.dispenser.lock.code == "63"
    for fault in EncoderFault:
        stand = Stand(site(None, self_lock=True))
        stand.sale("5.00", {"2.00": lambda stand=stand, fault=fault: stand.dispenser.encoder_fault(fault)})
        shown = stand.dispenser.board.shown()
        assert shown is not None
        assert shown.code == fault.value
        assert stand.dispenser.sales[-1].register_steps < 260
        stand.dispenser.encoder_fault(None)
        stand.sale("2.00")
        assert stand.dispenser.sales[-1].register_steps >= 200
