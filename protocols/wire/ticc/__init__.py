"""TAPR TICC, a two-channel timestamping counter: ASCII lines, a few hundred a second at the most.

Not `lossless`: blanks, carriage returns and letter case of `ch` differ between firmwares and are not kept.
"""

from protocols.contract import EvidenceClass, LineSettings, WireProtocol
from protocols.wire.ticc.codec import decoder, encode
from protocols.wire.ticc.lines import MAX_LINE, picoseconds, seconds_text
from protocols.wire.ticc.messages import (
    Break,
    Comment,
    Debug,
    Difference,
    Interval,
    Poll,
    Stamp,
    is_banner,
    mode_of,
)
from protocols.wire.ticc.vectors import VECTORS, examples

PROTOCOL = WireProtocol(
    name="ticc",
    version=1,
    line=LineSettings(115200),
    encode=encode,
    decoder=decoder,
    examples=examples,
    vectors=VECTORS,
    max_message=MAX_LINE,
    evidence=EvidenceClass.VENDOR,
    verified=True,
    reference="protocols.md 6.3 [V]: TAPR TICC user manual and firmware (MIT/BSD)",
    lossless=False,
)

__all__ = [
    "PROTOCOL",
    "Break",
    "Comment",
    "Debug",
    "Difference",
    "Interval",
    "Poll",
    "Stamp",
    "is_banner",
    "mode_of",
    "picoseconds",
    "seconds_text",
]
