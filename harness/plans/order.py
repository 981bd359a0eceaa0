"""Order of a plan, checked without a bench: nothing that destroys comes before what it destroys.

field_rules.md section 3; safety first by section 1, nothing written or pressed by accident by section 2, the legal and
identity blocks first and the closing block last by section 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.plans import blocks
from harness.plans.worked import barred, writes
from harness.step import (
    Choose,
    Clause,
    Commit,
    Confirm,
    Continue,
    Deliver,
    Draw,
    Drive,
    Hire,
    Inquire,
    Instrument,
    Judge,
    Keys,
    Load,
    Mark,
    Phase,
    Photo,
    Plan,
    PowerCycle,
    Press,
    Prove,
    Purpose,
    Read,
    Searched,
    Shut,
    Stand,
    Step,
    Vacate,
    Wait,
    Weigh,
    Work,
)

LETTERS = "ABCDEF"
HANDS_OFF = 3  # known loads before the first key: a mode that any key clears must have been seen by then
FILL_MIN = 4.0  # until measured
OPENS = ("open", "tap", "isolate")  # facts that say: the housing was opened; volatile state and seals go with it
HARMLESS = "writes_nothing"  # said by the officers of what a search or confirmation works
WET = (Deliver, Shut, Load, Drive)  # something flows, lifts or moves

# nothing happens at the instrument
PAPER = (Confirm, Inquire, Choose, Photo, Phase, Instrument, Purpose, Searched, Clause, Commit, Draw, Judge, Mark, Wait)


class PlanError(Exception):
    """A plan that would destroy what it has still to measure, or endanger people."""


def dry_run(plan: Plan) -> list[Step]:
    """All steps of `plan` when every outcome is empty."""
    steps: list[Step] = []
    try:
        step = next(plan)
        while True:
            steps.append(step)
            step = plan.send({})
    except StopIteration:
        return steps


@dataclass
class _Walk:
    """What was done so far, of the whole site and at the instrument under test."""

    said: dict[str, int] = field(default_factory=dict)  # key -> step number
    at: str = ""
    found: dict[str, set[str]] = field(default_factory=dict)  # instrument -> keys asked there
    measured: set[str] = field(default_factory=set)  # instruments that gave a known delivery under control
    loads: dict[str, int] = field(default_factory=dict)  # instrument -> known loads weighed openly
    acted: dict[str, int] = field(default_factory=dict)  # instrument -> its last act
    phase: str = ""
    open_since: int = -1  # the step that ended surprise
    confirmed: set[int] = field(default_factory=set)  # numbers of confirmations
    purpose: str = ""  # "" of what is scheduled
    compares: tuple[int, str] | None = None  # the confirmation whose halves are being delivered
    stands: bool = False  # handbrake on
    watched: bool = False  # a stand with hands off has ended
    worked: bool = False  # a control, in this stand

    @property
    def here(self) -> set[str]:
        return self.found.setdefault(self.at, set())

    @property
    def raid(self) -> bool:
        return bool(self.phase) and self.phase in LETTERS


def check_order(steps: Sequence[Step]) -> None:
    """Raises PlanError naming the step that stands in the wrong place."""
    _check_open_sales(steps)
    _check_trips(steps)
    walk = _Walk()
    for number, step in enumerate(steps):
        for why in _wrong(walk, step):
            raise PlanError(f"step {number}: {why}")
        _take(walk, number, step)
    _check_end(walk, steps)


def _take(walk: _Walk, number: int, step: Step) -> None:
    match step:
        case Phase(letter=letter):
            walk.phase, walk.compares = letter, None
        case Instrument(id=id):
            walk.at = id
        case Purpose(of=of, k=k, target=target, half=half):
            walk.purpose = of
            walk.confirmed.add(k)
            walk.compares = (k, target) if half else None
        case Confirm(key=key) | Inquire(key=key) | Choose(key=key) | Photo(key=key):
            walk.said[key] = number
            walk.here.add(key)
            if key in (*blocks.BADGE, "control") and walk.open_since < 0:
                walk.open_since = number
        case _ if not isinstance(step, PAPER):
            walk.acted[walk.at] = number
            if _overt(walk, step):
                walk.open_since = number if walk.open_since < 0 else walk.open_since
                if isinstance(step, Deliver | Load | Drive | Stand):
                    walk.measured.add(walk.at)
                _follow_stand(walk, step)
                if isinstance(step, Load) and step.mass_kg:
                    walk.loads[walk.at] = walk.loads.get(walk.at, 0) + 1
        case _:
            pass


def _follow_stand(walk: _Walk, step: Step) -> None:
    match step:
        case Stand():
            walk.stands, walk.worked = True, False
        case Work():
            walk.worked = True
        case Vacate() | Hire() | Drive():
            walk.watched |= walk.stands and not walk.worked
            walk.stands = False
        case _:
            pass


def _overt(walk: _Walk, step: Step) -> bool:
    """An act that no customer does: a covert purchase, its reading and measuring belong to phase A."""
    if isinstance(step, PAPER) or walk.phase == "A":
        return isinstance(step, Press | Keys | PowerCycle | Stand | Work)
    return not (isinstance(step, Deliver | Load | Hire) and step.covert)


def _wrong(walk: _Walk, step: Step) -> Iterator[str]:
    """Why `step` may not come now."""
    yield from _wrong_phase(walk, step)
    if isinstance(step, PAPER):
        return
    name = type(step).__name__
    commissioned = blocks.COMMISSION[0] in walk.said
    before = blocks.COMMISSION if commissioned else blocks.BEFORE
    if missing := [key for key in before if key not in walk.said]:
        yield f"{name} before the legal block is complete: {', '.join(missing)}"
    if isinstance(step, WET) and "safety" not in walk.said:
        yield "fuel flows or loads move before the safety step was confirmed"
    if _overt(walk, step):
        if not commissioned and (missing := [key for key in blocks.BADGE if key not in walk.said]):
            yield f"{name} openly, before the party was told by whom and why: {', '.join(missing)}"
        if not isinstance(step, Read) and (missing := [key for key in blocks.IDENTITY if key not in walk.here]):
            yield f"{name}, but the identity block is missing: {', '.join(missing)} is recorded before the instrument is touched"


def _wrong_phase(walk: _Walk, step: Step) -> Iterator[str]:
    phase = walk.phase
    match step:
        case Phase(letter=letter) if walk.raid and letter in LETTERS and LETTERS.index(letter) < LETTERS.index(phase):
            yield f"phase {letter} after phase {phase}: surprise and state are gone by then"
        case Phase(letter="E" | "F" as letter):
            yield from _undecided(walk, letter)
        case Deliver(covert=True) | Load(covert=True) | Hire(covert=True) if phase != "A":
            yield f"a covert purchase in phase {phase or 'none'}: it belongs to A"
        case Deliver(covert=True) | Load(covert=True) | Hire(covert=True) if walk.open_since >= 0:
            yield f"a covert purchase, but step {walk.open_since} told who is buying: surprise is gone"
        case Press(what=what) if writes(what) and (walk.raid or walk.purpose):
            yield f"{what} is pressed: it writes into the instrument, which no raid, search or confirmation does"
        case Press(what=what) if walk.purpose and HARMLESS not in walk.said:
            yield f"{what} is worked before the officers said on record that it writes and calibrates nothing"
        case Press() if walk.raid and phase in "ABC":
            yield f"a key is pressed in phase {phase}: hands off before what it may clear was measured"
        case Press() if walk.at not in walk.measured:
            yield "a key is pressed before the first known delivery: what it clears was never measured"
        case Press(what="remote") if "remote" not in walk.said:
            yield "the remote is pressed before it is on record who seized it and who presses it"
        case Keys(sequence=keys) if any(barred(key) for key in keys):
            yield f"{' '.join(keys)} is pressed: it writes into the instrument, opens its settings or switches it off, which no plan does"
        case Keys() if walk.raid and walk.phase in "AB":
            yield f"keys are pressed in phase {phase}: hands off before what they may clear was measured"
        case Keys() if walk.loads.get(walk.at, 0) < HANDS_OFF:
            yield f"keys are pressed before {HANDS_OFF} known loads were weighed with hands off: what they clear was never measured"
        case Work() if not walk.stands:
            yield "a control is worked while nobody said that the vehicle stands with its handbrake on"
        case Work() if walk.at not in walk.measured or not walk.watched:
            yield "a control is worked before the taximeter was watched with hands off: what it counts by itself was never seen"
        case PowerCycle():
            yield from _dark(walk, "power away", ("E", "F"))
        case Purpose(of="confirmation", k=k, target=target) if k < 1 or not target:
            yield "a confirmation without its number and its one target: nothing pays for it"
        case Purpose(of="confirmation", k=k, target=target) if k in walk.confirmed and walk.compares != (k, target):
            yield f"confirmation {k} a second time: its level was spent by the first"
        case Confirm(key=key) | Inquire(key=key) | Choose(key=key) if key in OPENS:
            yield from _dark(walk, key, ("F",))
            if "seals_before" not in walk.here:
                yield f"{key}: seals are recorded before they are broken"
        case _:
            pass


def _dark(walk: _Walk, what: str, phases: Sequence[str]) -> Iterator[str]:
    if walk.phase not in phases:
        yield f"{what} in phase {walk.phase or 'none'}: volatile state is destroyed, so it belongs to {' or '.join(phases)}"
    yield from _undecided(walk, walk.phase)


def _undecided(walk: _Walk, letter: str) -> Iterator[str]:
    """Phases E and F need the officers' journalled decisions."""
    for key in ("preservation", f"phase_{letter}"):
        if key not in walk.here:
            yield f"phase {letter} destroys volatile state, and the officers' decision {key!r} is not on record"


