"""PicoPET, time stamps of rising edges from an RP2040: each channel counts from its own first pulse.

Not `lossless`: blanks and letter case differ between builds and are not kept.  Edges that come too fast are dropped
without a word, so its stamps are intervals of one tap, never counts (protocols.md 6.1b).
"""

from collections.abc import Sequence

from protocols.contract import EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.picopet.codec import decoder, encode
from protocols.wire.picopet.messages import Header, Mark, Number
from protocols.wire.ticc.lines import MAX_LINE

RESOLUTION_PS = 16_000
"""Two cycles of the usual 125 MHz clock."""

_SOURCE = "protocols.md 6.3 [S32]: the firmware's own description"
VECTORS = (
    Vector("header", Role.DEVICE, b"TIMEMARK\t CHANNEL\n", (Header(),), _SOURCE, EvidenceClass.THIRD_PARTY),
    Vector(
        "time mark",
        Role.DEVICE,
        b"3.999672500\t ChC\n",
        (Mark("3.999672500", "C"),),
        _SOURCE,
        EvidenceClass.THIRD_PARTY,
    ),
    Vector("count", Role.DEVICE, b"124999990\n", (Number("124999990"),), _SOURCE, EvidenceClass.DERIVED),
)


def examples(sender: Role) -> Sequence[Message]:
    """A few messages of each kind the device can send, edge values included; the host has none."""
    if sender is Role.HOST:
        return ()
    return (Header(), Mark("0.000000000", "A"), Mark("4294967295.999999999", "D"), Number("1"), Number("10.5"))


PROTOCOL = WireProtocol(
    name="picopet",
    version=1,
    line=LineSettings(115200),
    encode=encode,
    decoder=decoder,
    examples=examples,
    vectors=VECTORS,
    max_message=MAX_LINE,
    evidence=EvidenceClass.THIRD_PARTY,
    verified=False,
    reference="protocols.md 6.3 [S32]: PicoPET, the project's own description",
    lossless=False,
)

__all__ = ["PROTOCOL", "RESOLUTION_PS", "Header", "Mark", "Number"]
