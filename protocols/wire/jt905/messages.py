"""What is said on the link: one body in a frame, read by who sent it.

The ISU is the host, the taximeter the device.  One command word means one thing down and another up, so the bodies are classes
of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.wire.jt905.codes import TAXIMETER
from protocols.wire.jt905.isu import (
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


@dataclass(frozen=True, slots=True)
class Unread:
    """A frame that adds up and is not read: a maker's own command, one of another device, or data that its command does not
    have.  `why` says which and where.  It is what was said, so it stays a message."""

    command: int
    data: bytes
    why: str


Question = StatusQuery | TariffQuery | TripQuery
"""All that may be said to a taximeter under test."""

WRITES = (ClockCommand, TariffWrite, FirmwareCommand, ShiftPermission)
"""What changes a meter, or may: its clock, tariff, program, limits.  Encoded for simulated ISUs, never sent by a plan."""

FromHost = (
    Question
    | ClockCommand
    | TariffWrite
    | ShiftPermission
    | Acknowledgement
    | HeartbeatAnswer
    | FirmwareCommand
)  # fmt: skip
FromDevice = (
    Status
    | ClockAnswer
    | TariffAnswer
    | TariffWritten
    | TripAnswer
    | ShiftRequest
    | ShiftOpened
    | ShiftClosed
    | Hired
    | TripEnd
    | Heartbeat
    | FirmwareAnswer
)  # fmt: skip
Body = FromHost | FromDevice | Unread


@dataclass(frozen=True, slots=True)
class Frame:
    """What was said, with the maker's number of the device; other devices than a taximeter are never read further.

    `shared`: its first mark was the last of the frame before it, so one of the two was lost on the way.
    """

    body: Body
    maker: int = 0
    device: int = TAXIMETER
    shared: bool = False
