"""The operator at a terminal: slips are asked again, numbers are bounded and exact, and everything is journalled."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from fixtures.errors import InstrumentError, StopAsked
from fixtures.instruments.operator import Operator
from fixtures.link import Arrival
from fixtures.questions import YES_NO


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


@pytest.mark.parametrize("slip", ["１３,７", "nan", "1_0", "13,7", "-1", "1e3", "", "99999", "\x1b[2J", "0x10"])
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


@pytest.mark.parametrize("slip", ["warm", "15,2", "１５，", "99"])
def test_a_temperature_that_is_no_number_is_asked_again(slip: str) -> None:
    terminal = Terminal("13400", "3200", "745", slip, "15", "")
    assert terminal.operator.ask("weigh", "Weigh")["t_c"] == 15
    assert terminal.shown.count("expected") == 1


@pytest.mark.parametrize("said", [["{}"], ["<"], ["<", "12.5", "no number"]])
def test_what_never_answers_is_not_asked_for_ever(said: list[str]) -> None:
    """A machine or a pipe in a person's place."""
    terminal = Terminal("13.70", *said * 200)
    with pytest.raises(InstrumentError, match="got none to 100 prompts; is a person at this terminal") as ended:
        terminal.operator.ask("read-display", "Read the display")
    assert "Read the display' was not done" in str(ended.value)
    assert terminal.shown.count("Read the display") == 1 + 100


def test_a_person_may_slip_in_every_field_of_every_question() -> None:
    terminal = Terminal(*(["slip"] * 90 + ["1"]) * 3, "")
    assert terminal.operator.ask("read-display", "Read the display")["price"] == 1


@pytest.mark.parametrize("refusal", ["no, the pump is dry", "不行"])
def test_what_was_not_done_ends_the_step(refusal: str) -> None:
    with pytest.raises(InstrumentError, match="was not done"):
        Terminal(refusal).operator.ask("deliver", "Deliver 20 L")


@pytest.mark.parametrize("refusal", ["no, the pump is dry", "不行"])
def test_what_is_not_confirmed_is_a_decision_and_no_fault(refusal: str) -> None:
    with pytest.raises(StopAsked, match=f"did not confirm 'Lane closed': .*{refusal}") as ended:
        Terminal(refusal).operator.ask("confirm", "Lane closed")
    assert not ended.value.resumable


@pytest.mark.parametrize("said", ["", "done", "yes", "OK", "完成", "已完成"])
def test_enter_confirms(said: str) -> None:
    assert Terminal(said).operator.ask("confirm", "Lane closed") == {}


@pytest.mark.parametrize("slip", ["Officer One 1107", "20.05", "maybe", "李"])
def test_an_answer_to_another_question_confirms_nothing(slip: str) -> None:
    terminal = Terminal(slip, "")
    assert terminal.operator.ask("confirm", "Lane closed") == {}
    assert terminal.shown.count("expected Enter") == 1


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


def choices(terminal: Terminal) -> object:
    options = (("seize", "seize board or instrument"), ("accept", "accept the loss"))
    return terminal.operator.ask("choose", "Decide", label="preservation", options=options)["value"]


@pytest.mark.parametrize("typed", ["1", "seize", "SEIZE", "seize board or instrument"])
def test_a_choice_is_answered_by_number_value_or_words(typed: str) -> None:
    terminal = Terminal("", "3", "both", typed)
    assert choices(terminal) == "seize"
    assert terminal.shown.count("expected one of seize, accept") == 3
    assert "1 = seize board or instrument, 2 = accept the loss" in terminal.shown


@pytest.mark.parametrize(("typed", "meant"), [("y", "yes"), ("是", "yes"), ("2", "no"), ("否", "no"), ("N", "no")])
def test_yes_and_no_in_both_languages(typed: str, meant: str) -> None:
    assert Terminal(typed).operator.ask("choose", "Go on", options=YES_NO) == {"value": meant}


def test_the_menu_is_in_the_operator_s_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    terminal = Terminal("也许", "是")
    assert terminal.operator.ask("choose", "继续", options=YES_NO) == {"value": "yes"}
    assert "1 = 是, 2 = 否" in terminal.shown
    assert "应为 yes, no 之一" in terminal.shown


def test_a_photo_that_is_not_there_is_asked_again(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "board.jpg").write_bytes(b"\xff\xd8")
    tries = [str(tmp_path / name) for name in ("no.jpg", "", "empty.jpg", "x" * 300)]
    terminal = Terminal(*tries, "a\0b", str(tmp_path / "board.jpg"))
    assert terminal.operator.ask("photo", "Board") == {"file": str(tmp_path / "board.jpg")}
    assert terminal.shown.count("expected the path of a photo") == 5
    assert Terminal("none").operator.ask("photo", "Board") == {"file": None}


