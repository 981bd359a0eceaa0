"""Wayne DART, the dispenser bus: RS-485 half duplex, 8O1, the master polls (protocols.md 4.1).

A frame's meaning depends on who sent it: decode a merged two-wire recording only after the directions were told
apart.  Control frames carry no check, so noise of three bytes can look like one.
"""

from protocols.contract import EvidenceClass, LineSettings, WireProtocol
from protocols.wire.dart.decode import MAX_FRAME, DartDecoder
from protocols.wire.dart.dialogue import DartDialogue
from protocols.wire.dart.encode import encode
from protocols.wire.dart.messages import (
    Alarm,
    AllowedNozzles,
    Command,
    CommandCode,
    Control,
    ControlKind,
    Data,
    DeviceTransaction,
    Filled,
    HostTransaction,
    Identity,
    NozzlePrice,
    Parameters,
    PresetAmount,
    PresetVolume,
    Prices,
    PumpState,
    Remainder,
    RequestTotals,
    ResumeNozzle,
    Status,
    SuspendNozzle,
    Totals,
    Transaction,
    Unknown,
)
from protocols.wire.dart.vectors import VECTORS, examples

PROTOCOL = WireProtocol(
    name="dart",
    version=1,
    line=LineSettings(9600, 8, "O", 1),
    encode=encode,
    decoder=DartDecoder,
    examples=examples,
    vectors=VECTORS,
    max_message=MAX_FRAME,
    evidence=EvidenceClass.CAPTURE,
    verified=False,
    reference="protocols.md 4.1 [C][S13]-[S16]: frames and CRC from captures, meanings from third-party code citing "
    "Dart Pump Interface 2.11; stuffing of 10h itself unverified",
)

__all__ = [
    "PROTOCOL",
    "Alarm",
    "AllowedNozzles",
    "Command",
    "CommandCode",
    "Control",
    "ControlKind",
    "DartDecoder",
    "DartDialogue",
    "Data",
    "DeviceTransaction",
    "Filled",
    "HostTransaction",
    "Identity",
    "NozzlePrice",
    "Parameters",
    "PresetAmount",
    "PresetVolume",
    "Prices",
    "PumpState",
    "Remainder",
    "RequestTotals",
    "ResumeNozzle",
    "Status",
    "SuspendNozzle",
    "Totals",
    "Transaction",
    "Unknown",
    "encode",
]
