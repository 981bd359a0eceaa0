"""The numbers of the ISU-taximeter link: commands, results, states (protocols.md 5, taximeters.md 4.2), grade I.

Results, states and kinds of payment that nobody lists stay the numbers that were sent.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

TAXIMETER = 0x02
"""The device type of all frames of this link, in both directions."""


class Command(IntEnum):
    """Standard command words; the first byte of a maker's own is not 00."""

    STATUS = 0x0000
    CLOCK = 0x0001
    TARIFF = 0x0004
    TARIFF_WRITE = 0x0005
    TRIP = 0x0006
    SHIFT_OPEN = 0x00E0
    SHIFT_OPENED = 0x00E1
    SHIFT_CLOSE = 0x00E3
    SHIFT_CLOSED = 0x00E4
    HIRED = 0x00E7
    TRIP_END = 0x00E8
    HEARTBEAT = 0x00E9
    SHIFT_RESENT = 0x00F1
    TRIP_RESENT = 0x00F2
    FIRMWARE = 0x00FF


class Result(IntEnum):
    """Of answers, both ways, but for TariffWritten."""

    OK = 0x90
    FAIL = 0xFF


class TariffResult(IntEnum):
    """Of TariffWritten."""

    WRITTEN = 0x00
    CHECK_FAILED = 0x01
    SAME_VERSION = 0x02
    UNSUPPORTED = 0xFF


class DeviceState(IntFlag):
    """0 is sound; bits that nobody lists are a fault."""

    COUNT_LIMIT = 0x01
    DATE_LIMIT = 0x02
    TRIP_STORE_FULL = 0x04
    SHIFT_STORE_FULL = 0x08


class WorkState(IntEnum):
    ON = 0x00
    OFF = 0x01
    FORCED_ON = 0x10
    FORCED_OFF = 0x11


class MeterState(IntFlag):
    """The state byte of the heartbeat.  One public decoder looks for the speed in a bit 8, which a byte does not have."""

    HIRED = 0x01
    IN_SERVICE = 0x02
    FORCED_ON = 0x04
    FORCED_OFF = 0x08
    ABNORMAL_SPEED = 0x80
