"""What a recording speaks: one protocol, some that cannot be told apart, or nothing known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.learning.fit import FITS, LEAST_BYTES, MIXED, SHUFFLES, Fit, Stream, fits
from protocols.contract import WireProtocol

UNKNOWN = "unknown"
EQUAL = 0.02
"""Two protocols whose shares of explained bytes differ by less are not told apart by them."""


@dataclass(frozen=True, slots=True)
class Named:
    """One protocol that fits: the roles by stream, and the share of all bytes that speak for it."""

    protocol: str
    roles: Mapping[str, str]
    explained: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`named`: what it can be, all equally well; empty: unknown.  `fits` of each stream by its name, the best first."""

    named: tuple[Named, ...]
    fits: Mapping[str, tuple[Fit, ...]]

    @property
    def text(self) -> str:
        return " or ".join(one.protocol for one in self.named) or UNKNOWN


def judge(streams: Sequence[Stream], protocols: Mapping[str, WireProtocol], shuffles: int = SHUFFLES) -> Verdict:
    """A protocol is named where it fits one stream and reads every other that has more than a few bytes; where none reads the
    others, the one that fits most of the bytes."""
    streams = [stream for stream in streams if stream.data]
    found = {stream.name: tuple(fits(stream, protocols, shuffles)) for stream in streams}
    total = sum(len(stream.data) for stream in streams) or 1
    named: list[tuple[bool, Named]] = []
    for name in protocols:
        roles: dict[str, str] = {}
        explained, whole = 0.0, True
        for stream in streams:
            own = [fit for fit in found[stream.name] if fit.protocol == name]
            best = max(own, key=lambda fit: (fit.explained, fit.share))
            if best.fits:
                equal = [fit.role for fit in own if fit.fits and fit.explained > best.explained - EQUAL]
                alone = [role for role in equal if role != MIXED]  # one side says it all
                roles[stream.name] = " or ".join(sorted(alone or equal))
                explained += best.explained * len(stream.data)
            elif len(stream.data) >= LEAST_BYTES and best.share < FITS:
                whole = False
        if roles:
            named.append((whole, Named(name, roles, explained / total)))
    if any(whole for whole, _ in named):
        named = [one for one in named if one[0]]
    most = max((one.explained for _, one in named), default=0.0)
    best_first = sorted((one for _, one in named if one.explained > most - EQUAL), key=lambda one: one.protocol)
    return Verdict(tuple(best_first), found)
