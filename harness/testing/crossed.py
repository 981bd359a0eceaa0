"""A protocol among all others: its own bytes are recognised as its own, and it takes no other's for its own."""

from __future__ import annotations

import random
from collections.abc import Mapping

from harness.learning.fit import Stream
from harness.learning.verdict import judge
from harness.testing.hostile import wires
from harness.testing.wanted import want
from protocols.contract import Role, WireProtocol

FRAMES = 30  # of each side: as a short recording has
SHUFFLES = 499


def check_crossed(protocol: WireProtocol, others: Mapping[str, WireProtocol]) -> None:
    """What sniffing says of a recording of this protocol names it, perhaps beside others that read the same; and beside it every one of
    `others` (by name) is still named for its own bytes.

    The recordings are vectors and examples in a drawn order, one stream a side (harness/learning says what fits, and against which null).
    """
    known = {**others, protocol.name: protocol}
    own = recording(protocol)
    want(bool(own), f"{protocol.name}: expected vectors or examples to make a recording of", "none")
    told = judge(own, known, SHUFFLES)
    want(
        any(one.protocol == protocol.name for one in told.named),
        f"{protocol.name}: a recording of it expected to be named {protocol.name}; a decoder refuses what is not its own, and reads all that is",
        told.text,
    )
    for name, other in others.items():
        if name == protocol.name or not (heard := recording(other)):
            continue
        both = judge(heard, {name: other, protocol.name: protocol}, SHUFFLES)
        named = [one.protocol for one in both.named]
        want(
            not named or name in named,
            f"{protocol.name}: a recording of {name} expected to be named {name}; a decoder refuses what is not its own",
            both.text,
        )


def recording(protocol: WireProtocol) -> list[Stream]:
    """A short recording of both sides; the same every time."""
    found = []
    for role in Role:
        frames = [frame for frame in wires(protocol, role) if frame]
        if frames:
            drawn = random.Random(f"{protocol.name}/{role}")
            found.append(Stream(str(role), tuple(drawn.choice(frames) for _ in range(FRAMES)), role))
    return found