def test_words_are_needed_and_bounded() -> None:
    terminal = Terminal("", "x" * 501, "a\x1b[2Jb", "铅封完好")
    assert terminal.operator.ask("ask", "Seals") == {"value": "铅封完好"}
    assert terminal.shown.count("expected some words") == 3
    assert "\x1b" not in terminal.shown


def test_back_changes_an_answer_of_the_same_question() -> None:
    """Typed 31.7, seen at the next field: the first answer and what holds are both told."""
    terminal = Terminal("66", "31.7", "<", "31.5", "", "24.1", "")
    answer = terminal.operator.ask("prove", "Read the prover", label="C1")
    assert answer["h_mm"] == Decimal("31.5")
    [one] = terminal.operator.corrections()
    assert (one.ask, one.key, one.field) == (1, "prove C1 h_mm", "h_mm")
    assert (one.first, one.now) == (Decimal("31.7"), Decimal("31.5"))
    assert terminal.operator.corrections() == []


def test_back_reaches_earlier_questions_and_asks_the_present_one_again() -> None:
    terminal = Terminal("V3.12", "100", "<", "<", "V3.13", "0.00")
    operator = terminal.operator
    operator.ask("ask", "Software", label="software")
    operator.ask("ask", "K", label="K")
    assert operator.ask("read-start", "Start", label="A1") == {"volume_l": Decimal("0.00")}
    [one] = operator.corrections()
    assert (one.ask, one.key, one.first, one.now) == (1, "ask software", "V3.12", "V3.13")
    assert "again: Software" in terminal.shown


def test_back_with_the_same_answer_changes_nothing_and_slips_are_asked_again_there_too() -> None:
    terminal = Terminal("13.70", "<", "13,70", "13.70", "0.00")
    terminal.operator.ask("read-start", "Start", label="A1")
    terminal.operator.ask("read-start", "Start", label="A2")
    assert terminal.operator.corrections() == []
    assert terminal.shown.count("expected a number") == 1


def test_there_is_nothing_before_the_first_answer_and_no_way_back_over_a_decision() -> None:
    terminal = Terminal("<", "seize", "<", "100")
    assert choices(terminal) == "seize"
    assert "no answer before this one" in terminal.shown
    terminal.operator.ask("ask", "K", label="K")
    assert "it stays" in terminal.shown
    assert terminal.operator.corrections() == []


def test_a_private_question_is_withheld_from_the_record_while_it_is_asked() -> None:
    class Discreet(Terminal):
        def __init__(self, *typed: str) -> None:
            super().__init__(*typed)
            self.hidden, self.open = False, ""

        def withhold(self, link: str, on: bool) -> bool:
            self.hidden = on
            return True

        def send(self, link: str, data: bytes) -> None:
            super().send(link, data)
            self.open += "" if self.hidden else data.decode()

        def until(self, done: Callable[[], bool], timeout_ns: int, expected: str, link: str) -> None:
            self.open += "" if self.hidden else self.typed[0]
            super().until(done, timeout_ns, expected, link)

    terminal = Discreet("1107, 1123", "<", "1107, 1124", "100")
    assert terminal.operator.ask("ask", "Officers", label="officers", private=True) == {"value": "1107, 1123"}
    terminal.operator.ask("ask", "K", label="K")
    [one] = terminal.operator.corrections()
    assert one.now == "1107, 1124"
    assert "1107" not in terminal.open
    assert "Officers" not in terminal.open
    assert "100" in terminal.open


@pytest.mark.parametrize(
    "answer", ['"1107, 1123"', '{"id": 1, "ok": false, "why": "1107"}', '{"id": 1, "ok": true, "value": 1107}']
)
def test_an_error_says_nothing_of_a_private_answer(answer: str) -> None:
    class Line(Terminal):
        def withhold(self, link: str, on: bool) -> bool:
            return True

        def until(self, done: Callable[[], bool], timeout_ns: int, expected: str, link: str) -> None:
            self.operator.receive(
                Arrival(0, link, answer.replace('"id": 1', f'"id": {self.operator.asked}').encode() + b"\n")
            )

    line = Line()
    line.operator = Operator(line, {"line": "operator"}, {}, {})
    with pytest.raises(InstrumentError) as error:
        line.operator.ask("ask", "Officers", label="officers", private=True)
    assert "1107" not in str(error.value)
