"""At what rate and in which framing a line runs: measured on captured edges, else tried, the commonest setting first."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.learning.fit import Stream
from harness.learning.recording import Line
from harness.learning.verdict import UNKNOWN, judge
from protocols.contract import LineSettings, WireProtocol

COMMON: tuple[LineSettings, ...] = tuple(
    LineSettings(baud, int(mode[0]), mode[1], int(mode[2]))
    for baud, mode in (
        (9600, "8N1"), (4800, "8N1"), (9600, "8O1"), (2400, "8N1"), (19200, "8N1"), (115200, "8N1"), (9600, "8E1"), (1200, "8N1"),
        (38400, "8N1"), (19200, "8O1"), (19200, "8E1"), (5787, "8E1"), (600, "8N1"), (57600, "8N1"),
    )
)  # fmt: skip
"""protocols.md 2.2, the commonest first.  7E1 and 7O1 need no trial: as 8N1 they come whole, with parity in the highest bit."""

LEAST_BYTES = 24
LEAST_FOR_PARITY = 40
PARITY_SHARE = 0.98
NOTHING = -9.0  # worse than any line that speaks


@dataclass(frozen=True, slots=True)
class Heard:
    """What came on one port in one setting; `damaged`: parity and framing errors that its driver counted, None where it counts
    none.  `pty`: a port without a rate of its own."""

    line: Line
    damaged: int | None
    pty: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting and what speaks for it.  Shares of the bytes: `damaged` (None: the port counts none), `high` (above 7Fh, of a
    text line a sign of a wrong rate), `repeated` (what deflating saves).  `named`: what the bytes can be."""

    setting: LineSettings
    size: int
    damaged: float | None
    high: float
    repeated: float
    named: str
    explained: float
    rate_means_nothing: bool = False

    @classmethod
    def of(cls, setting: LineSettings, heard: Sequence[Heard], protocols: Mapping[str, WireProtocol]) -> Trial:
        data = b"".join(one.line.stream.data for one in heard)
        counted = [one.damaged for one in heard if one.damaged is not None]
        size = len(data)
        verdict = judge([without_parity(one.line.stream)[0] for one in heard], protocols)
        return cls(
            setting, size, min(1.0, sum(counted) / size) if counted and size else None,
            sum(byte > 0x7F for byte in without_parity(Stream("", (data,)))[0].data) / max(1, size), repeated(data), verdict.text,
            max((one.explained for one in verdict.named), default=0.0), all(one.pty for one in heard),
        )  # fmt: skip

    @property
    def sure(self) -> bool:
        """A protocol reads it, and the port saw no damage: nothing else need be tried."""
        return self.named != UNKNOWN and self.explained >= 0.9 and not (self.damaged or 0) > 0.02

    @property
    def score(self) -> float:
        """Known messages weigh most; then a line without damage whose bytes repeat and, unless they all do, are no noise above
        7Fh.  For choosing only: nothing is claimed with it."""
        if self.size < LEAST_BYTES:
            return NOTHING
        return 2 * self.explained + self.repeated - 0.5 * self.high - 2 * (self.damaged or 0.0)

    @property
    def text(self) -> str:
        damage = "" if self.damaged is None else f", {self.damaged:.0%} damaged"
        return (
            f"{self.setting.baud} {mode_text(self.setting)}: {self.size} bytes{damage}, {self.high:.0%} above 7Fh, "
            f"{self.repeated:.0%} repeated, {self.named}{', a port without a rate of its own' if self.rate_means_nothing else ''}"
        )


def best(trials: Sequence[Trial]) -> LineSettings:
    """The setting to go on with; of equals the one tried first.  At least one was tried."""
    return max(trials, key=lambda trial: trial.score).setting


def repeated(data: bytes) -> float:
    """The share of `data` that deflating saves."""
    return max(0.0, 1 - len(zlib.compress(data, 9)) / len(data)) if data else 0.0


def without_parity(stream: Stream) -> tuple[Stream, str]:
    """The stream with the highest bits off, and E or O, where they are the parity of seven data bits; else as it is, and ""."""
    parity = parity_of(stream.data)
    if not parity:
        return stream, ""
    return Stream(
        stream.name, tuple(bytes(b & 0x7F for b in burst) for burst in stream.bursts), stream.sender, stream.mixed
    ), parity


def parity_of(data: bytes) -> str:
    """E or O where the highest bit of (nearly) every byte is the parity of the other seven; "" where not, or where it is too
    little to say.  Some highest bits must be set: without any, no byte of a text would be in odd parity."""
    if len(data) < LEAST_FOR_PARITY or not any(byte > 0x7F for byte in data) or len(set(data)) < 4:
        return ""
    even = sum(byte.bit_count() % 2 == 0 for byte in data) / len(data)
    return "E" if even >= PARITY_SHARE else "O" if even <= 1 - PARITY_SHARE else ""


def mode_text(line: LineSettings) -> str:
    return f"{line.data_bits}{line.parity}{line.stop_bits}"


def settings(baud: int | None, mode: str | None) -> list[LineSettings]:
    """What to try where some of it is fixed.  ValueError for a mode that is none."""
    fixed = None if mode is None else _mode(mode)
    if fixed is None:
        known = [line for line in COMMON if baud in (None, line.baud)]
        modes = dict.fromkeys((one.data_bits, one.parity, one.stop_bits) for one in COMMON)
        return known or [LineSettings(baud, *one) for one in modes]
    if baud is not None:
        return [LineSettings(baud, *fixed)]
    return [LineSettings(rate, *fixed) for rate in dict.fromkeys(line.baud for line in COMMON)]


def _mode(text: str) -> tuple[int, str, int]:
    if re.fullmatch("[78][NEO][12]", text.upper()) is None:
        raise ValueError(f"expected data bits, parity and stop bits such as 8N1 or 7E1, got {text!r:.20}")
    return int(text[0]), text[1].upper(), int(text[2])
