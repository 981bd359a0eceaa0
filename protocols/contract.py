"""The contract of a wire protocol: sans-IO, both sides of the cable, nothing swallowed.

A protocol plugin is one frozen `WireProtocol`, named by an entry point of group
``shortmeasure.protocols``.  Retries and deadlines belong to drivers; a codec knows bytes only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from protocols.asking import Asking
    from protocols.indication import Indication

API_VERSION = 1


class ProtocolError(ValueError):
    """A message cannot be encoded, or a field is out of its range; the message says which and why."""


class Role(StrEnum):
    """Who speaks: the side that asks (till, bench computer) or the device that answers."""

    HOST = "host"
    DEVICE = "device"


class Message(Protocol):
    """Marker: every codec's messages are frozen dataclasses compared by value."""


@runtime_checkable
class Joinable(Protocol):
    """A message that adjoining ones of its kind extend: how a long run was cut says nothing."""

    def joined(self, following: Self) -> Self: ...


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that belong to no message, and why; counted, never dropped."""

    raw: bytes
    why: str

    def joined(self, following: Garbage) -> Garbage:
        return Garbage(self.raw + following.raw, self.why)


def joined(messages: Iterable[Message]) -> list[Message]:
    """`messages` with adjoining Joinables of one type joined: the normal form for comparisons."""
    result: list[Message] = []
    for message in messages:
        if result and isinstance(message, Joinable) and type(result[-1]) is type(message):
            last = result[-1]
            assert isinstance(last, Joinable)
            result[-1] = last.joined(message)
        else:
            result.append(message)
    return result


class Decoder(Protocol):
    """Turns the bytes one side sent into messages.  Memory stays bounded whatever is fed."""

    def feed(self, data: bytes) -> list[Message]: ...

    def silence(self, char_times: float) -> list[Message]:
        """The line was silent for so many character times: some framings end there."""
        ...

    def close(self) -> list[Message]:
        """The stream ended: what was incomplete comes out as Garbage."""
        ...


class EvidenceClass(StrEnum):
    """What a vector's bytes rest on; printed in every report (protocols.md, grades)."""

    STANDARD = "standard"
    VENDOR = "vendor document"
    CAPTURE = "capture"
    THIRD_PARTY = "third-party code only"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Vector:
    """Bytes of a known exchange and the messages they mean, with source.  `sender` put them on the line."""

    name: str
    sender: Role
    wire: bytes
    messages: tuple[Message, ...]
    source: str
    evidence: EvidenceClass


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The serial settings a device speaks with; `baud` None where the number has no meaning (USB CDC)."""

    baud: int | None = 9600
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1

    @property
    def bits_per_char(self) -> int:
        """Start bit, data, parity, stop: 10 for 8N1, 11 for 8O1 (protocols.md 2.1)."""
        return 1 + self.data_bits + (self.parity != "N") + self.stop_bits

    def char_ns(self) -> int:
        """Nanoseconds one character takes on the line; 0 where the baud rate has no meaning."""
        return 0 if not self.baud else self.bits_per_char * 1_000_000_000 // self.baud


@dataclass(frozen=True, slots=True)
class WireProtocol:
    """The specification object of one protocol plugin.

    `encode(message, sender)` -> bytes; `decoder(sender)` decodes what `sender` put on the line;
    `examples(sender)` yields messages for round trips (a few of each kind, edge values included);
    `max_message` bounds a decoder's memory in bytes.  `lossless`: encoding what was decoded, with
    the raw bytes of Garbage in its place, gives the same bytes back; where a protocol has two
    spellings of one message this cannot hold and is set to False, and the folder says which.

    Of a scale's protocol: `asking(address)` where the scale does not send by itself, and `says(reading, request)`: what an
    honest scale says of a reading, unasked where `request` is None, nothing where it is silent; simulated scales speak by it.
    """

    name: str
    version: int
    line: LineSettings
    encode: Callable[[Message, Role], bytes]
    decoder: Callable[[Role], Decoder]
    examples: Callable[[Role], Sequence[Message]]
    vectors: tuple[Vector, ...]
    max_message: int
    evidence: EvidenceClass
    verified: bool
    reference: str
    api: int = API_VERSION
    lossless: bool = True
    asking: Callable[[str], Asking] | None = None
    says: Callable[[Indication, Message | None], Sequence[Message]] | None = None
