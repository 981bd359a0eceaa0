"""Toledo 8217 and 8213, checkout scales that weigh only: 7E1, letters and short answers (protocols.md 3.3).

An answer names neither its question nor its unit; a status stands in for every weight that is moving, negative or
over capacity, so none of those is ever told as a weight.
"""

from collections.abc import Sequence
from decimal import Decimal

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.toledo_8217.codec import ECHO_ON, LONGEST, decoder, encode
from protocols.wire.toledo_8217.messages import (
    Command,
    DigitalTare,
    EchoAnswer,
    EchoRequest,
    Flag,
    Request,
    SelfTestStarted,
    Status,
    Weight,
    unit_of,
)
from protocols.wire.toledo_8217.questions import asking
from protocols.wire.toledo_8217.session import ANSWERS, DeviceSession, Weighing, fits

_PROBE = "protocols.md 3.3 [S5]: probe of a point-of-sale driver"
_BUILT = "protocols.md 3.3 [S4]: built from the vendor's format"
_I, _D = EvidenceClass.THIRD_PARTY, EvidenceClass.DERIVED


def _device(name: str, wire: bytes, message: Message) -> Vector:
    return Vector(name, Role.DEVICE, wire, (message,), _BUILT, _D)


_VECTORS = (
    Vector(
        "probe", Role.HOST, b"EhelloFW", (EchoRequest(b"EhelloF"), Request(Command.WEIGHT)), _PROBE, _I
    ),
    Vector(
        "answer to the probe",
        Role.DEVICE,
        bytes.fromhex("02 45 0D 68 65 6C 6C 6F"),
        (EchoAnswer(ECHO_ON + b"hello"),),
        _PROBE,
        _I,
    ),
    Vector("digital tare", Role.HOST, b"T00250", (DigitalTare("00250"),), _BUILT, _D),
    _device("kilograms", b"\x0201.234\r", Weight("01.234")),
    _device("pounds, net", b"\x0202.72N\r", Weight("02.72", True)),
    _device("in motion", b"\x02?A\r", Status(Flag.FIXED | Flag.MOTION)),
    _device("self-test started", b"\x02\r", SelfTestStarted()),
    _device("self-test all good", b"\x02?@\r", Status(Flag.FIXED)),
)  # fmt: skip


def _examples(sender: Role) -> Sequence[Message]:
    if sender is Role.HOST:
        told: list[Message] = [Request(command) for command in Command]
        tares = [DigitalTare("00000"), DigitalTare("99999")]
        return [*told, *tares, EchoRequest(b"EhelloF"), EchoRequest(b"EF"), EchoRequest(b"EWT1\x80\x02\rF")]
    flags = [Flag.FIXED | flag for flag in Flag] + [Flag(0x7F)]
    weights = [Weight.of(Decimal(text)) for text in ("0.00", "99.99", "0.000", "12.3456")]
    return [
        *(Status(one) for one in flags),
        *weights,
        Weight(" 1.234", True),
        SelfTestStarted(),
        EchoAnswer(ECHO_ON),
        EchoAnswer(ECHO_ON + b"W?\x80\r"),
    ]


PROTOCOL = WireProtocol(
    name="toledo-8217",
    version=1,
    line=LineSettings(9600, 7, "E", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=LONGEST,
    evidence=EvidenceClass.VENDOR,
    verified=True,
    reference="protocols.md 3.3 [V][S4][S5]: service manual; frames built from it, none captured",
    asking=asking,
)

__all__ = [
    "ANSWERS",
    "PROTOCOL",
    "Command",
    "DeviceSession",
    "DigitalTare",
    "EchoAnswer",
    "EchoRequest",
    "Flag",
    "Request",
    "SelfTestStarted",
    "Status",
    "Weighing",
    "Weight",
    "fits",
    "unit_of",
]
