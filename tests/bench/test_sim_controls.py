"""Who works a cheat, when it takes effect, what power does to it, and what the trader does with it."""

from __future__ import annotations

import numpy as np
import pytest

from fixtures.sim.cheats import CHEATS, parse_cheat
from fixtures.sim.direct import delivery
from fixtures.sim.implant import LONG_AGO_NS, RESEND_NS, Implants
from fixtures.sim.mechanisms import TotaliserLoss, TriggerKind
from fixtures.sim.trader import Sale, Trader
from tests.bench.stand import SECOND, Stand, site


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


def test_second_board_asked_for_in_mid_sale_leaves_the_sale_on_display() -> None:
    stand = Stand(site("fuel.C17"))
    board = stand.dispenser.board
    stand.sale("4.00", {"1.00": stand.dispenser.press_remote})
    assert board.filled().volume == stand.dispenser.sales[0].register_steps
    total = board.totaliser_steps()
    stand.sale("4.00")
    assert abs(board.totaliser_steps() - total) > 1000
