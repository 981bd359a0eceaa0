"""The operator at a terminal: slips are asked again, numbers are bounded and exact, and everything is journalled."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from fixtures.errors import InstrumentError
from fixtures.instruments.operator import Operator
from fixtures.link import Arrival


class Terminal:
    """A bench port whose operator types the next line whenever he is prompted."""

    def __init__(self, *typed: str) -> None:
        self.typed, self.shown = list(typed), ""
        self.operator = Operator(self, {"line": "operator"}, {"console": True}, {})

    def now_ns(self) -> int:
        return 0

    def allowance_ns(self, duration_ns: int) -> int:
        return duration_ns

    def send(self, link: str, data: bytes) -> None:
        self.shown += data.decode()

    def until(self, done: Callable[[], bool], timeout_ns: int, expected: str, link: str) -> None:
        self.operator.receive(Arrival(0, link, self.typed.pop(0).encode() + b"\n"))
        assert done()


@pytest.mark.parametrize("slip", ["１３.７", "nan", "1_0", "13,7", "-1", "1e3", "", "99999", "\x1b[2J", "0x10"])
def test_a_slip_is_asked_again(slip: str) -> None:
    terminal = Terminal(slip, "13.70", "103.02", "7.52", "")
    assert terminal.operator.ask("read-display", "Read the display") == {
        "volume_l": Decimal("13.70"),
        "amount": Decimal("103.02"),
        "price": Decimal("7.52"),
        "code": None,
    }
    assert terminal.shown.count("expected") == 1
    assert "\x1b" not in terminal.shown


@pytest.mark.parametrize("density", ["0.745", "7450"])
def test_a_density_in_the_wrong_unit_is_refused(density: str) -> None:
    terminal = Terminal("13400", "3200", density, "745", "15", "15.2")
    assert terminal.operator.ask("weigh", "Weigh")["density_kg_m3"] == 745
    assert "expected 600 to 1000" in terminal.shown


def test_a_temperature_nobody_took_is_left_out_and_is_no_zero() -> None:
    answer = Terminal("66", "31.5", "", "24.1", "").operator.ask("prove", "Read the prover")
    assert answer == {
        "h0_mm": Decimal(66),
        "h_mm": Decimal("31.5"),
        "added_ml": None,
        "t_meter_c": Decimal("24.1"),
        "t_measure_c": None,
    }


@pytest.mark.parametrize("slip", ["warm", "15,2", "１５", "99"])
def test_a_temperature_that_is_no_number_is_asked_again(slip: str) -> None:
    terminal = Terminal("13400", "3200", "745", slip, "15", "")
    assert terminal.operator.ask("weigh", "Weigh")["t_c"] == 15
    assert terminal.shown.count("expected") == 1


@pytest.mark.parametrize("refusal", ["no, the pump is dry", "不行"])
def test_what_was_not_done_ends_the_step(refusal: str) -> None:
    with pytest.raises(InstrumentError, match="was not done"):
        Terminal(refusal).operator.ask("confirm", "Lane closed")


def test_enter_confirms() -> None:
    assert Terminal("").operator.ask("confirm", "Lane closed") == {}


def test_exact_decimals_are_kept() -> None:
    answer = Terminal("13.70", "103.00", "7.50", "").operator.ask("read-display", "Read")
    assert str(answer["volume_l"]) == "13.70"
    assert str(answer["amount"]) == "103.00"


@pytest.mark.parametrize(("slips", "asked"), [(1, 2), (2, 3)])
def test_a_machine_s_number_out_of_all_bounds_is_asked_for_again(slips: int, asked: int) -> None:
    """A simulated officer misreads 745 as 245; the third such answer ends the step."""
    import json

    class Line(Terminal):
        def __init__(self, *densities: str) -> None:
            super().__init__()
            self.operator = Operator(self, {"line": "operator"}, {}, {})
            self.densities = list(densities)
            self.requests: list[dict[str, object]] = []

        def send(self, link: str, data: bytes) -> None:
            self.requests.append(json.loads(data))

        def until(self, done: Callable[[], bool], timeout_ns: int, expected: str, link: str) -> None:
            said = {"density_kg_m3": self.densities.pop(0), "t_c": "15", "t_meter_c": None}
            answer = json.dumps({"id": self.requests[-1]["id"], "ok": True, **said})
            self.operator.receive(Arrival(0, link, answer.encode() + b"\n"))
            assert done()

    line = Line(*["245"] * slips, "745")
    assert line.operator.ask("fuel", "Read")["density_kg_m3"] == 745
    assert len(line.requests) == asked
    assert "expected 600 to 1000" in str(line.requests[-1]["why"])
    with pytest.raises(InstrumentError, match="expected 600 to 1000"):
        Line("245", "245", "245").operator.ask("fuel", "Read")
