"""Ticket law: ticket and record say what was displayed of this load: weight, unit price and price, in one unit, at rest.

Null (a set test): the ticket's weight is one that the display showed at rest while the load lay there, or beside it by one
interval, as a reading that flickers between two may be printed (R 76-1:2006 4.4.2: printed within one interval of the reading at
rest); the record is the ticket to half an interval.  Unit price and price are the same to the last digit, the price of a
neighbouring weight apart.  A ticket that says what the load before showed is that load's and says nothing of this one, nor does
one taken after a key that adds sales up.  Or a number was misread: one digit wrong or two exchanged (`q`), otherwise (`q_beyond`).  Source: field_rules.md section 4; scales.md T19, T20, S10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.intervals import coarsest_e
from harness.judge.key_effects import KEY_EFFECTS, effect_of
from harness.judge.loads import loadings, observed, shown
from harness.judge.priced import displayed, printed, slips

NAME = "ticket-law"
DOWN = ("ticket", "record")


@dataclass(frozen=True)
class Beside:
    """A printed or recorded weight and the weight of the other station nearest to it, kg, how far they may lie apart; what
    else differs: "unit price", "price"."""

    own: Decimal
    other: Decimal
    allowed: Decimal
    also: tuple[str, ...] = ()

    @property
    def apart(self) -> Decimal:
        return abs(self.own - self.other)

    @property
    def broken(self) -> bool:
        return self.apart > self.allowed or bool(self.also)


def one_slip(found: Beside) -> bool:
    """Whether one slip in one of the two weights explains that they differ."""
    return any(abs(value - found.other) <= found.allowed for value in slips(found.own)) or any(
        abs(value - found.own) <= found.allowed for value in slips(found.other)
    )


def above(segments: Sequence[Segment], station: str) -> str:
    """Which station the ticket or the record is held against, over the whole case: the nearest that was observed."""
    seen = {name for segment in segments for name in (*observed(segment), *segment.registers)}
    order = ("ticket", "display", "weight") if station == "record" else ("display", "weight")
    return next((name for name in order if name in seen), "")


def _values(segment: Segment, station: str) -> list[Decimal]:
    return [one.kg for one in shown(segment, station)]


def _summed(segment: Segment, view: View) -> bool:
    """Whether a key that may add up sales was pressed since power came on, before or while the load lay there."""
    effects = tuple(view.profile.get(KEY_EFFECTS, ()))
    pressed = [*segment.context.get("pressed_before", ()), *segment.context.get("events", ())]
    keys = {str(kind).removeprefix("press-") for kind in pressed} | {m.kind.removeprefix("press-") for m in segment.marks if m.kind.startswith("press-")}  # fmt: skip
    known = [effect_of(effects, key) for key in keys]
    return any(one is not None and one.momentary and "memory" in one.changes and one.label != "print" for one in known)


def _prices(segment: Segment, own: Decimal, other: Decimal, view: View) -> tuple[str, ...]:
    """What of unit price and price on the ticket is not what was displayed with a weight so near."""
    here, there = printed(segment), displayed(segment, view.profile)
    if not here or not there:
        return ()
    ticket = min(here, key=lambda one: abs(one.frame.weight - own)).frame
    eye = min(there, key=lambda one: (abs(one.frame.weight - other), one.frame.price != ticket.price)).frame
    step = view.decimal("price_step") or segment.registers["ticket_price"].resolution
    slack = abs(ticket.weight - eye.weight) * eye.unit_price + (step if ticket.weight != eye.weight else Decimal(0))
    said = ["unit price"] if ticket.unit_price != eye.unit_price else []
    return (*said, *(["price"] if abs(ticket.price - eye.price) > slack else []))


def beside(segment: Segment, upstream: str, station: str, view: View) -> Beside | None:
    """The pair that lies farthest apart; None where one of the two was not read."""
    others = _values(segment, upstream)
    found = []
    for own in segment.registers[station].values:
        if not others:
            return None
        other = min(others, key=lambda one: abs(one - own))
        e = coarsest_e(view.profile, max(abs(own), abs(other)))
        also = _prices(segment, own, other, view) if (upstream, station) == ("display", "ticket") else ()
        found.append(Beside(own, other, e / 2 if upstream == "ticket" else e, also))
    return max(found, key=lambda one: (one.broken, one.apart - one.allowed), default=None)


def _of(before: Segment, segment: Segment, found: Beside, link: Link, view: View) -> bool:
    """Whether it says what the load before showed."""
    if found.apart > found.allowed:
        return found.own in _values(before, link.upstream)
    there = {(one.frame.weight, one.frame.unit_price, one.frame.price) for one in displayed(before, view.profile)}
    return any((one.frame.weight, one.frame.unit_price, one.frame.price) in there for one in printed(segment))


def _reading(segment: Segment, before: Segment | None, link: Link, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    if link.downstream == "ticket" and _summed(segment, view):
        return mute("a key that adds sales up was pressed")
    if len(segment.context.get("units", ())) > 1:
        return mute("shown in more than one unit")
    found = beside(segment, link.upstream, link.downstream, view)
    if found is None:
        return mute("no reading at rest of both")
    if found.broken and before is not None and _of(before, segment, found, link, view):
        return mute(f"the {link.downstream} is that of the load before")
    photographed = segment.context.get("photographed") is True
    sure = photographed or link == Link("weight", "record")
    slip = found.broken and (found.apart <= found.allowed or one_slip(found))
    q = view.parameters["q_sure" if sure else "q_beyond" if found.broken and not slip else "q"]
    at_all = float(found.other) or 1.0
    effect, half = float(found.own - found.other) / at_all, float(found.allowed) / abs(at_all)
    if found.broken and found.apart <= found.allowed:
        effect = _price_effect(segment, view)
    return Reading(
        NAME,
        segment.id,
        link,
        bet(found.broken, q, view.validation),
        p=q if found.broken else 1.0,
        hits=int(found.broken),
        effect=effect,
        interval=(effect - half, effect + half),
        mde=2 * half,
        shape=Shape.CONSTANT if found.broken else None,
        at={
            "at_rest": True,
            "sure": sure,
            "one_slip": slip,
            "value": str(found.own),
            "low": str(found.other - found.allowed),
            "high": str(found.other + found.allowed),
            "differs": (*(["weight"] if found.apart > found.allowed else []), *found.also),
        },
    )


def _price_effect(segment: Segment, view: View) -> float:
    """Relative, of the price on the ticket; of the unit price where the prices agree."""
    ticket, eye = printed(segment)[-1].frame, displayed(segment, view.profile)[-1].frame
    if ticket.price != eye.price:
        return float(ticket.price / eye.price) - 1
    return float(ticket.unit_price / eye.unit_price) - 1


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    own = loadings(segments)
    found = []
    for station in DOWN:
        upstream = above(own, station)
        if not upstream:
            continue
        link = Link(upstream, station)
        for before, segment in zip([None, *own], own, strict=False):
            if station in segment.registers:
                found.append(_reading(segment, before, link, view))
    order = {segment.id: place for place, segment in enumerate(own)}
    return sorted(found, key=lambda reading: order[reading.segment])


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="ticket and record say what was displayed of this load at rest, within one interval, or a number was misread",
    needs="the ticket or the record of a load whose weight was read at rest",
    parameters={"q": 0.02, "q_beyond": 0.005, "q_sure": 3e-4},
    judge=judge,
    mechanism="the ticket or the record is not what was displayed",
    telling=22,
    shows=Kind.PRINTED,
)
