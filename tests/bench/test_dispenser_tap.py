"""The passive tap, in each protocol: it says whether the line speaks it, and sends nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.errors import BenchError, InstrumentError
from fixtures.instruments.dispenser_tap import DispenserTap, tap_of
from fixtures.link import Arrival
from fixtures.plugins import specs
from protocols.contract import Role
from protocols.wire.dart import PROTOCOL, DartDialogue

TAPS = sorted(
    name
    for name, spec in specs("instruments").items()
    if spec.dispenser is not None and spec.dispenser.host != spec.dispenser.device
)


class Bench:
    """A bench on which nothing more comes."""

    def now_ns(self) -> int:
        return 0

    def send(self, link: str, data: bytes) -> None:
        raise AssertionError("a tap sends nothing")

    def allowance_ns(self, duration_ns: int) -> int:
        return duration_ns

    def until(self, done: Callable[[], bool], timeout_ns: int, expected: str, link: str) -> None:
        if not done():
            raise InstrumentError(expected)

    def withhold(self, link: str, on: bool) -> bool:
        return True


def tap(name: str) -> DispenserTap:
    made = specs("instruments")[name].make(Bench(), {"host": "h", "device": "d"}, {}, {})
    assert isinstance(made, DispenserTap)
    return made


@pytest.mark.parametrize("name", TAPS)
def test_both_directions_are_heard(name: str) -> None:
    protocol, listening = specs("protocols")[specs("instruments")[name].protocol], tap(name)
    for link, role in (("h", Role.HOST), ("d", Role.DEVICE)):
        listening.receive(Arrival(1, link, protocol.encode(protocol.examples(role)[0], role)))
    assert listening.open() == {"protocol": protocol.name, "evidence": str(protocol.evidence)}
    assert listening.due_ns() is None


@pytest.mark.parametrize("name", TAPS)
@pytest.mark.parametrize(
    ("noise", "hint"), [(b"", "the line is silent"), (b"\x10\x13" * 20, "wrong baud rate or parity")]
)
def test_what_came_instead_is_said(name: str, noise: bytes, hint: str) -> None:
    line, listening = specs("instruments")[name].line, tap(name)
    listening.receive(Arrival(1, "d", noise))
    with pytest.raises(InstrumentError, match=hint) as told:
        listening.open()
    assert not noise or f"{line.data_bits}{line.parity}{line.stop_bits}" in str(told.value)


def test_a_tap_writes_nothing_and_knows_its_line() -> None:
    assert {"dart-tap", "azt-tap", "gilbarco-tap"} <= set(TAPS)
    for name in TAPS:
        spec = specs("instruments")[name]
        assert not spec.writes
        assert (spec.dispenser.device, spec.dispenser.host) == ("device", "host")


def test_a_protocol_of_a_stranger_needs_one_line() -> None:
    spec = tap_of("strange-tap", PROTOCOL, lambda options: DartDialogue(PROTOCOL), {"hose": int})
    assert isinstance(spec.make(Bench(), {"host": "h", "device": "d"}, {"hose": 1}, {}), DispenserTap)
    assert spec.options == {"hose": int}


def test_digits_that_cannot_be_are_refused() -> None:
    with pytest.raises(BenchError, match="volume_digits: expected 1 to 10"):
        specs("instruments")["azt-tap"].make(Bench(), {"host": "h", "device": "d"}, {"volume_digits": 11}, {})
