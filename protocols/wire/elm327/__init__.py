"""ELM327: the usual reader of a car's diagnosis plug (its data sheet; recorded dialogues): 38400 8N1, 9600 on old ones.

Not `lossless`: empty lines, LF behind CR and blanks at the end of a line say nothing and are left out.
"""

from protocols.contract import EvidenceClass, LineSettings, WireProtocol
from protocols.wire.elm327.codec import MAX_LINE, decoder, encode
from protocols.wire.elm327.messages import (
    NO_CAR,
    RESTARTED,
    SPEED,
    Command,
    Data,
    Notice,
    Prompt,
    Speed,
    Text,
    Word,
    refused,
    speed_of,
)
from protocols.wire.elm327.session import DeviceSession, Unit
from protocols.wire.elm327.vectors import VECTORS, examples

PROTOCOL = WireProtocol(
    name="elm327",
    version=1,
    line=LineSettings(38400),
    encode=encode,
    decoder=decoder,
    examples=examples,
    vectors=VECTORS,
    max_message=MAX_LINE,
    evidence=EvidenceClass.CAPTURE,
    verified=False,
    reference="ELM327 data sheet DSJ, pages 9 and 87 to 89, seen as copies; dialogues that users of python-OBD published",
    lossless=False,
)

__all__ = [
    "NO_CAR",
    "PROTOCOL",
    "RESTARTED",
    "SPEED",
    "Command",
    "Data",
    "DeviceSession",
    "Notice",
    "Prompt",
    "Speed",
    "Text",
    "Unit",
    "Word",
    "refused",
    "speed_of",
]
