"""Record law: do the meter's own records agree with its certificate, with each other, and with what was shown?

Null, one reading a link: K as the meter states it is the certificate's within the declared tolerance (input>distance); record numbers
follow each other, totals never fall, paid distance is no more than all distance, a shift's total grows by what was driven, and a trip's record keeps the distance and no less
of the fare than is paid of what was displayed at its end, rounded and with the discount of the declared tariff (fare>record); no heartbeat ever said that the meter found its speed signal abnormal (reference>input).
What is compared is exact: one unit of the record's last digit for each number that enters.  Records missing at the begin or the end of what was read are
no gap.  Source: taximeters.md 6 (D12), 4.2 and 4.3; field names are those of the trip and shift records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import pairwise
from typing import Any

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.laws.fare_replay import TARIFF
from harness.judge.quantities import at_rest
from harness.judge.sensor_class import top_speed_kmh
from protocols.tariff.rule import Rule
from protocols.tariff.tariff import Tariff

NAME = "record-law"
K_LINK, RECORD, SPEED = Link("input", "distance"), Link("fare", "record"), Link("reference", "input")
K_TOLERANCE = Decimal("0.001")  # one pulse at K = 1000; where the profile declares none
ABNORMAL_SPEED = 0x80  # bit 7 of the heartbeat's state
SHOWN = (("record_km", "distance"), ("record_fare", "fare"), ("receipt_km", "distance"), ("receipt_fare", "fare"))
FURTHER_KM = Decimal(
    "0.1"
)  # that a vehicle may still roll, or a display jump, between the last look and the end of the hire


def _number(value: object) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _figures(records: object, *names: str) -> list[tuple[Decimal, ...]]:
    """Of each record all figures of `names`; records that lack one are left out."""
    found = []
    for record in records if isinstance(records, (list, tuple)) else ():
        if isinstance(record, Mapping):
            own = [_number(record.get(name)) for name in names]
            if None not in own:
                found.append(tuple(one for one in own if one is not None))
    return found


def _k(segment: Segment, view: View) -> tuple[int, list[str]]:
    """How many statements of K were compared, and those that are not the certificate's."""
    certified = _number(segment.context.get("certificate_k", view.profile.get("certificate_k")))
    stated = [_number(segment.context.get("stated_k"))] + [k for (k,) in _figures(segment.context.get("shifts"), "k")]
    known = [k for k in stated if k is not None]
    if certified is None or not certified:
        return 0, []
    tolerance = _number(view.profile.get("k_tolerance")) or K_TOLERANCE
    return len(known), [
        f"K {k} against {certified} of the certificate" for k in known if abs(k / certified - 1) > tolerance
    ]


def _numbers(segment: Segment, view: View) -> tuple[int, list[str]]:
    """Trip numbers that do not follow each other; a number told twice is the same record again."""
    told = sorted({int(n) for (n,) in _figures(segment.context.get("records"), "number")})
    faults = [f"between records {a} and {b} {b - a - 1} are missing" for a, b in pairwise(told) if b != a + 1]
    return len(told), faults


def _totals(segment: Segment, view: View) -> tuple[int, list[str]]:
    """Of the shift records in order: totals that fall, paid distance beyond all distance, totals that do not grow by the shift."""
    names = ("total_km", "total_paid_km", "km", "paid_km", "between_km")
    told = _figures(segment.context.get("shifts"), *names)
    step = Decimal(str(view.parameters["record_step_km"]))
    faults = []
    for total, total_paid, km, paid, _ in told:
        if total_paid > total or paid > km + step:
            faults.append(f"{max(total_paid, paid)} km paid of {total if total_paid > total else km} km")
    for (total, total_paid, *_), (after, paid_after, km, paid, between) in pairwise(told):
        if after < total or paid_after < total_paid:
            faults.append(f"a total fell from {total} to {after} km")
        elif after - total and abs(after - total - km - between) > 4 * step:
            faults.append(f"the total grew by {after - total} km, the shift by {km} km and {between} km between")
        elif paid_after - total_paid and abs(paid_after - total_paid - paid) > 3 * step:
            faults.append(f"the paid total grew by {paid_after - total_paid} km, the shift by {paid} km")
    return len(told), faults