def _check_end(walk: _Walk, steps: Sequence[Step]) -> None:
    last = steps[-1]
    if not (isinstance(last, Confirm) and last.key == "closing"):
        raise PlanError("the last step must be the closing: fuel returned, instrument sealed unchanged")
    if walk.open_since < 0:
        return  # nobody was told: what a party is asked and shown belongs to the raid that follows
    done = max(walk.acted.values(), default=-1)
    closing = blocks.CLOSING[-1:] if blocks.COMMISSION[0] in walk.said else blocks.CLOSING[1:]
    for key in closing:
        if walk.said.get(key, -1) <= done:
            raise PlanError(f"the closing block is missing: {key} comes after everything that is done")
    at, seals = "", dict.fromkeys(walk.acted, -1)
    for number, step in enumerate(steps):
        match step:
            case Instrument(id=id):
                at = id
            case Inquire(key="seals_after"):
                seals[at] = number
            case _:
                pass
    for id in walk.measured:
        if seals[id] <= walk.acted[id]:
            raise PlanError(f"the closing block is missing: seals_after {id} comes after everything that is done there")


def _check_open_sales(steps: Sequence[Step]) -> None:
    """A sale in parts is gone on with until it is hung up, and nothing else is done at the instrument meanwhile."""
    open_label = ""
    for number, step in enumerate(steps):
        match step:
            case Continue(label=label) if label != open_label:
                raise PlanError(f"step {number}: {label} goes on, but {open_label or 'no sale'} is open")
            case Continue(until_l=until_l):
                open_label = open_label if until_l is not None else ""
            case Read(label=label) | Weigh(label=label) | Prove(label=label) if open_label in ("", label):
                pass
            case _ if open_label:
                raise PlanError(f"step {number}: {type(step).__name__} while sale {open_label} is open: hang up first")
            case Deliver(label=label, until_l=until_l) if until_l is not None:
                open_label = label
            case _:
                pass


