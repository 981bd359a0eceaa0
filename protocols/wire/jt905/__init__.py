"""The link between ISU and taximeter in Chinese cabs: JT/T 905 part 2, 9600 8N1, 55AA frames (protocols.md 5, taximeters.md 4).

Grade I: the layouts are those of public implementations, the standard was not opened.  Where implementations disagree,

- tariff (0004): three have a one-way distance, one has none -> `TariffBlock.readings`;
- shift records (00E0, 00E1, 00E3, 00E4, 00F1): plate first, or licence first -> `IdentityBlock.readings`;
- times of shifts, six bytes: YYMMDDhhmmss, or YYYYMMDDhhmm -> `shift_moment`;
- 0001: sets the clock, or asks for its error -> among WRITES, never sent to a meter under test;
- answer to the heartbeat: three sizes of count limit and reserved bytes -> `REST_SIZES`;
- record query (0006): the record, a result code, or nothing -> `TripAnswer`;
- firmware (00FF): with or without the software's version -> `FirmwareCommand`;
- abnormal speed: bit 7 of the heartbeat's state; one decoder looks for a bit 8 and never sees it -> `MeterState`.

Which side sent a frame is not in the frame: a line that carries both directions merged cannot be read.
"""

from protocols.contract import EvidenceClass, LineSettings, WireProtocol
from protocols.wire.jt905.codec import MAX_FRAME, MOST_DATA, decoder, encode
from protocols.wire.jt905.codes import TAXIMETER, Command, DeviceState, MeterState, Result, TariffResult, WorkState
from protocols.wire.jt905.fields import moment, plain
from protocols.wire.jt905.identity import IDENTITY_SOURCES, Identity, IdentityBlock, IdentityOrder
from protocols.wire.jt905.isu import (
    REST_SIZES,
    Acknowledgement,
    ClockCommand,
    FirmwareCommand,
    HeartbeatAnswer,
    ShiftPermission,
    StatusQuery,
    TariffQuery,
    TariffWrite,
    TripQuery,
)
from protocols.wire.jt905.messages import WRITES, Body, Frame, Question, Unread
from protocols.wire.jt905.meter import (
    ClockAnswer,
    FirmwareAnswer,
    Heartbeat,
    Hired,
    ShiftClosed,
    ShiftOpened,
    ShiftRequest,
    Status,
    TariffAnswer,
    TariffWritten,
    TripAnswer,
    TripEnd,
)
from protocols.wire.jt905.records import SHIFT_FORMS, Payment, Shift, Trip, shift_moment
from protocols.wire.jt905.session import ANSWERS, IsuSession, Meter, MeterSession, fits
from protocols.wire.jt905.tariffs import TARIFF_SOURCES, Tariff, TariffBlock, TariffLayout
from protocols.wire.jt905.vectors import VECTORS, examples

PROTOCOL = WireProtocol(
    name="jt905",
    version=1,
    line=LineSettings(9600, 8, "N", 1),
    encode=encode,
    decoder=decoder,
    examples=examples,
    vectors=VECTORS,
    max_message=MAX_FRAME,
    evidence=EvidenceClass.THIRD_PARTY,
    verified=False,
    reference="protocols.md 5 and taximeters.md 4 [I][S24][S40][S92b][S92c]: public implementations of JT/T 905.2-2014, which "
    "disagree in places; the standard was not opened",
)

__all__ = [
    "ANSWERS", "IDENTITY_SOURCES", "MAX_FRAME", "MOST_DATA", "PROTOCOL", "REST_SIZES", "SHIFT_FORMS", "TARIFF_SOURCES",
    "TAXIMETER", "WRITES", "Acknowledgement", "Body", "ClockAnswer", "ClockCommand", "Command", "DeviceState",
    "FirmwareAnswer", "FirmwareCommand", "Frame", "Heartbeat", "HeartbeatAnswer", "Hired", "Identity", "IdentityBlock",
    "IdentityOrder", "IsuSession", "Meter", "MeterSession", "MeterState", "Payment", "Question", "Result", "Shift",
    "ShiftClosed", "ShiftOpened", "ShiftPermission", "ShiftRequest", "Status", "StatusQuery", "Tariff", "TariffAnswer",
    "TariffBlock", "TariffLayout", "TariffQuery", "TariffResult", "TariffWrite", "TariffWritten", "Trip", "TripAnswer",
    "TripEnd", "TripQuery", "Unread", "WorkState", "decoder", "encode", "fits", "moment", "plain", "shift_moment",
]  # fmt: skip
