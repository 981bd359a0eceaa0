"""NMEA 0183 as GNSS receivers send it (protocols.md 6.6): 4800 8N1, or USB; the receiver speaks, nobody asks.

Not `lossless`: a log may end its lines with LF alone, and checksum digits may be lower case; both say the same.
"""

from protocols.contract import EvidenceClass, LineSettings, WireProtocol
from protocols.wire.nmea.codec import MAX_LINE, decoder, encode
from protocols.wire.nmea.messages import (
    GNSS_TALKERS,
    Gga,
    Gll,
    Gsa,
    Other,
    Rmc,
    Sentence,
    Vtg,
    Zda,
    address_of,
    time_of_day_ns,
)
from protocols.wire.nmea.vectors import VECTORS, examples

PROTOCOL = WireProtocol(
    name="nmea",
    version=1,
    line=LineSettings(4800),
    encode=encode,
    decoder=decoder,
    examples=examples,
    vectors=VECTORS,
    max_message=MAX_LINE,
    evidence=EvidenceClass.CAPTURE,
    verified=True,
    reference="protocols.md 6.6 [C]: vectors recalculated; fields as two recorded receivers send them",
    lossless=False,
)

__all__ = [
    "GNSS_TALKERS",
    "PROTOCOL",
    "Gga",
    "Gll",
    "Gsa",
    "Other",
    "Rmc",
    "Sentence",
    "Vtg",
    "Zda",
    "address_of",
    "time_of_day_ns",
]
