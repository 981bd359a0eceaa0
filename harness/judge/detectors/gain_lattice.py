"""Gain lattice: do the gains and offsets that were seen lie where such functions are made: k x 5 %, 10/9, 10/8, 10/6, k x 160 kg?

It claims nothing (weight 0): a gain on a lattice is no more a break than one beside it.  Where tests that claim found something
over the same loads, the lattice points go into the account, as a size to compare with other cases.  What errs by no more than
rounding, repeatability and the masses allow is not looked at.  A lattice is told only where all gains that could tell lie on it
and would do so by chance in one case of twenty at most (weights/gain_lattice.py).  Source: scales.md 1C, 1B row T04.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.judge.contract import DetectorSpec, Link, Reading, Segment, View
from harness.judge.intervals import intervals
from harness.judge.loads import e_at, loadings, observed, shown, undisturbed
from harness.judge.priced import displayed
from harness.judge.weights.gain_lattice import Match, gain_points, match, multiples, together_p
from harness.judge.weights.price import exact

NAME = "gain-lattice"
GAINS, OFFSETS_KG = (-0.5, 1.0), (-20_000.0, 20_000.0)
QUANTUM_KG = 160.0
TRUCK_E_KG = 5.0  # from this interval on it weighs vehicles
CHANCE = 0.05


@dataclass(frozen=True)
class Seen:
    """One excess beyond the honest bound: relative gain or offset in kg, as an interval."""

    segment: str
    link: Link
    kind: str  # "percent" | "kg"
    interval: tuple[float, float]

    def match(self) -> Match:
        if self.kind == "kg":
            return match(self.interval, multiples(QUANTUM_KG, OFFSETS_KG, "kg"), OFFSETS_KG)
        return match(self.interval, gain_points(span=GAINS), GAINS)


def _weights(segment: Segment, station: str, view: View) -> Iterator[Seen]:
    """Levels at which the load was shown, each once; against its known mass, else against what was shown first."""
    readings = undisturbed(shown(segment, station), view.profile)
    if not readings:
        return
    known = segment.load_kg
    base, u = known if known is not None else (float(readings[0].kg), e_at(view.profile, float(readings[0].kg)) / 3)
    if base <= 0:
        return
    truck = float(intervals(view.profile)[0].e_kg) >= TRUCK_E_KG
    for level in dict.fromkeys(one.kg for one in readings):
        error = float(level) - base
        half = (0.5 + view.parameters["repeatability_e"]) * e_at(view.profile, max(base, float(level))) + 4 * u
        if abs(error) <= half + 0.5 * e_at(view.profile, base):
            continue
        gain = ((error - half) / base, (error + half) / base)
        if GAINS[0] < error / base < GAINS[1]:
            yield Seen(segment.id, Link("load", station), "percent", gain)
        if truck and OFFSETS_KG[0] < error < OFFSETS_KG[1]:
            yield Seen(segment.id, Link("load", station), "kg", (error - half, error + half))


def _prices(segment: Segment, view: View) -> Iterator[Seen]:
    for one in displayed(segment, view.profile):
        value = exact(one.frame)
        step = segment.registers["price"].resolution
        gain = float(one.frame.price / value) - 1
        half = float(step / value)
        if abs(gain) > 2 * half and GAINS[0] < gain < GAINS[1] and one.units == ("kg",):
            yield Seen(segment.id, Link("display", "price"), "percent", (gain - half, gain + half))


def _readings(seen: Sequence[Seen], link: Link) -> list[Reading]:
    """One reading a loading; its lattice points where all that could tell lie on the lattice."""
    found: dict[str, dict[str, list[float]]] = {one.segment: {} for one in seen}
    for kind in ("percent", "kg"):
        told = [(one, own) for one in seen if one.kind == kind and (own := one.match()).told]
        if not told or together_p([own for _, own in told]) > CHANCE:
            continue
        for one, own in told:
            factor = 100 if kind == "percent" else 1
            found[one.segment].setdefault(f"lattice_{kind}", []).append(round(own.points[0].value * factor, 4))
    return [
        Reading(NAME, segment, link, 1.0, at={name: tuple(sorted(set(points))) for name, points in own.items()})
        for segment, own in found.items()
    ]


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    own = loadings(segments)
    seen = [one for segment in own for station in observed(segment) for one in _weights(segment, station, view)]
    seen += [one for segment in own for one in _prices(segment, view)]
    links = dict.fromkeys(one.link for one in seen)
    return [reading for link in links for reading in _readings([one for one in seen if one.link == link], link)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="none: it names what to investigate and never claims",
    needs="errors of known loads, or prices, beyond what rounding explains",
    parameters={"repeatability_e": 0.5},
    judge=judge,
    weight=0.0,
    mechanism="the size lies on a lattice of round gains",
    telling=100,
)
