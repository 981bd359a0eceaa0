"""Bytes of the SUMP dialogue (protocols.md 6.1) and messages for round trips."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.sump.messages import (
    Counts,
    DelayCount,
    Divider,
    Finish,
    FlagBits,
    Flags,
    Identify,
    Pause,
    QueryMetadata,
    ReadCount,
    Reset,
    Resume,
    Run,
    Samples,
    TriggerConfig,
    TriggerMask,
    TriggerValue,
)

_CAPTURED = "protocols.md 6.1: bytes of sigrok-cli 0.7.2 that asks for 1000 samples at 1 MHz on 2 channels"
_RULE = "protocols.md 6.1, built from the rule"
_RESETS = (Reset(),) * 5
SIGROK_SETUP: tuple[Message, ...] = (
    TriggerMask(0, 0),
    TriggerValue(0, 0),
    TriggerConfig(0, TriggerConfig.START),
    Divider(99),
    Counts(1000, 1000),
    Flags(FlagBits.NOISE_FILTER | FlagBits.GROUP_2_OFF | FlagBits.GROUP_3_OFF | FlagBits.GROUP_4_OFF),
    Run(),
)
"""What an independent host sends for a run of 1000 samples at 1 MHz."""


def _captured(name: str, wire: str, *messages: Message) -> Vector:
    return Vector(name, Role.HOST, bytes.fromhex(wire), messages, _CAPTURED, EvidenceClass.CAPTURE)


VECTORS: tuple[Vector, ...] = (
    _captured("sigrok scan", "00 00 00 00 00 02", *_RESETS, Identify()),
    _captured("sigrok asks metadata", "04", QueryMetadata()),
    _captured("sigrok resets", "00 00 00 00 00", *_RESETS),
    _captured(
        "sigrok set-up and run",
        "C0 00000000 C1 00000000 C2 00000008 80 63000000 81 F900F900 82 3A000000 01",
        *SIGROK_SETUP,
    ),
    Vector("finish", Role.HOST, b"\x05", (Finish(),), _RULE, EvidenceClass.DERIVED),
    Vector("flow control", Role.HOST, b"\x13\x11", (Pause(), Resume()), _RULE, EvidenceClass.DERIVED),
    Vector("samples", Role.DEVICE, b"\x03\x01", (Samples(b"\x03\x01"),), _RULE, EvidenceClass.DERIVED),
)

_HOST: tuple[Message, ...] = (
    Reset(),
    Run(),
    Identify(),
    QueryMetadata(),
    Finish(),
    Resume(),
    Pause(),
    Divider(0),
    Divider(2**24 - 1),
    Counts(4, 262_144),
    Flags(0),
    Flags(2**32 - 1),
    DelayCount(4),
    ReadCount(4 << 32),
    TriggerMask(0, 1),
    TriggerValue(3, 2**32 - 1),
    TriggerConfig(2, TriggerConfig.START),
)
_DEVICE: tuple[Message, ...] = (Samples(b"\0"), Samples(b"1ALS"), Samples(b"\xff\x13\x11"))


def examples(sender: Role) -> Sequence[Message]:
    """A few messages of each kind `sender` can send, edge values included.

    Identity and Metadata are read only where the decoder was told of the question; tests/protocols/test_sump.py.
    """
    return _HOST if sender is Role.HOST else _DEVICE
