"""Kern balances of the EW kind, sending on their own (protocols.md 3.8): 1200 8N2, lines of 14 or 15 bytes."""

from collections.abc import Sequence
from decimal import Decimal

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.kern.codec import MAX_LINE, decoder, encode
from protocols.wire.kern.messages import Status, Weight

_CAPTURE = (
    "sigrok-dumps, uart/kern_ew_6200-2nm: serial output of a real balance, bytes agreed with an independent decoder"
)


def _vector(name: str, wire: bytes, message: Weight, source: str, evidence: EvidenceClass) -> Vector:
    return Vector(name, Role.DEVICE, wire, (message,), source, evidence)


_VECTORS = (
    _vector("stable", b"+0127.20 G S\r\n", Weight("+0127.20"), _CAPTURE, EvidenceClass.CAPTURE),
    _vector(
        "unstable", b"+0026.98 G U\r\n", Weight("+0026.98", status=Status.UNSTABLE), _CAPTURE, EvidenceClass.CAPTURE
    ),
    _vector("error", b"+0000.00 G E\r\n", Weight("+0000.00", status=Status.ERROR), _CAPTURE, EvidenceClass.CAPTURE),
    _vector(
        "three decimals", b"+001.234 G S\r\n", Weight("+001.234"),
        "protocols.md 3.8 [S10]: accepted by an independent reader", EvidenceClass.THIRD_PARTY,
    ),
    _vector(
        "15 bytes", b"-00012.34CTHU\r\n", Weight("-00012.34", "CT", "H", Status.UNSTABLE),
        "layout of protocols.md 3.8", EvidenceClass.DERIVED,
    ),
)  # fmt: skip


def _examples(sender: Role) -> Sequence[Message]:
    if sender is Role.HOST:
        return ()
    signed: list[Message] = [Weight.of(Decimal(value)) for value in ("0.00", "-0.01", "6200.00", "-6200.50", "1234567")]
    return [*signed, *(Weight(" 00012.34", "LB", kind, status) for kind in "LGH " for status in Status)]


PROTOCOL = WireProtocol(
    name="kern",
    version=1,
    line=LineSettings(1200, 8, "N", 2),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=MAX_LINE,
    evidence=EvidenceClass.CAPTURE,
    verified=True,
    reference="protocols.md 3.8 [V][T][S10]: 14-byte lines compared with captures of a real balance; 15-byte lines, units "
    "but g, kinds and the blank status are third-party code only",
)

__all__ = ["PROTOCOL", "Status", "Weight"]
