"""Parts and streams -> segments: one a delivery, with everything the bench saw of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from captures.errors import IntegrityError
from captures.model import Origin, Register, frozen_int64
from fixtures.profile import SCALES
from harness.derive.fills import Fills
from harness.derive.instruments import CLOCK
from harness.derive.lateness import late_ns
from harness.derive.loadings import Loadings
from harness.derive.parts import Part, Told, number, told
from harness.derive.recorded import Recorded
from harness.derive.sales import Reports, new_sale, scaled
from harness.derive.streams import Streams, Whole
from harness.derive.streams import heard as line_of
from harness.derive.trips import Trips
from harness.judge.contract import Segment, SegmentKind

TAXI = "taximeter"
PARAMETERS = ("meter_factor", "density_kg_m3")
SETTLED_NS = 10_000_000_000  # of the run's clock; longer than anything is held back on its way into the journal
AFTER_LAST_NS = 120_000_000_000  # how long after the last delivery its final readings may come


class Kept:
    """Segments of a run that is going on, derived before: what came on the lines while they lasted changes no more once they
    are SETTLED_NS past."""

    def __init__(self) -> None:
        self._by_label: dict[str, tuple[str, Segment]] = {}

    def segment(self, label: str, made_from: str, derive: Callable[[], Segment]) -> Segment:
        known = self._by_label.get(label)
        if known is not None and known[0] == made_from:
            return known[1]
        found = derive()
        self._by_label[label] = (made_from, found)
        return found


def segments(recorded: Recorded, streams: Streams | None = None, kept: Kept | None = None) -> list[Segment]:
    """All deliveries and shut-nozzle watches, or loadings, of a run, in time order.  A cut run gives what came before the cut.

    `streams`: of `recorded`, where they are decoded already; `kept` from call to call where a run is going on.
    Raises IntegrityError when the journal does not hold what a run writes.
    """
    tale = told(recorded)
    try:
        decoded = Whole(recorded) if streams is None else streams
        deriver = _deriver(recorded, tale, decoded)
        settled_ns = decoded.last_ns() - SETTLED_NS
        return [
            _owned(deriver.segment(part), recorded.bench.instrument_id)
            if kept is None or part.next_ns is None or part.next_ns >= settled_ns
            else kept.segment(
                part.label,
                deriver.made_from(part),
                lambda part=part: _owned(deriver.segment(part), recorded.bench.instrument_id),  # type: ignore[misc]
            )
            for part in tale.parts
        ]
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise IntegrityError(
            f"{recorded.bench.where}: the recorded run cannot be read ({type(error).__name__}: {error}); "
            "this journal was not written by a run of this version"
        ) from None


def _deriver(recorded: Recorded, tale: Told, streams: Streams) -> Loadings | Trips | _Deriver:
    """What makes the segments of this family's parts."""
    if recorded.bench.family in SCALES:
        return Loadings(recorded, tale, streams)
    return (Trips if recorded.bench.family == TAXI else _Deriver)(recorded, tale, streams)


def _owned(segment: Segment, instrument: str) -> Segment:
    """The segment with the name of its instrument on it and on everything in it."""
    return replace(
        segment,
        instrument=instrument,
        trains={name: replace(train, instrument=instrument) for name, train in segment.trains.items()},
        registers={name: replace(register, instrument=instrument) for name, register in segment.registers.items()},
        marks=tuple(replace(mark, instrument=instrument) for mark in segment.marks),
        traces={name: replace(trace, instrument=instrument) for name, trace in segment.traces.items()},
    )


