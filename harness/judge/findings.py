"""From an evidence process to a finding: the four conditions of `proven`, the honest causes, and the level.

Field_rules.md section 6.  Every condition is a named boolean of the finding; what keeps the level down is said in
`limits`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from harness.judge.catalogue import CheatEntry, possible
from harness.judge.causes import HonestCause, explanations
from harness.judge.chain import base_links, contains
from harness.judge.contract import (
    Basis,
    DetectorSpec,
    Explanation,
    Finding,
    Integrity,
    Reading,
    Segment,
    SegmentKind,
    Shape,
)
from harness.judge.evidence import Process, budgets
from harness.judge.facts import facts
from harness.judge.foreign import AT_MOST_SUSPECT, is_foreign
from harness.judge.ground import Ground
from harness.judge.located import located
from harness.judge.offset import offset_or_gain
from harness.judge.overdue import lost, overdue_stations, rests_on
from harness.judge.places import same
from harness.judge.smoothness import rough

GRAVITY = {level: rank for rank, level in enumerate(Integrity)}
SIZE = {
    "offset": ": by a fixed volume per sale",
    "gain": ": by a share of the volume",
    "both": ": by a fixed volume per sale and a share of the volume",
}
DEVICE_TYPE = "this is a property of a type of device, which approved pulsers have too: alone at most suspect"
SEARCHED = "found by a search: only a fresh run on a budget of its own can confirm it"
RESEALED = (
    "the seals were not found as they had been left: what was seen before that and what was seen afresh do not bear each "
    "other out"
)
METER = "reference>encoder"  # the base link with meter, hose and hydraulics
CONTRAST = {
    "knowledge": "in sales the trader did not know to be watched",
    "state": "before and after power was cut",
    "volume": "in long and in short deliveries",
    "event": "after a key, remote or switch was worked",
    "flow": "at slow and at full flow",
    "portion": "at its beginning and later on",
    "place": "before and after power was cut",
    "preset": "in sales by volume and in sales by amount or without a preset",
    "registered": "in the one and in the other setting that were registered beforehand",
}


@dataclass(frozen=True)
class Case:
    """What a finding is made from, beside its process."""

    instrument: str
    segments: Sequence[Segment]
    readings: Sequence[Reading]
    profile: Mapping[str, Any]
    catalogue: Sequence[CheatEntry]
    causes: Sequence[HonestCause]
    detectors: Mapping[str, DetectorSpec]

    @cached_property
    def budget(self) -> Mapping[str, str]:
        """Of each segment by id (evidence.budgets)."""
        return budgets(self.segments)


def made_anew(k: int, count: int) -> str:
    """What a finding of confirmation `k` says of the deliveries that were superseded."""
    return (
        f"confirmation {k}, deliveries that were cut and do not stand: {count}; each halves its level, and what was delivered "
        "before one that was made anew counts nowhere"
    )


def _members(readings: Sequence[Reading], segments: Sequence[Segment]) -> tuple[Segment, ...]:
    wanted = {id for reading in readings for id in reading.segment.split("|")}
    return tuple(segment for segment in segments if segment.id in wanted)


def shape_of(hits: Sequence[Reading], others: Sequence[Reading]) -> Shape | None:
    """How the break behaves over all segments that show it; None while the data do not decide.

    `others` spoke and did not hit: a constant break would have shown in them.
    """
    own = [reading.shape for reading in hits if reading.shape is not None]
    if not own:
        return None
    if all(shape is Shape.EXTRA for shape in own):
        return Shape.EXTRA
    if all(shape is Shape.THRESHOLD for shape in own):
        return Shape.THRESHOLD  # told by many loads of one state: it acts in some of them
    if all(shape is Shape.SWITCHED for shape in own) and all(r.at.get("held") for r in hits):
        return Shape.SWITCHED  # it moved while the load was held
    inside = [r for r in hits if r.shape is Shape.SWITCHED and r.at.get("onset_l")]
    if inside:
        if same(inside):
            # two may coincide by hand
            return Shape.THRESHOLD if len({r.segment for r in inside}) >= 3 else None
        return Shape.SWITCHED if len(inside) >= 2 or any("end_l" in r.at for r in inside) else None
    if Shape.STATE in own:
        # long against short leaves open whether a volume or a hand made the difference
        undecided = all(r.key == "volume" or r.at.get("same_volumes") is False for r in hits)
        return None if undecided else Shape.STATE
    if others:
        # some deliveries show it, some do not: by volume, by state or by hand, which this alone does not decide
        return None
    return Shape.CONSTANT


def leading_contrast(hits: Sequence[Reading]) -> str:
    """The contrast of an intervention that carries most of its evidence."""
    gains: dict[str, float] = {}
    for reading in hits:
        gains[reading.key] = gains.get(reading.key, 1.0) * reading.e
    return max(gains, key=lambda key: gains[key]) if gains else ""


def _second_station(process: Process, hits: Sequence[Reading], case: Case) -> bool:
    """Another detector saw the same link, or a part of it, break in the same segment, from other stations.

    Edge balance, quadrature and split of one tap look at one stream: they are one witness (field_rules.md 6).
    """
    mine = {id for reading in hits for id in reading.segment.split("|")}
    own = case.detectors[process.detector].witness
    return any(
        other.detector != process.detector
        and other.hits >= 3
        and other.segment in mine
        and (contains(process.link, other.link) or contains(other.link, process.link))
        and _bears_out(case.detectors[other.detector], own)
        and not rests_on(other.link, case.profile)
        for other in case.readings
    )


def _seen_before(process: Process, case: Case) -> bool:
    """A confirmation is the fresh run in which what was found before is seen again: by the same test, in the same shape and
    direction, in segments of some budget that had ended before its first one began, under the same seals."""
    if process.basis is not Basis.CONFIRMATORY:
        return False
    first = min((segment.window_ns[0] for segment in _members(process.readings, case.segments)), default=0)
    return any(
        r.detector == process.detector
        and r.link == process.link
        and r.hits
        and r.shape is not None
        and any(_alike(r, own) for own in process.hits)
        and all(
            segment.window_ns[1] <= first and not _sealed_anew(process, segment, case)
            for segment in _members([r], case.segments)
        )
        and not any(case.budget.get(id, "none") == "none" for id in r.segment.split("|"))
        for r in case.readings
    )


def _alike(a: Reading, b: Reading) -> bool:
    """The same shape and direction of two hits; where neither has a size, of the same contrast."""
    if a.shape is not b.shape:
        return False
    if a.effect is None or b.effect is None:
        return a.effect is b.effect and a.key == b.key
    return (a.effect > 0) is (b.effect > 0)


def _sealed_anew(process: Process, segment: Segment, case: Case) -> bool:
    """Between `segment` and the confirmation the seals were found otherwise than they had been left."""
    fresh = _members(process.readings, case.segments)
    return any(one.context.get("resealed", 0) != segment.context.get("resealed", 0) for one in fresh)


def _bears_out(other: DetectorSpec, witness: str) -> bool:
    """Whether a test can bear out what one of `witness` saw: as a witness of its own, and of more than a type or an error."""
    return not (other.conformity_alone or other.device_type or (witness and other.witness == witness))


def _telling_run(process: Process, hits: Sequence[Reading], spec: DetectorSpec) -> bool:
    """Proven level in a single run makes a suspicion where many pulses of that run say so.  A p-value of one reading is
    smaller than any validation supports, and air, a spilled measure or a late poll spoil one delivery on any day: other
    tests must have seen it twice."""
    if not process.single_run:
        return False
    in_all = frozenset[str].intersection(*(frozenset(reading.segment.split("|")) for reading in hits))
    return spec.witness == "pulses" or not in_all  # else one delivery explains every reading


def _gassy(process: Process, members: Sequence[Segment], profile: Mapping[str, Any]) -> bool:
    """The flow of a delivery that shows it was not that of liquid alone, and the link holds the meter."""
    return METER in base_links(process.link) and any(rough(segment, profile) for segment in members)


def _cap(process: Process, members: Sequence[Segment], case: Case) -> tuple[Integrity, tuple[str, ...]]:
    """The gravest level that such a finding can have, and why."""
    spec = case.detectors[process.detector]
    if process.basis is Basis.EXPLORATORY:
        return Integrity.SUSPECT, (SEARCHED,)
    if overdue := rests_on(process.link, case.profile):
        return Integrity.SUSPECT, (overdue,)
    if spec.device_type:
        return Integrity.SUSPECT, (DEVICE_TYPE,)
    if spec.conformity_alone:
        return Integrity.SUSPECT, ("a constant gain alone is a matter of conformity and at most suspect",)
    if any(segment.kind is SegmentKind.TAP for segment in members):
        return Integrity.SUSPECT, ("a recording of a single tap is at most suspect",)
    if any(is_foreign(segment) for segment in members):
        return Integrity.SUSPECT, (AT_MOST_SUSPECT,)
    return Integrity.PROVEN, ()


def _open(causes: Sequence[Explanation]) -> list[str]:
    """The honest causes that nothing excluded."""
    return [cause.cause for cause in causes if not cause.excluded_by]


def finding(process: Process, case: Case) -> Finding | None:
    """The finding of one process at its level, or None below the suspect threshold."""
    hits, spec = process.hits, case.detectors[process.detector]
    proven_level, suspect_level = process.e >= process.proven_at, process.e >= process.suspect_at
    if not hits or not (suspect_level or _telling_run(process, hits, spec)):
        return None
    contrast = leading_contrast(hits)
    hits = tuple(r for r in hits if r.key == contrast)
    others = tuple(r for r in process.readings if r.spoke and not r.hits and r.key == contrast)
    shape = shape_of(hits, others)
    members = _members(hits, case.segments)
    idle = frozenset(s.id for s in case.segments if s.kind in (SegmentKind.SHUT, SegmentKind.SOAK))
    ground = Ground(process.link, hits, members, others, case.profile, shape, idle)
    late = overdue_stations(case.profile)
    known = facts(ground, late)
    causes = explanations(case.causes, process.detector, contrast, process.link, known)
    open_causes = _open(causes)
    conditions = {
        "threshold_crossed": proven_level,
        "observation_error_in_null": known["three_or_more"] or known["photographed"],
        "reproduced_or_two_stations": known["reproduced"]
        or _second_station(process, hits, case)
        or _seen_before(process, case),
        "honest_causes_excluded": bool(causes) and not open_causes,
    }
    cap, why = _cap(process, members, case)
    if late and open_causes and not why:
        in_force = explanations(case.causes, process.detector, contrast, process.link, facts(ground))
        why = tuple(filter(None, (lost(open_causes, _open(in_force), case.profile),)))
    limits = (*why, *_limits(conditions, process, open_causes, bool(causes)))
    if process.basis is Basis.CONFIRMATORY and any(segment.context.get("resealed") for segment in members):
        limits = (*limits, RESEALED)
    level = Integrity.PROVEN if all(conditions.values()) else Integrity.SUSPECT
    level = min(level, cap, key=GRAVITY.__getitem__)
    if level is Integrity.SUSPECT and _gassy(process, members, case.profile):
        level = Integrity.INCONCLUSIVE
        limits = ("gas or vapour was seen in the flow and can make this: cure it and measure again", *limits)
    sizes = [reading.effect for reading in hits if reading.effect is not None]
    spans = [reading.interval for reading in hits if reading.interval is not None]
    mdes = [reading.mde for reading in process.readings if reading.mde is not None]
    mechanism = spec.mechanism or process.detector
    at = located(hits, shape, contrast)
    fit = offset_or_gain(process.readings, case.segments) if spec.sized else None
    if fit is not None and fit.kind:
        at |= {"size_kind": fit.kind, "offset_l": round(fit.offset_l, 4), "offset_u_l": round(fit.u_l, 4)}
        at |= {"gain": round(fit.gain, 6), "gain_u": round(fit.u, 6)}
        mechanism += SIZE[fit.kind]
    return Finding(
        instrument=case.instrument,
        link=process.link,
        shape=shape,
        mechanism=f"{mechanism} {CONTRAST[contrast]}" if contrast in CONTRAST else mechanism,
        catalogue_ids=possible(case.catalogue, process.link, shape),
        detectors=(process.detector,),
        level=level,
        basis=process.basis,
        effect=median(sizes) if sizes else None,
        interval=(median(s[0] for s in spans), median(s[1] for s in spans)) if spans else None,
        evidence=process.e,
        threshold=process.proven_at,
        threshold_source=process.source,
        segments=tuple(segment.id for segment in members),
        explanations=causes,
        conditions=conditions,
        at=at,
        mde=min(mdes) if mdes else None,
        limits=limits,
        final=process.final,
    )


def _limits(
    conditions: Mapping[str, bool], process: Process, open_causes: Sequence[str], listed: bool
) -> tuple[str, ...]:
    said = []
    if not conditions["threshold_crossed"]:
        why = "seen in a single run" if process.single_run else "evidence below the threshold of proof"
        said.append(f"{why}: e = {process.e:.3g}, threshold {process.proven_at:.3g}")
    if not conditions["observation_error_in_null"]:
        said.append("fewer than three separate violations and no photographed reading")
    if not conditions["reproduced_or_two_stations"]:
        said.append("not reproduced in a fresh run, nor recorded by a second station")
    if process.anew:
        said.append(made_anew(process.k, process.anew))
    if not listed:
        said.append("no honest causes are listed for this test and link, so none could be excluded")
    said += [f"not excluded: {cause}" for cause in open_causes]
    return tuple(said)
