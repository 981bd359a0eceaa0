"""DIGI Type B, price-computing scale and till (protocols.md 3.9)."""

from collections.abc import Sequence
from decimal import Decimal

from protocols.asking import Asking, Question
from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.digi_b.codec import MAX_FRAME, decoder, encode
from protocols.wire.digi_b.messages import PRICE_BASES, Enquiry, Flag1, Flag2, Reading

_SOURCE = "protocols.md 3.9 [S11]: accepted by independent software"
_VECTORS = (
    Vector("enquiry", Role.HOST, b"\x05", (Enquiry(),), _SOURCE, EvidenceClass.THIRD_PARTY),
    Vector(
        "priced", Role.DEVICE,
        bytes.fromhex(
            "40 41 0D 30 20 31 2E 32 33 35 0D 34 20 30 2E 30 30 30 0D 55 20 20 32 2E 35 30 0D 54 20 20 20 33 2E 30 39 0D 0A"
        ),
        (Reading(Flag1.FIXED, Flag2.FIXED | Flag2.ZERO, " 1.235", " 0.000", "  2.50", "   3.09"),),
        _SOURCE, EvidenceClass.THIRD_PARTY,
    ),
    Vector(
        "overflow with parity byte", Role.DEVICE, b"\x43\x48\r0    OF\r4 0.100\rU      \rT       \r\n\x0a",
        (Reading(Flag1.FIXED | Flag1.NET | Flag1.PARITY, Flag2.FIXED | Flag2.OVER, "    OF", " 0.100", " " * 6, " " * 7, 0x0A),),
        "layout of protocols.md 3.9", EvidenceClass.DERIVED,
    ),
)  # fmt: skip


def _examples(sender: Role) -> Sequence[Message]:
    if sender is Role.HOST:
        return (Enquiry(),)
    zero = Decimal("0.000")
    stable = Flag2.FIXED | Flag2.STABLE
    plain = Reading.of(Decimal("0.530"), zero, Decimal("12.50"), Decimal("6.63"), flag2=stable)
    bases = [
        Reading.of(
            Decimal("14.995"), Decimal("0.005"), Decimal("999.99"), Decimal("9999.99"), Flag1(0x40 | base << 3), stable
        )
        for base in range(len(PRICE_BASES))
    ]
    below = Reading.of(None, zero, None, None, flag2=Flag2.FIXED | Flag2.UNDER)
    negative = Reading.of(Decimal("-0.100"), Decimal("0.100"), None, None, Flag1.FIXED | Flag1.NET, stable)
    over = Reading.of(Decimal("9.000"), zero, Decimal("999.99"), None, Flag1.FIXED | Flag1.TOTAL_OVERFLOW, stable)
    parity = [
        Reading(Flag1.FIXED | Flag1.PARITY, stable, " 1.000", " 0.000", " " * 6, " " * 7, byte)
        for byte in (0, 0x40, 0xFF)
    ]
    return [plain, *bases, below, negative, over, *parity]


def _asking(address: str) -> Asking:
    return Asking({"ENQ": Question(Enquiry(), lambda message: isinstance(message, Reading))})


PROTOCOL = WireProtocol(
    name="digi-b",
    version=1,
    line=LineSettings(9600, 8, "N", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=MAX_FRAME,
    evidence=EvidenceClass.THIRD_PARTY,
    verified=False,
    reference="protocols.md 3.9 [T][S11]: third-party code only; parity byte, sign of a negative net and unit of the weight unverified",
    asking=_asking,
)

__all__ = ["PRICE_BASES", "PROTOCOL", "Enquiry", "Flag1", "Flag2", "Reading"]
