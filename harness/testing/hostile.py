"""Streams that are not noise only: frames of a protocol, cut, repeated, disturbed and mixed with arbitrary bytes, from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from protocols.contract import Role, WireProtocol

STREAMS = 40
LONGEST = 40  # bytes of noise in a row
ENDLESS = (0x00, 0x02, 0x0A, 0x0D, 0x31, 0x7E, 0xFA, 0xFF)  # one byte for ever: nothing, starts, ends, a digit


def wires(protocol: WireProtocol, sender: Role) -> list[bytes]:
    """Frames that `sender` puts on the line: its vectors, then its examples."""
    frames = [vector.wire for vector in protocol.vectors if vector.sender is sender]
    return frames + [protocol.encode(message, sender) for message in protocol.examples(sender)]


def hostile_streams(protocol: WireProtocol, sender: Role, seed: int = 0, count: int = STREAMS) -> Iterator[bytes]:
    """`count` streams that may stand on the line of `sender`; the same for the same seed."""
    drawn = random.Random(f"{protocol.name}/{sender}/{seed}")
    frames = wires(protocol, sender) or [b""]
    in_use = sorted({byte for frame in frames for byte in frame}) or list(range(256))
    for _ in range(count):
        yield b"".join(_piece(drawn, frames, in_use) for _ in range(drawn.randint(0, 8)))


def endless(size: int = 20_000) -> Iterator[bytes]:
    """One byte for ever: what a decoder that waits for an end would hold."""
    yield from (bytes((byte,)) * size for byte in ENDLESS)


def _piece(drawn: random.Random, frames: list[bytes], in_use: list[int]) -> bytes:
    frame = drawn.choice(frames)
    match drawn.randrange(6):
        case 0:
            return drawn.randbytes(drawn.randint(0, LONGEST))
        case 1:
            return bytes(drawn.choices(in_use, k=drawn.randint(0, LONGEST)))
        case 2:
            return frame[: drawn.randint(0, len(frame))]
        case 3 if frame:
            at = drawn.randrange(len(frame))
            return frame[:at] + bytes((frame[at] ^ 1 << drawn.randrange(8),)) + frame[at + 1 :]
        case 4:
            return frame + frame
        case _:
            return frame