def _check_trips(steps: Sequence[Step]) -> None:
    """A trip, or a watch at standstill, ends before the next begins; it is driven while it lasts."""
    label, kind = "", ""
    for number, step in enumerate(steps):
        why = ""
        match step:
            case Hire() | Stand() if label:
                why = f"while {label} lasts: it ends with its Vacate first"
            case Hire() | Stand():
                label, kind = step.label, type(step).__name__
            case Drive() if step.label != label or kind != "Hire":
                why = f"of {step.label}, but {label or 'no trip'} is open"
            case Vacate() if step.label != label:
                why = f"of {step.label}, but {label or 'nothing'} is open"
            case Vacate():
                label = ""
            case PowerCycle() | Phase() if label:
                why = f"while {label} lasts"
            case _:
                pass
        if why:
            raise PlanError(f"step {number}: {type(step).__name__} {why}")
    if label:
        raise PlanError(f"{label} has no Vacate: nobody saw its end")


def cost(steps: Sequence[Step]) -> dict[str, float]:
    """What the plan costs: litres delivered, operator actions and minutes (planning values at 40 L/min).  Actions are
    those of bare hands; an instrument of the bench takes some over.

    A fill that is weighed or proved takes `FILL_MIN` in all: fill, settle, read, drain, return (field_rules.md section 5).
    """
    litres = sum(float(step.volume_l) for step in steps if isinstance(step, Deliver))
    asked = [
        step
        for step in steps
        if not isinstance(step, Phase | Purpose | Searched | Clause | Judge | Wait | Draw) and step != Instrument("")
    ]
    minutes = litres / 40.0 + 0.5 * len(asked)
    minutes += sum(step.seconds / 60 for step in steps if isinstance(step, Shut | Wait))
    minutes += sum(FILL_MIN - 0.5 for step in steps if isinstance(step, Weigh | Prove))
    minutes += sum(step.watch_s / 60 for step in steps if isinstance(step, Keys))
    minutes += sum(float(step.distance_m / step.speed_km_h) * 0.06 for step in steps if isinstance(step, Drive))
    actions = float(len([step for step in asked if not isinstance(step, Mark) or step.text]))
    return {"litres": litres, "steps": float(len(steps)), "actions": actions, "minutes": round(minutes, 1)}
