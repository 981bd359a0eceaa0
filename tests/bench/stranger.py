"""A plugin as somebody outside the tree writes it: a scale's protocol, driver and simulated device, in one small module.

`?07` and LF asks; `07 21.50 g 5A` and LF answers: the question's number, the weight, and the sum of what stands before the
check.  The driver asks three times and takes no answer but the one with the number of its question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fixtures.answers import Answers
from fixtures.capability import BenchPort, InstrumentSpec
from fixtures.errors import InstrumentError
from fixtures.link import Arrival
from harness.testing import Place
from protocols.contract import EvidenceClass, Garbage, LineSettings, Message, Role, WireProtocol
from protocols.lines import LineDecoder

ANSWER_NS = 1_000_000_000
TRIES = 3


@dataclass(frozen=True, slots=True)
class Question:
    number: int


@dataclass(frozen=True, slots=True)
class Weight:
    number: int
    grams: Decimal


def encode(message: Message, sender: Role) -> bytes:
    if isinstance(message, Question):
        return b"?%02d\n" % message.number
    assert isinstance(message, Weight)
    body = f"{message.number:02d} {message.grams} g ".encode()
    return body + b"%02X\n" % (sum(body) % 256)


def read(line: bytes) -> Message:
    if found := re.fullmatch(rb"\?(\d\d)\n", line):
        return Question(int(found[1]))
    found = re.fullmatch(rb"(\d\d) (\d+\.\d\d) g ([0-9A-F]{2})\n", line)
    if found is None or int(found[3], 16) != sum(line[:-3]) % 256:
        return Garbage(line, "no question and no weight, or its check is wrong")
    return Weight(int(found[1]), Decimal(found[2].decode()))


def examples(sender: Role) -> Sequence[Message]:
    return [Question(7)] if sender is Role.HOST else [Weight(7, Decimal("21.50"))]


PROTOCOL = WireProtocol(
    name="stranger", version=1, line=LineSettings(9600), encode=encode, decoder=lambda sender: LineDecoder(read, 64),
    examples=examples, vectors=(), max_message=64, evidence=EvidenceClass.DERIVED, verified=False, reference="this module",
)  # fmt: skip


class Scale:
    """The driver."""

    def __init__(
        self, bench: BenchPort, links: Mapping[str, str], options: Mapping[str, Any], profile: Mapping[str, Any]
    ) -> None:
        self._bench, self._link = bench, links["line"]
        self._decoder = PROTOCOL.decoder(Role.DEVICE)
        self._answers = Answers(bench, self._link)
        self._number = 0

    def weigh(self) -> Mapping[str, str]:
        for _ in range(TRIES):
            self._ask()
            grams = self._answers.first(self._fitting, ANSWER_NS)
            if grams is not None:
                return {"mass_g": str(grams), "stable": "yes"}
        raise InstrumentError(
            f"scale on {self._link}: expected a weight within {ANSWER_NS / 1e9:g} s, {TRIES} tries, but none came; check its cable"
        )

    def _ask(self) -> None:
        self._number = (self._number + 1) % 100
        self._answers.clear()
        self._bench.send(self._link, PROTOCOL.encode(Question(self._number), Role.HOST))

    def _fitting(self, message: Message) -> Decimal | None:
        return message.grams if isinstance(message, Weight) and message.number == self._number else None

    def receive(self, arrival: Arrival) -> None:
        self._answers.put(self._decoder.feed(arrival.data))

    def due_ns(self) -> int | None:
        return None

    def tick(self, now_ns: int) -> None: ...

    def open(self) -> Mapping[str, Any]:
        return {"shows": dict(self.weigh())}

    def make_safe(self) -> None:
        """It only weighs."""


SPEC = InstrumentSpec(
    name="stranger-scale", links=("line",), options={}, provides=frozenset({"weigh"}), writes=True, protocol="stranger",
    line=PROTOCOL.line, make=Scale,
)  # fmt: skip


class SimulatedScale:
    """The device: answers after 30 ms."""

    def __init__(self, place: Place) -> None:
        self.place, self.grams = place, Decimal("21.50")
        self.decoder = PROTOCOL.decoder(Role.HOST)

    def on_bytes(self, data: bytes) -> None:
        for message in self.decoder.feed(data):
            if isinstance(message, Question):
                said = PROTOCOL.encode(Weight(message.number, self.grams), Role.DEVICE)
                self.place.after(30_000_000, lambda said=said: self.place.send(said))  # type: ignore[misc]

    def more(self) -> Decimal:
        self.grams += Decimal("1.25")
        return self.grams


def weighed(driver: Scale) -> Decimal:
    return Decimal(driver.weigh()["mass_g"])
