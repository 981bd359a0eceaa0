"""LCUS-1/2/4/8 relay boards on a CH340, 9600 8N1 (protocols.md 6.6)."""

from collections.abc import Sequence

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.lcus.codec import CHANNELS, MAX_LINE, decoder, encode
from protocols.wire.lcus.messages import Query, Report, Switch


def _host(name: str, wire: str, message: Message) -> Vector:
    return Vector(name, Role.HOST, bytes.fromhex(wire), (message,), "protocols.md 6.6 [S37]", EvidenceClass.THIRD_PARTY)


_VECTORS = (
    _host("relay 1 on", "A0 01 01 A2", Switch(1, True)),
    _host("relay 1 off", "A0 01 00 A1", Switch(1, False)),
    _host("relay 2 on", "A0 02 01 A3", Switch(2, True)),
    _host("relay 2 off", "A0 02 00 A2", Switch(2, False)),
    _host("query", "FF", Query()),
    Vector(
        "report",
        Role.DEVICE,
        b"CH1: ON\r\n",
        (Report(1, True),),
        "protocols.md 6.6, style of the text unverified [U]",
        EvidenceClass.DERIVED,
    ),
)


def _examples(sender: Role) -> Sequence[Message]:
    each = [(channel, on) for channel in range(1, CHANNELS + 1) for on in (True, False)]
    return [Query(), *(Switch(*one) for one in each)] if sender is Role.HOST else [Report(*one) for one in each]


PROTOCOL = WireProtocol(
    name="lcus",
    version=1,
    line=LineSettings(9600, 8, "N", 1),
    encode=encode,
    decoder=decoder,
    examples=_examples,
    vectors=_VECTORS,
    max_message=MAX_LINE,
    evidence=EvidenceClass.THIRD_PARTY,
    verified=False,
    reference="protocols.md 6.6 [S37]: third-party code; report lines unverified",
)

__all__ = ["PROTOCOL", "Query", "Report", "Switch"]
