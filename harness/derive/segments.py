"""The plan's steps and the streams -> segments: one a delivery, with everything the bench saw of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from captures.errors import IntegrityError
from captures.model import Mark, MarkSource, Origin, Register, frozen_int64
from harness.derive.pulses import CaptureRun, capture_runs
from harness.derive.recorded import Recorded
from harness.derive.sales import CODEC as DART_CODEC
from harness.derive.sales import Poll, Total, dispenser_reports, scaled
from harness.derive.weighing import litres
from harness.judge.contract import Segment, SegmentKind

AFTER_NS = 2_000_000_000


@dataclass
class _Part:
    """A delivery step and what was read for it."""

    step: Mapping[str, Any]
    begin_ns: int
    phase: str
    state: str
    end_ns: int | None = None
    next_ns: int | None = None
    after_ns: int = -1  # end of the segment before
    reads: dict[str, tuple[int, str, Mapping[str, Any]]] = field(default_factory=dict)
    total_before: Decimal | None = None
    total_before_ns: int = 0


def segments(recorded: Recorded) -> list[Segment]:
    """All deliveries and shut-nozzle watches of a run, in time order.  A cut run gives what came before the cut."""
    parts, marks = _parts(recorded)
    runs = _runs(recorded)
    polls, totals = _reports(recorded)
    sealed = _seals_unchanged(facts_stated(recorded))
    return [_segment(part, recorded, runs, polls, totals, marks, sealed) for part in parts]


def facts_stated(recorded: Recorded) -> dict[str, str]:
    """What the operator stated (nameplate, seals, legal basis), by key."""
    stated: dict[str, str] = {}
    key = ""
    for _, body in recorded.entries:
        if body.get("kind") == "step" and body["step"].get("type") in ("Inquire", "Confirm"):
            key = str(body["step"]["key"])
        elif body.get("kind") == "outcome" and key:
            value = body["value"]
            stated[key] = str(value.get("value", "confirmed" if value.get("confirmed") else ""))
            key = ""
    return stated


def _seals_unchanged(stated: Mapping[str, str]) -> bool:
    """Seals were read before and after, and read the same; what nobody could read proves nothing."""
    before, after = stated.get("seals_before", ""), stated.get("seals_after", "")
    return before == after and before not in ("", "none", "not shown", "refused")


def _parts(recorded: Recorded) -> tuple[list[_Part], list[Mark]]:
    parts: list[_Part] = []
    marks: list[Mark] = []
    by_label: dict[str, _Part] = {}
    phase, powers = "", 0
    step: Mapping[str, Any] = {}
    total: Decimal | None = None
    total_ns = 0
    for place, body in recorded.entries:
        match body.get("kind"):
            case "step":
                step = body["step"]
                if step["type"] == "Phase":
                    phase = str(step["letter"])
                elif step["type"] == "PowerCycle":
                    powers += 1
                elif step["type"] in ("Deliver", "Shut"):
                    part = _Part(
                        step, int(body["t_ns"]), phase, f"power-{powers}", total_before=total, total_before_ns=total_ns
                    )
                    if parts:
                        parts[-1].next_ns = part.begin_ns
                        part.after_ns = parts[-1].end_ns or parts[-1].begin_ns
                    parts.append(part)
                    by_label[str(step["label"])] = part
            case "outcome":
                t_ns, value = int(body["t_ns"]), body["value"]
                if step.get("type") in ("Deliver", "Shut"):
                    parts[-1].end_ns = t_ns
                elif step.get("type") in ("Read", "Weigh"):
                    what = "weigh" if step["type"] == "Weigh" else str(step["what"])
                    if step["label"] in by_label and value:
                        by_label[step["label"]].reads[what] = (t_ns, place, value)
                    if what == "totaliser" and "volume_l" in value:
                        total, total_ns = _decimal(value["volume_l"], place), t_ns
            case "mark":
                mark = Mark(
                    int(body["t_ns"]),
                    int(body["u_ns"]),
                    MarkSource(body["source"]),
                    str(body["mark"]),
                    dict(body["payload"]),
                )
                marks.append(mark)
            case _:
                pass
    return parts, marks


def _runs(recorded: Recorded) -> list[CaptureRun]:
    runs: list[CaptureRun] = []
    for entry in recorded.bench.instruments.values():
        if entry.driver == "sigrok-pico":
            link = entry.links["line"]
            channels = [str(channel) for channel in entry.options["channels"]]
            runs += capture_runs(
                entry.name, channels, recorded.chunks.get(link, ()), recorded.places.get(link, ""), recorded.speed
            )
    return runs


def _reports(recorded: Recorded) -> tuple[list[Poll], list[Total]]:
    for entry in recorded.bench.instruments.values():
        line = {"dart-master": "line", "dart-tap": "device"}.get(entry.driver)
        if line is not None:
            return dispenser_reports(recorded.chunks.get(entry.links[line], ()), recorded.speed)
    return [], []


def _segment(
    part: _Part,
    recorded: Recorded,
    runs: Sequence[CaptureRun],
    polls: Sequence[Poll],
    totals: Sequence[Total],
    marks: Sequence[Mark],
    sealed: bool,
) -> Segment:
    profile = recorded.bench.profile
    end_ns = (
        part.end_ns
        if part.end_ns is not None
        else max((r.window_ns[1] for r in runs if r.window_ns[0] >= part.begin_ns), default=part.begin_ns)
    )
    until_ns = part.next_ns if part.next_ns is not None else end_ns + 60 * AFTER_NS
    inside = [run for run in runs if part.begin_ns <= run.window_ns[0] < end_ns]
    registers = _registers(part, profile, recorded, polls, totals, until_ns)
    weighed = part.reads.get("weigh")
    kind = SegmentKind.SHUT if part.step["type"] == "Shut" else SegmentKind.DELIVERY
    # what was worked in the segment or right before it, as far back as the segment before
    events = tuple(mark.kind for mark in marks if part.after_ns < mark.t_ns <= end_ns and mark.kind.startswith("press"))
    own_marks = tuple(mark for mark in marks if part.begin_ns < mark.t_ns <= end_ns)
    return Segment(
        id=str(part.step["label"]),
        kind=kind,
        phase=part.phase,
        state=part.state,
        window_ns=(part.begin_ns, end_ns),
        context={**_context(part, events), "seals_unchanged": sealed, "temperature_recorded": weighed is not None},
        trains={name: train for run in inside for name, train in run.trains.items()},
        registers=registers,
        clocks={run.clock.clock: run.clock for run in inside},
        marks=own_marks,
        reference_l=_weighed(weighed),
        complete=part.end_ns is not None and all(run.complete for run in inside),
    )


def _weighed(weighed: tuple[int, str, Mapping[str, Any]] | None) -> tuple[float, float] | None:
    """Litres and uncertainty, or None where the readings cannot be true (an empty can heavier than the full one)."""
    if weighed is None:
        return None
    try:
        return litres({key: _decimal(value, weighed[1]) for key, value in weighed[2].items()})
    except (ValueError, KeyError):
        return None


def _context(part: _Part, events: tuple[str, ...]) -> dict[str, Any]:
    step = part.step
    if step["type"] == "Shut":
        return {"seconds": step["seconds"], "events": events}
    return {
        "asked_l": step["volume_l"],
        "preset": "amount" if step.get("amount") is not None else "volume",
        "flow": step["flow"],
        "covert": bool(step["covert"]),
        "photographed": False,
        "press_at_l": step.get("press_at_l"),
        "events": events,
    }


def _registers(
    part: _Part,
    profile: Mapping[str, Any],
    recorded: Recorded,
    polls: Sequence[Poll],
    totals: Sequence[Total],
    until_ns: int,
) -> dict[str, Register]:
    volume_step = Decimal(str(profile["volume_resolution_l"]))
    amount_step = Decimal(str(profile["amount_resolution"]))
    unit = str(profile.get("currency", "CNY"))
    result: dict[str, Register] = {}
    own = [poll for poll in polls if part.begin_ns <= poll.t_ns < until_ns]
    # the board keeps showing the sale before until the new one is zeroed: readings before the zero are that sale's
    zero = next((i for i, poll in enumerate(own) if poll.volume == 0 or (i and poll.volume < own[i - 1].volume)), 0)
    own = own[zero:]
    if own:
        wire = Origin(DART_CODEC, " ".join(recorded.places.values()))
        times, u = frozen_int64([p.t_ns for p in own]), frozen_int64([p.u_ns for p in own])
        result["register"] = Register(
            "register", times, u, tuple(scaled(p.volume, volume_step) for p in own), volume_step, "L", wire
        )
        result["register_amount"] = Register(
            "register_amount", times, u, tuple(scaled(p.amount, amount_step) for p in own), amount_step, unit, wire
        )
    if "display" in part.reads:
        t_ns, place, value = part.reads["display"]
        seen = Origin("operator", place)
        result["display"] = Register(
            "display",
            frozen_int64([t_ns]),
            frozen_int64([0]),
            (_decimal(value["volume_l"], place),),
            volume_step,
            "L",
            seen,
        )
        result["amount"] = Register(
            "amount",
            frozen_int64([t_ns]),
            frozen_int64([0]),
            (_decimal(value["amount"], place),),
            amount_step,
            unit,
            seen,
        )
    total = _totaliser(part, profile, totals, until_ns)
    if total is not None:
        result["totaliser"] = total
    return result


def _totaliser(part: _Part, profile: Mapping[str, Any], totals: Sequence[Total], until_ns: int) -> Register | None:
    step = Decimal(str(profile.get("totaliser_resolution_l", "0.01")))
    readings: list[tuple[int, Decimal]] = []
    if "totaliser" in part.reads and part.total_before is not None:
        t_ns, place, value = part.reads["totaliser"]
        readings = [(part.total_before_ns, part.total_before), (t_ns, _decimal(value["volume_l"], place))]
    elif totals:
        before = [t for t in totals if t.t_ns < part.begin_ns]
        after = [t for t in totals if part.begin_ns <= t.t_ns < until_ns]
        if before and after:
            readings = [
                (before[-1].t_ns, scaled(before[-1].volume, step)),
                (after[-1].t_ns, scaled(after[-1].volume, step)),
            ]
    if not readings:
        return None
    times, values = zip(*readings, strict=True)
    return Register(
        "totaliser",
        frozen_int64(times),
        frozen_int64([0] * len(times)),
        values,
        step,
        "L",
        Origin("totaliser", part.step["label"]),
    )


def _decimal(value: Any, place: str) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise IntegrityError(f"{place}: expected a decimal number, got {value!r}") from None