def _least_paid(fare: Decimal, view: View) -> Decimal:
    """The least that is paid of a displayed fare by any reading of the declared tariff: a discount that no display shows taken off,
    rounded as it is paid."""
    tariff = view.profile[TARIFF]
    assert isinstance(tariff, Tariff)
    return min(fare, *(_paid(fare, rule) for rule in _payments(tariff)))


@lru_cache(maxsize=8)
def _payments(tariff: Tariff) -> tuple[Rule, ...]:
    """The readings of a tariff that can differ in what is paid of a displayed fare."""
    return tariff.singly("display", "discount")


def _paid(fare: Decimal, rule: Rule) -> Decimal:
    off = rule.discount.share * max(Decimal(0), fare - rule.discount.above) if rule.discount is not None else Decimal(0)
    return fare - off - rule.display.paid_step


def _shown(segment: Segment, view: View) -> tuple[int, list[str]]:
    """What record and receipt keep against what was displayed at the end."""
    compared, faults = 0, []
    for kept, shown in SHOWN:
        a, b = segment.registers.get(kept), segment.registers.get(shown)
        one, other = at_rest(a), at_rest(b)
        if a is None or b is None or one is None or other is None:
            continue
        if shown == "fare" and not isinstance(view.profile.get(TARIFF), Tariff):
            continue  # how what is paid is rounded nobody declared
        compared += 1
        least = (_least_paid(other, view) if shown == "fare" else other) - max(a.resolution, b.resolution)
        # after the last look waiting goes on, and what is paid may hold fees that no display shows
        most = None if shown == "fare" else other + max(a.resolution, b.resolution) + FURTHER_KM
        if one < least or (most is not None and one > most):
            faults.append(f"{kept} {one}, displayed {other}")
    return compared, faults


def _speed(segment: Segment, view: View) -> tuple[int, list[str]]:
    if float(segment.context.get("top_kmh") or 0) > top_speed_kmh(view.profile):
        return 0, []  # a pulse source gave a speed that no car has, and the meter may say so
    told = segment.context.get("heartbeats")
    states = [int(one) for one in told] if isinstance(told, (list, tuple)) else []
    found = sum(bool(state & ABNORMAL_SPEED) for state in states)
    return len(states), [f"{found} heartbeats said that the speed signal is abnormal"] if found else []


CHECKS = {K_LINK: (_k,), RECORD: (_numbers, _totals, _shown), SPEED: (_speed,)}


def _readings(segment: Segment, view: View) -> Iterator[Reading]:
    for link, checks in CHECKS.items():
        told = [check(segment, view) for check in checks]
        faults = [fault for _, found in told for fault in found]
        if not sum(compared for compared, _ in told):
            continue
        at: dict[str, Any] = {"faults": faults, "compared": sum(compared for compared, _ in told)}
        q = view.parameters["q"]
        yield Reading(
            NAME, segment.id, link, bet(bool(faults), q, view.validation), p=q if faults else 1.0, hits=len(faults),
            shape=Shape.STATE if faults else None, at=at,
        )  # fmt: skip


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in segments for reading in _readings(segment, view)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=4,
    kind="law",
    null="K is the certificate's, numbers follow each other, totals add up and never fall, records keep what was displayed",
    needs="trip or shift records, K as stated, or the heartbeat of the meter's link",
    parameters={"record_step_km": 0.1, "q": 0.005},
    judge=judge,
    one_by_one=True,
    mechanism="the meter's records do not agree with its certificate, with each other or with what was displayed",
    telling=44,
    shows=Kind.TRIP_RECORD,
)
