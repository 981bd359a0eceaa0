"""What is said to and by an ELM327, the usual reader of a car's diagnosis plug (its data sheet; recorded dialogues).

The adapter answers in lines of text, and with `>` when it waits for the next command.  A line of hexadecimal digits is what a
control unit of the car said, with a head before it where heads are switched on; which of several units it was is not told
without.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

SPEED = "010D"  # service 01, vehicle speed in km/h, one byte (SAE J1979)
_ANSWER = bytes((0x41, 0x0D))
_REFUSAL = bytes((0x7F, 0x01))
_CAN_11 = re.compile(r"7E[89A-F]")  # answering addresses of ISO 15765-4
_PADDING = frozenset((0x00, 0x55, 0xAA, 0xFF))


class Word(StrEnum):
    """Lines that the adapter says of itself."""

    OK = "OK"
    UNKNOWN = "?"
    NO_DATA = "NO DATA"
    SEARCHING = "SEARCHING..."
    UNABLE = "UNABLE TO CONNECT"
    STOPPED = "STOPPED"
    BUS_INIT = "BUS INIT:"
    BUS_BUSY = "BUS BUSY"
    BUS_ERROR = "BUS ERROR"
    CAN_ERROR = "CAN ERROR"
    DATA_ERROR = "DATA ERROR"
    BUFFER_FULL = "BUFFER FULL"
    FEEDBACK = "FB ERROR"
    ACTIVITY = "ACT ALERT"
    LOW_VOLTAGE = "LV RESET"
    LOW_POWER = "LP ALERT"
    INTERNAL = "ERR"


NO_CAR = frozenset(
    (Word.NO_DATA, Word.UNABLE, Word.BUS_BUSY, Word.BUS_ERROR, Word.CAN_ERROR, Word.DATA_ERROR, Word.FEEDBACK)
)
"""Words that say that the car did not answer; the adapter itself works."""
RESTARTED = frozenset((Word.LOW_VOLTAGE,))
"""Words after which every setting is as it was at power-up."""


@dataclass(frozen=True, slots=True)
class Command:
    """Host: one command without its CR; "" repeats the one before."""

    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """`>`: the adapter waits for a command."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A word of the adapter and what follows it in the line: of `BUS INIT: ...OK` the part after it."""

    word: Word
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Any other line: banner, voltage, name of a protocol, or the echo of a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Data:
    """A line of hexadecimal digits as sent, blanks between bytes or none; `fault` what the adapter put behind it
    (`<DATA ERROR`, `<RX ERROR`): it shows what it received and says that it is wrong.

    The echo of a command in digits looks the same: the asker knows what it sent.
    """

    digits: str
    fault: str = ""

    @property
    def compact(self) -> str:
        return self.digits.replace(" ", "")

    def payload(self, expected: bytes) -> tuple[str, bytes] | None:
        """Head ("" where none) and bytes from `expected` on, where this is an answer that begins so; else None.

        Without head the line begins with it.  Heads: three digits of CAN with 11 bits, or `18 DA F1 xx`, each with the
        number of bytes and padding behind; three bytes of the older buses, with a checksum behind.
        """
        if self.fault:
            return None
        compact = self.compact
        if _CAN_11.match(compact) and len(compact) % 2:
            return _framed(compact[:3], bytes.fromhex(compact[3:]), expected)
        if len(compact) % 2:
            return None
        raw = bytes.fromhex(compact)
        if raw.startswith(expected):
            return "", raw
        if raw[:3] == b"\x18\xda\xf1" and len(raw) > 4:
            return _framed(compact[:8], raw[4:], expected)
        if raw[3 : 3 + len(expected)] == expected and len(raw) > 3 + len(expected):
            return compact[:6], raw[3:-1]
        return None


def _framed(head: str, raw: bytes, expected: bytes) -> tuple[str, bytes] | None:
    size = raw[0] if raw else 0
    body, padding = raw[1 : 1 + size], raw[1 + size :]
    padded = len(set(padding)) <= 1 and set(padding) <= _PADDING | set(body[-1:])
    return (head, body) if 0 < size <= 7 and len(body) == size and padded and body.startswith(expected) else None


@dataclass(frozen=True, slots=True)
class Speed:
    """`unit` the head of who answered, "" where heads are off."""

    unit: str
    kmh: int


def speed_of(line: Data) -> Speed | None:
    """The vehicle speed in an answer to `010D`: exactly one byte; None for anything else."""
    found = line.payload(_ANSWER)
    return Speed(found[0], found[1][2]) if found is not None and len(found[1]) == 3 else None


def refused(line: Data) -> bool:
    """A control unit answers that it does not do what was asked (7F 01 and the reason)."""
    found = line.payload(_REFUSAL)
    return found is not None and len(found[1]) == 3
