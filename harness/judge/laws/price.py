"""Price law: price to pay = displayed weight x displayed unit price, rounded to the money step.

Null (a set test, exact decimals): every price follows from the weight and the unit price that stood beside it, under one of the
rounding modes half-up, half-even, down and up, the one declared where one is; where no papers say how the price is rounded, it
may be computed from any weight that shows as this one.  What the unit price is for (kg, 100 g, jin) is the scale's choice in
each unit and holds over the case.  A load that is shown in another unit costs what it costs in kilograms, to two roundings of
the weight.  Or a number was misread: one digit wrong or two exchanged in one of the three numbers (`q`), otherwise (`q_beyond`).
The modes that agree with all readings are told, not judged.
Source: R 76-1:2006 4.14; statistics.md 2d; scales.md 2D and 1A rows S13, S18, S25.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.intervals import coarsest_e
from harness.judge.key_effects import KEY_EFFECTS, WeightRule, effect_of
from harness.judge.loads import REMOTE, changing, loadings, presses, weighable
from harness.judge.priced import Priced, Rule, basis_of, displayed, one_slip, printed, rule, sent
from harness.judge.weights.price import MODES, Frame, exact, modes

NAME = "price-law"
SHOWN, TICKET, LINE = Link("display", "price"), Link("display", "ticket"), Link("weight", "price")
REGISTERS = {SHOWN: "price", TICKET: "ticket_price", LINE: "weight.price"}


@dataclass(frozen=True)
class Tried:
    """One reading with its rule: `frame` on the basis of the case; `across`: its weight is that of a reading in another unit."""

    one: Priced
    frame: Frame
    rule: Rule
    across: bool = False

    @property
    def broken(self) -> bool:
        return not self.rule.explains(self.frame)

    @property
    def excess(self) -> float:
        return float(self.frame.price / exact(self.frame)) - 1


def _rule(segment: Segment, link: Link, one: Priced, view: View) -> Rule:
    half = coarsest_e(view.profile, one.frame.weight) / 2
    return rule(view.profile, segment.registers[REGISTERS[link]].resolution, half)


def _across(segment: Segment, link: Link, tried: Sequence[Tried], view: View) -> list[Tried]:
    """Readings in another unit, at the weight that the same load had in kilograms just before or after."""
    if link != SHOWN or "unit_of" not in segment.context:
        return []
    may, effects = changing(view.profile), tuple(view.profile.get(KEY_EFFECTS, ()))
    own = [(key, effect_of(effects, key)) for _, _, key in presses(segment)]
    if any(may(key) and (known is None or known.weight is not WeightRule.CONVERTED) for key, known in own):
        return []
    in_kg = [one for one in tried if one.one.units == ("kg",)]
    found = []
    for other in tried:
        if in_kg and other.one.units not in (("kg",), ("g",)):
            weight = min(in_kg, key=lambda one: abs(one.one.t_ns - other.one.t_ns)).frame.weight
            wide = replace(other.rule, modes=tuple(MODES), half_kg=coarsest_e(view.profile, weight))
            found.append(Tried(other.one, replace(other.frame, weight=weight), wide, across=True))
    return found


def _reading(segment: Segment, link: Link, tried: Sequence[Tried], consistent: tuple[str, ...], view: View) -> Reading:
    broken = [one for one in tried if one.broken]
    worst = max(broken or tried, key=lambda one: abs(one.excess))
    sure = all(one.one.sure for one in (broken or tried))
    slip = any(one_slip(one.frame, one.rule) for one in broken)
    q = view.parameters["q_sure" if sure else "q" if slip or not broken else "q_beyond"]
    low, high = worst.rule.span(worst.frame)
    codes = _switched_by(segment, tried)
    value = exact(worst.frame)
    ends = sorted(float(worst.frame.price / end) - 1 if end else 0.0 for end in (low, high))
    return Reading(
        NAME,
        segment.id,
        link,
        bet(bool(broken), q, view.validation),
        p=q if broken else 1.0,
        hits=len({(one.frame.weight, one.frame.unit_price, one.frame.price) for one in broken}),
        effect=worst.excess,
        interval=(ends[0], ends[1]),
        mde=float((high - low + worst.rule.step) / value),
        shape=Shape.CONSTANT if broken else None,
        at={
            "at_rest": True,
            "sure": sure,
            "value": str(worst.frame.price),
            "low": str(low),
            "high": str(high),
            "basis": worst.frame.basis,
            "units": worst.one.units,
            "consistent": consistent,
            "one_slip": slip,
            "beyond_interval": all(_beyond(one, view) for one in broken),
            **({"codes": codes} if codes else {}),
            **({"across_units": True} if broken and all(one.across for one in broken) else {}),
        },
    )


def _switched_by(segment: Segment, tried: Sequence[Tried]) -> list[str]:
    """The keys between a price that follows and the next one that does not, while the load lay still."""
    own = sorted((one for one in tried if not one.across), key=lambda one: one.one.t_ns)
    turns = [(a.one.t_ns, b.one.t_ns) for a, b in pairwise(own) if b.broken and not a.broken]
    keys = [[key for _, end, key in presses(segment) if after < end <= before] for after, before in turns]
    return list(dict.fromkeys(" ".join(one) for one in keys if one))


def _beyond(one: Tried, view: View) -> bool:
    """No weight that shows as the one displayed, nor its neighbours, makes this price under any rounding."""
    wide = Rule(tuple(MODES), one.rule.step, max(coarsest_e(view.profile, one.frame.weight), one.rule.half_kg))
    return not wide.explains(one.frame)


def _of_link(own: Sequence[tuple[Segment, list[Priced]]], link: Link, view: View) -> list[Reading]:
    flat = [(segment, one) for segment, readings in own for one in readings]
    rules = {i: _rule(segment, link, one, view) for i, (segment, one) in enumerate(flat)}
    basis = basis_of([one for _, one in flat], rules)
    tried: dict[str, list[Tried]] = {}
    for i, (segment, one) in enumerate(flat):
        tried.setdefault(segment.id, []).append(Tried(one, one.on(basis[one.units]), rules[i]))
    explained = [one for members in tried.values() for one in members if not one.broken]
    step = max((one.rule.step for one in explained), default=Decimal("0.01"))
    consistent = modes([one.frame for one in explained], step).consistent
    return [
        _reading(segment, link, [*mine, *_across(segment, link, mine, view)], consistent, view)
        for segment, _ in own
        if (mine := tried.get(segment.id))
    ]


def _unit_kept(own: Sequence[Segment], view: View) -> list[Segment]:
    """The loadings up to the first press of a key that may change the unit: what was chosen is kept when the scale is emptied,
    perhaps when power is cut, and a line tells kilograms all the same."""
    effects = tuple(view.profile.get(KEY_EFFECTS, ()))
    found = []
    for segment in own:
        found.append(segment)
        known = [effect_of(effects, key) for _, _, key in presses(segment) if key != REMOTE]
        if any(one is None or one.may_change("unit") for one in known):
            break
    return found


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    own = loadings(segments)
    found: list[Reading] = []
    found += _of_link([(segment, displayed(segment, view.profile)) for segment in own], SHOWN, view)
    found += _of_link([(segment, printed(segment)) for segment in own], TICKET, view)
    usable = {segment.id for segment in _unit_kept(own, view)}
    heard = [segment for segment in weighable(segments, view.profile) if segment.id in usable]
    found += _of_link([(segment, sent(segment)) for segment in heard], LINE, view)
    order = {segment.id: place for place, segment in enumerate(own)}
    return sorted(found, key=lambda reading: order[reading.segment])


DETECTOR = DetectorSpec(
    name=NAME,
    version=3,
    kind="law",
    null="the price is the weight shown times the unit price shown under one of the rounding modes, or a number was misread",
    needs="weight, unit price and price read at one instant at rest",
    parameters={"q": 0.02, "q_beyond": 0.005, "q_sure": 3e-4},
    judge=judge,
    mechanism="the price is not the weight times the unit price",
    telling=20,
    shows=Kind.PRICED,
)
