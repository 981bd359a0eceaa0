"""A&D indicators, 18-byte format, sending on their own (protocols.md 3.7).

Their free formats (UFC) are built by the user from tokens: a reader of those needs the template, and is not here.
"""

from collections.abc import Sequence
from decimal import Decimal

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.and_weighing.codec import LINE, decoder, encode
from protocols.wire.and_weighing.messages import Mode, Status, Weight

_VECTORS = (
    Vector(
        "stable net", Role.DEVICE, b"ST,NT,+0012.34kg\r\n", (Weight(Status.STABLE, Mode.NET, "+0012.34"),),
        "A&D AD-4402 manual, 8.2.5 A&D data format", EvidenceClass.VENDOR,
    ),
    Vector(
        "gross", Role.DEVICE, b"US,GS,-00001.5kg\r\n", (Weight(Status.UNSTABLE, Mode.GROSS, "-00001.5"),),
        "layout of protocols.md 3.7", EvidenceClass.DERIVED,
    ),
    Vector(
        "out of range", Role.DEVICE, b"OL,GS,     .  kg\r\n", (Weight(Status.OUT_OF_RANGE, Mode.GROSS, "     .  "),),
        "A&D AD-4402 manual 8.2.5 and AD-4406A manual 13.2: blanks but for the point", EvidenceClass.DERIVED,
    ),
)  # fmt: skip


def _examples(sender: Role) -> Sequence[Message]:
    if sender is Role.HOST:
        return ()
    plain = [Weight.of(Decimal(value)) for value in ("0.000", "-0.002", "99999.9", "1234567")]
    states: list[Message] = [
        Weight.of(Decimal("12.34"), status, mode, " t")
        for status in Status
        for mode in Mode
        if status is not Status.OUT_OF_RANGE
    ]
    return [
        *plain,
        *states,
        Weight(Status.OUT_OF_RANGE, Mode.NET, "+       "),
        Weight(Status.STABLE, Mode.NET, "-0012,34"),
    ]


PROTOCOL = WireProtocol(
    name="and",
    version=1,
    line=LineSettings(2400, 7, "E", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=LINE,
    evidence=EvidenceClass.VENDOR,
    verified=True,
    reference="protocols.md 3.7 [V][S9], AD-4402 manual 8.2.5, AD-4406A manual 13.2 (single pages); the sign before the blanks "
    "out of range is unverified",
)

__all__ = ["PROTOCOL", "Mode", "Status", "Weight"]