def _parameters(answer: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of the menu as read: numbers as written, switches as words; what was not shown is left out."""
    found = {name: str(answer[name]) for name in PARAMETERS if number(answer.get(name)) is not None}
    switch = str(answer.get("compensation", "")).strip().lower()
    return found | ({"compensation": switch} if switch in ("on", "off") else {})


class _Deriver:
    def __init__(self, recorded: Recorded, tale: Told, streams: Streams) -> None:
        self._profile, self._places, self._tale = recorded.bench.profile, recorded.places, tale
        self._spans = {span.n: span for span in recorded.spans}
        last_ns = streams.last_ns()
        ends = [min(last_ns, self._spans[part.span].end_ns) for part in tale.parts]
        windows = [(p.begin_ns, p.end_ns or max(end, p.begin_ns)) for p, end in zip(tale.parts, ends, strict=True)]
        self._runs = streams.runs(windows)
        heard = streams.reports()
        self._wired, self._reports = heard is not None, Reports() if heard is None else heard
        line = line_of(recorded.bench)
        self._heard_for = recorded.speed, 0 if line is None else late_ns(recorded, line.device)
        self._codec = "" if line is None else line.codec
        self._fills = Fills(recorded, tale)
        self._unit = str(self._profile.get("quantity_unit", "L"))

    def made_from(self, part: Part) -> str:
        """What the segment of a part that is over follows from, beside what came on the lines while it lasted."""
        own = [(r.clock, r.complete) for r in self._runs if part.begin_ns <= r.window_ns[0] < (part.end_ns or 0)]
        marks = [mark for mark in self._tale.marks if part.after_ns < mark.t_ns <= (part.end_ns or part.begin_ns)]
        product = self._tale.stated.get("product", "")
        return repr((part, part.visit.resealed, self._spans[part.span], product, own, self._heard_for, marks))

    def segment(self, part: Part) -> Segment:
        span = self._spans[part.span]
        later = [run.window_ns[1] for run in self._runs if part.begin_ns <= run.window_ns[0] < span.end_ns]
        end_ns = part.end_ns if part.end_ns is not None else max(later, default=part.begin_ns)
        until_ns = min(part.next_ns if part.next_ns is not None else end_ns + AFTER_LAST_NS, span.end_ns)
        inside = [run for run in self._runs if part.begin_ns <= run.window_ns[0] < end_ns]
        return Segment(
            id=part.label,
            kind=SegmentKind.DELIVERY if part.is_delivery else SegmentKind.SHUT,
            phase=part.phase,
            state=part.state,
            window_ns=(part.begin_ns, end_ns),
            context=self._context(part, end_ns, until_ns),
            trains={n: train for run in inside for n, train in run.trains.items() if train.station != CLOCK},
            registers=self._registers(part, until_ns),
            clocks={run.clock.clock: run.clock for run in inside},
            marks=tuple(mark for mark in self._tale.marks if part.begin_ns < mark.t_ns <= end_ns),
            reference_l=self._fills.whole(part),
            portions=self._fills.portions(part),
            complete=part.hung_up and all(run.complete for run in inside),
            span=part.span,
        )

    def _context(self, part: Part, end_ns: int, until_ns: int) -> dict[str, Any]:
        """What was recorded about the segment.  A key is absent where nobody observed it."""
        step, stated = part.step, part.visit.stated
        # what was worked in the segment or right before it, as far back as the segment before
        worked = [m.kind for m in self._tale.marks if part.after_ns < m.t_ns <= end_ns and m.kind.startswith("press")]
        context: dict[str, Any] = {
            **part.purpose,
            "events": tuple(worked),
            "photographed": False,
            "seals_unchanged": part.visit.seals_unchanged,
            **({"resealed": part.visit.resealed} if part.visit.resealed else {}),
            **self._fills.observed(part),
            "stated_k": stated.get("K", ""),
            "stated_certificate": stated.get("certificate", ""),
            "stated_k_after": stated.get("K_after", ""),
            "stated_software": stated.get("software", ""),
            "stated_software_after": stated.get("software_after", ""),
        }
        if "parameters" in part.reads:
            context["parameters"] = _parameters(part.reads["parameters"][2])
        if not part.is_delivery:
            return {**context, "seconds": step["seconds"]}
        context |= {
            "asked_l": step["volume_l"],
            "preset": "amount" if step.get("amount") is not None else "volume",
            "flow": step["flow"],
            "covert": bool(step["covert"]),
            "press_at_l": step.get("press_at_l"),
        }
        price = self._price(part, until_ns)
        if price is not None:
            context["price"] = str(price)
        start = number(part.reads["start"][2].get("volume_l")) if "start" in part.reads else None
        if start is not None:
            context |= {"start_l": str(start), "start_by": "eye"}
        context |= _codes(part) | self._start(part, until_ns)  # what a wire tells comes first
        if self._wired:
            context["wire_end"] = self._reports.heard_to_the_end(part.begin_ns, until_ns)
            readings = self._totals(part, until_ns)
            if readings:
                context["foreign_sale"] = self._reports.foreign_sale(readings[0][0], readings[1][0])
                context |= self._heard(part, readings[0][0], until_ns)
        return context

    def _heard(self, part: Part, after_ns: int, until_ns: int) -> dict[str, Any]:
        """Other people's sales since the totaliser was read last, where each was heard to its end."""
        finals = self._reports.sales_heard(after_ns, part.begin_ns - 1)
        if finals is None or self._reports.sales_begun(part.begin_ns - 1, until_ns) != 1:
            return {}
        step = Decimal(str(self._profile["volume_resolution_l"]))
        return {"heard_l": tuple(str(scaled(volume, step)) for volume in finals)}

    def _start(self, part: Part, until_ns: int) -> dict[str, Any]:
        """The register's first value in the new sale as heard on the wire, and when."""
        heard = self._reports.start_value(part.begin_ns, until_ns)
        if heard is None or (heard.volume and self._after_gap(part)):
            return {}
        litres = scaled(heard.volume, Decimal(str(self._profile["volume_resolution_l"])))
        return {"start_l": str(litres), "start_by": "wire", "start_ns": heard.t_ns, "start_u_ns": heard.u_ns}

    def _after_gap(self, part: Part) -> bool:
        """The first sale heard after a gap: what the sale before it ended with is not known."""
        since_ns = self._spans[part.span].begin_ns
        return part.span > 0 and not any(since_ns <= poll.t_ns < part.begin_ns for poll in self._reports.polls)

    def _price(self, part: Part, until_ns: int) -> Decimal | None:
        """The unit price of this sale as displayed, else as the pump said it on the wire."""
        if "display" in part.reads:
            shown = number(part.reads["display"][2].get("price"))
            if shown is not None and shown > 0:
                return shown
        said = [digits for t_ns, digits in self._reports.prices if part.begin_ns <= t_ns < until_ns]
        step = Decimal(str(self._profile.get("price_resolution", "0.01")))
        return scaled(said[-1], step) if said and said[-1] else None

    def _registers(self, part: Part, until_ns: int) -> dict[str, Register]:
        volume_step = Decimal(str(self._profile["volume_resolution_l"]))
        amount_step = Decimal(str(self._profile["amount_resolution"]))
        unit = str(self._profile.get("currency", "CNY"))
        result: dict[str, Register] = {}
        own = [poll for poll in self._reports.polls if part.begin_ns <= poll.t_ns < until_ns]
        # the board keeps showing the sale before until the new one is zeroed: readings before the zero are that sale's
        own = own[new_sale(own) or 0 :]
        if own:
            wire = Origin(self._codec, " ".join(self._places.values()))
            told = [(p.t_ns, p.u_ns, scaled(p.volume, volume_step)) for p in own]
            result["register"] = _register("register", told, volume_step, self._unit, wire)
            priced = [(p.t_ns, p.u_ns, scaled(p.amount, amount_step)) for p in own if p.amount is not None]
            if priced:
                result["register_amount"] = _register("register_amount", priced, amount_step, unit, wire)
        if "display" in part.reads:
            t_ns, place, value = part.reads["display"]
            for name, key, step, what in (
                ("display", "volume_l", volume_step, self._unit),
                ("amount", "amount", amount_step, unit),
            ):
                shown = number(value.get(key))
                if shown is not None:
                    seen = Origin("operator", place)
                    result[name] = Register(name, frozen_int64([t_ns]), frozen_int64([0]), (shown,), step, what, seen)
        readings = self._totals(part, until_ns)
        if readings:
            times, values = frozen_int64([t for t, _ in readings]), tuple(v for _, v in readings)
            step = Decimal(str(self._profile.get("totaliser_resolution_l", "0.01")))
            source = Origin("totaliser", part.label)
            result["totaliser"] = Register("totaliser", times, frozen_int64([0, 0]), values, step, self._unit, source)
        return result

    def _totals(self, part: Part, until_ns: int) -> list[tuple[int, Decimal]]:
        """The totaliser before and after, read aloud or heard on the wire; empty where one of them is missing."""
        if part.total_before is not None and part.total_after is not None:
            return [part.total_before, part.total_after]
        step = Decimal(str(self._profile.get("totaliser_resolution_l", "0.01")))
        since_ns = self._spans[part.span].begin_ns
        before = [t for t in self._reports.totals if since_ns <= t.t_ns < part.begin_ns]
        after = [t for t in self._reports.totals if part.begin_ns <= t.t_ns < until_ns]
        if not before or not after:
            return []
        return [(t.t_ns, scaled(t.volume, step)) for t in (before[-1], after[-1])]


def _register(
    station: str, told: Sequence[tuple[int, int, Decimal]], step: Decimal, unit: str, wire: Origin
) -> Register:
    """Of t_ns, u_ns and value of each reading."""
    times, u = frozen_int64([t for t, _, _ in told]), frozen_int64([u for _, u, _ in told])
    return Register(station, times, u, tuple(value for _, _, value in told), step, unit, wire)


def _codes(part: Part) -> dict[str, Any]:
    """Codes of the self-lock read in the place of the unit price; none where nobody said what stood there."""
    if "display" not in part.reads:
        return {}
    shown = part.reads["display"][2]
    code = str(shown.get("code") or "").strip()
    if code:
        return {"codes": (code,)}
    return {"codes": ()} if number(shown.get("price")) is not None else {}
