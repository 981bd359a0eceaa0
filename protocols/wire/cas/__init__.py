"""CAS indicators, 22-byte and 10-byte formats, sending on their own (protocols.md 3.7).

Not read: the variants with relay states or limits in the same 22 bytes, and the command mode.
"""

from collections.abc import Sequence
from decimal import Decimal

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.cas.codec import LINE, decoder, encode
from protocols.wire.cas.messages import BareWeight, Lamp, Mode, Status, Weight

_VECTORS = (
    Vector(
        "stable gross", Role.DEVICE,
        bytes.fromhex("53 54 2C 47 53 2C 31 C4 2C 30 30 30 30 31 33 2E 35 20 6B 67 0D 0A"),
        (Weight(Status.STABLE, Mode.GROSS, 1, Lamp.FIXED | Lamp.STABLE | Lamp.GROSS, "000013.5"),),
        "protocols.md 3.7: layout and digits of the CI-600D manual 10-1", EvidenceClass.DERIVED,
    ),
    Vector(
        "10 bytes", Role.DEVICE, b"000013.5\r\n", (BareWeight("000013.5"),),
        "protocols.md 3.7: layout and digits of the CI-600D manual 10-1 and 10-2", EvidenceClass.DERIVED,
    ),
)  # fmt: skip


def _examples(sender: Role) -> Sequence[Message]:
    if sender is Role.HOST:
        return ()
    values = [Weight.of(Decimal(value)) for value in ("0.000", "-0.002", "99999.99", "1234567")]
    states: list[Message] = [
        Weight.of(Decimal("12.34"), status, mode, 13, " t")
        for status in Status
        for mode in Mode
        if status is not Status.OVERLOAD
    ]
    over = Weight(Status.OVERLOAD, Mode.NET, 79, Lamp.FIXED | Lamp.UNUSED, "        ", "lb")
    return [*values, *states, over, BareWeight("-0000.50"), BareWeight("    13.5")]


PROTOCOL = WireProtocol(
    name="cas",
    version=1,
    line=LineSettings(9600, 8, "N", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=LINE,
    evidence=EvidenceClass.VENDOR,
    verified=True,
    reference="protocols.md 3.7 [V][S9], CI-600D manual 10-1 (single pages); how a minus sign and overload fill the eight "
    "characters is unverified",
)

__all__ = ["PROTOCOL", "BareWeight", "Lamp", "Mode", "Status", "Weight"]
