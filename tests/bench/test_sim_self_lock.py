"""The simulated self-lock: what it counts, what it shows, what it cannot see, and what silences it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.sim.cheats import parse_cheat
from fixtures.sim.honest import EFFECTS
from fixtures.sim.mechanisms import TriggerKind
from fixtures.sim.scenario import Scenario
from fixtures.sim.self_lock import ABNORMAL_SALES, FOREIGN_SALES, EncoderFault
from tests.bench.stand import Stand, site


@pytest.mark.parametrize("effect", EFFECTS)
def test_self_lock_takes_no_honest_effect_for_a_cheat(effect: str) -> None:
    stand = Stand(site(None, honest=(effect,), self_lock=True))
    for _ in range(2):
        stand.sale("6.00")
    assert (stand.dispenser.lock.code, stand.dispenser.lock.abnormal) == ("", 0)


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
