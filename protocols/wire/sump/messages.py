"""What host and SUMP analyser say to each other (protocols.md 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

CLOCK_HZ = 100_000_000
"""The device's clock: sample rate = CLOCK_HZ / (divider + 1), twice that in demultiplexed mode."""


class FlagBits(IntFlag):
    """Bits of the flag register.  A *set* group bit switches its eight channels off."""

    DEMUX = 1 << 0
    NOISE_FILTER = 1 << 1
    GROUP_1_OFF = 1 << 2
    GROUP_2_OFF = 1 << 3
    GROUP_3_OFF = 1 << 4
    GROUP_4_OFF = 1 << 5
    EXTERNAL_CLOCK = 1 << 6
    INVERT_CLOCK = 1 << 7
    RLE = 1 << 8
    SWAP = 1 << 9
    EXTERNAL_TEST = 1 << 10
    INTERNAL_TEST = 1 << 11


@dataclass(frozen=True, slots=True)
class Reset:
    """Host 00: back to idle; sent five times, so that a long command cut in the middle is filled up."""


@dataclass(frozen=True, slots=True)
class Run:
    """Host 01: arm the trigger; samples follow once the buffer is full."""


@dataclass(frozen=True, slots=True)
class Identify:
    """Host 02: answered by Identity."""


@dataclass(frozen=True, slots=True)
class QueryMetadata:
    """Host 04: answered by Metadata (extension)."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Host 05: stop a run-length coded capture now and send what is there (extension)."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Host 11: XON."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Host 13: XOFF."""


@dataclass(frozen=True, slots=True)
class Divider:
    """Host 80: 24-bit divider of the sample clock."""

    divider: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Host 81: samples to send and samples after the trigger, each a multiple of 4 up to 262144."""

    read: int
    delay: int


@dataclass(frozen=True, slots=True)
class Flags:
    """Host 82: the flag register as it stands, 32 bits (`FlagBits`)."""

    bits: int

    @property
    def groups(self) -> tuple[int, ...]:
        """Channel groups that are on (0 = channels 0-7), lowest first: one byte a sample each."""
        return tuple(group for group in range(4) if not self.bits >> (2 + group) & 1)

    @property
    def rle(self) -> bool:
        return bool(self.bits & FlagBits.RLE)


@dataclass(frozen=True, slots=True)
class DelayCount:
    """Host 83: samples after the trigger, a multiple of 4, 32-bit register (extension)."""

    delay: int


@dataclass(frozen=True, slots=True)
class ReadCount:
    """Host 84: samples to send, a multiple of 4, 32-bit register (extension)."""

    read: int


@dataclass(frozen=True, slots=True)
class TriggerMask:
    """Host C0, C4, C8, CC: channels that trigger stage 0-3 looks at; none = the trigger is met at once."""

    stage: int
    mask: int


@dataclass(frozen=True, slots=True)
class TriggerValue:
    """Host C1, C5, C9, CD: the levels that stage 0-3 waits for."""

    stage: int
    value: int


@dataclass(frozen=True, slots=True)
class TriggerConfig:
    """Host C2, C6, CA, CE: register of stage 0-3, its four bytes little endian; bit 27 starts the capture."""

    stage: int
    bits: int

    START = 1 << 27

    @property
    def starts(self) -> bool:
        return bool(self.bits & self.START)


@dataclass(frozen=True, slots=True)
class Identity:
    """Device: four characters, `1ALS` of protocol version 1.  The original page describes the other byte order."""

    code: bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """Device: (key, value) pairs in the order sent; text of keys 00-1F is bytes, numbers of 20-5F are integers."""

    items: tuple[tuple[int, bytes | int], ...]

    NAME, FPGA, ANCILLARY = 0x01, 0x02, 0x03
    PROBES, SAMPLE_MEMORY, DYNAMIC_MEMORY, MAX_RATE, PROTOCOL = 0x20, 0x21, 0x22, 0x23, 0x24
    PROBES_SHORT, PROTOCOL_SHORT = 0x40, 0x41

    def number(self, *keys: int) -> int | None:
        """The first number under one of `keys`; None when the device did not say."""
        return next((value for key, value in self.items if key in keys and isinstance(value, int)), None)

    def text(self, key: int) -> str:
        """The text under `key`, undecodable bytes escaped; empty when the device did not say."""
        found = next((value for name, value in self.items if name == key and isinstance(value, bytes)), b"")
        return found.decode("ascii", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Samples:
    """Device bytes as they came, newest sample first; `SampleReader` reads them.  Adjoining ones are one stretch."""

    raw: bytes

    def joined(self, following: Samples) -> Samples:
        return Samples(self.raw + following.raw)
