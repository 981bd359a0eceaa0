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
SCALE = ("load", "counts", "weight", "display", "price", "ticket", "record")
TAXI = ("reference", "sensor", "input", "distance", "fare", "record")
CHAINS = (DISPENSER, SCALE, TAXI)
BESIDE = {"totaliser": "register", "monitor": "encoder"}
OF_SALE = (
    "register_amount",
    "unit_price",
    "ticket_unit_price",
    "ticket_price",
    "weight.unit_price",
    "weight.price",
)  # registers that are no station of their own
OF_TRIP = ("record_", "receipt_")  # what a trip record or receipt says: all of it is of one station


def chain_of(*stations: str) -> tuple[str, ...]:
    """The chain that holds all of these stations; () where none does."""
    return next((chain for chain in CHAINS if set(stations) <= set(chain)), ())


def base_links(link: Link) -> frozenset[str]:
    """The base links ("encoder>board") that `link` spans; a station outside the chains gives the link itself."""
    if link.downstream in BESIDE:
        feeder = BESIDE[link.downstream]
        own = frozenset({f"{feeder}>{link.downstream}"})
        if link.upstream == feeder or link.upstream not in DISPENSER:
            return own
        # read against a station on the other branch, what lies between that station and the feeder is spanned too
        ends = sorted((link.upstream, feeder), key=DISPENSER.index)
        return own | base_links(Link(*ends))
    chain = chain_of(link.upstream, link.downstream)
    if not chain:
        return frozenset({str(link)})
    first, last = chain.index(link.upstream), chain.index(link.downstream)
    return frozenset(f"{chain[i]}>{chain[i + 1]}" for i in range(first, last))


def station_of(name: str) -> str:
    """Of a train or a register: "encoder.A" is the encoder's, "register_amount" the register's, "record_km" the record's; the
    pulses that a pulse source says it gave are a reference."""
    if name.startswith(OF_TRIP):
        return "record"
    own = name.split(".", 1)[0].removesuffix("_amount")
    return "reference" if own == "source" else own


def contains(outer: Link, inner: Link) -> bool:
    """Whether a break of `inner` would also be seen over `outer`."""
    return base_links(inner) <= base_links(outer)


def stations(segment: Segment) -> frozenset[str]:
    """Stations observed in one segment, by whatever the bench had."""
    shown = set(segment.registers) - (set(OF_SALE) - {"register_amount"})
    seen = {station_of(name) for name in (*segment.trains, *shown)} | set(segment.traces)
    if segment.reference_l is not None or segment.reference_m is not None:
        seen.add("reference")
    if segment.load_kg is not None:
        seen.add("load")
    return frozenset(seen)


def adjacent(observed: Iterable[str]) -> tuple[Link, ...]:
    """Neighbouring pairs of the observed stations, upstream first, in the order of the chain that most of them are of."""
    seen = set(observed)
    chain = max(CHAINS, key=lambda one: len(seen & set(one)))
    links = [Link(a, b) for a, b in pairwise(name for name in chain if name in seen)]
    links += [Link(feeder, name) for name, feeder in BESIDE.items() if name in seen and feeder in seen]
    return tuple(links)


def upstream_of(station: str, observed: Iterable[str]) -> str:
    """The nearest observed station above `station`; the head of its chain (the world) where none is observed."""
    seen = set(observed)
    chain = max((one for one in CHAINS if station in one), key=lambda one: len(seen & set(one)), default=DISPENSER)
    if station not in chain:
        return chain[0]
    above = [name for name in chain[: chain.index(station)] if name in seen]
    return above[-1] if above else chain[0]
