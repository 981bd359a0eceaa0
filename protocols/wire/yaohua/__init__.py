"""Yaohua XK3190 weighing indicators, truck scales and price scales: six framings (protocols.md 3.10).

An indicator sends one of them, by its setting.  Only continuous, labelled and command frames carry a check.  Reversed
and forward frames cannot be told from one another on the line (layouts.py): compare one reading with the display.
What continuous, reversed and forward frames say in overload is in no manual seen: whatever stands there instead of
digits is Garbage, named, never a weight.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from protocols.contract import Decoder, EvidenceClass, LineSettings, Message, Role, Vector, WireProtocol
from protocols.wire.yaohua import enveloped, labelled, layouts, marked, vectors
from protocols.wire.yaohua.messages import (
    Answer,
    Basis,
    Command,
    Number,
    OutOfRange,
    Priced,
    Ready,
    Refusal,
    Request,
    Spelling,
    Weight,
)
from protocols.wire.yaohua.questions import asking

_COPY = "read in a copy of the manual, to be compared with the print"


def _protocol(
    name: str,
    encode: Callable[[Message, Role], bytes],
    decoder: Callable[[Role], Decoder],
    examples: Callable[[Role], Sequence[Message]],
    known: tuple[Vector, ...],
    longest: int,
    verified: bool,
    reference: str,
) -> WireProtocol:
    return WireProtocol(
        name=f"yaohua-{name}",
        version=1,
        line=LineSettings(9600, 8, "N", 1),
        encode=encode,
        decoder=decoder,
        examples=examples,
        vectors=known,
        max_message=longest,
        evidence=EvidenceClass.VENDOR,
        verified=verified,
        reference=reference,
    )


CONTINUOUS = _protocol(
    "continuous",
    enveloped.encode_continuous,
    enveloped.continuous_decoder,
    vectors.continuous_examples,
    vectors.CONTINUOUS,
    enveloped.LONGEST,
    True,
    "protocols.md 3.10 [V][C][S12]: continuous mode tF=0 of A9, A23p, A26; frame in overload unknown",
)
REVERSED = _protocol(
    "reversed",
    layouts.encode_reversed,
    layouts.reversed_decoder,
    vectors.reversed_examples,
    vectors.REVERSED,
    marked.LONGEST,
    True,
    "protocols.md 3.10 [V][S12]: reversed ASCII of A9, A26, A23p, DS; = behind the digits: third-party code only",
)
FORWARD = _protocol(
    "forward",
    layouts.encode_forward,
    layouts.forward_decoder,
    vectors.forward_examples,
    vectors.FORWARD,
    marked.LONGEST,
    False,
    f"XK3190-A26 manual p. 11, XK3190-A23p manual p. 22, format 2: {_COPY}",
)
PRICED = _protocol(
    "priced",
    layouts.encode_priced,
    layouts.priced_decoder,
    vectors.priced_examples,
    vectors.PRICED,
    marked.LONGEST,
    False,
    f"XK3190-A23p manual pp. 22-23, format 4: {_COPY}",
)
LABELLED = _protocol(
    "labelled",
    labelled.encode,
    labelled.decoder,
    vectors.labelled_examples,
    vectors.LABELLED,
    labelled.LONGEST,
    True,
    "protocols.md 3.10 [V][C][S12]: XK3190-A12(E) manual p. 13",
)
COMMAND = replace(
    _protocol(
        "command",
        enveloped.encode_command,
        enveloped.command_decoder,
        vectors.command_examples,
        vectors.COMMAND,
        enveloped.LONGEST,
        True,
        "protocols.md 3.10 [V][S12]: A9 tF=3, DS3, A23p, A1+P; payload of unit price and amount assumed [U]",
    ),
    asking=asking,
)

__all__ = [
    "COMMAND",
    "CONTINUOUS",
    "FORWARD",
    "LABELLED",
    "PRICED",
    "REVERSED",
    "Answer",
    "Basis",
    "Command",
    "Number",
    "OutOfRange",
    "Priced",
    "Ready",
    "Refusal",
    "Request",
    "Spelling",
    "Weight",
]
