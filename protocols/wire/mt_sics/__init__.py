"""MT-SICS level 0 and 1, balance and computer (protocols.md 3.1)."""

from collections.abc import Sequence
from decimal import Decimal

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.mt_sics.codec import MAX_LINE, decoder, encode
from protocols.wire.mt_sics.messages import Answer, Fault, Request, Status, Text, Weight
from protocols.wire.mt_sics.questions import asking

_SOURCE = "protocols.md 3.1 [S1], Mettler-Toledo manuals (single pages)"
_RULE = "answer layout of protocols.md 3.1"


def _vector(name: str, sender: Role, wire: bytes, message: Message, source: str = _SOURCE) -> Vector:
    evidence = EvidenceClass.VENDOR if source is _SOURCE else EvidenceClass.DERIVED
    return Vector(name, sender, wire, (message,), source, evidence)


_VECTORS = (
    _vector("SI", Role.HOST, bytes.fromhex("53 49 0D 0A"), Request("SI")),
    _vector("dynamic weight", Role.DEVICE, b"S D     129.07 g\r\n", Weight.of("S", Status.DYNAMIC, Decimal("129.07"), "g")),
    _vector("stable weight", Role.DEVICE, b"S S     100.00 g\r\n", Weight.of("S", Status.STABLE, Decimal("100.00"), "g")),
    _vector("tared", Role.DEVICE, b"T S     100.00 g\r\n", Weight.of("T", Status.STABLE, Decimal("100.00"), "g")),
    _vector("tare memory", Role.DEVICE, b"TA A     100.00 g\r\n", Weight.of("TA", Status.DONE, Decimal("100.00"), "g")),
    _vector("tare cleared", Role.DEVICE, b"TAC A\r\n", Answer("TAC", Status.DONE)),
    _vector("first of a list", Role.DEVICE, b'I0 B 0 "I0"\r\n', Answer("I0", Status.MORE, ("0", Text("I0")))),
    _vector("last of a list", Role.DEVICE, b'I0 A 1 "T"\r\n', Answer("I0", Status.DONE, ("1", Text("T")))),
    _vector(
        "levels", Role.DEVICE, b'I1 A "01" "2.30" "2.20" "" ""\r\n',
        Answer("I1", Status.DONE, (Text("01"), Text("2.30"), Text("2.20"), Text(""), Text(""))),
    ),
    _vector(
        "balance data", Role.DEVICE, b'I2 A "XS204 Excellence 220.0090 g"\r\n',
        Answer("I2", Status.DONE, (Text("XS204 Excellence 220.0090 g"),)),
    ),
    _vector("serial number", Role.DEVICE, b'I4 A "B021002593"\r\n', Answer("I4", Status.DONE, (Text("B021002593"),))),
    _vector("overload", Role.DEVICE, b"S +\r\n", Answer("S", Status.ABOVE), _RULE),
    _vector("unknown command", Role.DEVICE, b"ES\r\n", Fault("S"), _RULE),
)  # fmt: skip


def _examples(sender: Role) -> Sequence[Message]:
    if sender is Role.HOST:
        names = (
            "S",
            "SI",
            "SIR",
            "SR",
            "SNR",
            "Z",
            "ZI",
            "T",
            "TI",
            "TA",
            "TAC",
            "I0",
            "I1",
            "I2",
            "I3",
            "I4",
            "@",
            "DW",
        )
        told: list[Message] = [Request(name) for name in names]
        return [*told, Request("D", (Text("20.00 L"),)), Request("TA", ("100.00", "g")), Request("SR", ("0.5", "kg"))]
    answers: list[Message] = [
        Answer("S", status) for status in (Status.NOT_NOW, Status.ABOVE, Status.BELOW, Status.PARAMETER)
    ]
    answers += [Answer(name, Status.DONE) for name in ("Z", "TAC", "D", "DW")]
    answers += [Answer("ZI", Status.STABLE), Answer("ZI", Status.DYNAMIC), Answer("I4", Status.DONE, (Text("é \xff"),))]
    answers += [Fault(kind) for kind in "STL"]
    answers += [
        Weight("S", Status.STABLE, "-0.0003", "kg"),
        Weight.of("TI", Status.DYNAMIC, Decimal("999999999"), "mg"),
    ]
    return answers


PROTOCOL = WireProtocol(
    name="mt-sics",
    version=2,
    line=LineSettings(9600, 8, "N", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=MAX_LINE,
    evidence=EvidenceClass.VENDOR,
    verified=True,
    reference="protocols.md 3.1 [V][S1]: level 0 and 1",
    asking=asking,
)

__all__ = ["PROTOCOL", "Answer", "Fault", "Request", "Status", "Text", "Weight"]
