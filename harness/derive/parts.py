"""The journal's steps and outcomes -> parts: one a delivery, with its phase, sealed state and what was read for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from captures.errors import IntegrityError
from captures.model import Mark, MarkSource
from harness.derive.extensions import Extensions
from harness.derive.recorded import Recorded
from harness.derive.spans import VOID
from harness.derive.visits import AGAIN, Visit
from harness.draw import BLOCKS, allocation, commitment, drawn, of_blocks
from harness.judge.contract import Registration

NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,18})?\Z")  # ASCII only; no NaN, infinity or exponent


PARTS = ("Deliver", "Shut", "Load", "Hire", "Stand")  # steps that begin one
TRIPS = ("Hire", "Stand")
Taken = tuple[int, str, Mapping[str, Any]]  # t_ns, journal place, values as they were answered


@dataclass
class Stage:
    """A stretch of one sale from opening the nozzle to shutting it.  `displays` in order, after its end; `fill`: what
    weighing or prover said of it, ("weigh" | "prove", reading)."""

    until_l: Decimal | None  # None: to the end of the sale
    ended: bool = False
    displays: list[Taken] = field(default_factory=list)
    fill: tuple[str, Taken] | None = None


@dataclass
class Part:
    """A delivery, shut-nozzle step or load.  `reads` by what was read, `shown` everything read of a load in time order; `outcome`
    of the step itself."""

    label: str
    step: Mapping[str, Any]
    begin_ns: int
    phase: str
    state: str
    end_ns: int | None = None
    next_ns: int | None = None
    after_ns: int = -1  # end of the segment before
    reads: dict[str, Taken] = field(default_factory=dict)
    shown: list[tuple[str, Taken]] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    outcome: Mapping[str, Any] = field(default_factory=dict)
    total_before: tuple[int, Decimal] | None = None
    total_after: tuple[int, Decimal] | None = None
    span: int = 0  # the start of the program in which it was done
    purpose: Mapping[str, Any] = field(default_factory=dict)  # what it was registered for beforehand; {} = scheduled
    visit: Visit = field(default_factory=Visit)
    trials: tuple[str, str] | None = (
        None  # order drawn while this load lay there, and the hash of its seed shown before
    )
    legs: list[tuple[Mapping[str, Any], int, int, Mapping[str, Any]]] = field(
        default_factory=list
    )  # of a trip: step, begin, end, outcome

    @property
    def is_delivery(self) -> bool:
        return str(self.step["type"]) == "Deliver"

    @property
    def is_load(self) -> bool:
        return str(self.step["type"]) == "Load"

    @property
    def is_trip(self) -> bool:
        """Hired and driven, or watched at standstill."""
        return str(self.step["type"]) in TRIPS

    @property
    def hung_up(self) -> bool:
        """The sale came to its end: it was not cut, nor left with the nozzle shut and not hung up."""
        return (
            self.end_ns is not None
            and all(stage.ended for stage in self.stages)
            and (not self.stages or self.stages[-1].until_l is None)
        )


@dataclass
class Told:
    """What the steps and outcomes of a run tell, in time order.  `stated`: the last answer to each question of the case."""

    parts: list[Part] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    stated: dict[str, str] = field(default_factory=dict)
    registrations: tuple[Registration, ...] = ()


def number(value: Any) -> Decimal | None:
    """`value` as an exact decimal, None when it is no plain number: such a reading is no reading."""
    text = str(value)
    return Decimal(text) if NUMBER.match(text) else None


def told(recorded: Recorded) -> Told:
    """Raises IntegrityError naming the journal line that lacks what its kind promises."""
    reader = _Reader()
    for place, body in recorded.entries:
        try:
            reader.take(place, body)
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise IntegrityError(
                f"{place}: a {body.get('kind')} record lacks what it must hold ({type(error).__name__}: {error}); "
                "this journal was not written by a run of this version"
            ) from None
    reader.told.registrations = reader.extensions.registrations
    return reader.told


def registrations(recorded: Recorded) -> tuple[Registration, ...]:
    """The confirmations that were registered, in their order.  Raises IntegrityError as `told`."""
    if not any(body.get("kind") == "extension" for _, body in recorded.entries):
        return ()
    return told(recorded).registrations


class _Reader:
    def __init__(self) -> None:
        self.told = Told()
        self._by_label: dict[str, Part] = {}
        self._phase, self._powers = "", 0
        self.extensions = Extensions()
        self._visit = Visit()
        self._step: Mapping[str, Any] = {"type": ""}
        self._begun_ns = 0
        self._total: tuple[int, Decimal] | None = None
        self._span = 0
        self._committed, self._revealed = "", set[str]()

    def take(self, place: str, body: Mapping[str, Any]) -> None:
        match body.get("kind"):
            case "step":
                self._begin(int(body["t_ns"]), body["step"])
            case "outcome":
                self._end(int(body["t_ns"]), place, body["value"])
            case "gap":
                self._left_alone(int(body["from_ns"]) + 1)
                self._span += 1
            case "registers":  # read anew after a gap: from here on the totaliser can be followed again
                self._follow(int(body["t_ns"]), body.get("totaliser") or {})
            case "extension":
                self.extensions.register(body)
                self._visit = self._visit.next()
            case "given-up":
                self.extensions.give_up()
            case kind if kind == f"{VOID}step" and body["step"]["type"] in PARTS:
                self.extensions.supersede(body["step"])
                self._left_alone(int(body["t_ns"]))  # what flowed in an attempt that does not stand belongs to no part
            case kind if kind == f"{VOID}step" and body["step"]["type"] == "Changeover":
                self._left_alone(int(body["t_ns"]))  # the small weights of an attempt that does not stand lay there too
            case "mark":
                source = MarkSource(body["source"])
                mark = Mark(int(body["t_ns"]), int(body["u_ns"]), source, str(body["mark"]), dict(body["payload"]))
                self.told.marks.append(mark)
            case _:
                pass

    def _begin(self, t_ns: int, step: Mapping[str, Any]) -> None:
        self._step, self._begun_ns = step, t_ns
        match step["type"]:
            case "Phase":
                self._phase = str(step["letter"])
            case "PowerCycle":
                self._powers += 1
                self._unloaded(t_ns)
            case "Purpose":
                self.extensions.aim(step)
                self._again()
            case "Inquire" if step["key"] == AGAIN:
                self._again()
            case kind if kind in PARTS:
                part = Part(
                    str(step["label"]), step, t_ns, self._phase, f"power-{self._powers}", total_before=self._total,
                    span=self._span, purpose=self.extensions.begin(step), visit=self._visit,
                )  # fmt: skip
                if part.is_delivery:
                    part.stages.append(Stage(number(step.get("until_l"))))
                if self.told.parts:
                    last = self.told.parts[-1]
                    part.after_ns = last.end_ns or last.begin_ns
                    last.next_ns = t_ns if last.next_ns is None else last.next_ns
                self.told.parts.append(part)
                self._by_label[part.label] = part
            case "Continue":
                self._by_label[str(step["label"])].stages.append(Stage(number(step.get("until_l"))))
            case "Instrument" | "Changeover":  # what others fill at it, what small weights add, belongs to no part
                self._left_alone(t_ns)
            case _:
                pass

    def _again(self) -> None:
        """Somebody came back, whether that was registered or not: what is stated from here on is of another visit."""
        if any(part.visit is self._visit for part in self.told.parts):
            self._visit = self._visit.next()

    def _unloaded(self, t_ns: int) -> None:
        """A power cut ends the loading that lies on the scale: what it shows afterwards is of another sealed state."""
        if self.told.parts and self.told.parts[-1].is_load:
            self._left_alone(t_ns)

    def _left_alone(self, t_ns: int) -> None:
        """Nobody saw what ran from here on: it is the part before's no more, and the totaliser is not followed."""
        if self.told.parts and self.told.parts[-1].next_ns is None:
            self.told.parts[-1].next_ns = t_ns
        self._total = None

    def _follow(self, t_ns: int, value: Mapping[str, Any]) -> None:
        litres = number(value.get("volume_l"))
        if litres is not None:
            self._total = (t_ns, litres)

    def _end(self, t_ns: int, place: str, value: Mapping[str, Any]) -> None:
        if "fault" in value:  # the instrument lost data: as if it had been cut
            return
        match self._step["type"]:
            case "Deliver" | "Shut" | "Load":
                self.told.parts[-1].end_ns, self.told.parts[-1].outcome = t_ns, dict(value)
                self._ended(self.told.parts[-1])
            case "Hire" | "Stand":  # it has begun
                self.told.parts[-1].outcome = dict(value)
            case "Drive" if str(self._step["label"]) in self._by_label:
                self._by_label[str(self._step["label"])].legs.append((self._step, self._begun_ns, t_ns, dict(value)))
            case "Vacate":
                part = self._by_label[str(self._step["label"])]
                part.end_ns, part.outcome = t_ns, {**part.outcome, **value}
                self._ended(part)
            case "Continue":
                part = self._by_label[str(self._step["label"])]
                part.end_ns = t_ns
                self._ended(part)
            case "Weigh" | "Prove":
                self._filled(str(self._step["type"]).lower(), (t_ns, place, dict(value)))
            case "Read":
                self._read(str(self._step["what"]), t_ns, place, dict(value))
            case "Commit":
                self._committed = str(value["sha256"])
            case "Draw":
                self._drawn(value)
            case "Inquire" | "Confirm" | "Choose":
                key, said = str(self._step["key"]), str(value.get("value", ""))
                self.told.stated[key] = self._visit.stated[key] = said
            case _:
                pass

    def _drawn(self, value: Mapping[str, Any]) -> None:
        """The order of trials over the load that lies there; none where the seed is not the one committed to, or another draw."""
        candidates, seed = tuple(map(str, self._step["candidates"])), str(value["seed"])
        if candidates != of_blocks(len(candidates) // len(BLOCKS)) or not candidates or not self.told.parts:
            return
        part, order = self.told.parts[-1], drawn(seed, candidates, len(candidates))
        unseen = self._committed not in self._revealed  # after the first draw everybody knows the next one
        self._revealed.add(commitment(seed))
        same = commitment(seed) == self._committed and [str(one) for one in value["drawn"]] == order
        if part.is_load and same and unseen:
            part.trials = allocation(order), self._committed

    def _ended(self, part: Part) -> None:
        if part.stages:
            part.stages[-1].ended = True
        if part.hung_up:
            self.extensions.end(part.label)

    def _filled(self, how: str, taken: Taken) -> None:
        part = self._by_label.get(str(self._step["label"]))
        if part is None or not taken[2]:
            return
        if int(self._step.get("portion", 0)):
            part.stages[-1].fill = (how, taken)
        else:
            part.reads[how] = taken

    def _read(self, what: str, t_ns: int, place: str, value: dict[str, Any]) -> None:
        part = self._by_label.get(str(self._step["label"]))
        if part is not None and part.span != self._span and what != "parameters":
            part = None  # others may have sold in the gap: what is shown now need not be this sale's
        if part is not None and value:
            part.reads[what] = (t_ns, place, value)
            if part.is_load or part.is_trip:
                part.shown.append((what, part.reads[what]))
            if what in ("display", "start") and part.stages:
                part.stages[-1].displays.append((t_ns, place, value))
        if what == "totaliser":
            self._follow(t_ns, value)
            if part is not None and number(value.get("volume_l")) is not None:
                part.total_after = self._total
