"""Bytes of the sigrok-pico dialogue (protocols.md 6.1b) and messages for round trips."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.sigrok_pico.messages import (
    Abort,
    Aborted,
    Ack,
    EnableAnalog,
    EnableDigital,
    End,
    Identify,
    Identity,
    Reset,
    RunContinuous,
    RunFixed,
    SampleLimit,
    SampleRate,
    Samples,
)


def _derived(name: str, sender: Role, wire: bytes, *messages: Message) -> Vector:
    return Vector(name, sender, wire, messages, "protocols.md 6.1b, built from the rule", EvidenceClass.DERIVED)


VECTORS: tuple[Vector, ...] = (
    _derived("samples 0 0 0 1", Role.DEVICE, b"\xb1", Samples(b"\xb1")),
    _derived("640 repeats, 5 more, value 3", Role.DEVICE, b"\x7f\xd3", Samples(b"\x7f\xd3")),
    _derived("8 repeats, value 0", Role.DEVICE, b"\x30\x80", Samples(b"\x30\x80")),
    _derived("end after 3 data bytes", Role.DEVICE, b"\x24\x33\x2b", End(3)),
    _derived("identity", Role.DEVICE, b"SRPICO,A031D21,02", Identity(3, 1, 21, 2)),
    _derived("accepted", Role.DEVICE, b"*", Ack()),
    _derived("overflow", Role.DEVICE, b"\x80!", Samples(b"\x80"), Aborted(0x21)),
    _derived("reset and identify", Role.HOST, b"*i\n", Reset(), Identify()),
    _derived("channel on", Role.HOST, b"D13\n", EnableDigital(3, True)),
    _derived("channel off", Role.HOST, b"A00\n", EnableAnalog(0, False)),
    _derived("fixed run", Role.HOST, b"R1000000\nL5000\nF\n", SampleRate(1_000_000), SampleLimit(5000), RunFixed()),
    _derived("run and abort", Role.HOST, b"C\n+", RunContinuous(), Abort()),
)

_HOST: tuple[Message, ...] = (
    Reset(),
    Identify(),
    EnableAnalog(0, False),
    EnableAnalog(99, True),
    EnableDigital(0, True),
    EnableDigital(20, False),
    SampleLimit(0),
    SampleLimit(10**14 - 1),
    SampleRate(1),
    SampleRate(5_000_000),
    RunFixed(),
    RunContinuous(),
    Abort(),
)
_DEVICE: tuple[Message, ...] = (
    Identity(0, 0, 0, 0),
    Identity(99, 9, 99, 99),
    Ack(),
    Samples(b"\x30"),
    Samples(b"SRPIC"),
    Samples(b"\xff\x7fSRPICO"),
    End(0),
    End(10**18 - 1),
    Aborted(0),
    Aborted(0x21),
    Aborted(0x2F),
)


def examples(sender: Role) -> Sequence[Message]:
    """A few messages of each kind `sender` can send, edge values included."""
    return _HOST if sender is Role.HOST else _DEVICE
