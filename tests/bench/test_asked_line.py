"""Questions and answers without numbers, moment by moment: what is lost, late or one too many is never a reading."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.errors import InstrumentError
from fixtures.instruments.asked_line import SETTLE, TRIES, AskedLine
from fixtures.link import Arrival
from protocols.contract import Message, Role
from protocols.wire.azt import PROTOCOL, Answer, Ask, AztDialogue, Query, Widths

STATUS, VOLUME = Ask(1, Query.STATUS), Ask(1, Query.VOLUME)
GAP_NS = 80_000_000
DIALOGUE = AztDialogue(PROTOCOL, Widths())
PATIENCE_NS = DIALOGUE.exchange_ns
SETTLED_NS = SETTLE * PATIENCE_NS


class Bench:
    """A bench whose clock is set by hand."""

    def __init__(self) -> None:
        self.t_ns = 0
        self.sent: list[bytes] = []

    def now_ns(self) -> int:
        return self.t_ns

    def send(self, link: str, data: bytes) -> None:
        self.sent.append(data)

    def allowance_ns(self, duration_ns: int) -> int:
        return duration_ns

    def until(self, done: Callable[[], bool], timeout_ns: int, expected: str, link: str) -> None:
        raise NotImplementedError

    def withhold(self, link: str, on: bool) -> bool:
        return True


class Told:
    """Asks status and volume in turn and keeps what it was told."""

    def __init__(self) -> None:
        self.answers: list[tuple[Message, Message]] = []
        self.doubts = 0
        self.questions: list[Message] = [STATUS, VOLUME] * 10

    def next_question(self) -> Message | None:
        return self.questions[len(self.answers)] if self.questions else None

    def answered(self, question: Message, answer: Message) -> None:
        self.answers.append((question, answer))

    def doubted(self) -> None:
        self.doubts += 1


class Stand:
    def __init__(self) -> None:
        self.bench, self.told = Bench(), Told()
        self.line = AskedLine(self.bench, "line", AztDialogue(PROTOCOL, Widths()), self.told, "channel 1", GAP_NS)
        self.line.wake()

    def at(self, t_ns: int) -> None:
        """Time goes on to `t_ns`; whatever was due in between is done at its moment."""
        while (due_ns := self.line.due_ns()) is not None and due_ns <= t_ns:
            self.bench.t_ns = max(self.bench.t_ns, due_ns)
            self.line.tick(self.bench.t_ns)
        self.bench.t_ns = t_ns

    def says(self, t_ns: int, text: str) -> None:
        self.at(t_ns)
        self.line.receive(Arrival(t_ns, "line", PROTOCOL.encode(Answer(text), Role.DEVICE)))

    @property
    def asked(self) -> list[Message]:
        return PROTOCOL.decoder(Role.HOST).feed(b"".join(self.bench.sent))


def test_one_question_after_the_other() -> None:
    stand = Stand()
    stand.says(100_000_000, "3")
    stand.says(300_000_000, "000120")
    assert stand.told.answers == [(STATUS, Answer("3")), (VOLUME, Answer("000120"))]
    assert stand.asked == [STATUS, VOLUME]
    assert stand.line.due_ns() == 300_000_000 + GAP_NS


def test_a_lost_answer_is_asked_for_again_when_nothing_late_can_come() -> None:
    stand = Stand()
    stand.at(PATIENCE_NS + SETTLED_NS - 1)
    assert stand.asked == [STATUS]
    stand.at(PATIENCE_NS + SETTLED_NS)
    assert stand.asked == [STATUS, STATUS]
    stand.says(PATIENCE_NS + SETTLED_NS + 50_000_000, "1")
    assert stand.told.answers == [(STATUS, Answer("1"))]


@pytest.mark.parametrize("late_ns", [PATIENCE_NS + 1, PATIENCE_NS + SETTLED_NS - 1])
def test_a_late_answer_is_dropped_and_waited_out(late_ns: int) -> None:
    stand = Stand()
    stand.says(late_ns, "3")
    assert stand.told.answers == []
    stand.at(late_ns + SETTLED_NS - 1)
    assert stand.asked == [STATUS]
    stand.at(late_ns + SETTLED_NS)
    stand.says(late_ns + SETTLED_NS + 50_000_000, "1")
    assert stand.told.answers == [(STATUS, Answer("1"))]


def test_two_answers_to_one_question_are_doubted() -> None:
    """The first was later than anything should be: it answered the question before."""
    stand = Stand()
    stand.at(PATIENCE_NS + SETTLED_NS)
    stand.says(PATIENCE_NS + SETTLED_NS + 10_000_000, "3")
    stand.says(PATIENCE_NS + SETTLED_NS + 60_000_000, "40")
    assert stand.told.doubts == 1
    asked = len(stand.asked)
    stand.at(PATIENCE_NS + 2 * SETTLED_NS + 59_000_000)
    assert len(stand.asked) == asked


def test_after_a_lost_answer_each_is_left_time_to_be_followed_by_another() -> None:
    """A very late one comes right before the answer it is taken for: the next question must not be asked in between."""
    stand = Stand()
    again_ns = PATIENCE_NS + SETTLED_NS
    stand.says(again_ns + 50_000_000, "3")
    assert stand.line.due_ns() == again_ns + 50_000_000 + PATIENCE_NS
    asked_ns = again_ns + 50_000_000 + PATIENCE_NS
    stand.says(asked_ns + 10_000_000, "000108")
    stand.says(asked_ns + 150_000_000, "000122")
    assert stand.told.doubts == 1


def test_an_answer_of_another_form_is_none() -> None:
    stand = Stand()
    stand.says(100_000_000, "000120")
    assert stand.told.answers == []
    stand.says(200_000_000, "3")
    assert stand.told.answers == [(STATUS, Answer("3"))]


def test_what_was_begun_before_the_question_is_no_answer_to_it() -> None:
    stand = Stand()
    whole = PROTOCOL.encode(Answer("3"), Role.DEVICE)
    stand.at(100_000_000)
    stand.line.receive(Arrival(100_000_000, "line", whole[:4]))
    stand.at(100_000_000 + PATIENCE_NS + SETTLED_NS)
    assert len(stand.asked) == 2
    stand.line.receive(Arrival(stand.bench.t_ns, "line", whole[4:]))
    assert stand.told.answers == []


@pytest.mark.parametrize(
    ("heard", "message"), [(b"", "nothing came in time"), (b"\x55" * 40, "40 bytes came .* 4800 7E2")]
)
def test_a_line_that_never_answers_is_named(heard: bytes, message: str) -> None:
    stand = Stand()
    if heard:
        stand.line.receive(Arrival(0, "line", heard))
    with pytest.raises(InstrumentError, match=rf"expected channel 1 to answer within 400 ms, 3 tries; {message}"):
        stand.at(100 * PATIENCE_NS)
    assert len(stand.asked) == TRIES
    assert stand.line.due_ns() is None


def test_answers_of_another_kind_are_told_from_silence() -> None:
    stand = Stand()
    stand.says(100_000_000, "000120")
    with pytest.raises(InstrumentError, match="3 tries; 1 answers to other questions or too late"):
        stand.at(100 * PATIENCE_NS)


def test_a_last_answer_before_the_dark_is_no_reason_to_ask_in_the_dark() -> None:
    stand = Stand()
    stand.at(1_000_000)
    stand.line.hold()
    stand.says(100_000_000, "3")
    assert stand.told.answers == []
    assert stand.line.due_ns() is None
