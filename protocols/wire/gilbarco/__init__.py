"""Gilbarco two-wire, a dispenser's current loop: 5787 baud, 8E1, the master polls (protocols.md 4.2).

`gilbarco(widths)` makes the protocol for fields of other widths, which differ between models.  A frame's meaning depends on who
sent it.  The answer to `LIVE_MONEY` and the byte after FF are not evidenced: both stay raw.
"""

from collections.abc import Sequence

from protocols.contract import Decoder, EvidenceClass, LineSettings, Message, Role, WireProtocol
from protocols.wire.gilbarco.codec import MAX_BLOCK, GilbarcoDecoder, encoder
from protocols.wire.gilbarco.dialogue import GilbarcoDialogue
from protocols.wire.gilbarco.messages import (
    AllStop,
    Block,
    Code,
    Command,
    HoseTotals,
    Loose,
    Preset,
    SetPrice,
    SpecialFunction,
    State,
    Status,
    Totals,
    Transaction,
    Widths,
)
from protocols.wire.gilbarco.vectors import VECTORS, examples


def gilbarco(widths: Widths) -> WireProtocol:
    """The protocol with fields of these widths; the vectors that have other fields are left out."""
    by_sender = examples(widths)

    def decoder(sender: Role) -> Decoder:
        return GilbarcoDecoder(sender, widths)

    def some(sender: Role) -> Sequence[Message]:
        return by_sender[sender]

    sized = (Transaction, SetPrice, Preset)
    return WireProtocol(
        name="gilbarco",
        version=1,
        line=LineSettings(5787, 8, "E", 1),
        encode=encoder(widths),
        decoder=decoder,
        examples=some,
        vectors=tuple(one for one in VECTORS if widths == Widths() or not isinstance(one.messages[0], sized)),
        max_message=MAX_BLOCK,
        evidence=EvidenceClass.THIRD_PARTY,
        verified=False,
        reference="protocols.md 4.2 [C][I][S17][S18][S19]: third-party code only, three codes agree; two real frames verify the LRC; "
        "the byte after FF and the answer to live money are not known and stay raw",
    )


PROTOCOL = gilbarco(Widths())

__all__ = [
    "PROTOCOL",
    "AllStop",
    "Block",
    "Code",
    "Command",
    "GilbarcoDialogue",
    "HoseTotals",
    "Loose",
    "Preset",
    "SetPrice",
    "SpecialFunction",
    "State",
    "Status",
    "Totals",
    "Transaction",
    "Widths",
    "gilbarco",
]
