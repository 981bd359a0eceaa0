"""Rest step: what is shown of an untouched load moves although no key or remote was worked.

Null: the level that one load has at rest wanders as this line does of itself, creeps by half an interval and is rounded: it
makes no step of two intervals in two seconds that stays.  A disturbance may do that once in a loading, and rarely; one that
comes at once, without the transient that load steps of like size have here, is none that acts on the receptor.  There and
back is one step.  What follows a key or a remote is held-load's, and is not counted here.
Read by eye, steps between two readings with no key between them; a digit is misread now and then.
Source: scales.md 1D (unexplained step); R 76-1:2006 3.9.4 (creep); statistics.md 2c.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from scipy import stats

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet, calibrate
from harness.judge.loads import EYES, Shown, e_at, loadings, shown, undisturbed
from harness.judge.rest_steps import Followed, followed, separate
from harness.judge.transients import LoadSteps, load_steps
from harness.judge.weight_line import NS, WITNESS, Frames, meets, streams, vehicles, worked
from harness.judge.weights.steps import Step

NAME = "rest-step"


def unexplained(segment: Segment, own: Followed, view: View) -> list[Step]:
    """The steps that no key, remote or power switch came before."""
    spans = worked(segment, round(view.parameters["before_press_s"] * NS), round(view.parameters["after_press_s"] * NS))
    return separate([step for step in own.found if not meets(spans, step.from_ns, step.to_ns)], own.bound)


def _load(segment: Segment, line: Frames) -> float:
    """The load in kg: as known, else as first shown."""
    known = segment.load_kg[0] if segment.load_kg is not None else 0.0
    return known or abs(float(line.steps[0])) * line.step_kg


def _streamed(segment: Segment, station: str, refs: LoadSteps, view: View) -> Reading:
    link = Link("load", station)
    own = followed(segment, station, view.profile, view.parameters["bound_e"])
    if isinstance(own, str):
        return Reading(NAME, segment.id, link, 1.0, reason=own)
    found = unexplained(segment, own, view)
    sudden = _sudden(refs, own, found)
    if not sudden and vehicles(view.profile):
        found = [one for one in found if abs(one.size) * own.line.step_kg > view.parameters["person_kg"]]
    q = view.parameters["q" if sudden else "q_moved"]
    load, step_kg = _load(segment, own.line), own.line.step_kg
    sizes = sorted((step.size for step in found), key=abs)
    size = sizes[len(sizes) // 2] * step_kg if sizes else None
    half = own.line.e * step_kg
    return Reading(
        NAME,
        segment.id,
        link,
        bet(bool(found), q, view.validation),
        p=q if found else 1.0,
        hits=len(found),
        effect=size / load if size is not None and load else None,
        interval=((size - half) / load, (size + half) / load) if size is not None and load else None,
        mde=own.bound * step_kg / load if load else None,
        shape=Shape.SWITCHED if found else None,
        at={"held": True, "sure": True, **(_located(found, own, sudden) if found else {})},
    )


def _sudden(refs: LoadSteps, own: Followed, found: Sequence[Step]) -> bool | None:
    """Whether the first steps came at once; None where not all of them could be compared."""
    told = [refs.sudden(own.line, step) for step in found[:3]]
    return False if False in told else None if None in told or not told else True


def _located(found: Sequence[Step], own: Followed, sudden: bool | None) -> Mapping[str, Any]:
    steps = [
        {"t_ns": step.at_ns, "u_ns": (step.to_ns - step.from_ns) // 2, "kg": round(step.size * own.line.step_kg, 6)}
        for step in found
    ]
    ends = [*(step.at_ns for step in own.found), int(own.line.times_ns[-1])]
    stays = min(next(end for end in ends if end > step.at_ns) - step.at_ns for step in found)
    told = {} if sudden is None else {"sudden": sudden}
    return {"onset_ns": found[0].at_ns, **told, "steps": steps, "stays_s": round(stays / NS, 1)}


def _seen(segment: Segment, station: str, view: View) -> Reading | None:
    """By eye: pairs of readings one after the other with no key between them."""
    readings = undisturbed(shown(segment, station), view.profile)
    pairs = [(a, b) for a, b in pairwise(readings) if a.pressed == b.pressed]
    if not pairs:
        return None
    largest = max(abs(float(one.kg)) for one in readings)
    e, load = e_at(view.profile, largest), segment.load_kg[0] if segment.load_kg else largest
    bound = view.parameters["bound_e"] * e
    found = _moved(pairs, bound * (1 - 1e-9))
    p = float(stats.binom.sf(len(found) - 1, len(pairs), view.parameters["q_eye"])) if found else 1.0
    sizes = sorted((float(b.kg - a.kg) for a, b in found), key=abs)
    size = sizes[len(sizes) // 2] if sizes else None
    steps = [
        {"t_ns": (a.t_ns + b.t_ns) // 2, "u_ns": (b.t_ns - a.t_ns) // 2, "kg": float(b.kg - a.kg)} for a, b in found
    ]
    return Reading(
        NAME,
        segment.id,
        Link("load", station),
        calibrate(p, view.validation),
        p=p,
        hits=len(found),
        effect=size / load if size is not None and load else None,
        interval=((size - e) / load, (size + e) / load) if size is not None and load else None,
        mde=bound / load if load else None,
        shape=Shape.SWITCHED if found else None,
        at={"held": True, "sure": False} | ({"onset_ns": steps[0]["t_ns"], "steps": steps} if found else {}),
    )  # fmt: skip


def _moved(pairs: Sequence[tuple[Shown, Shown]], bound_kg: float) -> list[tuple[Shown, Shown]]:
    """Pairs that moved; the way back from a single odd reading is none of its own."""
    found: list[tuple[Shown, Shown]] = []
    for before, after in pairs:
        if abs(float(after.kg - before.kg)) < bound_kg:
            continue
        if found and found[-1][1] is before and abs(float(after.kg - found[-1][0].kg)) < bound_kg:
            continue
        found.append((before, after))
    return found


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    refs = load_steps(segments, view.profile)
    readings = [_streamed(segment, station, refs[station], view) for segment, station in streams(segments)]
    for segment in loadings(segments):
        seen = [_seen(segment, station, view) for station in EYES if station in segment.registers]
        readings += [one for one in seen if one is not None]
    order = {segment.id: i for i, segment in enumerate(segments)}
    return sorted(readings, key=lambda reading: order[reading.segment])


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="detector",
    null="one load at rest makes no step of two intervals beyond what its line wanders, keys apart, but for a rare disturbance or a misread digit",
    needs="the scale's line for ten seconds after settling, or the display read several times with no key between",
    parameters={
        "bound_e": 2.0, "before_press_s": 0.5, "after_press_s": 5.0, "q": 3e-4, "q_moved": 0.02, "q_eye": 0.02,
        "person_kg": 150.0,
    },
    judge=judge,
    mechanism="what an untouched load shows moves although nobody works the scale",
    telling=42,
    witness=WITNESS,
    shows=Kind.WEIGHED,
)  # fmt: skip
