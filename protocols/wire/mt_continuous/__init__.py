"""Mettler continuous mode, the broadcast of truck-scale and bench indicators (protocols.md 3.2).

A few units take single letters (P, T, Z, C); that is unverified and not offered.
"""

from collections.abc import Sequence
from decimal import Decimal

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.mt_continuous.codec import LONGEST, decoder, encode
from protocols.wire.mt_continuous.messages import Frame, WordB, WordC

_BUILT = "protocols.md 3.2 [D]: built from the rule"
_KG = WordB.FIXED | WordB.KG
_NET_MOVING = _KG | WordB.NET | WordB.MOTION


def _vector(name: str, wire: str, frame: Frame) -> Vector:
    return Vector(name, Role.DEVICE, bytes.fromhex(wire), (frame,), _BUILT, EvidenceClass.DERIVED)


_VECTORS = (
    _vector(
        "12.345 kg gross",
        "02 2D 30 20 30 31 32 33 34 35 30 30 30 30 30 30 0D 25",
        Frame.of(Decimal("12.345"), Decimal("0.000"), 3, _KG),
    ),
    _vector(
        "-0.250 kg net, moving",
        "02 2D 3B 20 30 30 30 32 35 30 30 30 31 30 30 30 0D 21",
        Frame.of(Decimal("-0.250"), Decimal("1.000"), 3, _NET_MOVING),
    ),
    _vector(
        "without checksum",
        "02 2D 30 20 30 31 32 33 34 35 30 30 30 30 30 30 0D",
        Frame.of(Decimal("12.345"), Decimal("0.000"), 3, _KG, checked=False),
    ),
)


def _examples(sender: Role) -> Sequence[Message]:
    if sender is Role.HOST:
        return ()
    zero, out = Decimal(0), _KG | WordB.OUT_OF_RANGE
    shown = [Frame.of(zero, zero, decimals, _KG, increment=step) for decimals in range(-2, 6) for step in (1, 2, 5)]
    return [
        *shown,
        Frame.of(Decimal(99_999_900), Decimal(100), -2, WordB(0x7F) & ~WordB.OUT_OF_RANGE, WordC(0x7F)),
        Frame.of(Decimal("-0.00001"), Decimal("9.99999"), 5, WordB.NEGATIVE, checked=False),  # word B is 02h, as STX
        Frame.of(Decimal("13"), zero, 0, WordB.NET | WordB.MOTION | WordB.OUT_OF_RANGE, checked=False),  # word B is CR
        Frame(0x20, out, WordC.FIXED, "      ", "      "),
        Frame(0x2A, _KG, WordC.FIXED, "     7", "    10", False),
        Frame.of(Decimal(999_998), zero, 0, _KG),  # its check is 02h
        Frame.of(Decimal(999_960), zero, 0, _KG),  # its check is 0Dh
        Frame.of(Decimal(999_998), zero, 0, _KG, checked=False),
    ]  # fmt: skip


PROTOCOL = WireProtocol(
    name="mt-continuous",
    version=1,
    line=LineSettings(9600, 8, "N", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=LONGEST,
    evidence=EvidenceClass.VENDOR,
    verified=True,
    reference="protocols.md 3.2 [V][S2][S3]: technical manuals; frames built from them, none captured; clones differ",
)

__all__ = ["PROTOCOL", "Frame", "WordB", "WordC"]
