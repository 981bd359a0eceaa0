"""The chain of quantity: which station feeds which, and which pairs of observed stations are neighbours.

A link between two observed stations spans every base link between them: unobserved stations merge it, they never
break the program.  Beside the chain stand the totaliser, fed by the
register, and the monitoring unit of the self-lock, fed by the encoder.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from harness.judge.contract import Link, Segment

DISPENSER = ("reference", "encoder", "board", "register", "display", "amount")
BESIDE = {"totaliser": "register", "monitor": "encoder"}


def base_links(link: Link) -> frozenset[str]:
    """The base links ("encoder>board") that `link` spans; a station outside the chain gives the link itself."""
    if link.downstream in BESIDE:
        feeder = BESIDE[link.downstream]
        own = frozenset({f"{feeder}>{link.downstream}"})
        if link.upstream == feeder or link.upstream not in DISPENSER:
            return own
        # read against a station on the other branch, what lies between that station and the feeder is spanned too
        ends = sorted((link.upstream, feeder), key=DISPENSER.index)
        return own | base_links(Link(*ends))
    if link.upstream not in DISPENSER or link.downstream not in DISPENSER:
        return frozenset({str(link)})
    first, last = DISPENSER.index(link.upstream), DISPENSER.index(link.downstream)
    return frozenset(f"{DISPENSER[i]}>{DISPENSER[i + 1]}" for i in range(first, last))


def contains(outer: Link, inner: Link) -> bool:
    """Whether a break of `inner` would also be seen over `outer`."""
    return base_links(inner) <= base_links(outer)


def stations(segment: Segment) -> frozenset[str]:
    """Stations observed in one segment, by whatever the bench had."""
    seen = {name.split(".", 1)[0] for name in segment.trains} | set(segment.registers)
    if "register_amount" in seen:
        seen = (seen - {"register_amount"}) | {"register"}
    if segment.reference_l is not None:
        seen.add("reference")
    return frozenset(seen)


def adjacent(observed: Iterable[str]) -> tuple[Link, ...]:
    """Neighbouring pairs of the observed stations, upstream first, in chain order."""
    seen = set(observed)
    ordered = [name for name in DISPENSER if name in seen]
    links = [Link(a, b) for a, b in pairwise(ordered)]
    links += [Link(feeder, name) for name, feeder in BESIDE.items() if name in seen and feeder in seen]
    return tuple(links)


def upstream_of(station: str, observed: Iterable[str]) -> str:
    """The nearest observed station above `station`; the reference (the world) where none is observed."""
    if station not in DISPENSER:
        return DISPENSER[0]
    seen = set(observed)
    above = [name for name in DISPENSER[: DISPENSER.index(station)] if name in seen]
    return above[-1] if above else DISPENSER[0]
