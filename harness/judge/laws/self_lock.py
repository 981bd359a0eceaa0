"""Self-lock law: a code stands in place of the unit price where the anti-cheat pair must show one.

Null: after the sales that a rule names (data: `self_lock_rules` of the profile, edition `self_lock`) the display shows one
of the rule's codes, or an officer misread the place.  Counted are only sales seen in this case: register against the
encoder's own pulses, beyond the rule's limit by more than a fixed volume per delivery and one pulse explain; the pair's
memory outlives the power.  Speaks only where somebody looked at the place of the code after a later sale.
A pair that was never initialised is silent too: that cause stays open unless its initialisation is documented, so the
finding is at most suspect without.  Source: fuel_dispensers.md 2.2, 2.3; field_rules.md 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.judge.account import Kind
from harness.judge.chain import stations
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet
from harness.judge.quantities import at_rest, ended, volume

NAME = "self-lock-law"
LINK = Link("encoder", "monitor")
ANY_BOARD = ("board_changed", "encoder_off")  # facts of a segment, by their name in its context


@dataclass(frozen=True)
class LockRule:
    """Which code must be shown after how many sales of which kind, and where that is written."""

    edition: str
    code: str
    after: str
    limit_rel: float
    sales: int
    meaning: str
    clause: str
    source: str
    grade: str
    verified: bool


def _abnormal(segment: Segment, rule: LockRule, view: View) -> bool | None:
    """Whether this sale is one that the rule counts; None where nobody could tell."""
    if rule.after in ANY_BOARD:
        return bool(segment.context[rule.after]) if rule.after in segment.context else None
    if segment.kind is not SegmentKind.DELIVERY or not segment.complete:
        return None
    observed = stations(segment)
    if not {"encoder", "register"} <= observed or not ended(segment) or at_rest(segment.registers["register"]) is None:
        return None
    own = volume(segment, "encoder", view.profile)
    shown = volume(segment, "register", view.profile)
    if own.why_not or shown.why_not or own.litres < view.parameters["min_l"]:
        return None
    slack = view.parameters["fixed_l"] + 3 * own.u + 3 * shown.u
    return abs(shown.litres - own.litres) > rule.limit_rel * own.litres + slack


def _rules(view: View) -> list[LockRule]:
    edition = view.profile.get("self_lock")
    return [rule for rule in view.profile.get("self_lock_rules", ()) if rule.edition == edition]


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    by_event: dict[str, list[LockRule]] = {}
    for rule in _rules(view):
        by_event.setdefault(rule.after, []).append(rule)
    for rules in by_event.values():
        readings += _event(segments, rules, view)
    return readings


def _event(segments: Sequence[Segment], rules: Sequence[LockRule], view: View) -> list[Reading]:
    """Readings of the rules for one kind of event: every segment at which somebody looked after enough such sales."""
    codes, needed = {rule.code for rule in rules}, max(rule.sales for rule in rules)
    seen = 0
    told = False
    readings = []
    for segment in segments:
        before, abnormal = seen, _abnormal(segment, rules[0], view)
        told = told or abnormal is not None
        seen += abnormal is True
        if "codes" not in segment.context or before < max(needed, 1):  # the code may need the next sale to appear
            continue
        shown = set(segment.context["codes"])
        silent = not shown & codes
        sure = bool(segment.context.get("photographed"))
        q = view.parameters["q_sure" if sure else "q"]
        at = {
            "expected": tuple(sorted(codes)), "codes": tuple(sorted(shown)), "sales": before, "at_rest": True,
            "clauses": tuple(dict.fromkeys(rule.clause for rule in rules)), "verified": all(r.verified for r in rules),
        }  # fmt: skip
        readings.append(
            Reading(
                NAME,
                segment.id,
                LINK,
                bet(silent, q, view.validation),
                p=q if silent else 1.0,
                hits=int(silent),
                mde=rules[0].limit_rel,
                shape=Shape.CONSTANT if silent else None,
                at=at,
            )
        )
    if not readings and told:
        why = f"{seen} sales that code {' or '.join(sorted(codes))} counts were seen: {needed} are needed, and a look after"
        readings.append(Reading(NAME, segments[-1].id, LINK, 1.0, reason=why))
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="the self-lock shows its code after the sales that its rule names, or an officer misread the place of the price",
    needs="profile self_lock, encoder tapped, register on the wire, the place of the code looked at after enough sales",
    parameters={"fixed_l": 0.05, "min_l": 2.0, "q": 0.01, "q_sure": 3e-4},
    judge=judge,
    weight=0.25,
    mechanism="the self-lock stays silent where it must show a code",
    telling=34,
    shows=Kind.MONITOR,
)
