"""What is said on a Modbus RTU line (protocols.md 6.5).  Unit 0 is a broadcast; addresses are those on the wire.

Write requests that the device repeats as its answer (05, 06, 08) are one message in both roles.
"""

from __future__ import annotations

from dataclasses import dataclass

COIL_ON, COIL_OFF = 0xFF00, 0x0000
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
REASONS = {
    ILLEGAL_FUNCTION: "function not supported",
    ILLEGAL_ADDRESS: "no such address",
    ILLEGAL_VALUE: "value or count not allowed",
    DEVICE_FAILURE: "failure in the device",
}


@dataclass(frozen=True, slots=True)
class Read:
    """Host, function 01 coils, 02 inputs, 03 holding registers, 04 input registers: `count` of them from `start`."""

    unit: int
    function: int
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Bits:
    """Device, answer to 01 and 02: eight a byte, lowest bit first; the last byte is filled up."""

    unit: int
    function: int
    packed: bytes

    def bit(self, number: int) -> bool:
        """The state of the `number`-th coil or input asked for, from 0."""
        return bool(self.packed[number // 8] >> number % 8 & 1)


@dataclass(frozen=True, slots=True)
class Registers:
    """Device, answer to 03 and 04: 16-bit values."""

    unit: int
    function: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WriteCoil:
    """Both, function 05; `value` FF00h is on, 0000h off, everything else is for the device to refuse."""

    unit: int
    address: int
    value: int


@dataclass(frozen=True, slots=True)
class WriteRegister:
    """Both, function 06."""

    unit: int
    address: int
    value: int


@dataclass(frozen=True, slots=True)
class ReadExceptionStatus:
    """Host, function 07."""

    unit: int


@dataclass(frozen=True, slots=True)
class ExceptionStatus:
    """Device, answer to 07: eight coils of the maker's choice."""

    unit: int
    status: int


@dataclass(frozen=True, slots=True)
class Diagnose:
    """Both, function 08 with one data word; sub-function 0 is repeated by the device."""

    unit: int
    sub_function: int
    data: int


@dataclass(frozen=True, slots=True)
class WriteCoils:
    """Host, function 15: `count` coils from `start`, packed as in `Bits`."""

    unit: int
    start: int
    count: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class WriteRegisters:
    """Host, function 16."""

    unit: int
    start: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """Device, answer to 15 and 16: what was written."""

    unit: int
    function: int
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Device: exception answer to `function`; codes 1 to 4 are in REASONS."""

    unit: int
    function: int
    code: int

    @property
    def reason(self) -> str:
        return REASONS.get(self.code, f"exception {self.code}")


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Both: a whole frame of a function whose length is not known here; only silence ends it."""

    unit: int
    function: int
    body: bytes
