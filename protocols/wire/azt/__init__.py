"""AZT 2.0, the dispenser line of Topaz and others: 4800 baud, 7E2, the master asks (protocols.md 4.3).

Answers carry neither address nor command: without the request before them they are digits.  `azt(widths)` makes the
protocol for fields of other widths, which are a setting of the dispenser.
"""

from collections.abc import Sequence

from protocols.contract import Decoder, EvidenceClass, LineSettings, Message, Role, WireProtocol
from protocols.wire.azt.codec import MAX_FRAME, AztDecoder, encoder
from protocols.wire.azt.dialogue import AztDialogue
from protocols.wire.azt.messages import (
    Answer,
    Ask,
    DoseAmount,
    DoseVolume,
    Query,
    Request,
    SetPrice,
    Short,
    Verdict,
    Widths,
)
from protocols.wire.azt.session import Finished, Read, Running, Sale, State, Status, Totals, read, written
from protocols.wire.azt.vectors import VECTORS, examples


def azt(widths: Widths) -> WireProtocol:
    """The protocol with fields of these widths; the vectors that have other fields are left out."""
    by_sender = examples(widths)

    def decoder(sender: Role) -> Decoder:
        return AztDecoder(sender, widths)

    def some(sender: Role) -> Sequence[Message]:
        return by_sender[sender]

    default = Widths()
    fixed = (widths.volume, widths.price) == (default.volume, default.price)
    return WireProtocol(
        name="azt",
        version=1,
        line=LineSettings(4800, 7, "E", 2),
        encode=encoder(widths),
        decoder=decoder,
        examples=some,
        vectors=tuple(one for one in VECTORS if fixed or not isinstance(one.messages[0], SetPrice | DoseVolume)),
        max_message=MAX_FRAME,
        evidence=EvidenceClass.THIRD_PARTY,
        verified=False,
        reference="protocols.md 4.3 [I][S20][S21]: third-party code only, two unrelated codes agree; no capture, no document; "
        "printable payload, the order of the two totals and the width of an amount dose are derived",
    )


PROTOCOL = azt(Widths())

__all__ = [
    "PROTOCOL",
    "Answer",
    "Ask",
    "AztDialogue",
    "DoseAmount",
    "DoseVolume",
    "Finished",
    "Query",
    "Read",
    "Request",
    "Running",
    "Sale",
    "SetPrice",
    "Short",
    "State",
    "Status",
    "Totals",
    "Verdict",
    "Widths",
    "azt",
    "read",
    "written",
]
